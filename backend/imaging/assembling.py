"""Puts what was dropped together into one file and hashes it on the way; memory does not grow with the recording."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from backend.core.errors import Refused
from backend.imaging.names import relative_name, shown

BLOCK_BYTES = 1024**2
MOST_FILES = 250_000
FOREVER_AGO = (1980, 1, 1, 0, 0, 0)
"""One time for every member, so that the same files make the same archive and are recognised."""

Beat = Callable[[], None]
"""Called often while bytes are moved; raises to stop the work."""


@dataclass(frozen=True)
class Part:
    """One given file: what people call it, and where its bytes lie."""

    name: str
    path: Path
    size: int


@dataclass(frozen=True)
class Whole:
    """The recording as one file; `is_ours` says that it was made here and may be moved away."""

    path: Path
    sha256: str
    size: int
    is_ours: bool


def put_together(parts: list[Part], target: Path, beat: Beat) -> Whole:
    """One file stays as it is, several become one stored ZIP at `target`; SHA-256 is taken in the same pass."""
    if len(parts) == 1:
        return _hashed(parts[0], beat)
    ordered = _in_order(parts)
    with target.open("wb") as file:
        writer = _Hashing(file)
        with ZipFile(writer, "w", ZIP_STORED, allowZip64=True) as archive:
            for part in ordered:
                _add(archive, part, beat)
        file.flush()
        os.fsync(file.fileno())
    return Whole(target, writer.digest.hexdigest(), writer.count, is_ours=True)


def copy_in(source: Path, target: Path, beat: Beat) -> Whole:
    """Copy a file of the server: a link would let a later change to the original reach the store."""
    digest, count = hashlib.sha256(), 0
    with _open_plain(source) as file, target.open("wb") as copy:
        for block in _blocks(file, beat):
            digest.update(block)
            count += len(block)
            copy.write(block)
        copy.flush()
        os.fsync(copy.fileno())
    return Whole(target, digest.hexdigest(), count, is_ours=True)


def parts_of_folder(folder: Path, largest: int) -> list[Part]:
    """Every plain file below a folder; links and hidden files are passed over."""
    parts: list[Part] = []
    total = 0
    for place, folders, files in os.walk(folder, followlinks=False):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            path = Path(place, name)
            status = path.lstat()
            if name.startswith(".") or not stat.S_ISREG(status.st_mode):
                continue
            total += status.st_size
            if len(parts) >= MOST_FILES or total > largest:
                raise Refused(
                    "folder_too_large",
                    f"The folder holds more than {MOST_FILES} files or {largest // 1024**3} GiB.",
                    "Import one recording at a time.",
                )
            parts.append(Part(relative_name(str(path.relative_to(folder))), path, status.st_size))
    if not parts:
        raise Refused("folder_empty", "There is no file in this folder.", "Choose the folder that holds the pictures.")
    return parts


def move(source: Path, target: Path) -> None:
    """Move a file within or between disks; what was there is replaced, and half a file is never seen."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.replace(source, target)
    except OSError:
        half = target.with_suffix(".part")
        shutil.copyfile(source, half)
        os.replace(half, target)
        source.unlink()


class _Hashing:
    """A file that can only be written forward, so that every byte passes the hash once."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.digest = hashlib.sha256()
        self.count = 0

    def write(self, block: bytes, /) -> int:
        self.digest.update(block)
        self.count += len(block)
        return self._file.write(block)

    def flush(self) -> None:
        self._file.flush()

    def close(self) -> None:
        """Left to whoever opened the file."""


def _hashed(part: Part, beat: Beat) -> Whole:
    digest = hashlib.sha256()
    with part.path.open("rb") as file:
        for block in _blocks(file, beat):
            digest.update(block)
    return Whole(part.path, digest.hexdigest(), part.size, is_ours=False)


def _add(archive: ZipFile, part: Part, beat: Beat) -> None:
    entry = ZipInfo(part.name, FOREVER_AGO)
    entry.file_size = part.size
    with _open_plain(part.path) as file, archive.open(entry, "w", force_zip64=part.size >= 2**31) as member:
        for block in _blocks(file, beat):
            member.write(block)


def _in_order(parts: list[Part]) -> list[Part]:
    """By name; a name given twice is a mix-up that people have to see."""
    ordered = sorted(parts, key=lambda part: part.name)
    for one, next_one in pairwise(ordered):
        if one.name == next_one.name:
            detail = f"Two of the files are called {shown(one.name)}."
            raise Refused("duplicate_names", detail, "Upload the files of one recording once, or keep them in folders.")
    return ordered


def _open_plain(path: Path) -> BinaryIO:
    """Open what is a plain file now: a link or a pipe put there since it was listed is refused."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        raise Refused("file_unreadable", "A file of the recording cannot be read.", "Check its access rights on the server.") from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise Refused("file_unreadable", "A part of the recording is no plain file.", "Import plain files.")
    return os.fdopen(descriptor, "rb")


def _blocks(file: BinaryIO, beat: Beat) -> Iterator[bytes]:
    # Told in advance, the kernel reads ahead further.
    with suppress(OSError):
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_SEQUENTIAL)
    while block := file.read(BLOCK_BYTES):
        beat()
        yield block
