"""The values that count: the latest verdict of a reading that may be seen, else what the machine's latest finished run says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Literal
from uuid import UUID

from django.db.models import Q

from backend.accounts.actor import Actor
from backend.core.concealment import hidden_in
from backend.imaging.models import Stack
from backend.imaging.selectors import hours_of
from backend.live.events import OnsetValue, ProfileValue
from backend.review.machine import MachineSays, event_key, machine_says
from backend.review.models import Correction, Reading
from backend.review.values import PHASES, place_of

Source = Literal["machine", "human"]


@dataclass(frozen=True)
class EffectiveOnset:
    """Bounds are the machine's 90 %, or the spread of the readings; in hours, or in frames where no hours are known."""

    frame_index: int
    hours_post_insemination: float | None
    low: float
    high: float
    confidence: float | None
    source: Source
    by_name: str | None = None
    at: str | None = None


@dataclass(frozen=True)
class EffectiveEvent:
    """Something that happened; a machine's event keeps its verdict None until somebody judges it."""

    kind: str
    first_frame: int
    last_frame: int
    confidence: float | None
    detail: str
    source: Source
    verdict: str | None = None
    by_name: str | None = None
    at: str | None = None


@dataclass(frozen=True)
class EffectiveGrade:
    value: Any
    by_name: str
    at: str


@dataclass(frozen=True)
class EffectiveContent:
    """What the well held most of the time."""

    value: str
    source: Source


@dataclass(frozen=True)
class Effective:
    """One place of a dish as it counts for this person; what is hidden from them is left out."""

    place: str
    content: EffectiveContent | None
    onsets: dict[str, EffectiveOnset] = field(default_factory=dict)
    absent: tuple[str, ...] = ()
    """Phases that a person says there were none of."""
    events: tuple[EffectiveEvent, ...] = ()
    grades: dict[str, EffectiveGrade] = field(default_factory=dict)
    is_hidden: bool = False
    is_profile_rejected: bool = False
    """The machine's profile counts no more, because a person rejected all of it."""
    readings_submitted: int = 0
    uncertainty: float | None = None
    """Mean doubt of the machine about its onsets that nobody has judged, 0 to 1; None where it said nothing that may be seen."""


def effective_of(stack: Stack, actor: Actor) -> dict[str, Effective]:
    """Every well of the recording, by place in order."""
    return effective_of_stacks([stack], actor)[stack.id]


def effective_of_stacks(stacks: Sequence[Stack], actor: Actor) -> dict[UUID, dict[str, Effective]]:
    """The same for many recordings, in as many queries as for one; hours of each are read where they were deferred."""
    ids = [stack.id for stack in stacks]
    machine, hidden = machine_says(ids), hidden_in(actor.user.id, ids)
    corrections = {one.stack_id: one for one in Correction.objects.filter(stack__in=ids)}
    seen: dict[UUID, dict[str, list[Reading]]] = {stack_id: {} for stack_id in ids}
    may_be_seen = Q(reader=actor.user) | Q(state=Reading.State.SUBMITTED)
    for reading in Reading.objects.filter(may_be_seen, stack__in=ids).select_related("reader").order_by("row", "column", "created_at"):
        if reading.reader_id == actor.user.id or reading.place not in hidden[reading.stack_id]:
            seen[reading.stack_id].setdefault(reading.place, []).append(reading)
    found = {}
    for stack in stacks:
        says, correction, hours = machine[stack.id], corrections.get(stack.id), hours_of(stack)
        found[stack.id] = {
            place: _effective(place, says, correction, seen[stack.id].get(place, []), hours, place in hidden[stack.id])
            for place in _places(says, correction, seen[stack.id])
        }
    return found


def _places(machine: MachineSays, correction: Correction | None, readings: Iterable[str]) -> list[str]:
    """The machine's wells, those added and those read, without the removed ones."""
    said = correction.wells if correction else {}
    places = {*machine.wells, *readings, *(place for place, well in said.items() if well.get("is_added"))}
    return sorted((place for place in places if not said.get(place, {}).get("is_removed")), key=place_of)


def _effective(
    place: str,
    machine: MachineSays,
    correction: Correction | None,
    readings: Sequence[Reading],
    hours: Sequence[float | None],
    is_hidden: bool,
) -> Effective:
    is_rejected = "machine" in _latest(readings, "profile")
    profile = None if is_hidden or is_rejected else machine.profiles.get(place)
    onsets, absent = _onsets(profile, readings, hours)
    doubts = [1 - onset.confidence for onset in onsets.values() if onset.source == "machine" and onset.confidence is not None]
    return Effective(
        place=place,
        content=_content(place, machine, correction, len(hours)),
        onsets=onsets,
        absent=absent,
        events=_events(profile, readings),
        grades=_grades(readings),
        is_hidden=is_hidden,
        is_profile_rejected=is_rejected,
        readings_submitted=sum(reading.state == Reading.State.SUBMITTED for reading in readings),
        uncertainty=None if profile is None else round(sum(doubts) / len(doubts), 4) if doubts else 0.0,
    )


