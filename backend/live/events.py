"""Every message of the push channel, one class each; the page's types are made from these."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from backend.live.detector_events import RegistryEvent
from backend.live.learning_events import (
    CurvePoint,
    DataSetChanged,
    LabelImportChanged,
    LabelSyncChanged,
    TrainingFinished,
    TrainingProgress,
)
from backend.live.values import (
    CallValue,
    CoarseName,
    ContentName,
    DecisionName,
    EmbryoEventValue,
    FateName,
    IntervalValue,
    OnsetValue,
    PhaseName,
    ProfileValue,
    RefusalValue,
    RunState,
    RunValue,
    StackState,
    StageName,
    Value,
    WellValue,
)

__all__ = [
    "CallValue",
    "CoarseName",
    "ContentName",
    "CurvePoint",
    "DataSetChanged",
    "DecisionName",
    "EmbryoEventValue",
    "FateName",
    "IntervalValue",
    "LabelImportChanged",
    "LabelSyncChanged",
    "OnsetValue",
    "PhaseName",
    "ProfileValue",
    "RefusalValue",
    "RunState",
    "RunValue",
    "StackState",
    "StageName",
    "TrainingFinished",
    "TrainingProgress",
    "Value",
    "WellValue",
]

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


class ResultWithheld(Value):
    """Stands in the place of an event that tells a result which this person must not see yet; never in the log."""

    type: Literal["result.withheld"] = "result.withheld"
    name: str


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


class ReadingChanged(Value):
    """Somebody wrote or submitted a reading; what it says is asked for over REST, by those who may see it."""

    type: Literal["reading.changed"] = "reading.changed"
    stack_id: str
    place: str
    reader_id: str
    reader_name: str
    version: int
    state: Literal["draft", "submitted"]


class CorrectionChanged(Value):
    """Wells, contents, the lattice or unusable frames were put right."""

    type: Literal["correction.changed"] = "correction.changed"
    stack_id: str
    version: int


class CommentChanged(Value):
    """A comment was made, altered, resolved or opened again."""

    type: Literal["comment.changed"] = "comment.changed"
    stack_id: str
    place: str
    id: str


class ReaderPresent(Value):
    """Somebody has this embryo open; told again every 20 seconds while they have."""

    type: Literal["reader.present"] = "reader.present"
    stack_id: str
    place: str
    user_id: str
    name: str
    doing: Literal["looking", "editing"]


class DecisionChanged(Value):
    """Somebody decided what shall be done with an embryo, or decided anew."""

    type: Literal["decision.changed"] = "decision.changed"
    dish_id: str
    place: str
    value: DecisionName
    version: int


class FateChanged(Value):
    """Somebody told what became of an embryo; empty: it is no longer known."""

    type: Literal["fate.changed"] = "fate.changed"
    dish_id: str
    place: str
    fate: FateName
    version: int


# --- on both ---


class DishChanged(Value):
    """A dish was made, renamed, or has another recording."""

    type: Literal["dish.changed"] = "dish.changed"
    dish_id: str
    label: str


class AssignmentChanged(Value):
    """Somebody was asked to read an embryo, or is no longer; for a blinded reader other things are shown from now on."""

    type: Literal["assignment.changed"] = "assignment.changed"
    stack_id: str
    place: str
    reader_id: str
    is_blind: bool


# --- on a lab's topic, `lab.<id>` ---


class StackChanged(Value):
    """A recording was taken in, recognised, refused, confirmed or removed."""

    type: Literal["stack.changed"] = "stack.changed"
    stack_id: str
    name: str
    state: StackState
    dish: str | None
    refusal: RefusalValue | None


class ReviewSettingsChanged(Value):
    """The lab's rules for reviewing were changed; what is hidden from whom may be another."""

    type: Literal["review_settings.changed"] = "review_settings.changed"
    version: int


class DishGeometryChanged(Value):
    """The lab entered other distances of its dishes' wells; what is measured from now on measures by them."""

    type: Literal["dish_geometry.changed"] = "dish_geometry.changed"
    version: int


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
    | ResultWithheld
    | AlertRaised
    | FramesFollowed
    | RunProgressed
    | RunEnded
    | ReadingChanged
    | CorrectionChanged
    | CommentChanged
    | ReaderPresent
    | DecisionChanged
    | FateChanged
    | StackChanged
    | DishChanged
    | AssignmentChanged
    | ReviewSettingsChanged
    | DishGeometryChanged
    | LabelImportChanged
    | LabelSyncChanged
    | DataSetChanged
    | TrainingProgress
    | TrainingFinished
    | RegistryEvent
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
