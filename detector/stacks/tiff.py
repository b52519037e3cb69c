"""TIFF files as recordings: pages are found on opening and read where they lie."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from detector.stacks import tiff_pages as fields
from detector.stacks.base import RecordedStack
from detector.stacks.blobs import Blob
from detector.stacks.grey import Raw
from detector.stacks.limits import Limits
from detector.stacks.refusals import Code, refusal
from detector.stacks.tiff_pages import PageShape, decode_page, read_segments, read_shape
from detector.stacks.tiff_tags import TagReader, Tags
from detector.types import StackInfo

# Every page is checked when it is read; on opening, a spread of them tells a cut file at once.
_CHECKED_ON_OPENING = 2_000


@dataclass(slots=True)
class TiffFile:
    """One open TIFF and where its full-size pages are."""

    blob: Blob
    reader: TagReader
    shape: PageShape
    pages_at: list[int]
    description: bytes
    left_out: int
    run_at: int = 0
    """Where an ImageJ file without page directories holds its pictures one after another; 0 for all others."""
    run_pages: int = 0

    @property
    def pages(self) -> int:
        return self.run_pages or len(self.pages_at)

    def tags(self, page: int) -> Tags:
        """The directory of a page, read from the file again: a hundred thousand of them are not kept in memory."""
        return self.reader.directory(self.pages_at[page])[0]

    def decode(self, page: int, limits: Limits) -> Raw:
        """Grey pixels of a page in their own depth."""
        if page >= self.pages:
            raise refusal(Code.FILE_TRUNCATED, f"{self.blob.name} has {self.pages} pages; page {page + 1} is missing.")
        if self.run_at:
            dtype = np.dtype(self.reader.order + self.shape.dtype)
            size = self.shape.width * self.shape.height * dtype.itemsize
            plain = np.frombuffer(self.blob.read_at(self.run_at + page * size, size), dtype)
            return plain.astype(np.dtype(self.shape.dtype)).reshape(self.shape.height, self.shape.width)
        tags = self.tags(page)
        return decode_page(self.reader, tags, read_shape(self.reader, tags, self.blob.name, limits), self.blob, limits)


def open_tiff(blob: Blob, limits: Limits) -> TiffFile:
    """Walk the pages of a TIFF and check them; thumbnails and masks are left out."""
    reader = TagReader(blob, limits)
    pages_at: list[int] = []
    shape: PageShape | None = None
    description = b""
    left_out = 0
    for at, tags in reader.directories():
        if reader.number(tags, fields.KIND_OF_PAGE, 0) & 5:
            left_out += 1
            continue
        width, height = reader.number(tags, fields.WIDTH), reader.number(tags, fields.HEIGHT)
        if shape is None:
            shape = read_shape(reader, tags, blob.name, limits)
            description = reader.raw(tags, fields.DESCRIPTION, limits.xml_bytes)
        elif (width, height) != (shape.width, shape.height):
            raise refusal(
                Code.RESOLUTION_CHANGES,
                f"Page {len(pages_at) + 1} of {blob.name} is {width}x{height} pixels, the first one {shape.width}x{shape.height}.",
            )
        pages_at.append(at)
    if shape is None:
        raise refusal(Code.PICTURES_NONE, f"{blob.name} is a TIFF without a page of full size.")
    tiff = TiffFile(blob, reader, shape, pages_at, description, left_out)
    for page in np.unique(np.linspace(0, len(pages_at) - 1, min(_CHECKED_ON_OPENING, len(pages_at))).astype(int)):
        tags = tiff.tags(int(page))
        read_segments(reader, tags, read_shape(reader, tags, blob.name, limits), blob, limits)
    blob.rest()
    return tiff


class TiffStack(RecordedStack):
    """Pages of one or more TIFF files in the order that their description gives."""

    def __init__(
        self,
        files: Sequence[TiffFile],
        places: Sequence[Sequence[tuple[int, int]]],
        info: StackInfo,
        limits: Limits,
        release: Callable[[], None],
    ) -> None:
        super().__init__(info, np.dtype(files[0].shape.dtype))
        self._files = files
        self._places = places
        self._limits = limits
        self._release = release

    def raw(self, frame: int, plane: int) -> Raw:
        file, page = self._places[frame][plane]
        tiff = self._files[file]
        try:
            return tiff.decode(page, self._limits)
        finally:
            # A set may have thousands of files; a lone one stays open.
            if len(self._files) > 1:
                tiff.blob.rest()

    def close(self) -> None:
        for tiff in self._files:
            tiff.blob.close()
        self._release()