def _latest(readings: Sequence[Reading], section: str) -> dict[str, tuple[Any, str, str]]:
    """Of every field of the section that has a value: the latest value, who gave it and when."""
    latest: dict[str, tuple[Any, str, str]] = {}
    for reading in readings:
        for key, value in getattr(reading, section).items():
            at = reading.judged_at.get(f"{section}.{key}", "")
            if key not in latest or at > latest[key][2]:
                latest[key] = (value, reading.reader.name, at)
    return latest


def _onsets(
    profile: ProfileValue | None, readings: Sequence[Reading], hours: Sequence[float | None]
) -> tuple[dict[str, EffectiveOnset], tuple[str, ...]]:
    told = {onset.phase: onset for onset in profile.onsets} if profile else {}
    judged = _latest(readings, "onsets")
    onsets: dict[str, EffectiveOnset] = {}
    for phase in PHASES:
        if phase in judged:
            value, by_name, at = judged[phase]
            if not value.get("is_absent"):
                onsets[phase] = _by_people(phase, value["frame_index"], readings, hours, by_name, at)
        elif phase in told:
            onsets[phase] = _by_machine(told[phase])
    return onsets, tuple(phase for phase in PHASES if phase in judged and judged[phase][0].get("is_absent"))


def _by_machine(onset: OnsetValue) -> EffectiveOnset:
    return EffectiveOnset(onset.frame_index, onset.hours_post_insemination, onset.low, onset.high, onset.confidence, "machine")


def _by_people(phase: str, frame: int, readings: Sequence[Reading], hours: Sequence[float | None], by_name: str, at: str) -> EffectiveOnset:
    frames = [value["frame_index"] for reading in readings if "frame_index" in (value := reading.onsets.get(phase, {}))]
    hour = hour_at(hours, frame)
    spread = [float(each if hour is None else hour_at(hours, each) or 0.0) for each in frames]
    return EffectiveOnset(frame, hour, min(spread), max(spread), None, "human", by_name, at)


def hour_at(hours: Sequence[float | None], frame: int) -> float | None:
    """Hours post insemination of a frame; None beyond the recording and where nobody knows."""
    return hours[frame] if frame < len(hours) else None


def _events(profile: ProfileValue | None, readings: Sequence[Reading]) -> tuple[EffectiveEvent, ...]:
    told = {event_key(event): event for event in profile.events} if profile else {}
    judged = _latest(readings, "events")
    found = []
    for key in {**told, **judged}:
        machine, (said, by_name, at) = told.get(key), judged.get(key, (None, None, None))
        found.append(
            EffectiveEvent(
                kind=said["kind"] if said else machine.kind if machine else "",
                first_frame=said["first_frame"] if said else machine.first_frame if machine else 0,
                last_frame=said["last_frame"] if said else machine.last_frame if machine else 0,
                confidence=machine.confidence if machine else None,
                detail=machine.detail if machine else "",
                source="human" if said else "machine",
                verdict=said["verdict"] if said else None,
                by_name=by_name,
                at=at,
            )
        )
    return tuple(sorted(found, key=lambda event: (event.first_frame, event.kind)))


def _grades(readings: Sequence[Reading]) -> dict[str, EffectiveGrade]:
    return {name: EffectiveGrade(*latest) for name, latest in _latest(readings, "grades").items()}


def _content(place: str, machine: MachineSays, correction: Correction | None, frames: int) -> EffectiveContent | None:
    """As corrected, weighed by how many frames each holds for; the machine's before the first correction."""
    well = machine.wells.get(place)
    said: list[Mapping[str, Any]] = (correction.wells.get(place, {}) if correction else {}).get("content") or []
    if not said:
        return EffectiveContent(well.content, "machine") if well else None
    starts = [(one["from_frame"], one["content"]) for one in said]
    if well is not None and starts[0][0] > 0:
        starts.insert(0, (0, well.content))
    held: dict[str, int] = {}
    for (first, content), (until, _) in pairwise([*starts, (max(frames, starts[-1][0] + 1), "")]):
        held[content] = held.get(content, 0) + until - first
    return EffectiveContent(max(held, key=lambda content: held[content]), "human")
