"""What is marked in pictures on their way out: wells by what they hold where that is known, else regions by what they are called."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from backend.labels.formats.interpreting import dish_of_json
from backend.labels.formats.regions import drawn
from backend.labels.formats.values import Brush, Keypoint, Polygon, Region, Remark, WellLabel
from backend.labels.formats.writing.table import Cell
from backend.labels.formats.writing.values import Mark, MarkedPicture
from backend.labels.outgoing import Outgoing

CONTENTS = ("empty", "embryo", "gas", "embryo_gas")
"""The order of classes in what goes out; other labels follow."""


def marked(one: Outgoing, remarks: list[Remark]) -> MarkedPicture:
    """The picture with its marks; what has no extent is said in `remarks`. Wants a picture, and something said of it."""
    assert one.picture is not None  # noqa: S101 - the caller left out what has none
    wells = wells_of(one)
    marks = _marks(one, remarks) if wells is None else (Mark(well.content, well.box_px) for well in wells)
    return MarkedPicture(one.picture.name, one.picture.width, one.picture.height, tuple(marks))


def wells_of(one: Outgoing) -> tuple[WellLabel, ...] | None:
    """The wells with what they hold; None where the labels speak of something else."""
    if one.frame is not None:
        return tuple(well.label for well in one.frame.wells)
    dish = one.said.dish if one.said is not None else None
    return dish_of_json(dish).wells if dish else None


def wells_table(going: Iterable[Outgoing]) -> Iterator[dict[str, Cell]]:
    """One line a well of everything whose wells are known."""
    for one in going:
        sources: dict[str, str] = {well.label.region: well.source for well in one.frame.wells} if one.frame is not None else {}
        about: dict[str, Cell] = {
            "task": one.task.external_id or one.task.place,
            "picture": one.picture.name if one.picture else "",
            "annotator": one.said.annotator if one.said is not None and one.task.annotations else "",
        }
        for well in wells_of(one) or ():
            box: dict[str, Cell] = {name: round(edge, 2) for name, edge in zip(("x0", "y0", "x1", "y1"), well.box_px, strict=True)}
            source = sources.get(well.region, "human")
            yield about | box | {"well": place_of(well) or well.region, "content": well.content, "source": source}


def place_of(well: WellLabel) -> str:
    return "" if well.row is None or well.column is None else f"{chr(ord('A') + well.row)}{well.column + 1}"


def _marks(one: Outgoing, remarks: list[Remark]) -> Iterator[Mark]:
    if one.said is None or one.picture is None:
        return
    said = drawn(one.said.result, one.task.place, (one.picture.width, one.picture.height))
    remarks += said.remarks
    for region in said.regions:
        mark = _mark(region)
        if mark is None:
            detail = f"The {region.shape} {region.id[:40]} has no extent in a picture; it is in the Label Studio form only."
            remarks.append(Remark(one.task.place, "no_area", detail))
        else:
            yield mark


def _mark(region: Region) -> Mark | None:
    label = (*region.labels, *region.choices, "unlabelled")[0]
    shape: Any = region.geometry
    if shape is None or isinstance(shape, Keypoint):
        return None
    if isinstance(shape, Brush):
        return Mark(label, (0.0, 0.0, float(shape.width), float(shape.height)), mask=shape)
    return Mark(label, shape.bounds(), outline=shape.points if isinstance(shape, Polygon) else ())
