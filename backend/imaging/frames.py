"""Pictures of frames: rendered by decoder processes, kept on disk under a size limit, served as they are."""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings

from backend.core.files import ContentStore
from backend.imaging.decoding import FrameRenderer

WIDTHS = (0, 96, 384, 768, 1536)
"""0 is native; a free choice would let anybody fill the cache with 100,000 sizes of one frame."""
QUALITY = 85
USE_NOTED_EVERY_S = 60
CHECKS_PER_LIMIT = 50
KEPT_AFTER_EVICTION = 0.9
LIMIT_OF_ONE_CHECK_BYTES = 64 * 1024**2


@dataclass(frozen=True)
class Picture:
    """One frame of one recording's bytes, in one focal plane and one width; equal pictures have equal bytes."""

    sha256: str
    index: int
    plane: int
    width: int

    @property
    def tag(self) -> str:
        return f"{self.sha256[:16]}-{self.index}-{self.plane}-{self.width}"

    @property
    def path(self) -> Path:
        # A hundred frames a folder: no folder grows with the recording.
        return folder_of(self.sha256) / str(self.index // 100) / f"{self.index}-{self.plane}-{self.width}.jpg"


def jpeg_of(picture: Picture, *, owner: str, name: str) -> bytes:
    """The picture from the cache, or rendered for it; raises DecodingRefused. `owner` is the lab: labs never share a decoder."""
    known = cached(picture.path)
    if known is not None:
        return known
    source = ContentStore().path_of(picture.sha256)
    jpeg = _renderer().jpeg(
        source, owner=owner, name=name, index=picture.index, plane=picture.plane, width=picture.width or None, quality=QUALITY
    )
    _keep(picture.path, jpeg)
    return jpeg


def prepared(sha256: str, request: Mapping[str, Any], *, owner: str, name: str) -> tuple[bytes, dict[str, Any]]:
    """A frame after a data set's steps, kept nowhere; see `DecoderProcess.prepared`. Raises DecodingRefused."""
    return _renderer().prepared(ContentStore().path_of(sha256), request, owner=owner, name=name)


def forget(sha256: str) -> None:
    """Drop the pictures of a recording that was deleted."""
    if sha256:
        shutil.rmtree(folder_of(sha256), ignore_errors=True)


def folder_of(sha256: str) -> Path:
    return Path(settings.FRAME_CACHE_DIR, sha256[:2], sha256)


def evict(limit: int) -> int:
    """Delete the pictures that were not used for longest until the cache is well below `limit` bytes; gives the bytes freed.

    Safe beside readers and writers: a picture is one rename in and one unlink out. One process at a time does it.
    """
    folder = Path(settings.FRAME_CACHE_DIR)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".evicting").open("w") as mark:
        try:
            fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return 0
        found = sorted(_pictures_below(folder))
        total, freed = sum(size for _, size, _ in found), 0
        if total <= limit:
            return 0
        for _, size, path in found:
            if total - freed <= limit * KEPT_AFTER_EVICTION:
                break
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)
            freed += size
    return freed


def cached(path: Path) -> bytes | None:
    """What the cache holds there, noting that it was used."""
    try:
        with path.open("rb") as file:
            # The last use is noted at most once a minute: a write a read would double the cost.
            if time.time() - os.fstat(file.fileno()).st_mtime > USE_NOTED_EVERY_S:
                os.utime(file.fileno())
            return file.read() or None
    except OSError:
        return None


def _keep(path: Path, jpeg: bytes) -> None:
    """A cache that cannot be written, on a full disk say, must not keep anybody from seeing the picture."""
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, part = tempfile.mkstemp(dir=path.parent, prefix=".part-")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(jpeg)
            os.replace(part, path)
        except OSError:
            os.unlink(part)
            raise
    _budget.spend(len(jpeg))


def _pictures_below(folder: Path) -> list[tuple[float, int, str]]:
    """(last use, size, path) of every picture, half-written ones that were left behind included."""
    found: list[tuple[float, int, str]] = []
    for place, _, files in os.walk(folder):
        for name in files:
            with contextlib.suppress(FileNotFoundError):
                status = os.stat(f"{place}/{name}")
                if name != ".evicting":
                    found.append((status.st_mtime, status.st_size, f"{place}/{name}"))
    return found


class _Budget:
    """Looks at the size of the cache only after a fiftieth of its limit was written, and beside the request."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._unchecked: int | None = None

    def spend(self, size: int) -> None:
        limit = settings.FRAME_CACHE_BYTES
        with self._lock:
            # The first picture of a process counts as a full round: many short-lived processes must not outgrow the limit unseen.
            self._unchecked = (self._unchecked if self._unchecked is not None else limit) + size
            if self._unchecked < min(limit // CHECKS_PER_LIMIT, LIMIT_OF_ONE_CHECK_BYTES):
                return
            self._unchecked = 0
        threading.Thread(target=evict, args=(limit,), name="frame-eviction", daemon=True).start()


_budget = _Budget()
_making = threading.Lock()
_made: list[FrameRenderer] = []


def _renderer() -> FrameRenderer:
    """One pool of decoders a process, made when the first picture is asked for."""
    with _making:
        if not _made:
            _made.append(FrameRenderer(processes=2, idle_s=30))
            atexit.register(_made[0].close)
        return _made[0]
