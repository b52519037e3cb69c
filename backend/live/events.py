"""Every message of the push channel, one class each; the page's types are made from these."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

ContentName = Literal["empty", "embryo", "gas", "embryo_gas"]
RunState = Literal["queued", "running", "finished", "cancelled", "failed", "quarantined"]
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


# --- on a dish's topic, `dish.<id>` ---


class RunQueued(Value):
    type: Literal["run.queued"] = "run.queued"
    run: RunValue


class RunStarted(Value):
    """A worker claimed the run; findings of an earlier attempt are gone."""

    type: Literal["run.started"] = "run.started"
    run: RunValue


class WellsFound(Value):
    """The wells were searched in this frame."""

    type: Literal["wells.found"] = "wells.found"
    run_id: str
    frame_index: int
    layout: str
    wells: list[WellValue]
    is_lattice_consistent: bool
    lattice_residual_px: float | None
    reason: str


class WellClassified(Value):
    """From this frame on the well holds something else than was last said."""

    type: Literal["well.classified"] = "well.classified"
    run_id: str
    frame_index: int
    well: WellValue
    previous: ContentName | None


class DishSettled(Value):
    """The recording was read to its end: these are its wells, each with what it held most of the time."""

    type: Literal["dish.settled"] = "dish.settled"
    run_id: str
    layout: str
    wells: list[WellValue]


class StagesCalled(Value):
    """What one well's embryo is in some frames, as seen in each alone; a decoded profile says it better later."""

    type: Literal["stages.called"] = "stages.called"
    run_id: str
    row: int
    column: int
    name: str
    calls: list[CallValue]


class ProfileDecoded(Value):
    """One embryo's profile over the frames read so far; it takes the place of the one before."""

    type: Literal["profile.decoded"] = "profile.decoded"
    run_id: str
    profile: ProfileValue


class AlertRaised(Value):
    type: Literal["alert.raised"] = "alert.raised"
    run_id: str
    kind: Literal["gas_in_well", "gas_outside_wells", "lattice_inconsistent", "frames_unusable", "well_emptied", "stray_well"]
    frame_index: int
    place: str
    detail: str


class FramesFollowed(Value):
    """Placements of these frames are stored; the rows travel over REST."""

    type: Literal["frames.followed"] = "frames.followed"
    run_id: str
    first_frame: int
    frames: int


class RunProgressed(Value):
    """At most five a second for a run."""

    type: Literal["run.progressed"] = "run.progressed"
    run_id: str
    frames_done: int
    frames_total: int


class RunEnded(Value):
    """Finished, cancelled, failed or quarantined; `run.state` says which."""

    type: Literal["run.ended"] = "run.ended"
    run: RunValue


# --- on both ---


class DishChanged(Value):
    """A dish was made, renamed, or has another recording."""

    type: Literal["dish.changed"] = "dish.changed"
    dish_id: str
    label: str


# --- on a lab's topic, `lab.<id>` ---


class StackChanged(Value):
    """A recording was taken in, recognised, refused, confirmed or removed."""

    type: Literal["stack.changed"] = "stack.changed"
    stack_id: str
    name: str
    state: StackState
    dish: str | None
    refusal: RefusalValue | None


class RunChanged(Value):
    """A run of the lab was queued, started, progressed or ended; at most one a second while it progresses."""

    type: Literal["run.changed"] = "run.changed"
    run: RunValue


Event = Annotated[
    RunQueued
    | RunStarted
    | WellsFound
    | WellClassified
    | DishSettled
    | StagesCalled
    | ProfileDecoded
    | AlertRaised
    | FramesFollowed
    | RunProgressed
    | RunEnded
    | StackChanged
    | DishChanged
    | RunChanged,
    Field(discriminator="type"),
]
EVENT: TypeAdapter[Event] = TypeAdapter(Event)


# --- what travels over the websocket ---


class Subscribe(Value):
    """Ask for everything of a topic after `after`; asking again is the heartbeat."""

    type: Literal["subscribe"] = "subscribe"
    topic: str = Field(max_length=80)
    after: int = Field(ge=0)


class Unsubscribe(Value):
    type: Literal["unsubscribe"] = "unsubscribe"
    topic: str = Field(max_length=80)


ClientMessage = Annotated[Subscribe | Unsubscribe, Field(discriminator="type")]
CLIENT_MESSAGE: TypeAdapter[ClientMessage] = TypeAdapter(ClientMessage)


class Delivered(Value):
    """One event in its place."""

    type: Literal["event"] = "event"
    topic: str
    seq: int
    at: str
    event: Event


class Subscribed(Value):
    """All events up to `seq` have been sent; what follows is news."""

    type: Literal["subscribed"] = "subscribed"
    topic: str
    seq: int


class Denied(Value):
    """There is no such topic for this person."""

    type: Literal["denied"] = "denied"
    topic: str


class ServerError(Value):
    """What was asked cannot be done; `gone` means that the topic's state has to be loaded anew before following on."""

    type: Literal["error"] = "error"
    code: Literal["invalid_message", "rate_limited", "too_many_topics", "gone"]
    detail: str
    topic: str = ""


ServerMessage = Annotated[Delivered | Subscribed | Denied | ServerError, Field(discriminator="type")]
SERVER_MESSAGE: TypeAdapter[ServerMessage] = TypeAdapter(ServerMessage)
