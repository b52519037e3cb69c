"""One decoder process for one recording, as its worker sees it: started with nothing, watched by the clock, killed at will."""

from __future__ import annotations

import contextlib
import fcntl
import mmap
import os
import socket
import subprocess
import sys
import tempfile
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from backend.imaging.decoding.facts import StackFacts
from backend.imaging.decoding.refusal import CLOSED, CRASHED, OUT_OF_MEMORY, TIMEOUT, DecodingRefused
from backend.imaging.decoding.wire import Channel

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Grey = npt.NDArray[np.uint8]

_ROOT = Path(__file__).resolve().parents[3]
_RING_BYTES = 96 * 1024 * 1024
_MOST_SLOTS = 33
_JPEG_START = b"\xff\xd8"
_PNG_START = b"\x89PNG"
# Libraries would start a thread for every core in each of many processes.
_ENVIRONMENT = {"LANG": "C.UTF-8", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}


class DecoderProcess:
    """A recording opened in a child process; raises DecodingRefused with the reason when it cannot be opened or read.

    `name` is what messages call the recording; `timeout_s` holds for opening and for each frame. Safe to use from threads.
    """

    def __init__(self, path: Path, *, name: str, timeout_s: float = 10, memory_mb: int = 2048) -> None:
        self._timeout_s = timeout_s
        self._lock = threading.RLock()
        self._pictures: deque[dict[str, Any]] = deque()
        self._ring: Grey | None = None
        self._shrink = 1
        self._closer: dict[int, int] = {}
        self._memory_fd = shared_memory()
        try:
            self._process, self._channel, self._life_fd = start(self._memory_fd, memory_mb)
        except BaseException:
            os.close(self._memory_fd)
            raise
        self._is_open = True
        try:
            message, _ = self._ask({"path": os.fspath(path.absolute()), "name": name}, "opened")
            self.info = self._read_facts(message)
        except BaseException:
            self.close()
            raise

    def frame(self, index: int, plane: int = 0) -> Grey:
        """One grey picture, shape (height, width), uint8."""
        with self._lock:
            self._map()
            self._ask({"do": "frame", "frame": index, "plane": plane}, "frame")
            return self._copy(0)

    def jpeg(self, index: int, plane: int = 0, *, width: int | None = None, quality: int = 85) -> bytes:
        """A frame as our own grey JPEG, at most `width` pixels wide; metadata of the original never reach it."""
        with self._lock:
            _, body = self._ask({"do": "jpeg", "frame": index, "plane": plane, "width": width, "quality": quality}, "jpeg")
        if not body.startswith(_JPEG_START):
            raise self._fail(CRASHED, "The decoder sent something that is no picture.")
        return body

    def prepared(self, request: Mapping[str, Any]) -> tuple[bytes, dict[str, Any]]:
        """A frame after a data set's steps, as JPEG or PNG, and `{width_px, height_px, boxes, kept}`."""
        with self._lock:
            message, body = self._ask({**request, "do": "prepared"}, "prepared")
        if not body.startswith((_JPEG_START, _PNG_START)):
            raise self._fail(CRASHED, "The decoder sent something that is no picture.")
        return body, {name: message[name] for name in ("width_px", "height_px", "boxes", "kept")}

    def start_stream(self, indices: Sequence[int] | None, plane: int, shrink: int = 1, closer: Mapping[int, int] | None = None) -> None:
        """Have the child decode ahead, pictures 1, 2, 4 or 8 times smaller; take them with next_picture, one stream at a time.

        Frames named in `closer` come as many times smaller as it says.
        """
        with self._lock:
            self._map()
            self._pictures.clear()
            wanted = None if indices is None else [int(i) for i in indices]
            self._shrink, self._closer = shrink, {int(index): int(times) for index, times in (closer or {}).items()}
            # Names in JSON are texts, so the frames read closer are told as pairs.
            pairs = list(self._closer.items())
            self._send({"do": "stream", "indices": wanted, "plane": plane, "shrink": shrink, "closer": pairs})

    def next_picture(self) -> tuple[int, Grey] | None:
        """The next frame of the stream and its index, None at the end."""
        with self._lock:
            message = self._pictures.popleft() if self._pictures else self._receive()[0]
            if message["kind"] == "end":
                return None
            if message["kind"] != "picture":
                raise self._refused(message)
            slot, frame = int(message["slot"]), int(message["frame"])
            picture = self._copy(slot, self._closer.get(frame, self._shrink))
            self._send({"do": "free", "slot": slot})
            return frame, picture

    def stop_stream(self) -> None:
        """Leave a stream before its end; harmless after it."""
        with self._lock:
            if not self._is_open:
                return
            self._pictures.clear()
            self._send({"do": "stop"})
            while self._receive()[0]["kind"] != "stopped":
                pass

    def close(self) -> None:
        """End the process at once, whatever it is doing, and give back its memory."""
        with self._lock:
            if not self._is_open:
                return
            self._is_open = False
            self._channel.close()
            os.close(self._life_fd)
            self._process.kill()
            self._process.wait()
            self._ring = None
            os.close(self._memory_fd)

    @property
    def is_open(self) -> bool:
        """False after close, and after a failure that ended the process."""
        return self._is_open

    @property
    def pid(self) -> int:
        return self._process.pid

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _read_facts(self, message: dict[str, Any]) -> StackFacts:
        try:
            return StackFacts.of_message(message["facts"])
        except (KeyError, ValueError, TypeError) as problem:
            raise self._fail(CRASHED, f"The decoder described the recording in a way that makes no sense: {problem}.") from None

    def _copy(self, slot: int, shrink: int = 1) -> Grey:
        """A slot's picture; copied, for the child fills the slot again."""
        if self._ring is None or not 0 <= slot < len(self._ring):
            raise self._fail(CRASHED, f"The decoder named a slot that there is not: {slot}.")
        height, width = -(-self.info.height_px // shrink), -(-self.info.width_px // shrink)
        picture: Grey = self._ring[slot].reshape(-1)[: height * width].reshape(height, width).copy()
        return picture

    def _map(self) -> None:
        """Share memory as (slot, height, width); sized on first use, sealed so that the child cannot shrink it under us."""
        self._require_open()
        if self._ring is not None:
            return
        import numpy as np

        size = self.info.width_px * self.info.height_px
        slots = max(3, min(_MOST_SLOTS, _RING_BYTES // size))
        os.ftruncate(self._memory_fd, size * slots)
        with contextlib.suppress(AttributeError, OSError):
            fcntl.fcntl(self._memory_fd, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL)
        shape = (slots, self.info.height_px, self.info.width_px)
        # No second name for it: a traceback would keep the memory after close.
        self._ring = np.frombuffer(mmap.mmap(self._memory_fd, size * slots, prot=mmap.PROT_READ), np.uint8).reshape(shape)
        self._ask({"do": "map", "slots": slots}, "mapped")

    def _ask(self, request: dict[str, Any], wanted: str) -> tuple[dict[str, Any], bytes]:
        """Send a request and wait for its answer; pictures of a stream that come in between are kept for it."""
        self._send(request)
        while True:
            message, body = self._receive()
            if message["kind"] == wanted:
                return message, body
            if message["kind"] == "refused":
                raise self._refused(message)
            self._pictures.append(message)

    def _require_open(self) -> None:
        if not self._is_open:
            raise DecodingRefused(CLOSED, "The recording was closed.")

    def _send(self, request: dict[str, Any]) -> None:
        self._require_open()
        try:
            self._channel.send(request)
        except OSError:
            # The child may have said why before it went; _receive finds it.
            if not self._channel.is_waiting():
                raise self._crashed() from None

    def _receive(self) -> tuple[dict[str, Any], bytes]:
        self._require_open()
        try:
            message, body = self._channel.receive(self._timeout_s)
            if isinstance(message.get("kind"), str):
                return message, body
        except TimeoutError:
            raise self._fail(TIMEOUT, f"The decoder did not answer within {self._timeout_s:g} seconds.") from None
        except (EOFError, OSError, ValueError):
            pass
        raise self._crashed()

    def _refused(self, message: dict[str, Any]) -> DecodingRefused:
        refused = DecodingRefused(*(str(message.get(key, ""))[:2000] for key in ("code", "detail", "hint")))
        if refused.code in (CRASHED, OUT_OF_MEMORY):
            self.close()
        return refused

    def _crashed(self) -> DecodingRefused:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(1)
        ended = self._process.poll()
        how = f"signal {-ended}" if ended is not None and ended < 0 else f"exit code {ended}"
        return self._fail(CRASHED, f"The decoder ended while it read the recording ({how}).")

    def _fail(self, code: str, detail: str) -> DecodingRefused:
        self.close()
        return DecodingRefused(code, detail)


def shared_memory() -> int:
    """A file that lies in memory only and has no name."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create("frames", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())


def start(memory_fd: int, memory_mb: int, module: str = "backend.imaging.decoding.child") -> tuple[subprocess.Popen[bytes], Channel, int]:
    """Start a child that inherits three file numbers and no secrets."""
    ours, theirs = socket.socketpair()
    life_read, life_write = os.pipe()
    arguments = [str(number) for number in (theirs.fileno(), memory_fd, life_read, memory_mb)]
    try:
        process = subprocess.Popen(
            [sys.executable, "-s", "-m", module, *arguments],
            cwd=_ROOT,
            env={**_ENVIRONMENT, **{key: os.environ[key] for key in ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH") if key in os.environ}},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(theirs.fileno(), memory_fd, life_read),
            start_new_session=True,
        )
    except BaseException:
        ours.close()
        os.close(life_write)
        raise
    finally:
        theirs.close()
        os.close(life_read)
    return process, Channel(ours), life_write
