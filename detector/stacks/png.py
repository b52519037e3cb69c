"""PNG pictures: every chunk by our own reading, the pixels by libpng, which refuses rows that are missing.

Chunk layout as in the PNG specification, third edition, section 5.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

import imagecodecs
import numpy as np

from detector.stacks.grey import Raw, luminance
from detector.stacks.limits import Limits
from detector.stacks.refusals import Code, refusal
from detector.stacks.sizes import check_size

_SIGNATURE_BYTES = 8
_DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}


@dataclass(frozen=True, slots=True)
class PngHeader:
    """What the IHDR chunk says."""

    width: int
    height: int
    depth: int
    colour: int


def read_header(data: bytes, name: str) -> PngHeader | None:
    """The header of a PNG, None when `data` ends before it does."""
    if len(data) < 33:
        return None
    length, kind, width, height, depth, colour, method, filtering, interlace = struct.unpack_from(">I4sIIBBBBB", data, _SIGNATURE_BYTES)
    if length != 13 or kind != b"IHDR" or method or filtering or interlace > 1 or depth not in _DEPTHS.get(colour, ()):
        raise _damaged(name, "its header is wrong")
    return PngHeader(width, height, depth, colour)


def ends_whole(tail: bytes) -> bool:
    """True when the last bytes of a file hold the end chunk."""
    return b"IEND\xae\x42\x60\x82" in tail


def decode(data: bytes, name: str, limits: Limits) -> Raw:
    """Grey pixels of 8 or 16 bits; palettes and colour become grey, transparency is dropped."""
    header = read_header(data, name)
    if header is None:
        raise _cut(name)
    check_size(header.width, header.height, name, limits)
    _check_chunks(data, name)
    try:
        pixels = imagecodecs.png_decode(data)
    except (RuntimeError, ValueError) as problem:
        raise _damaged(name, str(problem)) from None
    if pixels.shape[:2] != (header.height, header.width):
        raise _damaged(name, f"{pixels.shape[1]}x{pixels.shape[0]} pixels instead of {header.width}x{header.height}")
    if pixels.ndim == 2:
        return np.asarray(pixels)
    return luminance(pixels) if pixels.shape[2] >= 3 else np.ascontiguousarray(pixels[..., 0])


def _check_chunks(data: bytes, name: str) -> None:
    at = _SIGNATURE_BYTES
    while True:
        if at + 12 > len(data):
            raise _cut(name)
        length, kind = struct.unpack_from(">I4s", data, at)
        if at + 12 + length > len(data):
            raise _cut(name)
        crc = struct.unpack_from(">I", data, at + 8 + length)[0]
        if crc != zlib.crc32(memoryview(data)[at + 4 : at + 8 + length]):
            raise _damaged(name, f"the checksum of its {kind.decode('latin-1')!r} chunk at offset {at} is wrong")
        if kind == b"IEND":
            return
        if kind == b"acTL":
            raise refusal(Code.PICTURE_KIND, f"{name} is an animated PNG; it would lose all pictures but one.")
        at += 12 + length


def _cut(name: str) -> Exception:
    return refusal(Code.FILE_TRUNCATED, f"{name} is a PNG that is cut off: its end is missing.")


def _damaged(name: str, why: str) -> Exception:
    return refusal(Code.PICTURE_DAMAGED, f"{name} is a damaged PNG: {why}.")
