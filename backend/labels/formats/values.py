"""Frozen values that label readers yield and label writers take; coordinates of interpreted ones are pixels of the original picture."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal["annotation", "prediction", "draft"]
Shape = Literal["box", "ellipse", "polygon", "keypoint", "brush", "none"]
Content = Literal["empty", "embryo", "gas", "embryo_gas"]
Json = Any
"""What JSON can say; kept as it was written."""
Point = tuple[float, float]
Filled = Mapping[str, str | int]
"""What a sentence for people fills in."""


class Unreadable(Exception):
    """A file, or a part of one, that cannot be read, with what to do about it."""

    def __init__(self, code: str, detail: str, hint: str = "") -> None:
        super().__init__(detail)
        self.code, self.detail, self.hint = code, detail, hint

    def as_dict(self) -> dict[str, str]:
        return {"code": self.code, "detail": self.detail, "hint": self.hint}


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing that was lost, doubtful or left out, with its place in the file."""

    place: str
    code: str
    detail: str
    """In English, for the command line."""
    values: Filled = field(default_factory=dict)
    """What `detail` fills in, so that it can be said in another language; `n` is what a plural follows."""

    def as_json(self) -> dict[str, Any]:
        return {"place": self.place, "code": self.code, "detail": self.detail, "values": dict(self.values)}


@dataclass(frozen=True, slots=True)
class Annotation:
    """What one annotator, or one run of a machine, said about one task, results exactly as they were written."""

    kind: Kind
    external_id: str | None = None
    annotator: str | None = None
    """Who, as text: the number or the e-mail address that the file names; None for predictions and where it is not said."""
    completed_by: Json = None
    """Who, as the file wrote it: a number, an object or nothing."""
    was_cancelled: bool = False
    ground_truth: bool = False
    lead_time: float | None = None
    created_at: str | None = None
    updated_at: str | None = None
    model_version: str | None = None
    score: float | None = None
    result: tuple[Json, ...] = ()
    extra: dict[str, Json] = field(default_factory=dict)
    """Every other key as it was, so that it goes out again."""

    @property
    def is_deliberately_empty(self) -> bool:
        """Somebody looked and marked nothing; being unlabelled or skipped is something else."""
        return self.kind == "annotation" and not self.result and not self.was_cancelled


@dataclass(frozen=True, slots=True)
class Task:
    """One thing to label with all that was said about it."""

    place: str
    """Where it stands in what was read, for people: `export.json, task 17`."""
    external_id: str | None
    data: dict[str, Json]
    extra: dict[str, Json] = field(default_factory=dict)
    """Every other key as it was, so that it goes out again."""
    annotations: tuple[Annotation, ...] = ()
    """Annotations, predictions and drafts, in the order of the file."""
    remarks: tuple[Remark, ...] = ()
    """What its format could not carry, or what is doubtful about it."""
    size: tuple[int, int] | None = None
    """Width and height where the format itself names them (COCO, VOC) or the picture beside it does (YOLO)."""

    @property
    def is_unlabelled(self) -> bool:
        return not any(annotation.kind == "annotation" for annotation in self.annotations)


@dataclass(frozen=True, slots=True)
class PictureReference:
    """The picture that a task speaks of: as written, and the names by which it may be known here."""

    written: str
    key: str
    """Which field of the task's data names it."""
    full_path: str
    """The path within whatever store, decoded, with forward slashes; empty for data: addresses."""
    bare_name: str
    """The file's name without the 8 hexadecimal digits that Label Studio puts before it."""
    scheme: Literal["upload", "local", "cloud", "web", "inline", "path"]
    item_index: int | None = None


@dataclass(frozen=True, slots=True)
class RotatedBox:
    """A box by its rotated top-left corner, its sides in pixels and degrees clockwise about that corner."""

    x: float
    y: float
    width: float
    height: float
    rotation: float = 0.0

    def corners(self) -> tuple[Point, Point, Point, Point]:
        cos, sin = _turn(self.rotation)
        return (
            (self.x, self.y),
            (self.x + self.width * cos, self.y + self.width * sin),
            (self.x + self.width * cos - self.height * sin, self.y + self.width * sin + self.height * cos),
            (self.x - self.height * sin, self.y + self.height * cos),
        )

    def bounds(self) -> tuple[float, float, float, float]:
        return bounds_of(self.corners())


