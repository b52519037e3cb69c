"""The values the detector speaks in: frozen, comparable, and free of any framework.

Boxes are full-frame pixels [x0, y0, x1, y1]; rows and columns count from 0 at the upper left of the lattice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

import numpy as np
import numpy.typing as npt

Image = npt.NDArray[np.uint8]
"""A grey picture, shape (height, width), 0 black to 255 white."""


class Content(StrEnum):
    """What a well holds."""

    EMPTY = "empty"
    EMBRYO = "embryo"
    GAS = "gas"
    EMBRYO_GAS = "embryo_gas"


class Phase(StrEnum):
    """What a developing embryo is in one frame, in order of time (Ciray 2014); a phase's onset is its first frame."""

    TPB2 = "tPB2"
    TPNA = "tPNa"
    TPNF = "tPNf"
    T2 = "t2"
    T3 = "t3"
    T4 = "t4"
    T5 = "t5"
    T6 = "t6"
    T7 = "t7"
    T8 = "t8"
    T9_PLUS = "t9+"
    TM = "tM"
    TSB = "tSB"
    TB = "tB"
    TEB = "tEB"
    THB = "tHB"


class Unphased(StrEnum):
    """What a well shows where no phase can be named."""

    EMPTY = "empty"
    NOT_SEEN = "not_seen"
    """Nothing can be said: black, out of focus beyond use, hidden."""
    DEGENERATE = "degenerate"


Stage = Phase | Unphased
STAGES: tuple[Stage, ...] = (*Phase, *Unphased)
"""The order of every vector of stage probabilities."""


class Coarse(StrEnum):
    """Phases as a small picture shows them; pronuclear to tPNf, cleavage t2 to t8, blastulation t9+ to tB, expansion from tEB."""

    PRONUCLEAR = "pronuclear"
    CLEAVAGE = "cleavage"
    BLASTULATION = "blastulation"
    EXPANSION = "expansion"
    EMPTY = "empty"
    NOT_SEEN = "not_seen"


@dataclass(frozen=True, slots=True)
class Box:
    """An axis-aligned rectangle in full-frame pixels; x1 and y1 are exclusive."""

    x0: float
    y0: float
    x1: float
    y1: float

    @property
    def width(self) -> float:
        return self.x1 - self.x0

    @property
    def height(self) -> float:
        return self.y1 - self.y0

    @property
    def area(self) -> float:
        return max(self.width, 0.0) * max(self.height, 0.0)

    @property
    def centre(self) -> tuple[float, float]:
        return (self.x0 + self.x1) / 2, (self.y0 + self.y1) / 2

    def iou(self, other: Box) -> float:
        """Intersection over union, 0 when the boxes do not touch."""
        width = min(self.x1, other.x1) - max(self.x0, other.x0)
        height = min(self.y1, other.y1) - max(self.y0, other.y0)
        if width <= 0 or height <= 0:
            return 0.0
        shared = width * height
        return shared / (self.area + other.area - shared)

    def as_list(self) -> list[float]:
        """The form the command line and the database use, rounded to a hundredth of a pixel."""
        return [round(v, 2) for v in (self.x0, self.y0, self.x1, self.y1)]


@dataclass(frozen=True, slots=True)
class Layout:
    """Rows by columns of a dish; a WOW dish has 3x3, 4x3, 4x4 or 5x5 wells."""

    rows: int
    columns: int

    def __str__(self) -> str:
        return f"{self.rows}x{self.columns}"

    @property
    def wells(self) -> int:
        return self.rows * self.columns

    @classmethod
    def parse(cls, text: str) -> Layout:
        """Read "4x3"; raises ValueError that shows the text."""
        rows, _, columns = text.partition("x")
        if not (rows.isdigit() and columns.isdigit() and int(rows) and int(columns)):
            raise ValueError(f"layout must look like 4x3 (rows x columns), got {text!r}")
        return cls(int(rows), int(columns))


KNOWN_LAYOUTS = (Layout(3, 3), Layout(4, 3), Layout(4, 4), Layout(5, 5))


