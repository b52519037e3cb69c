"""YOLO: one text file a picture, each line a class and a box as shares of the picture."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence

from backend.labels.formats.values import Remark
from backend.labels.formats.writing.values import MarkedPicture, Member, clipped, left_out


class YoloWriter:
    """Writes pictures as they come; classes get their numbers in the order given, then as they appear."""

    def __init__(self, classes: Sequence[str] = ()) -> None:
        self.classes: list[str] = list(classes)
        self.remarks: list[Remark] = []

    def members(self, pictures: Iterable[MarkedPicture]) -> Iterator[Member]:
        """`labels/<name>.txt` for every picture, an empty one where nothing is marked, then `classes.txt` and `notes.json`."""
        for picture in pictures:
            yield label_file(picture.name), iter([self.lines(picture).encode()])
        yield "classes.txt", iter(["".join(f"{one_line(name)}\n" for name in self.classes).encode()])
        notes = {
            "categories": [{"id": number, "name": name} for number, name in enumerate(self.classes)],
            "info": {"version": "1.0", "contributor": "EmbryoVision"},
        }
        yield "notes.json", iter([json.dumps(notes, ensure_ascii=False, indent=1).encode()])

    def lines(self, picture: MarkedPicture) -> str:
        """What is marked in one picture; what lies outside of it becomes a remark."""
        written = []
        for mark in picture.marks:
            box = clipped(mark, picture)
            if box is None:
                self.remarks.append(left_out(mark, picture))
                continue
            x0, y0, x1, y1 = box
            shares = ((x0 + x1) / 2 / picture.width, (y0 + y1) / 2 / picture.height, (x1 - x0) / picture.width, (y1 - y0) / picture.height)
            written.append(f"{self._number(mark.label)} {' '.join(f'{share:.8f}' for share in shares)}\n")
        return "".join(written)

    def _number(self, label: str) -> int:
        if label not in self.classes:
            self.classes.append(label)
        return self.classes.index(label)


def label_file(picture_name: str) -> str:
    """Where YOLO looks for the labels of `images/<picture_name>`."""
    stem, dot, _ = picture_name.rpartition(".")
    return f"labels/{stem if dot else picture_name}.txt"


def one_line(name: str) -> str:
    return " ".join(name.split())
