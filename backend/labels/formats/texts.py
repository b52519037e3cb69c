"""Bytes of a label file as UTF-8, whatever mark stands at their beginning; what is no Unicode is refused, never guessed."""

from __future__ import annotations

import codecs
import io
from typing import BinaryIO, cast

from backend.labels.formats.values import Remark, Unreadable

_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_BLOCK = 1 << 18
WRONG = "Save the file as UTF-8 and import it again."


def as_utf8(file: BinaryIO, name: str, remarks: list[Remark]) -> BinaryIO:
    """The file from its first character on, as UTF-8; says so where it was written otherwise."""
    buffered = file if isinstance(file, io.BufferedReader) else io.BufferedReader(cast(io.RawIOBase, file), _BLOCK)
    head = buffered.peek(4)[:4]
    if head.startswith(codecs.BOM_UTF8):
        buffered.read(3)
        return buffered
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            buffered.read(len(mark))
            detail = f"The file is written as {encoding.upper()} and was read as such."
            remarks.append(Remark(name, "encoding", detail, {"encoding": encoding.upper()}))
            return io.BufferedReader(_Recoded(buffered, encoding, name), _BLOCK)
    if b"\0" in head:
        raise Unreadable("wrong_encoding", f"{name} is neither UTF-8 nor marked as UTF-16.", WRONG)
    return buffered


def decoded(data: bytes, name: str) -> str:
    """A short text file as a whole."""
    remarks: list[Remark] = []
    whole = as_utf8(io.BytesIO(data), name, remarks).read()
    try:
        return whole.decode()
    except UnicodeDecodeError as problem:
        raise wrong_encoding(name, problem) from None


def wrong_encoding(name: str, problem: UnicodeDecodeError) -> Unreadable:
    return Unreadable("wrong_encoding", f"{name} holds bytes that are not UTF-8, at byte {problem.start}.", WRONG)


class _Recoded(io.RawIOBase):
    """UTF-16 or UTF-32 as UTF-8, block by block."""

    def __init__(self, file: BinaryIO, encoding: str, name: str) -> None:
        self._file = file
        self._name = name
        self._decoder = codecs.getincrementaldecoder(encoding)()
        self._waiting = b""
        self._is_over = False

    def readable(self) -> bool:
        return True

    def readinto(self, into: memoryview) -> int:  # type: ignore[override]
        while not self._waiting and not self._is_over:
            block = self._file.read(_BLOCK)
            self._is_over = not block
            try:
                self._waiting = self._decoder.decode(block, self._is_over).encode()
            except UnicodeError:
                raise Unreadable("wrong_encoding", f"{self._name} breaks off within a character.", WRONG) from None
        count = min(len(into), len(self._waiting))
        into[:count], self._waiting = self._waiting[:count], self._waiting[count:]
        return count

    def close(self) -> None:
        self._file.close()
        super().close()
