"""What a report says, as frozen values: gathered once, then written as PDF, tables or JSON that all say the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

Source = Literal["machine", "human"]
Scope = Literal["embryo", "dish", "cycle"]
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class OnsetLine:
    """When a phase began by the effective value; hours are post insemination, None where nobody knows them."""

    phase: str
    frame_index: int
    hours: float | None
    low: float | None
    high: float | None
    confidence: float | None
    is_censored: bool
    source: Source
    by_name: str
    at: datetime | None


@dataclass(frozen=True)
class IntervalLine:
    """A time between effective onsets in hours (CS2-8: a share)."""

    name: str
    value: float
    low: float | None
    high: float | None
    source: Source
    """human as soon as one of its onsets is."""


@dataclass(frozen=True)
class EventLine:
    kind: str
    first_frame: int
    last_frame: int
    first_hours: float | None
    last_hours: float | None
    confidence: float | None
    source: Source
    detail: str
    verdict: str
    """accepted, rejected or added; empty where nobody has said anything."""
    by_name: str


@dataclass(frozen=True)
class GradeLine:
    name: str
    value: str
    by_name: str


@dataclass(frozen=True)
class MeasurementLine:
    """What somebody measured: a line's length, a circle's diameter and area, a polygon's outline and area."""

    label: str
    kind: str
    frame_index: int
    hours: float | None
    plane: int
    px: float
    px2: float | None
    um: float | None
    um2: float | None
    """None where the lab had not entered how far the wells of this layout lie apart."""
    calibration: Mapping[str, Any] | None
    by_name: str


@dataclass(frozen=True)
class SignatureLine:
    by_name: str
    at: datetime
    meaning: str
    content_hash: str
    is_valid: bool


@dataclass(frozen=True)
class ReadingLine:
    """One person's annotation of the embryo, and whether it is signed."""

    by_name: str
    state: str
    is_blind: bool
    submitted_at: datetime | None
    signatures: Sequence[SignatureLine]


@dataclass(frozen=True)
class DecisionLine:
    value: str
    reason: str
    by_name: str
    at: datetime | None
    fate: str
    fate_at: datetime | None


@dataclass(frozen=True)
class ScoreLine:
    """One rule set's answer for the embryo, computed with the onsets' uncertainty."""

    name: str
    expected: str | None
    """The likeliest grade."""
    value: float | None
    low: float | None
    high: float | None
    undetermined: float
    """How likely the rule cannot say."""
    grades: Sequence[tuple[str, float]]


@dataclass(frozen=True)
class EmbryoPart:
    place: str
    content: str
    """Empty where nobody said."""
    content_source: Source | None
    bounds_in: Literal["hours", "frames"]
    onsets: Sequence[OnsetLine]
    absent: Sequence[str]
    """Phases that a person says there were none of."""
    intervals: Sequence[IntervalLine]
    events: Sequence[EventLine]
    grades: Sequence[GradeLine]
    measurements: Sequence[MeasurementLine]
    decision: DecisionLine | None
    scores: Sequence[ScoreLine]
    readings: Sequence[ReadingLine]
    boxes: dict[int, Box]
    """Where the well lies, by frame, in full-frame pixels; a frame where nobody knows is left out."""


@dataclass(frozen=True)
class WeightsLine:
    name: str
    sha256: str


@dataclass(frozen=True)
class MachineLine:
    """What told the machine's values."""

    run: str
    state: str
    finished_at: datetime | None
    wells_by: WeightsLine
    stages_by: WeightsLine | None
    code_version: str


@dataclass(frozen=True)
class RecordingLine:
    """The recording that was analysed, and how its frames are found again."""

    stack: str
    lab: str
    name: str
    sha256: str
    frame_count: int
    plane: int
    interval_minutes: float | None
    first_hours: float | None
    last_hours: float | None


@dataclass(frozen=True)
class DishPart:
    dish: str
    label: str
    layout: str
    recording: RecordingLine | None
    machine: MachineLine | None
    embryos: Sequence[EmbryoPart]
    hidden: Sequence[str]
    """Places left out because whoever asks reads them blind."""
    without_embryo: Sequence[tuple[str, str]]
    """(place, content) of wells that hold none."""


@dataclass(frozen=True)
class OutcomeLine:
    """What became of the cycle; each None where it is not recorded."""

    hcg: bool | None
    clinical_pregnancy: bool | None
    sacs: int | None
    live_birth: bool | None
    miscarriage: bool | None
    note: str


@dataclass(frozen=True)
class Report:
    scope: Scope
    lab: str
    patient_code: str
    cycle_label: str
    method: str
    inseminated_at: datetime | None
    dishes: Sequence[DishPart]
    outcome: OutcomeLine | None
    made_at: datetime
    made_by: str
    made_with: str
    """Version of the code that wrote the report."""

    @property
    def embryos(self) -> list[tuple[DishPart, EmbryoPart]]:
        return [(dish, embryo) for dish in self.dishes for embryo in dish.embryos]
