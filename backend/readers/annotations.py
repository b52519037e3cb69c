"""What each reader, and the machine, said of each embryo, brought to one form so that any two can be compared."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from backend.accounts.actor import Actor
from backend.accounts.models import Lab
from backend.core import concealment
from backend.imaging.models import Stack
from backend.imaging.selectors import first_hour_of, hours_since_start_of
from backend.review.machine import machine_says
from backend.review.models import Reading
from backend.review.values import PHASES

MACHINE = "machine"
Embryo = tuple[UUID, str]


@dataclass(frozen=True)
class Annotation:
    """Onsets by phase as hours of the recording's own clock, and grades by name."""

    onsets: dict[str, float]
    unsure: frozenset[str] = frozenset()
    """Phases whose onset cannot be compared: they were under way when the recording began, or its frame has no time."""
    grades: dict[str, Any] = field(default_factory=dict)
    submitted_at: datetime | None = None


@dataclass(frozen=True)
class Clock:
    """When the frames of one recording were taken: hours post insemination where those are known, else hours since its start."""

    hours: list[float | None]

    def at(self, frame_index: int) -> float | None:
        return self.hours[frame_index] if frame_index < len(self.hours) else None

    @property
    def end(self) -> float | None:
        return next((hour for hour in reversed(self.hours) if hour is not None), None)


@dataclass(frozen=True)
class Material:
    """Everything that may be compared: by reader's id, or `machine`, and embryo."""

    annotations: dict[str, dict[Embryo, Annotation]]
    names: dict[str, str]
    """Of the readers by id, in order of their names."""
    ends: dict[UUID, float | None]
    """The last hour of each recording."""


def material_of(actor: Actor, lab: Lab, *, dish_id: UUID | None, since: datetime | None, only_blind: bool) -> Material:
    """Submitted readings that the asker may see, and what the machine's latest finished runs say of the same embryos.

    An embryo that the asker still reads blind is left out whole: a mean over a few embryos would give its machine's result away.
    """
    readings = Reading.objects.filter(stack__lab=lab, state=Reading.State.SUBMITTED).select_related("reader")
    if dish_id is not None:
        readings = readings.filter(stack__dish_id=dish_id)
    if since is not None:
        readings = readings.filter(submitted_at__gte=since)
    if only_blind:
        readings = readings.filter(is_blind=True)
    found = list(readings.order_by("submitted_at", "id"))
    hidden = concealment.hidden_in(actor.user.id, {reading.stack_id for reading in found})
    shown = [reading for reading in found if reading.place not in hidden[reading.stack_id]]
    return _material(shown)


def _material(readings: list[Reading]) -> Material:
    ends: dict[UUID, float | None] = {}
    by_stack: defaultdict[UUID, list[Reading]] = defaultdict(list)
    for reading in readings:
        by_stack[reading.stack_id].append(reading)
    annotations: defaultdict[str, dict[Embryo, Annotation]] = defaultdict(dict)
    said = machine_says(by_stack.keys())
    # One recording's times after another: those of a long one are a megabyte.
    for stack in Stack.objects.filter(id__in=by_stack).select_related("dish__cycle").iterator(chunk_size=1):
        clock = clock_of(stack)
        ends[stack.id] = clock.end
        for reading in by_stack[stack.id]:
            embryo = (stack.id, reading.place)
            annotations[str(reading.reader_id)][embryo] = _of_reading(reading, clock)
            profile = said[stack.id].profiles.get(reading.place)
            if profile is not None and embryo not in annotations[MACHINE]:
                annotations[MACHINE][embryo] = _of_machine(profile.onsets, clock)
    people = {(reading.reader.name, str(reading.reader_id)) for reading in readings}
    return Material(dict(annotations), {key: name for name, key in sorted(people)}, ends)


def clock_of(stack: Stack) -> Clock:
    first = first_hour_of(stack) or 0.0
    return Clock([None if hour is None else first + hour for hour in hours_since_start_of(stack)])


def _of_reading(reading: Reading, clock: Clock) -> Annotation:
    frames = {phase: said["frame_index"] for phase, said in reading.onsets.items() if "frame_index" in said}
    onsets, unsure = _timed(frames, clock)
    return Annotation(onsets, unsure, reading.grades, reading.submitted_at)


def _of_machine(onsets: Iterable[Any], clock: Clock) -> Annotation:
    timed, unsure = _timed({onset.phase: onset.frame_index for onset in onsets if not onset.is_censored}, clock)
    return Annotation(timed, unsure | {onset.phase for onset in onsets if onset.is_censored})


def _timed(frames: dict[str, int], clock: Clock) -> tuple[dict[str, float], frozenset[str]]:
    hours = {phase: clock.at(frame) for phase, frame in frames.items()}
    known = {phase: hours[phase] for phase in PHASES if hours.get(phase) is not None}
    return {phase: hour for phase, hour in known.items() if hour is not None}, frozenset(frames.keys() - known.keys())


def embryos_of_both(first: dict[Embryo, Annotation], second: dict[Embryo, Annotation]) -> Collection[Embryo]:
    return sorted(first.keys() & second.keys(), key=lambda embryo: (str(embryo[0]), embryo[1]))
