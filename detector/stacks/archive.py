"""Members of a ZIP, read one at a time straight from the archive; nothing is ever unpacked to disk."""

from __future__ import annotations

import struct
import zlib
from itertools import pairwise

from detector.stacks.blobs import Blob, MemoryBlob, WindowBlob, truncated
from detector.stacks.limits import Limits
from detector.stacks.names import is_clutter, shown
from detector.stacks.refusals import Code, refusal
from detector.stacks.sources import Entry
from detector.stacks.zip_directory import STORED, Member, read_directory

_LOCAL = struct.Struct("<4s5H3L2H")
_CHUNK = 1 << 18


class ZipSource:
    """A ZIP as a set of files; stored members are windows, deflated ones are unpacked under a byte counter."""

    def __init__(self, blob: Blob, limits: Limits) -> None:
        self.label = blob.name
        self._blob = blob
        self._limits = limits
        self._members = read_directory(blob, limits)
        starts = sorted({m.header_at for m in self._members} | {blob.size})
        self._ends = dict(pairwise(starts))

    def entries(self) -> list[Entry]:
        return [Entry(m.name, m.unpacked, i) for i, m in enumerate(self._members) if not is_clutter(m.name)]

    def open(self, entry: Entry) -> Blob:
        member = self._members[entry.key]
        start = self._content_at(member)
        if member.method == STORED:
            return WindowBlob(self._blob, start, member.unpacked, shown(member.name))
        return _Deflated(self._blob, member, start, self._limits)

    def ends_cheaply(self, entry: Entry) -> bool:
        return self._members[entry.key].method == STORED

    def close(self) -> None:
        self._blob.close()

    def _content_at(self, member: Member) -> int:
        header = self._blob.read_at(member.header_at, _LOCAL.size)
        signature, _, flags, method, _, _, _, _, _, name_length, extra_length = _LOCAL.unpack(header)
        start: int = member.header_at + _LOCAL.size + name_length + extra_length
        # Two readers that trust different headers would see two different files: both must agree.
        if signature != b"PK\x03\x04" or method != member.method or flags & 1:
            raise refusal(Code.ARCHIVE_DAMAGED, f"{shown(member.name)} in {self.label} differs from the archive's directory.")
        if start + member.packed > self._ends[member.header_at]:
            raise refusal(Code.ARCHIVE_OVERLAP, f"{shown(member.name)} in {self.label} shares bytes with another entry.")
        return start


class _Deflated:
    """A deflated member: its head is had cheaply, the rest is unpacked once into memory and checked."""

    def __init__(self, outer: Blob, member: Member, start: int, limits: Limits) -> None:
        self.name = shown(member.name)
        self.size = member.unpacked
        self._outer = outer
        self._member = member
        self._start = start
        self._limits = limits
        self._whole: MemoryBlob | None = None

    def read_at(self, offset: int, length: int) -> bytes:
        if offset < 0 or length < 0 or offset + length > self.size:
            raise truncated(self, offset, length)
        if self._whole is None:
            self._whole = MemoryBlob(self._unpack(), self.name)
        return self._whole.read_at(offset, length)

    def head(self, length: int) -> bytes:
        if self._whole is not None:
            return self._whole.head(length)
        # Deflate shrinks 1,032 times at most; twice the asked length of packed bytes is enough for all but odd streams.
        packed = self._outer.read_at(self._start, min(self._member.packed, 2 * length + 64))
        try:
            return zlib.decompressobj(-15).decompress(packed, length)
        except zlib.error as problem:
            raise self._damaged(str(problem)) from None

    def rest(self) -> None:
        self._whole = None

    close = rest

    def _unpack(self) -> bytes:
        member = self._member
        if member.unpacked > self._limits.unpacked_member_bytes:
            raise refusal(
                Code.FILE_TOO_LARGE,
                f"{self.name} unpacks to {member.unpacked} bytes; compressed members are read up to {self._limits.unpacked_member_bytes}.",
                "Make the ZIP without compression (store only), or upload the file by itself.",
            )
        unpacker = zlib.decompressobj(-15)
        parts: list[bytes] = []
        done = 0
        try:
            for at in range(0, member.packed, _CHUNK):
                packed = self._outer.read_at(self._start + at, min(_CHUNK, member.packed - at))
                part = unpacker.decompress(packed, member.unpacked - done + 1)
                done += len(part)
                if done > member.unpacked:
                    raise refusal(Code.ARCHIVE_BOMB, f"{self.name} unpacks to more than the {member.unpacked} bytes it declares.")
                parts.append(part)
        except zlib.error as problem:
            raise self._damaged(str(problem)) from None
        data = b"".join(parts)
        if len(data) != member.unpacked or zlib.crc32(data) != member.crc:
            raise self._damaged(f"{len(data)} of {member.unpacked} bytes, checksum {zlib.crc32(data):08x} instead of {member.crc:08x}")
        return data

    def _damaged(self, why: str) -> Exception:
        return refusal(Code.ARCHIVE_DAMAGED, f"{self.name} cannot be unpacked whole: {why}.")
