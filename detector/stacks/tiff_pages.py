"""One page of a TIFF: its shape checked against the limits and the file, its strips or tiles decoded exactly or refused."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import imagecodecs
import numpy as np

from detector.stacks import jpeg
from detector.stacks.blobs import Blob
from detector.stacks.grey import Raw, luminance
from detector.stacks.limits import Limits
from detector.stacks.refusals import Code, refusal
from detector.stacks.sizes import check_size
from detector.stacks.tiff_tags import TagReader, Tags

WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC, DESCRIPTION, STRIP_OFFSETS, SAMPLES = 256, 257, 258, 259, 262, 270, 273, 277
ROWS_A_STRIP, STRIP_COUNTS, PLANAR, DATE_TIME, PREDICTOR, COLOUR_MAP = 278, 279, 284, 306, 317, 320
TILE_WIDTH, TILE_HEIGHT, TILE_OFFSETS, TILE_COUNTS, SAMPLE_FORMAT, JPEG_TABLES, FILL_ORDER, KIND_OF_PAGE = (
    322,
    323,
    324,
    325,
    339,
    347,
    266,
    254,
)

_NONE, _LZW, _JPEG, _DEFLATE, _OLD_DEFLATE, _PACKBITS, _ZSTD = 1, 5, 7, 8, 32946, 32773, 50000
_READABLE = {_NONE, _LZW, _JPEG, _DEFLATE, _OLD_DEFLATE, _PACKBITS, _ZSTD}
_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _PALETTE, _YCBCR = 0, 1, 2, 3, 6
_TYPES = {(1, 8): "u1", (1, 16): "u2", (1, 32): "u4", (2, 8): "i1", (2, 16): "i2", (2, 32): "i4", (3, 32): "f4"}


@dataclass(frozen=True, slots=True)
class PageShape:
    """What most pages of a recording share."""

    width: int
    height: int
    samples: int
    dtype: str
    compression: int
    photometric: int
    predictor: int
    is_planar: bool
    tile_width: int
    tile_height: int
    """Rows a strip, for strips."""
    is_tiled: bool

    @property
    def columns(self) -> int:
        return -(-self.width // self.tile_width)

    @property
    def rows(self) -> int:
        return -(-self.height // self.tile_height)

    @property
    def segments(self) -> int:
        return self.columns * self.rows * (self.samples if self.is_planar else 1)

    @property
    def samples_a_segment(self) -> int:
        return 1 if self.is_planar else self.samples


def read_shape(reader: TagReader, tags: Tags, name: str, limits: Limits) -> PageShape:
    """The shape of a page, refused when it is too large or of a kind that is not read."""
    width, height = reader.number(tags, WIDTH), reader.number(tags, HEIGHT)
    check_size(width, height, name, limits)
    samples = reader.number(tags, SAMPLES, 1)
    bits = reader.numbers(tags, BITS, (1,))
    formats = reader.numbers(tags, SAMPLE_FORMAT, (1,))
    dtype = _TYPES.get((formats[0] if formats[0] != 4 else 1, bits[0]))
    if dtype is None or len(set(bits)) > 1 or len(set(formats)) > 1 or not 1 <= samples <= 5:
        raise refusal(Code.PICTURE_KIND, f"{name} has {samples} channels of {bits[0]} bits (sample format {formats[0]}).")
    compression = reader.number(tags, COMPRESSION, 1)
    photometric = reader.number(tags, PHOTOMETRIC, _BLACK_IS_ZERO)
    predictor = reader.number(tags, PREDICTOR, 1)
    if compression not in _READABLE or predictor not in (1, 2):
        raise refusal(Code.COMPRESSION, f"{name} uses TIFF compression {compression} with predictor {predictor}.")
    _check_colour(samples, dtype, compression, photometric, name)
    if reader.number(tags, FILL_ORDER, 1) != 1:
        raise refusal(Code.PICTURE_KIND, f"{name} stores its bits in reversed order.")
    is_tiled = TILE_OFFSETS in tags
    tile_width = reader.number(tags, TILE_WIDTH) if is_tiled else width
    tile_height = reader.number(tags, TILE_HEIGHT) if is_tiled else min(reader.number(tags, ROWS_A_STRIP, height), height)
    if tile_width < 1 or tile_height < 1 or tile_width * tile_height > limits.picture_px:
        raise reader.damaged(f"tiles of {tile_width}x{tile_height} pixels")
    is_planar = reader.number(tags, PLANAR, 1) == 2 and samples > 1
    return PageShape(width, height, samples, dtype, compression, photometric, predictor, is_planar, tile_width, tile_height, is_tiled)


def _check_colour(samples: int, dtype: str, compression: int, photometric: int, name: str) -> None:
    needed = {_WHITE_IS_ZERO: 1, _BLACK_IS_ZERO: 1, _RGB: 3, _PALETTE: 1, _YCBCR: 3}.get(photometric)
    is_odd = needed is None or samples < needed or (photometric == _PALETTE and dtype != "u1")
    # Uncompressed YCbCr comes subsampled in ways that few programs agree on; RGB inside JPEG needs a colour transform off.
    is_odd |= (photometric == _YCBCR) != (compression == _JPEG and samples == 3)
    is_odd |= compression == _JPEG and dtype != "u1"
    if is_odd:
        raise refusal(Code.PICTURE_KIND, f"{name} has colour kind {photometric} with {samples} channels and compression {compression}.")


def read_segments(reader: TagReader, tags: Tags, shape: PageShape, blob: Blob, limits: Limits) -> list[tuple[int, int]]:
    """(offset, length) of every strip or tile, all inside the file and as many as the page needs."""
    offsets = reader.numbers(tags, TILE_OFFSETS if shape.is_tiled else STRIP_OFFSETS)
    counts = reader.numbers(tags, TILE_COUNTS if shape.is_tiled else STRIP_COUNTS)
    if not counts and shape.compression == _NONE and shape.segments == 1:
        counts = (_segment_bytes(shape, 0),)
    if len(offsets) < shape.segments or len(counts) < shape.segments:
        raise reader.damaged(f"{len(offsets)} strips or tiles are listed where {shape.segments} are needed")
    segments = list(zip(offsets[: shape.segments], counts[: shape.segments], strict=True))
    for i, (offset, length) in enumerate(segments):
        if offset <= 0 or length <= 0 or offset + length > blob.size:
            raise refusal(
                Code.FILE_TRUNCATED,
                f"{blob.name} is cut off or damaged: strip {i + 1} lies at {offset} with {length} bytes, but the file ends at {blob.size}.",
            )
        if length > limits.picture_bytes:
            raise refusal(Code.PICTURE_TOO_LARGE, f"{blob.name} has a strip of {length} bytes.")
        if shape.compression == _NONE and length < _segment_bytes(shape, i):
            raise reader.damaged(f"strip {i + 1} has {length} bytes where {_segment_bytes(shape, i)} are needed")
    return segments


def decode_page(reader: TagReader, tags: Tags, shape: PageShape, blob: Blob, limits: Limits) -> Raw:
    """Grey pixels of a page in their own depth."""
    segments = read_segments(reader, tags, shape, blob, limits)
    tables = reader.raw(tags, JPEG_TABLES, 1 << 16) if shape.compression == _JPEG else b""
    # JPEG gives the luminance alone.
    planes = 1 if shape.compression == _JPEG else shape.samples
    page = np.zeros((shape.height, shape.width, planes), np.dtype(shape.dtype))
    a_plane = shape.columns * shape.rows
    for i, (offset, length) in enumerate(segments[: a_plane * planes] if shape.is_planar else segments):
        data = blob.read_at(offset, length)
        top, left = (i % a_plane) // shape.columns * shape.tile_height, i % shape.columns * shape.tile_width
        tile = _decode_jpeg(data, tables, blob.name, limits) if shape.compression == _JPEG else _decode(data, shape, i, reader)
        target = page[top : top + shape.tile_height, left : left + shape.tile_width]
        if tile.shape[0] < target.shape[0] or tile.shape[1] < target.shape[1]:
            raise reader.damaged(
                f"strip {i + 1} holds {tile.shape[1]}x{tile.shape[0]} pixels instead of {target.shape[1]}x{target.shape[0]}"
            )
        tile = tile[: target.shape[0], : target.shape[1]]
        if shape.is_planar:
            target[..., i // a_plane] = tile[..., 0]
        else:
            target[...] = tile
    return _to_grey(page, shape, reader, tags)


def _segment_rows(shape: PageShape, i: int) -> int:
    if shape.is_tiled:
        return shape.tile_height
    return min(shape.tile_height, shape.height - i % shape.rows * shape.tile_height)


def _segment_bytes(shape: PageShape, i: int) -> int:
    return _segment_rows(shape, i) * shape.tile_width * shape.samples_a_segment * np.dtype(shape.dtype).itemsize


def _decode(data: bytes, shape: PageShape, i: int, reader: TagReader) -> Raw:
    needed = _segment_bytes(shape, i)
    # Some writers fill the last strip up to the height of the others.
    most = needed // _segment_rows(shape, i) * shape.tile_height
    try:
        plain = _unpack(data, shape.compression, most)
    except (zlib.error, RuntimeError, ValueError) as problem:
        raise reader.damaged(f"strip {i + 1} cannot be unpacked: {problem}") from None
    if len(plain) < needed:
        raise refusal(Code.FILE_TRUNCATED, f"A strip of the TIFF is cut off: strip {i + 1} holds {len(plain)} of {needed} bytes.")
    if len(plain) > most and shape.compression != _NONE:
        raise reader.damaged(f"strip {i + 1} unpacks to more than the {most} bytes that its rows need")
    stored = np.frombuffer(plain, np.dtype(reader.order + shape.dtype), needed // np.dtype(shape.dtype).itemsize)
    tile = stored.reshape(_segment_rows(shape, i), shape.tile_width, shape.samples_a_segment)
    if shape.predictor == 2:
        # Differences wrap around by definition, so the sum must stay in the type.
        return np.add.accumulate(tile.astype(np.dtype(shape.dtype)), axis=1, dtype=np.dtype(shape.dtype))
    return tile


def _unpack(data: bytes, compression: int, most: int) -> bytes:
    """What the data unpack to, or one byte more than `most` as a sign that they claim more."""
    if compression in (_DEFLATE, _OLD_DEFLATE):
        return zlib.decompressobj().decompress(data, most + 1)
    if compression == _LZW:
        return bytes(imagecodecs.lzw_decode(data, out=most + 1))
    if compression == _PACKBITS:
        return bytes(imagecodecs.packbits_decode(data, out=most))
    if compression == _ZSTD:
        return bytes(imagecodecs.zstd_decode(data, out=most))
    return data


def _decode_jpeg(data: bytes, tables: bytes, name: str, limits: Limits) -> Raw:
    whole = tables[:-2] + data[2:] if tables.startswith(b"\xff\xd8") and tables.endswith(b"\xff\xd9") else data
    return jpeg.decode(whole, name, limits)[..., np.newaxis]


def _to_grey(page: Raw, shape: PageShape, reader: TagReader, tags: Tags) -> Raw:
    if shape.photometric == _RGB:
        return luminance(page)
    grey = page[..., 0]
    if shape.photometric == _PALETTE:
        colours = np.array(reader.numbers(tags, COLOUR_MAP), np.uint16)
        if colours.size != 3 * 256:
            raise reader.damaged(f"a palette of {colours.size} values")
        table = (luminance(colours.reshape(3, 256).T) >> 8).astype(np.uint8)
        return table[grey]
    if shape.photometric == _WHITE_IS_ZERO:
        return np.asarray(-grey if grey.dtype.kind in "fi" else np.iinfo(grey.dtype).max - grey)
    return np.ascontiguousarray(grey)
