"""JPEG pictures: the header by our own reading, the pixels by libjpeg-turbo with its warnings taken as refusals.

Segment layout as in ITU-T T.81, annex B. Any data after the end-of-image marker is ignored: it is never shown or served.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import imagecodecs
import numpy as np
import simplejpeg  # type: ignore[import-untyped]

from detector.reducing import reduced
from detector.stacks.limits import Limits
from detector.stacks.refusals import Code, refusal
from detector.stacks.sizes import check_size
from detector.types import Image

_READABLE_FRAMES = {0xC0, 0xC1, 0xC2}
_OTHER_FRAMES = {0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF}
_START_OF_SCAN, _END_OF_IMAGE, _EXIF_SEGMENT = 0xDA, 0xD9, 0xE1
# A progressive picture needs about ten scans; thousands of empty ones only burn time.
_MOST_SCANS = 200


@dataclass(frozen=True, slots=True)
class JpegHeader:
    """What the segments before the first scan say."""

    width: int
    height: int
    components: int
    is_progressive: bool
    scan_at: int
    exif: tuple[int, int] | None
    """Where the TIFF structure of the EXIF segment starts and ends."""


def read_header(data: bytes, name: str) -> JpegHeader | None:
    """The header of a JPEG, None when `data` is only a beginning and ends before the first scan."""
    at = 2
    frame: tuple[int, int, int, bool] | None = None
    exif = None
    while True:
        while data[at : at + 2] == b"\xff\xff":
            at += 1
        if at + 4 > len(data):
            return None
        if data[at] != 0xFF:
            raise _damaged(name, f"no marker at offset {at}")
        marker, length = data[at + 1], struct.unpack_from(">H", data, at + 2)[0]
        if marker in (_END_OF_IMAGE, 0x00, 0x01) or length < 2:
            raise _damaged(name, f"a wrong segment {marker:02x} of {length} bytes at offset {at}")
        if marker == _START_OF_SCAN:
            if frame is None:
                raise _damaged(name, "a scan without a frame header")
            return JpegHeader(*frame, scan_at=at, exif=exif)
        if marker in _READABLE_FRAMES | _OTHER_FRAMES:
            if at + 10 > len(data):
                return None
            if frame is not None:
                raise _damaged(name, "two frame headers")
            frame = _read_frame(data, at, marker, name)
        if marker == _EXIF_SEGMENT and exif is None and data[at + 4 : at + 10] == b"Exif\0\0":
            exif = (at + 10, at + 2 + length)
        at += 2 + length


def _read_frame(data: bytes, at: int, marker: int, name: str) -> tuple[int, int, int, bool]:
    precision, height, width, components = struct.unpack_from(">BHHB", data, at + 4)
    if marker in _OTHER_FRAMES:
        raise refusal(Code.COMPRESSION, f"{name} is a JPEG of process {marker - 0xC0}; baseline and progressive are read.")
    if precision != 8 or components not in (1, 3):
        raise refusal(
            Code.PICTURE_KIND, f"{name} is a JPEG of {components} channels and {precision} bits; 1 or 3 channels of 8 bits are read."
        )
    return width, height, components, marker == 0xC2


def ends_whole(tail: bytes) -> bool:
    """True when the last bytes of a file hold an end-of-image marker."""
    return b"\xff\xd9" in tail


def decode(data: bytes, name: str, limits: Limits, *, shrink: int = 1) -> Image:
    """Grey pixels of a whole JPEG; a cut or damaged one is refused, never filled with what comes to hand.

    With `shrink` 2, 4 or 8 each block of coefficients becomes 4, 2 or 1 pixels a side, which is several times faster.
    """
    header = read_header(data, name)
    if header is None:
        raise _cut(name)
    check_size(header.width, header.height, name, limits)
    if data.rfind(b"\xff\xd9", header.scan_at) < 0:
        raise _cut(name)
    if header.is_progressive and data.count(b"\xff\xda", header.scan_at) > _MOST_SCANS:
        raise _damaged(name, f"more than {_MOST_SCANS} scans")
    width, height = -(-header.width // shrink), -(-header.height // shrink)
    try:
        pixels: Image = simplejpeg.decode_jpeg(data, "GRAY", min_width=width, min_height=height, min_factor=shrink)[..., 0]
    except ValueError as problem:
        pixels = _second_opinion(data, name, str(problem))
        if shrink > 1:
            pixels = np.asarray(reduced(pixels, shrink), dtype=np.uint8)
    if pixels.shape != (height, width):
        raise _damaged(name, f"{pixels.shape[1]}x{pixels.shape[0]} pixels instead of {header.width}x{header.height}")
    return pixels


def _second_opinion(data: bytes, name: str, problem: str) -> Image:
    if problem.startswith("Premature end"):
        raise _cut(name)
    # Padding between the last pixel and the end marker is common in cameras and loses nothing.
    if "extraneous bytes before marker 0xd9" not in problem:
        raise _damaged(name, problem)
    return np.ascontiguousarray(imagecodecs.jpeg8_decode(data, outcolorspace="GRAYSCALE"), dtype=np.uint8)


def _cut(name: str) -> Exception:
    return refusal(Code.FILE_TRUNCATED, f"{name} is a JPEG that is cut off: its end is missing.")


def _damaged(name: str, why: str) -> Exception:
    return refusal(Code.PICTURE_DAMAGED, f"{name} is a damaged JPEG: {why}.")
