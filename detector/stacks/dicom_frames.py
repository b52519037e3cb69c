"""Frames inside DICOM pixel data: where each lies and how its bytes become grey values."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any, Literal

import imagecodecs
import numpy as np

from detector.stacks import jpeg
from detector.stacks.blobs import Blob
from detector.stacks.grey import Raw, luminance
from detector.stacks.limits import Limits
from detector.stacks.refusals import Code, refusal

_RLE = "1.2.840.10008.1.2.5"
_JPEG = {"1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51"}
_JPEG_LS = {"1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.81"}
_JPEG_2000 = {"1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.91"}
COMPRESSED = {_RLE, *_JPEG, *_JPEG_LS, *_JPEG_2000}
_ITEM, _END = 0xE000FFFE, 0xE0DDFFFE


@dataclass(frozen=True, slots=True)
class FrameShape:
    """What the header says of every frame."""

    rows: int
    columns: int
    samples: int
    dtype: np.dtype[Any]
    bits_stored: int
    colour: str
    is_planar: bool
    order: Literal["<", ">"]
    syntax: str

    @property
    def bytes(self) -> int:
        return self.rows * self.columns * self.samples * self.dtype.itemsize


def locate_frames(blob: Blob, start: int, length: int | None, frames: int, shape: FrameShape) -> list[list[tuple[int, int]]]:
    """For each frame the stretches of the file that hold it; data that end early are refused here."""
    if shape.syntax not in COMPRESSED:
        if length is None or length < frames * shape.bytes or start + frames * shape.bytes > blob.size:
            raise refusal(
                Code.FILE_TRUNCATED,
                f"{blob.name} is cut off: {frames} frames of {shape.bytes} bytes are declared, {max(0, blob.size - start)} bytes are here.",
            )
        return [[(start + i * shape.bytes, shape.bytes)] for i in range(frames)]
    offsets, fragments = _fragments(blob, start)
    if len(fragments) == frames:
        return [[(at, size)] for at, size, _ in fragments]
    if frames == 1:
        return [[(at, size) for at, size, _ in fragments]]
    if len(offsets) == frames:
        return _by_offsets(blob, offsets, fragments)
    raise refusal(
        Code.DICOM_DAMAGED, f"{blob.name} declares {frames} frames but holds {len(fragments)} fragments without a table of frames."
    )


def _fragments(blob: Blob, start: int) -> tuple[tuple[int, ...], list[tuple[int, int, int]]]:
    """The basic offset table, and (offset, length, offset counted as the table counts) of each fragment."""
    items: list[tuple[int, int]] = []
    at = start
    while True:
        tag, size = struct.unpack("<2I", blob.read_at(at, 8))
        if tag == _END:
            break
        if tag != _ITEM or at + 8 + size > blob.size:
            raise refusal(Code.FILE_TRUNCATED, f"{blob.name} is cut off or damaged: its pixel data have no end (offset {at}).")
        items.append((at + 8, size))
        at += 8 + size
    if len(items) < 2:
        raise refusal(Code.DICOM_NO_PIXELS, f"{blob.name} holds no compressed frame.")
    table_at, table_size = items[0]
    offsets = struct.unpack(f"<{table_size // 4}I", blob.read_at(table_at, table_size // 4 * 4))
    first = items[1][0] - 8
    return offsets, [(at, size, at - 8 - first) for at, size in items[1:]]


def _by_offsets(blob: Blob, offsets: tuple[int, ...], fragments: list[tuple[int, int, int]]) -> list[list[tuple[int, int]]]:
    numbers = {place: i for i, (_, _, place) in enumerate(fragments)}
    starts = [numbers.get(offset, -1) for offset in offsets]
    if starts[0] != 0 or any(a < 0 or a >= b for a, b in zip(starts, [*starts[1:], len(fragments)], strict=True)):
        raise refusal(Code.DICOM_DAMAGED, f"{blob.name} has a wrong table of frames.")
    return [[fragments[i][:2] for i in range(a, b)] for a, b in zip(starts, [*starts[1:], len(fragments)], strict=True)]


def decode_frame(data: bytes, shape: FrameShape, name: str, limits: Limits) -> Raw:
    """Grey pixels of one frame in their own depth."""
    if shape.syntax in _JPEG and shape.colour != "RGB":
        picture: Raw = jpeg.decode(data, name, limits)
    else:
        picture = _grey(_decode(data, shape, name, limits), shape)
    if picture.shape != (shape.rows, shape.columns) or picture.dtype != shape.dtype:
        raise refusal(
            Code.PICTURE_DAMAGED,
            f"{name} is {picture.shape[1]}x{picture.shape[0]} {picture.dtype}, the header says {shape.columns}x{shape.rows} {shape.dtype}.",
        )
    if shape.colour != "MONOCHROME1":
        return picture
    return np.asarray(~picture if picture.dtype.kind == "i" else np.iinfo(picture.dtype).max - picture)


def _decode(data: bytes, shape: FrameShape, name: str, limits: Limits) -> Raw:
    dtype = shape.dtype.newbyteorder(shape.order)
    try:
        if shape.syntax in _JPEG:
            jpeg.decode(data, name, limits)  # refuses what is cut or damaged
            return np.asarray(imagecodecs.jpeg8_decode(data, colorspace="RGB", outcolorspace="RGB"))
        if shape.syntax in _JPEG_LS | _JPEG_2000:
            _check_codestream(data, shape, name)
            decoded = imagecodecs.jpegls_decode(data) if shape.syntax in _JPEG_LS else imagecodecs.jpeg2k_decode(data)
            return np.asarray(decoded).astype(shape.dtype, copy=False)
        if shape.syntax == _RLE:
            # The decoder gives whole channels one after another, whatever the planar configuration says.
            plain = imagecodecs.dicomrle_decode(data, shape.dtype, out=shape.bytes)
            return _channels(bytes(plain), shape, shape.dtype.newbyteorder("<"), is_planar=True, name=name)
    except (RuntimeError, ValueError) as problem:
        raise refusal(Code.PICTURE_DAMAGED, f"{name} cannot be decoded whole: {str(problem)[:120]}.") from None
    return _channels(data, shape, dtype, is_planar=shape.is_planar, name=name)


def _check_codestream(data: bytes, shape: FrameShape, name: str) -> None:
    """The size inside the compressed frame must be the header's before a decoder takes memory for it."""
    if shape.syntax in _JPEG_2000:
        at = data.find(b"\xff\x4f\xff\x51", 0, 4096)
        width, height, left, top = struct.unpack_from(">4I", data, at + 8) if 0 <= at <= len(data) - 24 else (0, 0, 0, 0)
        size = (width - left, height - top)
    else:
        at = data.find(b"\xff\xf7", 0, 512)
        height, width = struct.unpack_from(">2H", data, at + 5) if 0 <= at <= len(data) - 9 else (0, 0)
        size = (width, height)
    if size != (shape.columns, shape.rows):
        raise refusal(Code.PICTURE_DAMAGED, f"{name} holds {size[0]}x{size[1]} pixels, the header says {shape.columns}x{shape.rows}.")


