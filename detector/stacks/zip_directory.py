"""The central directory of a ZIP, read and judged by our own code before a single member is touched.

Layout as in the PKWARE APPNOTE 6.3.10, sections 4.3.7 to 4.3.16 and 4.5.3.
"""

from __future__ import annotations

import stat
import struct
import unicodedata
from dataclasses import dataclass

from detector.stacks.blobs import Blob
from detector.stacks.limits import Limits
from detector.stacks.names import check_name, shown
from detector.stacks.refusals import Code, refusal

STORED, DEFLATED = 0, 8

_END = struct.Struct("<4s4H2LH")
_END64_LOCATOR = struct.Struct("<4sLQL")
_END64 = struct.Struct("<4sQ2H2L4Q")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_LOCAL_BYTES = 30
_UTF8_NAME, _ENCRYPTED, _STRONG_ENCRYPTION, _MASKED = 0x800, 0x1, 0x40, 0x2000
_CHUNK = 1 << 20
_METHODS = {
    1: "shrunk",
    6: "imploded",
    9: "deflate64",
    12: "bzip2",
    14: "LZMA",
    93: "Zstandard",
    95: "XZ",
    97: "WavPack",
    99: "AES encryption",
}


@dataclass(frozen=True, slots=True)
class Member:
    """One file of an archive as its central directory declares it."""

    name: str
    method: int
    crc: int
    packed: int
    unpacked: int
    header_at: int


@dataclass(frozen=True, slots=True)
class _End:
    entries: int
    size: int
    start: int


def read_directory(blob: Blob, limits: Limits) -> list[Member]:
    """All members but folders, or the refusal of the whole archive."""
    end = _find_end(blob)
    if end.entries > limits.pictures:
        raise refusal(Code.FRAMES_TOO_MANY, f"{blob.name} declares {end.entries} entries, more than {limits.pictures}.")
    if end.size > limits.pictures * (_CENTRAL.size + 300) or end.start + end.size > blob.size:
        raise _damaged(blob, f"its directory of {end.size} bytes at {end.start} does not fit into {blob.size} bytes")
    members = _parse(blob, end, limits)
    _judge_sizes(blob, members, limits)
    _judge_overlap(blob, members, end.start)
    return members


def _find_end(blob: Blob) -> _End:
    tail_at = max(0, blob.size - _END.size - 0xFFFF)
    tail = blob.read_at(tail_at, blob.size - tail_at)
    at = tail.rfind(b"PK\x05\x06")
    while at >= 0:
        if len(tail) - at >= _END.size and at + _END.size + _END.unpack_from(tail, at)[7] <= len(tail):
            break
        at = tail.rfind(b"PK\x05\x06", 0, at)
    if at < 0:
        raise refusal(Code.FILE_TRUNCATED, f"{blob.name} is a ZIP without its directory at the end: it is cut off.")
    _, disk, start_disk, here, entries, size, start, _ = _END.unpack_from(tail, at)
    if at + tail_at >= _END64_LOCATOR.size and (locator := blob.read_at(tail_at + at - 20, 20)).startswith(b"PK\x06\x07"):
        return _read_end64(blob, _END64_LOCATOR.unpack(locator))
    if disk or start_disk or here != entries:
        raise _damaged(blob, "it is one part of a split archive")
    return _End(entries, size, start)


def _read_end64(blob: Blob, locator: tuple[bytes, int, int, int]) -> _End:
    signature, _, _, _, disk, start_disk, here, entries, size, start = _END64.unpack(blob.read_at(locator[2], _END64.size))
    if signature != b"PK\x06\x06" or disk or start_disk or here != entries:
        raise _damaged(blob, "its ZIP64 end record is wrong or it is one part of a split archive")
    return _End(entries, size, start)


def _parse(blob: Blob, end: _End, limits: Limits) -> list[Member]:
    members: list[Member] = []
    seen: set[str] = set()
    window, window_at, offset = b"", 0, 0
    for _ in range(end.entries):
        # A header with its name and extra fields is at most 46 + 3 x 65,535 bytes.
        if offset + _CENTRAL.size + 3 * 0xFFFF > window_at + len(window) and window_at + len(window) < end.size:
            window_at, window = offset, blob.read_at(end.start + offset, min(_CHUNK, end.size - offset))
        member, length = _parse_one(blob, window, offset - window_at, limits)
        offset += length
        if member is None:
            continue
        if member.name in seen:
            raise refusal(Code.ARCHIVE_DUPLICATE, f"{blob.name} holds the name {shown(member.name)} twice.")
        seen.add(member.name)
        members.append(member)
    return members


