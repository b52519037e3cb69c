"""Results put together: all rows of one id are one region, wherever the file put its shape, its labels and its choices."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from backend.labels.formats import geometry
from backend.labels.formats.values import Brush, Geometry, Json, Region, Remark, Shape, Span

Size = tuple[int, int]
SHAPES: dict[str, Shape] = {
    "rectangle": "box",
    "rectanglelabels": "box",
    "ellipse": "ellipse",
    "ellipselabels": "ellipse",
    "polygon": "polygon",
    "polygonlabels": "polygon",
    "vector": "polygon",
    "vectorlabels": "polygon",
    "keypoint": "keypoint",
    "keypointlabels": "keypoint",
    "brush": "brush",
    "brushlabels": "brush",
    "magicwand": "brush",
    "bitmask": "brush",
    "bitmasklabels": "brush",
}
_SAME_SHAPE = 0.01
_MOST_PX = 10**6
SPANS = frozenset(
    {"videorectangle", "timelinelabels", "timeserieslabels", "timeseries", "hypertextlabels", "paragraphlabels", "paragraphs", "audio"}
)
WORDS = frozenset({"labels", "choices", "taxonomy", "number", "rating", "textarea", "text", "datetime"})
KNOWN = frozenset({*SHAPES, *SPANS, *WORDS, "relation"})


@dataclass(slots=True)
class _Growing:
    id: str
    shape: Shape = "none"
    geometry: Geometry | None = None
    labels: list[str] = field(default_factory=list)
    choices: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    numbers: list[float] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    item_index: int | None = None
    parent: str | None = None
    origin: str | None = None
    score: float | None = None
    size: Size | None = None
    is_located: bool = False


@dataclass(frozen=True, slots=True)
class Drawn:
    """What one annotation marks: regions that lie somewhere, what it says of the whole, and types nobody here knows."""

    regions: tuple[Region, ...]
    whole: tuple[Region, ...]
    unknown: dict[str, int]
    remarks: tuple[Remark, ...]


def drawn(result: Iterable[Json], place: str, size: Size | None = None) -> Drawn:
    """Regions of one annotation's results; `size` is the picture's real one, used where the results name none."""
    grown: dict[str, _Growing] = {}
    unknown: dict[str, int] = {}
    remarks: list[Remark] = []
    for number, row in enumerate(result):
        kind = _kind(row)
        if kind == "relation":
            continue
        if kind not in KNOWN:
            unknown[kind or "without a type"] = unknown.get(kind or "without a type", 0) + 1
        value = row.get("value")
        value = value if isinstance(value, dict) else {}
        id_ = row.get("id")
        id_ = str(id_) if isinstance(id_, str | int) else f"#{number}"
        region = grown.setdefault(id_, _Growing(id_))
        _place(region, row, value, kind, size, _Told(place, remarks))
        _say(region, row, value, kind)
    located = [_frozen(region) for region in grown.values() if region.is_located]
    whole = [_frozen(region) for region in grown.values() if not region.is_located]
    return Drawn(tuple(located), tuple(whole), unknown, tuple(remarks))


def words_of(result: Iterable[Json]) -> Iterator[tuple[str, str]]:
    """Every word that labels or chooses, with `label` or `choice`, once for each time it stands there."""
    for row in result:
        value = row.get("value")
        if isinstance(value, dict):
            for word in _labels(value, _kind(row)):
                yield "label", word
            for word in _choices(value):
                yield "choice", word


@dataclass(frozen=True, slots=True)
class _Told:
    place: str
    remarks: list[Remark]

    def __call__(self, code: str, detail: str, **values: str | int) -> None:
        if not any(remark.code == code for remark in self.remarks):
            self.remarks.append(Remark(self.place, code, detail, values))


def _place(region: _Growing, row: Mapping[str, Json], value: dict[str, Json], kind: str, real: Size | None, tell: _Told) -> None:
    """The row's own picture, turning, shape and spans."""
    written = _size(row)
    region.size = region.size or written or real
    for name in ("origin",):
        region.origin = row[name] if isinstance(row.get(name), str) else region.origin
    region.parent = row["parentID"] if isinstance(row.get("parentID"), str) else region.parent
    score = row.get("score")
    region.score = float(score) if isinstance(score, int | float) and not isinstance(score, bool) else region.score
    index = row.get("item_index", value.get("item_index"))
    region.item_index = index if isinstance(index, int) and not isinstance(index, bool) else region.item_index
    spans = list(_spans(value, kind))
    if spans:
        region.spans += [span for span in spans if span not in region.spans]
        region.is_located = True
    shape = SHAPES.get(kind) or _shape_of(value, kind)
    if shape is None:
        return
    region.is_located = True
    if region.shape == "none":
        region.shape = shape
    if region.geometry is not None:
        return
    size = written or real
    if size is None and shape != "brush":
        tell("size_missing", "Results do not say how large the picture was, and the picture is not here: they stay in percent.")
        return
    if written is not None and real is not None and written != real and shape != "brush":
        sizes = {"width": written[0], "height": written[1], "real_width": real[0], "real_height": real[1]}
        if abs(written[0] * real[1] - written[1] * real[0]) > _SAME_SHAPE * written[0] * real[1]:
            detail = (
                f"It was labelled on {written[0]} x {written[1]} px, the picture is {real[0]} x {real[1]} px: its marks are kept, not used."
            )
            tell("size_differs", detail, **sizes)
            return
        detail = f"It was labelled on {written[0]} x {written[1]} px; the picture is {real[0]} x {real[1]} px, of the same shape."
        tell("size_scaled", detail, **sizes)
        size = region.size = real
    try:
        region.geometry = _geometry(shape, row, value, size or (0, 0), tell)
    except (geometry.NoGeometry, OverflowError) as problem:
        detail = f"The {kind or shape} of region {region.id[:40]} lacks {problem}; it is kept as it is written."
        tell("shape_incomplete", detail, kind=kind or shape, region=region.id[:40], lacks=str(problem))


