"""What may go out of a lab: labels that were brought in, and what is said here of its dishes and embryos."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet

from backend.accounts.actor import Actor
from backend.accounts.models import Lab
from backend.core.concealment import hidden_in
from backend.imaging.models import Stack
from backend.labels import onsets, recordings
from backend.labels.formats.values import Annotation, Kind, Task
from backend.labels.models import LabelAnnotation, LabelTask, Picture
from backend.review.machine import latest_finished
from backend.review.models import Correction, Reading

Source = Literal["imported", "dishes", "onsets"]
KINDS: Mapping[str, Kind] = {"annotation": "annotation", "prediction": "prediction", "draft": "draft"}
CHUNK = 200
PREFIX = "/data/local-files/?d=embryovision/"
"""How Label Studio names files of a folder that it serves itself."""
HASHED = re.compile(r"[0-9a-f]{64}(~[0-9a-f]{8})?")
"""The number of a task whose file gave it none."""
OTHERS = re.compile(r"~[0-9a-f]{8}$")
"""What an import put behind a number that another project's task had already."""
COPY = re.compile(r"#\d+$")
"""What it put behind the number of an annotation that stood twice in one task."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Which labels are wanted."""

    source: Source = "imported"
    imports: tuple[UUID, ...] = ()
    instance: str = ""
    annotator: str = ""
    dishes: tuple[UUID, ...] = ()
    frames: int = 1
    """Of each recording, spread evenly, the first among them."""
    names_annotators: bool = True
    """False: who labelled is left out, so that another server takes the file and nobody's address leaves the lab."""
    prefix: str = PREFIX
    """What stands before the names of our own pictures and recordings."""


@dataclass(frozen=True, slots=True)
class PictureSource:
    """Bytes a picture can be rendered from."""

    sha256: str
    name: str
    width: int
    height: int
    frame: int = 0
    plane: int = 0


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A task on its way out, with the picture it is about where we have it."""

    task: Task
    picture: PictureSource | None = None
    said: LabelAnnotation | None = None
    """Of an imported task: the annotation that counts where only one can go out."""
    frame: recordings.FrameSaid | None = None
    """Of our own dishes: what counts."""


@dataclass
class Going:
    """Everything that goes out, as often as it is read; it is read from the database each time."""

    actor: Actor
    lab: Lab
    asked: Asked
    withheld: int = field(default=0, init=False)
    """Tasks or recordings that this person must not see the labels of yet."""

    def __post_init__(self) -> None:
        if self.asked.source == "imported":
            self._rows, self.withheld = _imported(self.actor, self.lab, self.asked)
        else:
            self._stacks = list(_stacks(self.actor, self.lab, self.asked))

    def count(self) -> int:
        """Tasks of an import, pictures of dishes, recordings of embryos."""
        if self.asked.source == "imported":
            return self._rows.count()
        if self.asked.source == "dishes":
            return sum(min(self.asked.frames, stack.frame_count) for stack in self._stacks)
        return len(self._stacks)

    def __iter__(self) -> Iterator[Outgoing]:
        if self.asked.source == "imported":
            for row in self._rows.iterator(CHUNK):
                yield _outgoing(row, self.asked)
        elif self.asked.source == "dishes":
            for stack in self._stacks:
                yield from _pictures(stack, self.asked)
        else:
            for stack in self._stacks:
                shared = _shared(stack) | {"video": self.asked.prefix + recording_name(stack)}
                for task in onsets.embryo_tasks(stack, self.actor, shared):
                    yield Outgoing(task)


def recording_name(stack: Stack) -> str:
    """Unique and without anybody's words: recordings of two dishes may have one name."""
    return f"recording-{str(stack.id)[:8]}.mp4"


def picture_name(stack: Stack, frame: int) -> str:
    """Under which a frame goes out, and by which it is known again when it comes back."""
    return f"ev-{str(stack.id)[:8]}-f{frame:05d}-p{stack.default_plane}.jpg"


def frames_of(stack: Stack, wanted: int) -> list[int]:
    """So many frames spread evenly, the first among them."""
    count = min(wanted, stack.frame_count)
    return [round(number * (stack.frame_count - 1) / max(count - 1, 1)) for number in range(count)]


def frame_source(stack: Stack, frame: int) -> PictureSource:
    name = picture_name(stack, frame)
    return PictureSource(stack.sha256, name, stack.width_px, stack.height_px, frame, stack.default_plane)


