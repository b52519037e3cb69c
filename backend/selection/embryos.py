"""Effective values as the rule engine takes them: what people and the machine said of an embryo, with how sure each is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from backend.accounts.actor import Actor
from backend.imaging.models import Stack
from backend.imaging.selectors import hours_of
from backend.live.events import ProfileValue
from backend.readers.selectors import tolerances_of
from backend.review.machine import MachineSays, machine_says
from backend.review.selectors import Effective, effective_of_stacks
from backend.selection.courses import Embryo, Onset
from backend.selection.fields import GRADE_KEYS, GRADES

HOLDS_EMBRYO = ("embryo", "embryo_gas")


@dataclass(frozen=True)
class Recorded:
    """A recording with everything that counts of its embryos for one person."""

    stack: Stack
    hours: list[float | None]
    machine: MachineSays
    effective: Mapping[str, Effective]
    tolerances: Mapping[str, float]
    """How far two readers of this lab may lie apart in one phase, in hours."""

    def places(self) -> list[str]:
        """The places that hold an embryo, and those that somebody has annotated."""
        return [place for place, one in self.effective.items() if _holds_embryo(one)]

    def embryo(self, place: str) -> Embryo | None:
        """None where the place is hidden from this person, or nothing is known there."""
        effective = self.effective.get(place)
        if effective is None or effective.is_hidden:
            return None
        profile = None if effective.is_profile_rejected else self.machine.profiles.get(place)
        return embryo_of(effective, profile, self.hours, self.tolerances)


def recorded(stacks: Sequence[Stack], actor: Actor) -> dict[UUID, Recorded]:
    """By recording, in as many queries as for one."""
    effective, machine = effective_of_stacks(stacks, actor), machine_says([stack.id for stack in stacks])
    tolerances = {lab_id: tolerances_of(lab_id) for lab_id in {stack.lab_id for stack in stacks}}
    return {
        stack.id: Recorded(stack, hours_of(stack), machine[stack.id], effective[stack.id], tolerances[stack.lab_id]) for stack in stacks
    }


def stacks_of_dishes(dish_ids: Iterable[UUID]) -> dict[UUID, Stack]:
    """The latest confirmed recording of each dish, with its times."""
    stacks = Stack.objects.filter(dish_id__in=list(dish_ids), state=Stack.State.READY)
    stacks = stacks.select_related("dish__cycle__patient", "same_as__dish").defer("same_as__hours_since_start")
    return {stack.dish_id: stack for stack in stacks.order_by("created_at", "-id") if stack.dish_id is not None}


def embryo_of(effective: Effective, profile: ProfileValue | None, hours: Sequence[float | None], tolerances: Mapping[str, float]) -> Embryo:
    """One embryo with its times; onsets whose hour nobody knows are left out."""
    censored = {onset.phase for onset in profile.onsets if onset.is_censored} if profile else set()
    onsets = {}
    for phase, one in effective.onsets.items():
        hour = one.hours_post_insemination
        if hour is not None and one.source == "machine":
            onsets[phase] = Onset(hour, one.low, one.high, 1.0 if one.confidence is None else one.confidence, phase in censored)
        elif hour is not None:
            # One reader is not exact: another would have said something else, by as much as this lab calls the same.
            onsets[phase] = Onset(hour, min(one.low, hour - tolerances[phase]), max(one.high, hour + tolerances[phase]))
    known = [hour for hour in hours if hour is not None]
    return Embryo(
        onsets=onsets,
        events=_events(effective),
        grades=_grades(effective),
        absent=frozenset(effective.absent),
        end_hour=_end(effective, hours, known),
        step_hours=(known[-1] - known[0]) / (len(known) - 1) if len(known) > 1 else 0.0,
        is_followed=bool(known) and profile is not None and profile.is_final and not profile.is_coarse,
    )


def _holds_embryo(effective: Effective) -> bool:
    if effective.content is not None:
        return effective.content.value in HOLDS_EMBRYO
    return bool(effective.onsets)


def _events(effective: Effective) -> dict[str, float]:
    shares: dict[str, float] = {}
    for event in effective.events:
        share = {"accepted": 1.0, "added": 1.0, "rejected": 0.0}.get(event.verdict or "", event.confidence or 0.0)
        shares[event.kind] = max(share, shares.get(event.kind, 0.0))
    return shares


def _grades(effective: Effective) -> dict[str, float]:
    return {
        GRADE_KEYS[name]: GRADES[GRADE_KEYS[name]][str(grade.value)]
        for name, grade in effective.grades.items()
        if name in GRADE_KEYS and str(grade.value) in GRADES[GRADE_KEYS[name]]
    }


def _end(effective: Effective, hours: Sequence[float | None], known: Sequence[float]) -> float | None:
    """The last hour filmed, or when the embryo was taken out."""
    gone = [event.first_frame for event in effective.events if event.kind == "well_emptied" and event.verdict != "rejected"]
    if gone and gone[0] < len(hours) and hours[gone[0]] is not None:
        return hours[gone[0]]
    return known[-1] if known else None