def _geometry(shape: Shape, row: Mapping[str, Json], value: dict[str, Json], size: Size, tell: _Told) -> Geometry | None:
    if shape == "brush":
        rle = value.get("rle")
        if not isinstance(rle, list):
            tell("mask_missing", "A brush has no run-length code (a picture address, or nothing); it is kept as it is written.")
            return None
        return Brush(*size, tuple(rle))
    turned = row.get("image_rotation")
    degrees = int(turned) % 360 if isinstance(turned, int | float) and turned == turned // 90 * 90 else 0
    make = {
        "box": geometry.box_px,
        "ellipse": geometry.ellipse_px,
        "polygon": geometry.polygon_px,
        "keypoint": geometry.keypoint_px,
    }[shape]
    made: Any = make(value, geometry.turned_size(size, degrees))
    if degrees:
        detail = f"The picture was labelled turned by {degrees} degrees; shapes were turned back onto the picture as it is."
        tell("image_rotation", detail, degrees=degrees)
        return cast(Geometry, geometry.unturned(made, size, degrees))
    if turned not in (None, 0):
        detail = f"The picture was labelled turned by {turned!r} degrees, no multiple of 90; shapes lie as drawn."
        tell("image_rotation_odd", detail, degrees=str(turned)[:20])
    return cast(Geometry, made)


def _say(region: _Growing, row: Mapping[str, Json], value: dict[str, Json], kind: str) -> None:
    """What the row calls, chooses, counts or writes."""
    name = row.get("from_name")
    if isinstance(name, str) and name not in region.names:
        region.names.append(name)
    region.labels += [word for word in _labels(value, kind) if word not in region.labels]
    region.choices += [word for word in _choices(value) if word not in region.choices]
    texts = value.get("text", []) if kind in ("textarea", "text") else []
    region.texts += [text for text in ([texts] if isinstance(texts, str) else texts or []) if isinstance(text, str)]
    for key in ("number", "rating"):
        number = value.get(key)
        if isinstance(number, int | float) and not isinstance(number, bool):
            region.numbers.append(float(number))