def _channels(data: bytes, shape: FrameShape, dtype: np.dtype[Any], *, is_planar: bool, name: str) -> Raw:
    if len(data) < shape.bytes:
        raise refusal(Code.FILE_TRUNCATED, f"{name} holds {len(data)} of {shape.bytes} bytes.")
    values = np.frombuffer(data, dtype, shape.rows * shape.columns * shape.samples)
    if shape.samples == 1:
        return values.reshape(shape.rows, shape.columns).astype(shape.dtype)
    if is_planar:
        return values.reshape(shape.samples, shape.rows, shape.columns).transpose(1, 2, 0).astype(shape.dtype)
    return values.reshape(shape.rows, shape.columns, shape.samples).astype(shape.dtype)


def _grey(pixels: Raw, shape: FrameShape) -> Raw:
    if pixels.ndim == 3:
        # JPEG 2000 undoes its own colour transform, so only stored YBR keeps luminance in the first channel.
        is_luma_first = shape.colour == "YBR_FULL" and shape.syntax not in _JPEG_2000
        return np.ascontiguousarray(pixels[..., 0]) if is_luma_first else luminance(pixels)
    if pixels.dtype.kind == "u" and shape.bits_stored < pixels.dtype.itemsize * 8:
        # Unused high bits may hold an overlay.
        return np.asarray(pixels & np.array((1 << shape.bits_stored) - 1, pixels.dtype))
    return pixels