@dataclass(frozen=True, slots=True)
class Candidate:
    """One detection before the lattice gave it a name."""

    box: Box
    content: Content
    confidence: float
    content_probabilities: dict[Content, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sighting:
    """Everything a finder saw in one frame, unnamed and unordered."""

    candidates: tuple[Candidate, ...]
    gas_outside_wells: float
    """Probability that gas bubbles lie outside the wells."""


@dataclass(frozen=True, slots=True)
class Well:
    """A named well in one frame."""

    row: int
    column: int
    box: Box
    content: Content
    confidence: float
    content_probabilities: dict[Content, float] = field(default_factory=dict)
    filled_in: bool = False
    """True when the lattice placed the well although the finder did not see it."""

    @property
    def name(self) -> str:
        """Row letter and column number as people say it: A1 is the upper left well."""
        return f"{chr(ord('A') + self.row)}{self.column + 1}"


@dataclass(frozen=True, slots=True)
class FrameResult:
    """What one frame shows: its wells in row-major order and the flags of the whole image."""

    frame_index: int
    width: int
    height: int
    layout: Layout | None
    wells: tuple[Well, ...]
    is_usable: bool
    gas_outside_wells: bool
    reason: str = ""
    """Why the frame is unusable or the lattice inconsistent, in words; empty when all is well."""
    lattice_residual_px: float | None = None
    is_lattice_consistent: bool = True


@dataclass(frozen=True, slots=True)
class FrameInfo:
    """Where and when one frame was taken; `hours_since_start` is None when the recording does not say."""

    index: int
    planes: tuple[int, ...]
    hours_since_start: float | None
    taken_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class StackInfo:
    """What was recognised in a recording before any frame was analysed."""

    format: str
    """One of image, image-folder, image-zip, tiff, ome-tiff, avi, mp4, dicom."""
    width_px: int
    height_px: int
    frames: int
    planes: tuple[float, ...]
    """Focal offsets in micrometres where the recording tells, else 0, 1, 2 ...; `incomplete_planes` numbers those that lack frames."""
    bit_depth: int
    interval_minutes: float | None
    """Median time between frames, None when the recording does not say."""
    started_at: datetime | None
    hours_since_start: tuple[float, ...] | None
    """One value a frame when real times are known."""
    times_from: str
    """Where the times come from: names, exif, csv, ome, dicom, container, or none."""
    notes: tuple[str, ...] = ()
    """What a person should know, such as identity that was left out or frames of a second size."""
    incomplete_planes: tuple[int, ...] = ()


# --- findings, in the order a recording yields them ---


@dataclass(frozen=True, slots=True)
class WellsFound:
    """The wells of one key frame, named."""

    result: FrameResult


@dataclass(frozen=True, slots=True)
class ContentChanged:
    """A well's smoothed content differs from what was last said about it, from this frame on."""

    frame_index: int
    well: Well
    previous: Content | None


@dataclass(frozen=True, slots=True)
class AlertRaised:
    """Something a person should look at."""

    kind: str
    """One of gas_in_well, gas_outside_wells, lattice_inconsistent, frames_unusable, well_emptied, stray_well."""
    frame_index: int
    detail: str
    row: int | None = None
    column: int | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """Frames read so far."""

    frames_done: int
    frames_total: int


@dataclass(frozen=True, slots=True)
class Placement:
    """Where the dish lies in one frame: a similarity that carries the boxes of the last WellsFound here."""

    frame_index: int
    scale: float
    rotation_rad: float
    dx_px: float
    dy_px: float
    is_usable: bool
    gas_outside_wells: bool


@dataclass(frozen=True, slots=True)
class FramesFollowed:
    """One placement a frame, for a batch of frames in order; x' = scale * R(rotation) * x + (dx, dy)."""

    placements: tuple[Placement, ...]


@dataclass(frozen=True, slots=True)
class DishSettled:
    """The whole recording in one value: the layout, and every well's place and content over all frames."""

    layout: Layout | None
    wells: tuple[Well, ...]
    usable_frames: int
    frames: int
    looks: Mapping[str, float] | None = None  # by the names of detector.wells.looks


# --- stages: what an embryo is, when it became that, and what happened on the way ---


@dataclass(frozen=True, slots=True)
class StageCall:
    """One embryo in one frame; `probabilities` has the order of STAGES."""

    frame_index: int
    hours_post_insemination: float | None
    stage: Stage
    coarse: Coarse
    confidence: float
    probabilities: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Onset:
    """First frame of a phase; `low` and `high` bound it with 90 % in hours post insemination, or in frames where no hours are known."""

    phase: Phase
    frame_index: int
    hours_post_insemination: float | None
    low: float
    high: float
    confidence: float
    is_censored: bool = False
    """True for a phase under way when the recording starts: it began at or before this frame."""


@dataclass(frozen=True, slots=True)
class EmbryoEvent:
    """Something that happened to an embryo, with the frames that show it."""

    kind: str
    """One of EVENT_KINDS in detector.stages.events."""
    first_frame: int
    last_frame: int
    confidence: float
    detail: str


@dataclass(frozen=True, slots=True)
class Interval:
    """A time between onsets in hours, or a share for CS2-8, that lies between `low` and `high` with 90 %."""

    name: str
    """VP, ECC1, cc2, s2, cc3, s3 or CS2-8."""
    value: float
    low: float
    high: float
    confidence: float
    """Probability that all phases it rests on were seen."""


@dataclass(frozen=True, slots=True)
class Profile:
    """An embryo's morphodynamic profile over all its frames."""

    calls: tuple[StageCall, ...]
    onsets: tuple[Onset, ...]
    events: tuple[EmbryoEvent, ...]
    is_coarse: bool = False
    """True where the pictures are too small for single phases; calls are then no finer than their coarse stage."""
    intervals: tuple[Interval, ...] = ()
    """Those whose ends were more likely seen than not; none where no times are known."""


@dataclass(frozen=True, slots=True)
class Seeing:
    """How well one embryo could be seen in one frame."""

    frame_index: int
    focus: float
    """Sharpness of the embryo against the sharpest it was seen, 0 to 1."""
    is_dark: bool
    is_out_of_view: bool
    """True where the well lies partly beyond the picture, or no embryo was found in it."""


@dataclass(frozen=True, slots=True)
class StagesCalled:
    """What one well's embryo is in some frames, as seen in each alone; frames come in order within one finding, not between findings."""

    row: int
    column: int
    calls: tuple[StageCall, ...]
    seeing: tuple[Seeing, ...] = ()
    """One a call, in the same order."""


@dataclass(frozen=True, slots=True)
class ProfileDecoded:
    """One well's profile over the frames read so far; a later one replaces it, `is_final` says that none follows."""

    row: int
    column: int
    profile: Profile
    is_final: bool


Finding = WellsFound | ContentChanged | AlertRaised | FramesFollowed | Progress | DishSettled | StagesCalled | ProfileDecoded
