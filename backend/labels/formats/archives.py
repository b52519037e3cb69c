"""Where label files lie: one file, a folder or a ZIP, each as named members that are read as streams."""

from __future__ import annotations

import io
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from backend.labels.formats.values import Unreadable
from detector.errors import StackError
from detector.stacks.blobs import FileBlob
from detector.stacks.limits import Limits
from detector.stacks.names import is_clutter, natural_key, shown
from detector.stacks.zip_directory import STORED, Member, read_directory

_LOCAL = struct.Struct("<4s5H3L2H")
_BLOCK = 1 << 18
_LIMITS = Limits(recording_bytes=64 * 1024**3)
_MOST_FILES = 250_000
_NESTED = (".zip", ".tar", ".gz", ".tgz", ".7z", ".rar", ".bz2", ".xz")


@dataclass(frozen=True, slots=True)
class FileIn:
    """One member: its name with / between folders, and its unpacked size."""

    name: str
    size: int

    @property
    def base(self) -> str:
        return self.name.rsplit("/", 1)[-1]

    @property
    def folder(self) -> str:
        return self.name.rpartition("/")[0]

    @property
    def stem(self) -> str:
        return self.base.rsplit(".", 1)[0]

    @property
    def suffix(self) -> str:
        return "." + self.base.rsplit(".", 1)[1].lower() if "." in self.base else ""


class Source(Protocol):
    """A set of files; names are text and never become paths."""

    label: str

    def files(self) -> list[FileIn]: ...

    def open(self, file: FileIn) -> BinaryIO: ...

    def close(self) -> None: ...


