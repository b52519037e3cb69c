"""What an annotation says of wells and phases, under a mapping; what it says besides is left to itself."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from statistics import median
from typing import Any, cast

from backend.labels.formats.mapping import LabelMapping
from backend.labels.formats.regions import Drawn
from backend.labels.formats.values import Brush, Content, DishLabel, Keypoint, PhaseLabel, Region, Remark, WellLabel

MOST_WELLS = 25
LAYOUTS = frozenset({(3, 3), (4, 3), (3, 4), (4, 4), (5, 5)})
Box = tuple[float, float, float, float]
Size = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Said:
    """What an annotation says here; None where it speaks of nothing of the kind."""

    dish: DishLabel | None
    phases: tuple[PhaseLabel, ...] | None
    remarks: tuple[Remark, ...] = ()


def interpret(drawn: Drawn, mapping: LabelMapping, place: str, size: Size | None = None) -> Said:
    """Meanings of regions and of words about the whole; an annotation without any of them is a picture without wells to name."""
    remarks: list[Remark] = []
    phases = tuple(_phases(drawn, mapping, remarks, place)) if mapping.speaks_of_phases else ()
    still = _still_phase(drawn, mapping, remarks, place) if mapping.speaks_of_phases else None
    dish = _dish(drawn, mapping, remarks, place, size) if mapping.speaks_of_wells else None
    if still is not None:
        dish = replace(dish or DishLabel(), phase=still)
    return Said(dish, phases or None, tuple(remarks))


def dish_as_json(dish: DishLabel) -> dict[str, Any]:
    return {**asdict(dish), "wells": [{**asdict(well), "box_px": list(well.box_px)} for well in dish.wells]}


def dish_of_json(value: dict[str, Any]) -> DishLabel:
    wells = tuple(WellLabel(**{**well, "box_px": tuple(well["box_px"])}) for well in value["wells"])
    return DishLabel(**{**value, "wells": wells})


def phases_as_json(phases: Iterable[PhaseLabel]) -> list[dict[str, Any]]:
    return [asdict(phase) for phase in phases]


def phases_of_json(value: Iterable[dict[str, Any]]) -> tuple[PhaseLabel, ...]:
    return tuple(PhaseLabel(**phase) for phase in value)


def _meanings(words: Iterable[str], mapping: LabelMapping) -> set[str]:
    return {meaning for word in words if (meaning := mapping.meaning(word)) is not None}


def _dish(drawn: Drawn, mapping: LabelMapping, remarks: list[Remark], place: str, size: Size | None) -> DishLabel | None:
    wells = [region for region in drawn.regions if _is_well(region, mapping)]
    of_whole = _meanings((word for region in drawn.whole for word in (*region.choices, *region.labels)), mapping)
    found = [(region, box) for region in wells if (box := _box(region)) is not None]
    points = [region for region in wells if isinstance(region.geometry, Keypoint)]
    found += _boxes_of_points(points, [box for _, box in found], remarks, place)
    if len(found) > MOST_WELLS:
        remarks.append(
            Remark(
                place,
                "too_many_wells",
                f"{len(found)} wells are marked; a dish has {MOST_WELLS} at most.",
                {"n": len(found), "most": MOST_WELLS},
            )
        )
    if size is not None:
        outside = sum(box[0] > size[0] or box[1] > size[1] or box[2] < 0 or box[3] < 0 for _, box in found)
        if outside:
            detail = f"Wells that lie outside of the picture of {size[0]} x {size[1]} px: {outside}."
            remarks.append(Remark(place, "outside_picture", detail, {"n": outside, "width": size[0], "height": size[1]}))
    adrift = {meaning for meaning in of_whole if meaning.startswith("content.")}
    if found and adrift:
        detail = "Contents are given that no longer say which well they belong to; the wells are kept, but what they hold is not known."
        remarks.append(Remark(place, "contents_without_well", detail))
        return None
    lost = len(wells) - len(found)
    if lost:
        detail = f"Wells without an extent that could be measured: {lost}; kept, but not as wells."
        remarks.append(Remark(place, "wells_without_extent", detail, {"n": lost}))
    places = _grid([box for _, box in found])
    labelled = tuple(WellLabel(box, _content(region, mapping), region.id, *spot) for (region, box), spot in zip(found, places, strict=True))
    if "picture.no_wells" in of_whole and labelled:
        detail = f"Wells marked in a picture that is said to have none to see: {len(labelled)}."
        remarks.append(Remark(place, "contradiction", detail, {"n": len(labelled)}))
    return DishLabel(labelled, gas_outside="picture.gas_outside" in of_whole, no_wells="picture.no_wells" in of_whole)


def _is_well(region: Region, mapping: LabelMapping) -> bool:
    if region.item_index or region.spans or region.shape in ("none",):
        return False
    meanings = _meanings((*region.labels, *region.choices), mapping)
    if any(meaning == "well" or meaning.startswith("content.") for meaning in meanings):
        return True
    return mapping.wells_without_label and not region.labels and region.shape in ("box", "ellipse", "keypoint", "polygon")


def _content(region: Region, mapping: LabelMapping) -> Content:
    """Nothing said means empty; embryo and gas said together mean both."""
    said = {meaning.removeprefix("content.") for meaning in _meanings((*region.labels, *region.choices), mapping)}
    if "embryo_gas" in said or {"embryo", "gas"} <= said:
        return "embryo_gas"
    return cast(Content, next((content for content in ("embryo", "gas") if content in said), "empty"))


def _box(region: Region) -> Box | None:
    if region.geometry is None or isinstance(region.geometry, Keypoint | Brush):
        return None
    box = region.geometry.bounds()
    return box if box[2] > box[0] and box[3] > box[1] else None


def _boxes_of_points(points: Sequence[Region], boxes: Sequence[Box], remarks: list[Remark], place: str) -> list[tuple[Region, Box]]:
    """A point says where a well is and not how large: as large as its neighbours, or as the distance between points allows."""
    if not points:
        return []
    spots = [cast(Keypoint, point.geometry) for point in points]
    if boxes:
        side = median((box[2] - box[0] + box[3] - box[1]) / 2 for box in boxes)
    elif len(spots) > 1:
        side = 0.85 * median(min(_distance(one, other) for other in spots if other is not one) for one in spots)
    else:
        return []
    if side <= 0:
        return []
    detail = f"Wells marked by points: {len(points)}; their size is taken from the others."
    remarks.append(Remark(place, "size_from_neighbours", detail, {"n": len(points)}))
    half = side / 2
    return [(point, (at.x - half, at.y - half, at.x + half, at.y + half)) for point, at in zip(points, spots, strict=True)]


def _distance(one: Keypoint, other: Keypoint) -> float:
    return math.hypot(one.x - other.x, one.y - other.y)


def _grid(boxes: Sequence[Box]) -> list[tuple[int | None, int | None]]:
    """Row and column of each box where they stand in a full grid of a known layout, else nothing for any."""
    nowhere: list[tuple[int | None, int | None]] = [(None, None)] * len(boxes)
    if len(boxes) < 9:
        return nowhere
    height = median(box[3] - box[1] for box in boxes)
    middle = [((box[0] + box[2]) / 2, (box[1] + box[3]) / 2) for box in boxes]
    by_height = sorted(range(len(boxes)), key=lambda i: middle[i][1])
    rows: list[list[int]] = [[by_height[0]]]
    for index in by_height[1:]:
        if middle[index][1] - middle[rows[-1][-1]][1] > height / 2:
            rows.append([])
        rows[-1].append(index)
    if len({len(row) for row in rows}) != 1 or (len(rows), len(rows[0])) not in LAYOUTS:
        return nowhere
    places = list(nowhere)
    for row, indices in enumerate(rows):
        for column, index in enumerate(sorted(indices, key=lambda i: middle[i][0])):
            places[index] = (row, column)
    return places


def _still_phase(drawn: Drawn, mapping: LabelMapping, remarks: list[Remark], place: str) -> str | None:
    """The one phase that a picture of one embryo is said to show."""
    words = [word for region in (*drawn.whole, *drawn.regions) if not region.spans for word in (*region.choices, *region.labels)]
    said = sorted(meaning.removeprefix("phase.") for meaning in _meanings(words, mapping) if meaning.startswith("phase."))
    if len(said) > 1:
        phases = ", ".join(said)
        remarks.append(Remark(place, "several_phases", f"The picture is said to show {phases}; none of them is taken.", {"phases": phases}))
    return said[0] if len(said) == 1 else None


def _phases(drawn: Drawn, mapping: LabelMapping, remarks: list[Remark], place: str) -> Iterable[PhaseLabel]:
    """Ranges of a recording whose label or choice is a phase."""
    for region in drawn.regions:
        phases = sorted(m.removeprefix("phase.") for m in _meanings((*region.labels, *region.choices), mapping) if m.startswith("phase."))
        for span in region.spans if phases else ():
            is_whole = span.first == int(span.first) and span.last == int(span.last)
            if span.unit == "second" or not is_whole or span.last < span.first:
                detail = f"{phases[0]} lasts from {span.first:g} to {span.last:g}, which are no frames; the range is kept as it is written."
                values = {"phase": phases[0], "first": f"{span.first:g}", "last": f"{span.last:g}"}
                remarks.append(Remark(place, "not_frames", detail, values))
                continue
            for phase in phases:
                yield PhaseLabel(phase, int(span.first), int(span.last), region.parent or region.id)
