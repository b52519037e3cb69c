"""Bytes at an offset, from a file, a stretch of a file or memory; asking past the end is a truncation, never zeros."""

from __future__ import annotations

import io
import os
import stat
from pathlib import Path
from typing import Protocol

from detector.stacks.refusals import Code, refusal


class Blob(Protocol):
    """Readable bytes of known size; `name` is already fit to be shown."""

    name: str
    size: int

    def read_at(self, offset: int, length: int) -> bytes:
        """Exactly `length` bytes; raises StackError file_truncated when they are not there."""
        ...

    def head(self, length: int) -> bytes:
        """The first bytes, fewer when the blob is shorter."""
        ...

    def rest(self) -> None:
        """Let go of what can be had again (an open file, unpacked bytes); the next read brings it back."""
        ...

    def close(self) -> None: ...


class FileBlob:
    """An ordinary file read with positions, so that nothing moves a shared cursor."""

    def __init__(self, path: str | Path, name: str, *, follow_links: bool = False) -> None:
        self.name = name
        self._path = path
        # NONBLOCK: opening a pipe that poses as a frame must not wait for a writer.
        self._flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | (0 if follow_links else os.O_NOFOLLOW)
        self._fd = -1
        status = os.fstat(self._open())
        if not stat.S_ISREG(status.st_mode):
            self.close()
            raise refusal(Code.FILE_NOT_REGULAR, f"{name} is not an ordinary file.")
        self.size = status.st_size

    def _open(self) -> int:
        if self._fd < 0:
            try:
                self._fd = os.open(self._path, self._flags)
            except FileNotFoundError:
                raise refusal(Code.FILE_MISSING, f"{self.name} does not exist.") from None
            except OSError as problem:
                raise refusal(Code.FILE_NOT_REGULAR, f"{self.name} cannot be opened: {problem.strerror}.") from None
        return self._fd

    def read_at(self, offset: int, length: int) -> bytes:
        if offset < 0 or length < 0 or offset + length > self.size:
            raise truncated(self, offset, length)
        data = os.pread(self._open(), length, offset)
        while 0 < len(data) < length and (more := os.pread(self._fd, length - len(data), offset + len(data))):
            data += more  # one pread stops at 2 GiB
        if len(data) != length:
            raise truncated(self, offset, length)
        return data

    def head(self, length: int) -> bytes:
        return os.pread(self._open(), length, 0)

    def rest(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    close = rest


class WindowBlob:
    """A stretch of another blob, such as a stored member of an archive; the outer blob stays its owner's to close."""

    def __init__(self, outer: Blob, start: int, size: int, name: str) -> None:
        self.name = name
        self.size = size
        self._outer = outer
        self._start = start

    def read_at(self, offset: int, length: int) -> bytes:
        if offset < 0 or length < 0 or offset + length > self.size:
            raise truncated(self, offset, length)
        return self._outer.read_at(self._start + offset, length)

    def head(self, length: int) -> bytes:
        return self.read_at(0, min(length, self.size))

    def rest(self) -> None:
        pass

    close = rest


class MemoryBlob:
    """Bytes that had to be unpacked to be read."""

    def __init__(self, data: bytes, name: str) -> None:
        self.name = name
        self.size = len(data)
        self._data = data

    def read_at(self, offset: int, length: int) -> bytes:
        if offset < 0 or length < 0 or offset + length > self.size:
            raise truncated(self, offset, length)
        return self._data[offset : offset + length]

    def head(self, length: int) -> bytes:
        return self._data[:length]

    def rest(self) -> None:
        pass

    close = rest


def truncated(blob: Blob, offset: int, length: int) -> Exception:
    """The refusal of a read past the end, with the figures."""
    return refusal(
        Code.FILE_TRUNCATED,
        f"{blob.name} is cut off or damaged: {length} bytes are expected at offset {offset}, but it ends at {blob.size}.",
    )


class BlobFile(io.RawIOBase):
    """A blob as the seekable stream that FFmpeg and pydicom ask for; they get bytes, never a path to open others by."""

    def __init__(self, blob: Blob) -> None:
        super().__init__()
        self.name = blob.name
        self._blob = blob
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._blob.size}[whence]
        if base + offset < 0:
            raise OSError("seek before the start")
        self._position = base + offset
        return self._position

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        length = max(0, min(len(buffer), self._blob.size - self._position))
        if not length:
            return 0
        buffer[:length] = self._blob.read_at(self._position, length)
        self._position += length
        return length