def _imported(actor: Actor, lab: Lab, asked: Asked) -> tuple[QuerySet[LabelTask], int]:
    """The tasks that may go out, and how many may not: labels of a recording wait until one has read it oneself."""
    current = LabelAnnotation.objects.filter(is_current=True).order_by("number", "created_at", "id")
    if asked.annotator:
        current = current.filter(annotator=asked.annotator)
    rows = LabelTask.objects.filter(lab=lab).order_by("created_at", "id")
    if asked.instance:
        rows = rows.filter(instance=asked.instance)
    if asked.imports:
        brought = LabelAnnotation.objects.filter(task=OuterRef("pk"), imported_by__in=asked.imports)
        rows = rows.filter(Q(brought_by__in=asked.imports) | Exists(brought))
    if asked.annotator:
        rows = rows.filter(Exists(current.filter(task=OuterRef("pk"))))
    stack_ids = set(rows.exclude(picture__stack=None).order_by().values_list("picture__stack", flat=True).distinct())
    blind = [key for key, hidden in hidden_in(actor.user.id, stack_ids).items() if hidden]
    withheld = rows.filter(picture__stack__in=blind).count() if blind else 0
    shown = rows.exclude(picture__stack__in=blind) if blind else rows
    return shown.select_related("picture__stack").prefetch_related(Prefetch("annotations", current)), withheld


def _outgoing(row: LabelTask, asked: Asked) -> Outgoing:
    said = list(row.annotations.all())
    people = [one for one in said if one.kind == LabelAnnotation.Kind.ANNOTATION and not one.was_cancelled]
    # One label a picture: the one that was marked as true, else the latest that was written.
    counts = max(people, key=lambda one: (one.ground_truth, one.written_at, one.created_at), default=None)
    return Outgoing(task_of(row, said, names_annotators=asked.names_annotators), _source(row.picture) if row.picture else None, counts)


def task_of(row: LabelTask, said: Sequence[LabelAnnotation], *, names_annotators: bool = True) -> Task:
    """The task as it came."""
    annotations = tuple(_annotation(one, names_annotators=names_annotators) for one in said)
    number = None if HASHED.fullmatch(row.external_id) else OTHERS.sub("", row.external_id)
    return Task(row.place, number, row.data, row.extra, annotations)


def _annotation(one: LabelAnnotation, *, names_annotators: bool) -> Annotation:
    return Annotation(
        kind=KINDS[one.kind],
        external_id=COPY.sub("", one.external_id) if one.has_external_id else None,
        annotator=(one.annotator or None) if names_annotators else None,
        completed_by=one.completed_by if names_annotators else None,
        was_cancelled=one.was_cancelled,
        ground_truth=one.ground_truth,
        lead_time=one.lead_time,
        created_at=one.written_first_at or None,
        updated_at=one.written_at or None,
        model_version=one.model_version or None,
        score=one.score,
        result=tuple(one.result),
        extra=one.extra if names_annotators else _nameless(one.extra),
    )


def _nameless(extra: Mapping[str, Any]) -> dict[str, Any]:
    """Without the keys under which Label Studio says who was at work."""
    people = {"created_username", "updated_by", "last_created_by", "user", "reviews", "completed_by"}
    return {key: value for key, value in extra.items() if key not in people}


def _source(picture: Picture) -> PictureSource:
    frame, plane = picture.frame_index or 0, picture.plane or 0
    return PictureSource(picture.sha256, picture.name, picture.width, picture.height, frame, plane)


def _stacks(actor: Actor, lab: Lab, asked: Asked) -> QuerySet[Stack]:
    """The lab's recordings of which anything is said: analysed, corrected or read."""
    stacks = (
        Stack.objects.filter(lab=lab, state=Stack.State.READY).select_related("lab", "dish__cycle__patient").order_by("created_at", "id")
    )
    if asked.dishes:
        stacks = stacks.filter(dish__in=asked.dishes)
    ids = list(stacks.values_list("id", flat=True))
    said = set(latest_finished(ids)) | set(Correction.objects.filter(stack__in=ids).values_list("stack", flat=True))
    if asked.source == "onsets":
        seen = Q(reader=actor.user) | Q(state=Reading.State.SUBMITTED)
        said |= set(Reading.objects.filter(seen, stack__in=ids).values_list("stack", flat=True))
    return stacks.filter(id__in=said)


def _shared(stack: Stack) -> dict[str, Any]:
    """What a task says of its recording; patients are codes."""
    dish = stack.dish
    assert dish is not None  # noqa: S101 - only ready recordings go out
    return {
        "patient": dish.cycle.patient.code,
        "cycle": dish.cycle.label,
        "dish": dish.label,
        "recording": str(stack.id),
    }


def _pictures(stack: Stack, asked: Asked) -> Iterator[Outgoing]:
    """A task for each wanted frame: what counts as an annotation where people have put anything right, the machine as a prediction."""
    frames = frames_of(stack, asked.frames)
    recording = recordings.Recording(stack, frames)
    for frame in frames:
        machine, counts = recording.by_machine(frame), recording.as_it_counts(frame)
        said: list[Annotation] = []
        if recording.is_corrected:
            said.append(Annotation(kind="annotation", result=tuple(counts.results(recording.size))))
        if recording.run is not None:
            results = tuple(machine.results(recording.size))
            said.append(Annotation(kind="prediction", model_version=recording.model_version, score=machine.score, result=results))
        source = frame_source(stack, frame)
        data = {"image": asked.prefix + source.name, **_shared(stack), "frame": frame, "plane": stack.default_plane}
        yield Outgoing(Task(f"{stack.id} frame {frame}", None, data, {}, tuple(said)), source, frame=counts)