def open_source(path: Path) -> Source:
    """Tell by content what was given; raises Unreadable with the reason where it cannot be used."""
    try:
        status = path.stat()
    except OSError as problem:
        code = "file_missing" if isinstance(problem, FileNotFoundError) else "file_unreadable"
        raise Unreadable(code, f"{shown(path.name)} cannot be read: {problem.strerror}.", "Check the path and its access rights.") from None
    if stat.S_ISDIR(status.st_mode):
        return FolderSource(path)
    if not stat.S_ISREG(status.st_mode):
        raise Unreadable("file_unreadable", f"{shown(path.name)} is no plain file.", "Give a file, a folder or a ZIP.")
    if status.st_size == 0:
        raise Unreadable("file_empty", f"{shown(path.name)} is empty.", "Export the labels again.")
    with path.open("rb") as file:
        head = file.read(4)
    return ZipSource(path) if head[:4] in (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08") else OneFile(path)


class OneFile:
    """A single file."""

    def __init__(self, path: Path, name: str = "") -> None:
        self.label = name or path.name
        self._path = path

    def files(self) -> list[FileIn]:
        return [FileIn(self.label, self._path.stat().st_size)]

    def open(self, file: FileIn) -> BinaryIO:  # noqa: ARG002 - there is only this one
        return self._path.open("rb")

    def close(self) -> None:
        """Nothing is kept open."""


class FolderSource:
    """Every plain file below a folder; links and hidden files are passed over."""

    def __init__(self, path: Path) -> None:
        self.label = path.name
        self._path = path
        self._files: list[FileIn] | None = None

    def files(self) -> list[FileIn]:
        if self._files is None:
            self._files = list(self._walk())
        return self._files

    def open(self, file: FileIn) -> BinaryIO:
        # NOFOLLOW: what was a file when it was listed may be a link by now.
        try:
            descriptor = os.open(self._path / file.name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
        except OSError as problem:
            hint = "Check its access rights, and that nobody changes the folder meanwhile."
            raise Unreadable("file_unreadable", f"{shown(file.name)} cannot be read: {problem.strerror}.", hint) from None
        return os.fdopen(descriptor, "rb")

    def close(self) -> None:
        """Nothing is kept open."""

    def _walk(self) -> Iterator[FileIn]:
        found = 0
        for place, folders, names in os.walk(self._path, followlinks=False):
            folders[:] = sorted((name for name in folders if not name.startswith(".")), key=natural_key)
            for name in sorted(names, key=natural_key):
                path = Path(place, name)
                status = path.lstat()
                if name.startswith(".") or not stat.S_ISREG(status.st_mode):
                    continue
                found += 1
                if found > _MOST_FILES:
                    raise Unreadable("folder_too_large", f"The folder holds more than {_MOST_FILES} files.", "Import one export at a time.")
                yield FileIn(path.relative_to(self._path).as_posix(), status.st_size)


class ZipSource:
    """A ZIP, its directory judged before a member is touched, its members unpacked under a byte counter and never to disk."""

    def __init__(self, path: Path, name: str = "") -> None:
        self.label = name or path.name
        self._path = path
        with _refusals():
            self._blob = FileBlob(path, shown(self.label), follow_links=True)
            members = read_directory(self._blob, _LIMITS)
        self._members = {member.name: member for member in members if not is_clutter(member.name)}
        nested = next((name for name in self._members if name.lower().endswith(_NESTED)), None)
        if nested is not None:
            self.close()
            raise Unreadable("archive_nested", f"The archive holds another archive, {shown(nested)}.", "Pack the files themselves.")

    def files(self) -> list[FileIn]:
        return [FileIn(name, self._members[name].unpacked) for name in sorted(self._members, key=natural_key)]

    def open(self, file: FileIn) -> BinaryIO:
        member = self._members[file.name]
        with _refusals():
            header = self._blob.read_at(member.header_at, _LOCAL.size)
        signature, _, flags, method, _, _, _, _, _, name_length, extra_length = _LOCAL.unpack(header)
        # Two readers that trust different headers would see two different files: both must agree.
        if signature != b"PK\x03\x04" or method != member.method or flags & 1:
            raise Unreadable("archive_damaged", f"{shown(file.name)} differs from the archive's directory.", "Pack the files again.")
        start = member.header_at + _LOCAL.size + name_length + extra_length
        return io.BufferedReader(_Unpacking(self._path, member, start), _BLOCK)

    def close(self) -> None:
        self._blob.close()


class _Unpacking(io.RawIOBase):
    """One member as a stream; more bytes than it declares, or other ones than its checksum says, are an error."""

    def __init__(self, path: Path, member: Member, start: int) -> None:
        self._file = path.open("rb")
        self._file.seek(start)
        self._member = member
        self._packed_left = member.packed
        self._unpack = None if member.method == STORED else zlib.decompressobj(-15)
        self._waiting = b""
        self._given = 0
        self._crc = 0

    def readable(self) -> bool:
        return True

    def readinto(self, into: memoryview) -> int:  # type: ignore[override]
        data = self._next(len(into))
        into[: len(data)] = data
        self._given += len(data)
        self._crc = zlib.crc32(data, self._crc)
        if self._given > self._member.unpacked or (not data and (self._given, self._crc) != (self._member.unpacked, self._member.crc)):
            hint = "Pack the files again; the archive was damaged on its way."
            raise Unreadable("archive_damaged", f"{shown(self._member.name)} is not what the archive's directory declares.", hint)
        return len(data)

    def close(self) -> None:
        self._file.close()
        super().close()

    def _next(self, most: int) -> bytes:
        if self._unpack is None:
            return self._packed(most)
        try:
            while True:
                data = self._unpack.decompress(self._waiting or self._packed(_BLOCK), most)
                self._waiting = self._unpack.unconsumed_tail
                if data or self._unpack.eof or (not self._waiting and not self._packed_left):
                    return data
        except zlib.error:
            raise Unreadable("archive_damaged", f"{shown(self._member.name)} cannot be unpacked.", "Pack the files again.") from None

    def _packed(self, most: int) -> bytes:
        data = self._file.read(min(most, self._packed_left))
        self._packed_left -= len(data)
        return data


class _refusals:  # noqa: N801 - used as a statement
    """Turns the judge's refusals into those of label files."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, problem: BaseException | None, trace: object) -> None:
        if isinstance(problem, StackError):
            told = problem.as_dict()
            raise Unreadable(told["code"], told["detail"], told["hint"]) from None
        if isinstance(problem, zipfile.BadZipFile | OSError):
            raise Unreadable("archive_damaged", f"The archive cannot be read: {problem}.", "Pack the files again.") from None