@dataclass(frozen=True, slots=True)
class Ellipse:
    """An ellipse by its centre, its two radii in pixels and degrees clockwise about the centre."""

    x: float
    y: float
    radius_x: float
    radius_y: float
    rotation: float = 0.0

    def bounds(self) -> tuple[float, float, float, float]:
        cos, sin = _turn(self.rotation)
        half_width = math.hypot(self.radius_x * cos, self.radius_y * sin)
        half_height = math.hypot(self.radius_x * sin, self.radius_y * cos)
        return (self.x - half_width, self.y - half_height, self.x + half_width, self.y + half_height)


@dataclass(frozen=True, slots=True)
class Polygon:
    """A closed outline, or an open line where it says so."""

    points: tuple[Point, ...]
    closed: bool = True

    def bounds(self) -> tuple[float, float, float, float]:
        return bounds_of(self.points)


@dataclass(frozen=True, slots=True)
class Keypoint:
    """A point with the size of its drawn dot; a point has no extent, so it is no box."""

    x: float
    y: float
    dot_px: float = 0.0

    def bounds(self) -> tuple[float, float, float, float]:
        return (self.x, self.y, self.x, self.y)


@dataclass(frozen=True, slots=True)
class Brush:
    """A mask in Label Studio's own run-length code, still encoded: decoding a large picture costs memory."""

    width: int
    height: int
    rle: tuple[int, ...]


Geometry = RotatedBox | Ellipse | Polygon | Keypoint | Brush


@dataclass(frozen=True, slots=True)
class Span:
    """From and to within a recording or a series, as the file counted them; frames count from 1."""

    first: float
    last: float
    unit: Literal["frame", "second", "value"]


@dataclass(frozen=True, slots=True)
class Region:
    """All results of one region id put together."""

    id: str
    shape: Shape
    geometry: Geometry | None
    labels: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    numbers: tuple[float, ...] = ()
    """Per-region numbers and ratings."""
    spans: tuple[Span, ...] = ()
    item_index: int | None = None
    parent: str | None = None
    origin: str | None = None
    """`manual`, `prediction` or `prediction-changed`."""
    score: float | None = None
    names: tuple[str, ...] = ()
    """The `from_name` of every result that is part of it."""
    size: tuple[int, int] | None = None
    """The original width and height its percent were taken of."""


@dataclass(frozen=True, slots=True)
class WellLabel:
    """What a person said of one well."""

    box_px: tuple[float, float, float, float]
    """x0, y0, x1, y1."""
    content: Content
    region: str
    row: int | None = None
    column: int | None = None
    """Counted from 0, where the grid is clear."""


@dataclass(frozen=True, slots=True)
class DishLabel:
    """What a person said of one picture of a dish."""

    wells: tuple[WellLabel, ...] = ()
    gas_outside: bool = False
    no_wells: bool = False
    phase: str | None = None
    """The phase of a picture that shows one embryo."""


@dataclass(frozen=True, slots=True)
class PhaseLabel:
    """A phase and the frames over which it lasted, counted from 1; None where the file leaves an end open."""

    phase: str
    first_frame: int | None
    last_frame: int | None
    embryo: str | None = None
    """The region or the task field that tells whose it is."""


def bounds_of(points: tuple[Point, ...]) -> tuple[float, float, float, float]:
    """The smallest upright box around points."""
    if not points:
        raise ValueError("An outline without points has no bounds.")
    xs = [x for x, _ in points]
    ys = [y for _, y in points]
    return (min(xs), min(ys), max(xs), max(ys))


def _turn(degrees: float) -> tuple[float, float]:
    """Cosine and sine, exact at right angles: a box turned by 90 degrees keeps whole pixels."""
    quarter = degrees / 90
    if quarter == int(quarter):
        return ((1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0))[int(quarter) % 4]
    return math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
