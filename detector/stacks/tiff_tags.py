"""The directories of a TIFF, walked by our own code with a ceiling on pages, tags and sizes.

Layout as in TIFF 6.0, section 2, and the BigTIFF extension. EXIF blocks have the same form and are read here too.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from detector.stacks.blobs import Blob
from detector.stacks.limits import Limits
from detector.stacks.refusals import Code, refusal

_TYPE_CODES = {
    1: "B",
    2: "B",
    3: "H",
    4: "I",
    5: "II",
    6: "b",
    7: "B",
    8: "h",
    9: "i",
    10: "ii",
    11: "f",
    12: "d",
    13: "I",
    16: "Q",
    17: "q",
    18: "Q",
}
_TYPE_BYTES = {kind: struct.calcsize("<" + code) for kind, code in _TYPE_CODES.items()}
# One read fetches an ordinary directory whole.
_GUESS = 2 + 12 * 30


@dataclass(frozen=True, slots=True)
class Tag:
    """One entry: its type, how many values it has and where they lie in the file."""

    kind: int
    count: int
    at: int


Tags = dict[int, Tag]


class TagReader:
    """Reads directories and tag values of one TIFF structure."""

    def __init__(self, blob: Blob, limits: Limits) -> None:
        self._blob = blob
        self._limits = limits
        start = blob.read_at(0, 4)
        self.order = "<" if start[:2] == b"II" else ">"
        version = struct.unpack(self.order + "H", start[2:])[0]
        if start[:2] not in (b"II", b"MM") or version not in (42, 43):
            raise self.damaged(f"it starts with {start.hex(' ')}")
        self.is_big = version == 43
        if self.is_big:
            if blob.read_at(4, 4) != struct.pack(self.order + "HH", 8, 0):
                raise self.damaged("its BigTIFF header is wrong")
            self.first_at: int = struct.unpack(self.order + "Q", blob.read_at(8, 8))[0]
        else:
            self.first_at = struct.unpack(self.order + "I", blob.read_at(4, 4))[0]

    def directories(self) -> Iterator[tuple[int, Tags]]:
        """Offset and entries of each directory of the main chain; a loop or a chain without end is refused."""
        seen: set[int] = set()
        at = self.first_at
        while at:
            if at in seen:
                raise refusal(
                    Code.TIFF_LOOP, f"{self._blob.name} lists its pages in a circle: page {len(seen) + 1} leads back to an earlier one."
                )
            if len(seen) >= self._limits.pictures:
                raise refusal(Code.FRAMES_TOO_MANY, f"{self._blob.name} has more than {self._limits.pictures} pages.")
            seen.add(at)
            here, (tags, at) = at, self.directory(at)
            yield here, tags

    def directory(self, at: int) -> tuple[Tags, int]:
        """The entries of the directory at an offset, and the offset of the next one (0 at the end)."""
        count_format, entry_format, next_format = ("Q", "HHQ8x", "Q") if self.is_big else ("H", "HHI4x", "I")
        count_bytes, next_bytes = (8, 8) if self.is_big else (2, 4)
        entry = struct.Struct(self.order + entry_format)
        ahead = self._blob.read_at(at, min(_GUESS, max(self._blob.size - at, count_bytes)))
        count = struct.unpack_from(self.order + count_format, ahead)[0]
        if not 0 < count <= self._limits.tags_a_page:
            raise self.damaged(f"the directory at offset {at} has {count} entries")
        length = count_bytes + count * entry.size + next_bytes
        data = ahead if len(ahead) >= length else self._blob.read_at(at, length)
        tags: Tags = {}
        for i in range(count):
            place = count_bytes + i * entry.size
            number, kind, values = entry.unpack_from(data, place)
            size = _TYPE_BYTES.get(kind)
            if size is None or number in tags:
                continue
            value_at = at + place + (12 if self.is_big else 8)
            if size * values > (8 if self.is_big else 4):
                value_at = struct.unpack_from(self.order + next_format, data, place + (12 if self.is_big else 8))[0]
            tags[number] = Tag(kind, values, value_at)
        return tags, struct.unpack_from(self.order + next_format, data, length - next_bytes)[0]

    def numbers(self, tags: Tags, number: int, default: tuple[int, ...] = ()) -> tuple[int, ...]:
        """All values of a tag of whole numbers."""
        tag = tags.get(number)
        if tag is None:
            return default
        code = _TYPE_CODES[tag.kind]
        if len(code) != 1 or code in "fd":
            raise self.damaged(f"tag {number} has the wrong type {tag.kind}")
        if not 0 < tag.count <= 4 * self._limits.pictures:
            raise self.damaged(f"tag {number} declares {tag.count} values")
        data = self._blob.read_at(tag.at, tag.count * _TYPE_BYTES[tag.kind])
        return struct.unpack(f"{self.order}{tag.count}{code}", data)

    def number(self, tags: Tags, number: int, default: int = -1) -> int:
        """The first value of a tag."""
        values = self.numbers(tags, number)
        return values[0] if values else default

    def raw(self, tags: Tags, number: int, most: int) -> bytes:
        """The bytes of a tag, refused above a size."""
        tag = tags.get(number)
        if tag is None:
            return b""
        size = tag.count * _TYPE_BYTES[tag.kind]
        if size > most:
            raise self.damaged(f"tag {number} has {size} bytes, more than {most}")
        return self._blob.read_at(tag.at, size)

    def damaged(self, why: str) -> Exception:
        return refusal(Code.TIFF_DAMAGED, f"{self._blob.name} is a damaged TIFF: {why}.")