def _parse_one(blob: Blob, window: bytes, at: int, limits: Limits) -> tuple[Member | None, int]:
    if at + _CENTRAL.size > len(window):
        raise _damaged(blob, "its directory holds fewer entries than it declares")
    (
        signature,
        made_by,
        _,
        flags,
        method,
        _,
        _,
        crc,
        packed,
        unpacked,
        name_length,
        extra_length,
        comment_length,
        _,
        _,
        attributes,
        header_at,
    ) = _CENTRAL.unpack_from(window, at)
    length = _CENTRAL.size + name_length + extra_length + comment_length
    if signature != b"PK\x01\x02" or at + length > len(window):
        raise _damaged(blob, "its directory is not readable to the end")
    raw_name = window[at + _CENTRAL.size : at + _CENTRAL.size + name_length]
    name = _decode_name(blob, raw_name, flags)
    check_name(name, limits)
    unix_mode = attributes >> 16
    if made_by >> 8 == 3 and stat.S_IFMT(unix_mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise refusal(Code.LINK_REFUSED, f"{shown(name)} in {blob.name} is a link or a device, not a file.")
    if flags & (_ENCRYPTED | _STRONG_ENCRYPTION | _MASKED) or method == 99:
        raise refusal(Code.ARCHIVE_ENCRYPTED, f"{shown(name)} in {blob.name} is encrypted.")
    extra = window[at + _CENTRAL.size + name_length : at + length - comment_length]
    unpacked, packed, header_at = _widen(blob, extra, unpacked, packed, header_at)
    if name.endswith("/"):
        if unpacked or packed > 2:
            raise _damaged(blob, f"the folder {shown(name)} has content")
        return None, length
    if method not in (STORED, DEFLATED):
        how = _METHODS.get(method, "method")
        raise refusal(
            Code.ARCHIVE_METHOD, f"{shown(name)} in {blob.name} is compressed with {how} ({method}); stored and deflated are read."
        )
    if method == STORED and packed != unpacked:
        raise _damaged(blob, f"{shown(name)} is stored but declares two sizes, {packed} and {unpacked}")
    return Member(name, method, crc, packed, unpacked, header_at), length


def _decode_name(blob: Blob, raw: bytes, flags: int) -> str:
    try:
        name = raw.decode("utf-8" if flags & _UTF8_NAME else "cp437")
    except UnicodeDecodeError:
        raise _damaged(blob, f"a name is not valid UTF-8: {raw[:20].hex(' ')}") from None
    # Windows tools write backslashes; an absolute or climbing one is refused by check_name either way.
    return unicodedata.normalize("NFC", name) if "\\" not in name else unicodedata.normalize("NFC", name).replace("\\", "/")


def _widen(blob: Blob, extra: bytes, unpacked: int, packed: int, header_at: int) -> tuple[int, int, int]:
    """Replace 32-bit fields that say "see ZIP64" by the values of extra field 1."""
    values = [unpacked, packed, header_at]
    wanting = [i for i, value in enumerate(values) if value == 0xFFFFFFFF]
    at = 0
    while wanting and at + 4 <= len(extra):
        kind, size = struct.unpack_from("<2H", extra, at)
        if kind == 1:
            if size < 8 * len(wanting) or at + 4 + size > len(extra):
                raise _damaged(blob, "a ZIP64 field is too short")
            for place, i in enumerate(wanting):
                values[i] = struct.unpack_from("<Q", extra, at + 4 + 8 * place)[0]
            break
        at += 4 + size
    return values[0], values[1], values[2]


def _judge_sizes(blob: Blob, members: list[Member], limits: Limits) -> None:
    total = sum(member.unpacked for member in members)
    if total > limits.recording_bytes:
        raise refusal(Code.ARCHIVE_BOMB, f"{blob.name} unpacks to {total} bytes, more than {limits.recording_bytes}.")
    if total > limits.archive_ratio_floor_bytes and total > blob.size * limits.unpacked_ratio:
        raise refusal(Code.ARCHIVE_BOMB, f"{blob.name} of {blob.size} bytes claims to unpack to {total}.")
    for member in members:
        if member.unpacked > limits.ratio_floor_bytes and member.unpacked > member.packed * limits.unpacked_ratio:
            raise refusal(
                Code.ARCHIVE_BOMB,
                f"{shown(member.name)} in {blob.name} claims to unpack from {member.packed} to {member.unpacked} bytes.",
            )


def _judge_overlap(blob: Blob, members: list[Member], directory_at: int) -> None:
    end = 0
    for member in sorted(members, key=lambda m: m.header_at):
        if member.header_at < end:
            raise refusal(Code.ARCHIVE_OVERLAP, f"{shown(member.name)} in {blob.name} shares bytes with another entry.")
        end = member.header_at + _LOCAL_BYTES + member.packed
        if end > directory_at:
            raise refusal(Code.ARCHIVE_OVERLAP, f"{shown(member.name)} in {blob.name} reaches into the directory or past the end.")


def _damaged(blob: Blob, why: str) -> Exception:
    return refusal(Code.ARCHIVE_DAMAGED, f"{blob.name} cannot be read as a ZIP: {why}.")
