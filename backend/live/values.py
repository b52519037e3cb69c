"""What messages of the push channel are made of; `events` says the messages themselves."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

ContentName = Literal["empty", "embryo", "gas", "embryo_gas"]
RunState = Literal["queued", "running", "finished", "cancelled", "failed", "quarantined"]
DecisionName = Literal["transfer", "freeze", "avoid", "undecided"]
FateName = Literal["", "transferred", "frozen", "discarded"]
StackState = Literal["assembling", "probing", "recognised", "ready", "refused"]


class Value(BaseModel):
    """A frozen message or a part of one."""

    model_config = ConfigDict(frozen=True, extra="forbid", json_schema_serialization_defaults_required=True)


class RefusalValue(Value):
    """What happened, why, and what to do next."""

    code: str
    detail: str
    hint: str


class WellValue(Value):
    """One named well; the box is [x0, y0, x1, y1] in full-frame pixels."""

    row: int
    column: int
    name: str
    box: tuple[float, float, float, float]
    content: ContentName
    confidence: float
    content_probabilities: dict[ContentName, float]
    is_filled_in: bool


PhaseName = Literal["tPB2", "tPNa", "tPNf", "t2", "t3", "t4", "t5", "t6", "t7", "t8", "t9+", "tM", "tSB", "tB", "tEB", "tHB"]
StageName = PhaseName | Literal["empty", "not_seen", "degenerate"]
CoarseName = Literal["pronuclear", "cleavage", "blastulation", "expansion", "empty", "not_seen"]


class CallValue(Value):
    """What an embryo is in one frame; the hour is None where the recording's times are not known."""

    frame_index: int
    hours_post_insemination: float | None
    stage: StageName
    coarse: CoarseName
    confidence: float


class OnsetValue(Value):
    """First frame of a phase, bounded with 90 % in hours post insemination, or in frame numbers where no hours are known."""

    phase: PhaseName
    frame_index: int
    hours_post_insemination: float | None
    low: float
    high: float
    confidence: float
    is_censored: bool
    """True for a phase under way when the recording starts: it began at or before this frame."""


class EmbryoEventValue(Value):
    """Something that happened to an embryo, with the frames that show it."""

    kind: str
    first_frame: int
    last_frame: int
    confidence: float
    detail: str


class IntervalValue(Value):
    """A time between onsets in hours (CS2-8: a share), bounded with 90 %; told only where its ends were more likely seen than not."""

    name: Literal["VP", "ECC1", "cc2", "s2", "cc3", "s3", "CS2-8"]
    value: float
    low: float
    high: float
    confidence: float


class ProfileValue(Value):
    """One embryo's morphodynamic profile as lists show it: what it is at the last frame read, its onsets, intervals and events."""

    row: int
    column: int
    name: str
    is_final: bool
    is_coarse: bool
    """True where the pictures are too small for single phases."""
    frames_called: int
    last: CallValue | None
    onsets: list[OnsetValue]
    intervals: list[IntervalValue]
    events: list[EmbryoEventValue]


class RunValue(Value):
    """A run as lists show it."""

    id: str
    stack: str
    dish: str
    dish_label: str
    weights_name: str
    stager_name: str
    """Of the weights that name the stages; empty for a run that finds wells only."""
    state: RunState
    attempts: int
    frames_done: int
    frames_total: int
    layout: str
    error: RefusalValue | None
    created_at: str
    started_at: str | None
    finished_at: str | None