def _labels(value: Mapping[str, Json], kind: str) -> Iterator[str]:
    """Labels stand under the row's own type, whatever that is called."""
    for key, words in value.items():
        if key == "labels" or ((key == kind or key.endswith("labels")) and key not in ("choices", "taxonomy")):
            if isinstance(words, str):
                yield words
            elif isinstance(words, list):
                yield from (word for word in words if isinstance(word, str))


def _choices(value: Mapping[str, Json]) -> Iterator[str]:
    """Choices, and the last word of each branch of a taxonomy."""
    choices = value.get("choices")
    if isinstance(choices, str):
        yield choices
    elif isinstance(choices, list):
        yield from (word for word in choices if isinstance(word, str))
    branches = value.get("taxonomy")
    for branch in branches if isinstance(branches, list) else []:
        if isinstance(branch, list) and branch and isinstance(branch[-1], str):
            yield branch[-1]
        elif isinstance(branch, str):
            yield branch


def _spans(value: Mapping[str, Json], kind: str) -> Iterator[Span]:
    """From and to, in frames of a recording, seconds, or values along a text or a series."""
    ranges = value.get("ranges")
    for one in ranges if isinstance(ranges, list) else []:
        if isinstance(one, dict) and _is_number(one.get("start")) and _is_number(one.get("end")):
            yield Span(one["start"], one["end"], "frame")
    sequence = value.get("sequence")
    if isinstance(sequence, list):
        yield from _enabled(sequence, value.get("framesCount"))
    elif _is_number(value.get("start")) and _is_number(value.get("end")):
        yield Span(value["start"], value["end"], "second" if kind in ("audio", "labels") and "channel" in value else "value")
    elif isinstance(value.get("start"), str) and isinstance(value.get("end"), str) and kind in SPANS:
        yield Span(0, 0, "value")


def _enabled(sequence: list[Json], count: Json) -> Iterator[Span]:
    """Frames count from 1; `enabled: false` at a frame says that what is shown ends there."""
    keys = sorted(
        (item["frame"], item.get("enabled") is not False) for item in sequence if isinstance(item, dict) and _is_number(item.get("frame"))
    )
    begun: float | None = None
    for frame, is_enabled in keys:
        if begun is None:
            begun = frame
        if not is_enabled:
            yield Span(begun, frame, "frame")
            begun = None
    if begun is not None:
        yield Span(begun, max(count if _is_number(count) else begun, keys[-1][0]), "frame")


def _shape_of(value: Mapping[str, Json], kind: str) -> Shape | None:
    """By its numbers, for rows of `labels` and for types that are new; choices repeat the shape of the region they speak of."""
    if kind in SPANS or "sequence" in value or "ranges" in value:
        return None
    if "radiusX" in value:
        return "ellipse"
    if "points" in value or "vertices" in value:
        return "polygon"
    if "rle" in value and value.get("format") == "rle":
        return "brush"
    if {"x", "y", "width", "height"} <= value.keys():
        return "box"
    return "keypoint" if {"x", "y", "width"} <= value.keys() else None


def _size(row: Mapping[str, Json]) -> Size | None:
    width, height = row.get("original_width"), row.get("original_height")
    if not isinstance(width, int | float) or not isinstance(height, int | float) or not 0 < width < _MOST_PX or not 0 < height < _MOST_PX:
        return None
    return (round(width), round(height))


def _kind(row: Mapping[str, Json]) -> str:
    kind = row.get("type")
    return kind.lower() if isinstance(kind, str) else ""


def _is_number(value: Json) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _frozen(region: _Growing) -> Region:
    lists = {name: tuple(getattr(region, name)) for name in ("labels", "choices", "texts", "numbers", "spans", "names")}
    return Region(
        id=region.id,
        shape=region.shape,
        geometry=region.geometry,
        item_index=region.item_index,
        parent=region.parent,
        origin=region.origin,
        score=region.score,
        size=region.size,
        **lists,
    )
