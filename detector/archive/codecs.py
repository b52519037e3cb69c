"""How originals are kept: JPEG so that its very bytes come back, PNG so that its pixels and chunks do, anything else byte for byte.

Chosen by measuring on real pictures; the figures stand in docs/archive.md. Whatever is kept was read back and compared first.
"""

from __future__ import annotations

import base64
import io
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import imagecodecs
import numpy as np
from PIL import Image as Pillow

from detector.errors import DetectorError

EFFORT = 3
"""From here on a hundredth costs three times the time."""
ZSTD_LEVEL = 9
LEAST_GAIN = 0.98
"""What a code has to get a file down to, or its bytes are kept as they are."""
MOST_PIXELS = 1 << 28
MOST_CHUNKS = 64 * 1024
ENDINGS = {"jpeg-xl": "jpg.jxl", "pixels-xl": "png.jxl", "zstd": "zst", "raw": "raw"}
"""By code: what a member's name ends in."""
_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8\xff"
_MODES = {(8, 0): "L", (8, 2): "RGB", (8, 6): "RGBA", (16, 0): "I;16"}
"""PNG's depth and colour type, of those whose pixels an array says whole."""


@dataclass(frozen=True, slots=True)
class Kept:
    """An original in the code it is kept in; `facts` is what else is needed to get it back."""

    code: str
    payload: bytes
    facts: dict[str, Any] = field(default_factory=dict)
    width: int = 0
    height: int = 0


Way = Callable[[bytes, int, int], Kept | None]


def keep(original: bytes, *, exact: bool = False) -> Kept:
    """The smallest of what comes back whole; `exact` keeps the very bytes of every file, of a PNG too."""
    width, height = _size(original)
    way: Way
    for way in (_as_jpeg, *(() if exact else (_as_pixels,)), _as_zstd):
        try:
            kept: Kept | None = way(original, width, height)
        except (RuntimeError, ValueError, TypeError, OSError, SyntaxError, EOFError, MemoryError, struct.error):
            # A picture that a codec cannot say is no less an original: the next way takes it.
            continue
        if kept is not None and len(kept.payload) <= LEAST_GAIN * len(original):
            return kept
    return Kept("raw", original, {}, width, height)


def restore(code: str, payload: bytes, facts: dict[str, Any]) -> bytes:
    """The original; for `pixels-xl` a PNG of the same pixels and chunks. Raises DetectorError for a code of a later version."""
    if code == "raw":
        return payload
    if code == "zstd":
        return bytes(imagecodecs.zstd_decode(payload))
    if code == "jpeg-xl":
        return bytes(imagecodecs.jpegxl_decode_jpeg(payload, numthreads=1))
    if code == "pixels-xl":
        return _png_again(np.asarray(imagecodecs.jpegxl_decode(payload)), facts)
    raise DetectorError("archive_newer", f"the archive holds pictures in the code {code[:40]!r}", "Read it with the version that wrote it.")


def _as_jpeg(original: bytes, width: int, height: int) -> Kept | None:
    if not original.startswith(_JPEG):
        return None
    payload = bytes(imagecodecs.jpegxl_encode_jpeg(original))
    if bytes(imagecodecs.jpegxl_decode_jpeg(payload, numthreads=1)) != original:
        return None
    return Kept("jpeg-xl", payload, {}, width, height)


def _as_pixels(original: bytes, width: int, height: int) -> Kept | None:
    """The pixels of a PNG that is whole and plain; its other chunks go along as they are."""
    if not original.startswith(_PNG) or not 0 < width * height <= MOST_PIXELS:
        return None
    before, after = _chunks(original)
    header = struct.unpack(">IIBBBBB", before[0][1])
    mode = _MODES.get((header[2], header[3]))
    # A transparent colour changes what pixels mean on decoding, and an interlaced file has its pixels in another order.
    if mode is None or header[6] or any(kind in (b"tRNS", b"PLTE") for kind, _ in before):
        return None
    extra = {"before": _told(before[1:]), "after": _told(after)}
    if sum(map(len, (*extra["before"], *extra["after"]))) > MOST_CHUNKS:
        return None
    with Pillow.open(io.BytesIO(original), formats=("PNG",)) as picture:
        pixels = np.asarray(picture)
    if mode == "I;16":
        pixels = pixels.astype(np.uint16)
    payload = bytes(imagecodecs.jpegxl_encode(pixels, lossless=True, effort=EFFORT))
    back = np.asarray(imagecodecs.jpegxl_decode(payload))
    if back.dtype != pixels.dtype or back.shape != pixels.shape or not np.array_equal(back, pixels):
        return None
    return Kept("pixels-xl", payload, {name: chunks for name, chunks in extra.items() if chunks}, width, height)


def _as_zstd(original: bytes, width: int, height: int) -> Kept:
    payload = bytes(imagecodecs.zstd_encode(original, ZSTD_LEVEL))
    if bytes(imagecodecs.zstd_decode(payload)) != original:
        raise ValueError("zstd gave something else back")
    return Kept("zstd", payload, {}, width, height)


def _size(original: bytes) -> tuple[int, int]:
    """Width and height as the head says them; zeros where it is no picture that is known."""
    try:
        with Pillow.open(io.BytesIO(original), formats=("PNG", "JPEG", "TIFF", "BMP")) as picture:
            return picture.size
    except (OSError, ValueError, SyntaxError, Pillow.DecompressionBombError):
        return 0, 0


def _chunks(original: bytes) -> tuple[list[tuple[bytes, bytes]], list[tuple[bytes, bytes]]]:
    """Chunks before and after the pixels, the end excepted; raises ValueError where one is damaged or something follows the end."""
    before: list[tuple[bytes, bytes]] = []
    after: list[tuple[bytes, bytes]] = []
    has_pixels, at = False, len(_PNG)
    while at < len(original):
        (length,) = struct.unpack_from(">I", original, at)
        kind, data = original[at + 4 : at + 8], original[at + 8 : at + 8 + length]
        (check,) = struct.unpack_from(">I", original, at + 8 + length)
        if zlib.crc32(kind + data) != check:
            raise ValueError("a chunk is damaged")
        at += 12 + length
        if kind == b"IEND":
            if at != len(original):
                raise ValueError("something follows the end")
            break
        if kind == b"IDAT":
            has_pixels = True
        else:
            (after if has_pixels else before).append((kind, data))
    if not before or before[0][0] != b"IHDR":
        raise ValueError("it does not begin with its size")
    return before, after


def _told(chunks: list[tuple[bytes, bytes]]) -> list[str]:
    return [f"{kind.decode('latin-1')}{base64.b64encode(data).decode()}" for kind, data in chunks]


def _png_again(pixels: Any, facts: dict[str, Any]) -> bytes:
    written = io.BytesIO()
    Pillow.fromarray(pixels).save(written, "PNG", compress_level=6)
    plain = written.getvalue()
    parts = [_PNG, *_raw(plain, {b"IHDR"}), *_asked(facts.get("before", ())), *_raw(plain, {b"IDAT"})]
    return b"".join([*parts, *_asked(facts.get("after", ())), *_raw(plain, {b"IEND"})])


def _raw(png: bytes, kinds: set[bytes]) -> Iterator[bytes]:
    at = len(_PNG)
    while at < len(png):
        (length,) = struct.unpack_from(">I", png, at)
        if png[at + 4 : at + 8] in kinds:
            yield png[at : at + 12 + length]
        at += 12 + length


def _asked(chunks: Any) -> Iterator[bytes]:
    for chunk in chunks:
        kind, data = chunk[:4].encode("latin-1"), base64.b64decode(chunk[4:])
        yield struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
