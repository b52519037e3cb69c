"""COCO: one JSON of pictures, categories and annotations; boxes in pixels, outlines as polygons, masks as run lengths."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from typing import IO, Any

from backend.labels.formats.values import Remark
from backend.labels.formats.writing.values import Mark, MarkedPicture, clipped, left_out

SPOOL_BYTES = 8 * 1024**2
BLOCK_BYTES = 256 * 1024


class CocoWriter:
    """Writes pictures as they come; categories get their numbers in the order given, then as they appear."""

    def __init__(self, classes: Sequence[str] = ()) -> None:
        self.classes: list[str] = list(classes)
        self.remarks: list[Remark] = []
        self._annotations = 0

    def content(self, pictures: Iterable[MarkedPicture]) -> Iterator[bytes]:
        """`result.json` piece by piece; annotations wait in a temporary file until all pictures are named."""
        with tempfile.SpooledTemporaryFile(SPOOL_BYTES) as waiting:
            yield b'{"images": ['
            for number, picture in enumerate(pictures):
                told = {"id": number, "width": picture.width, "height": picture.height, "file_name": f"images/{picture.name}"}
                yield (b",\n" if number else b"\n") + _bytes(told)
                self._keep(picture, number, waiting)
            yield b'\n],\n"annotations": ['
            waiting.seek(0)
            while block := waiting.read(BLOCK_BYTES):
                yield block
            categories = [{"id": number, "name": name} for number, name in enumerate(self.classes)]
            yield b'\n],\n"categories": ' + _bytes(categories)
            yield b',\n"info": {"version": "1.0", "contributor": "EmbryoVision"}}\n'

    def _keep(self, picture: MarkedPicture, number: int, waiting: IO[bytes]) -> None:
        for mark in picture.marks:
            told = self._annotation(mark, picture)
            if told is None:
                self.remarks.append(left_out(mark, picture))
                continue
            said = {"id": self._annotations, "image_id": number, "category_id": self._number(mark.label), **told, "iscrowd": 0, "ignore": 0}
            waiting.write((b",\n" if self._annotations else b"\n") + _bytes(said))
            self._annotations += 1

    def _annotation(self, mark: Mark, picture: MarkedPicture) -> dict[str, Any] | None:
        if mark.mask is not None and (mark.mask.width, mark.mask.height) == (picture.width, picture.height):
            # Loaded here: masks are rare, and numpy has no place in a web process that meets none.
            from backend.labels.formats.writing import brush

            mask = brush.mask_of(mark.mask)
            box = brush.bounds_of(mask)
            if box is None:
                return None
            segmentation: Any = {"counts": brush.coco_counts(mask), "size": [picture.height, picture.width]}
            return {"bbox": _bbox(box), "area": int((mask > 0).sum()), "segmentation": segmentation}
        inside = clipped(mark, picture)
        if inside is None:
            return None
        area = _area(mark) if len(mark.outline) > 2 else (inside[2] - inside[0]) * (inside[3] - inside[1])
        segmentation = [[coordinate for point in mark.outline for coordinate in point]] if len(mark.outline) > 2 else []
        return {"bbox": _bbox(inside), "area": area, "segmentation": segmentation}

    def _number(self, label: str) -> int:
        if label not in self.classes:
            self.classes.append(label)
        return self.classes.index(label)


def _bbox(box: tuple[float, float, float, float]) -> list[float]:
    return [box[0], box[1], box[2] - box[0], box[3] - box[1]]


def _area(mark: Mark) -> float:
    """Of the outline, by the shoelace formula."""
    following = (*mark.outline[1:], mark.outline[0])
    return abs(sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in zip(mark.outline, following, strict=True))) / 2


def _bytes(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
