"""Open decoders kept for a while, so that scrubbing through a recording does not start a process a frame."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from backend.imaging.decoding.process import DecoderProcess
from backend.imaging.decoding.refusal import CLOSED, DecodingRefused

_Key = tuple[str, str]


@dataclass(slots=True)
class _Open:
    """One decoder and how many threads are using it."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    process: DecoderProcess | None = None
    users: int = 0
    used_at: float = 0.0


class FrameRenderer:
    """Renders frames as JPEG through at most `processes` decoders, the least recently used ones ended first.

    `owner` is the lab a recording belongs to: two labs never share a decoder, even for the same stored file.
    """

    def __init__(self, *, processes: int = 4, idle_s: float = 60, timeout_s: float = 10, memory_mb: int = 2048) -> None:
        self._most = processes
        self._idle_s = idle_s
        self._timeout_s = timeout_s
        self._memory_mb = memory_mb
        self._lock = threading.Lock()
        self._open: OrderedDict[_Key, _Open] = OrderedDict()
        self._closing = threading.Event()
        self._sweeper: threading.Thread | None = None

    def jpeg(self, path: Path, *, owner: str, name: str, index: int, plane: int = 0, width: int | None = None, quality: int = 85) -> bytes:
        """One frame as JPEG; raises DecodingRefused. A decoder that failed is forgotten, the next call starts a new one."""
        with self._decoder(path, owner, name) as decoder:
            return decoder.jpeg(index, plane, width=width, quality=quality)

    def prepared(self, path: Path, request: Mapping[str, Any], *, owner: str, name: str) -> tuple[bytes, dict[str, Any]]:
        """One frame after a data set's steps; see DecoderProcess.prepared."""
        with self._decoder(path, owner, name) as decoder:
            return decoder.prepared(request)

    @contextmanager
    def _decoder(self, path: Path, owner: str, name: str) -> Iterator[DecoderProcess]:
        """The recording's decoder, started where there is none, for this thread alone."""
        entry = self._borrow((owner, str(path)))
        try:
            with entry.lock:
                if entry.process is None or not entry.process.is_open:
                    entry.process = DecoderProcess(path, name=name, timeout_s=self._timeout_s, memory_mb=self._memory_mb)
                yield entry.process
        finally:
            self._give_back(entry)

    def forget(self, path: Path) -> None:
        """End the decoders of a recording that is about to be deleted."""
        with self._lock:
            gone = [self._open.pop(key) for key in list(self._open) if key[1] == str(path)]
        self._end(gone)

    def sweep(self) -> None:
        """End decoders that nobody has asked for `idle_s` seconds."""
        now = time.monotonic()
        with self._lock:
            idle = [key for key, entry in self._open.items() if not entry.users and now - entry.used_at > self._idle_s]
            gone = [self._open.pop(key) for key in idle]
        self._end(gone)

    def close(self) -> None:
        """End all decoders; later calls are refused."""
        self._closing.set()
        with self._lock:
            gone = list(self._open.values())
            self._open.clear()
        self._end(gone)

    def __len__(self) -> int:
        """How many decoders are running."""
        with self._lock:
            return sum(entry.process is not None and entry.process.is_open for entry in self._open.values())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _borrow(self, key: _Key) -> _Open:
        with self._lock:
            if self._closing.is_set():
                raise DecodingRefused(CLOSED, "Frames are no longer rendered: the worker is stopping.")
            entry = self._open.setdefault(key, _Open())
            entry.users += 1
            self._open.move_to_end(key)
            surplus = [k for k, e in self._open.items() if not e.users][: max(0, len(self._open) - self._most)]
            gone = [self._open.pop(k) for k in surplus]
            if self._sweeper is None:
                self._sweeper = threading.Thread(target=self._sweep_until_closed, name="idle-decoders", daemon=True)
                self._sweeper.start()
        self._end(gone)
        return entry

    def _give_back(self, entry: _Open) -> None:
        with self._lock:
            entry.users -= 1
            entry.used_at = time.monotonic()
            is_forgotten = not entry.users and all(e is not entry for e in self._open.values())
        if is_forgotten:
            self._end([entry])

    def _sweep_until_closed(self) -> None:
        while not self._closing.wait(max(0.05, self._idle_s / 4)):
            self.sweep()

    @staticmethod
    def _end(entries: list[_Open]) -> None:
        for entry in entries:
            if entry.process is not None:
                entry.process.close()
