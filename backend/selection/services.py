"""Writes what people decide about embryos and tell of their fates and outcomes; each accepted write leaves one row of the record."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeVar, cast
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from backend.accounts.actor import Actor
from backend.accounts.models import Role
from backend.analysis.values import as_text
from backend.audit.services import record
from backend.core.errors import Refused
from backend.core.versions import ChangedMeanwhile, check_version
from backend.imaging.models import Dish
from backend.live import events
from backend.live.publish import publish
from backend.live.topics import dish_topic
from backend.review.values import place_of
from backend.selection.models import CycleOutcome, Decision, DecisionChange, Fate
from backend.selection.selectors import cycle_visible_to, dish_visible_to, places_known

Versioned = TypeVar("Versioned", Decision, Fate, CycleOutcome)
OUTCOME_FIELDS = ("hcg", "clinical_pregnancy", "sacs", "live_birth", "miscarriage", "note")


@transaction.atomic
def decide(*, actor: Actor, dish_id: UUID, place: str, version: int, value: str, reason: str = "") -> Decision:
    """Say what shall be done with the embryo at a place; its history keeps every step. 412 where it has another version."""
    dish, row, column = _embryo(actor, dish_id, place)
    kept = Decision.objects.select_for_update().filter(dish=dish, row=row, column=column).first()
    check_version(version, kept.version if kept else 0)
    before = {"value": kept.value, "reason": kept.reason} if kept else None
    after = {"value": value, "reason": reason}
    if kept is not None and before == after:
        return kept
    decision = kept or Decision(dish=dish, row=row, column=column)
    decision.value, decision.reason = value, reason
    _save(decision, kept, by=actor.user, by_name=actor.user.name, at=timezone.now())
    DecisionChange.objects.create(
        decision=decision,
        version=decision.version,
        value=value,
        reason=reason,
        by=actor.user,
        by_name=actor.user.name,
        at=decision.at,
    )
    record(
        actor=actor.user,
        lab_id=dish.lab_id,
        action="decision.changed",
        subject=f"embryo {place} of dish {dish.id}",
        before=before,
        after=after,
        reason=reason,
    )
    value_said = cast(events.DecisionName, value)
    publish(
        dish_topic(dish.id), events.DecisionChanged(dish_id=str(dish.id), place=decision.place, value=value_said, version=decision.version)
    )
    return decision


@transaction.atomic
def tell_fate(*, actor: Actor, dish_id: UUID, place: str, version: int, fate: str, at: datetime | None = None) -> Fate:
    """Say what became of the embryo at a place, and when; now where no time is given."""
    dish, row, column = _embryo(actor, dish_id, place)
    kept = Fate.objects.select_for_update().filter(dish=dish, row=row, column=column).first()
    check_version(version, kept.version if kept else 0)
    before = {"fate": kept.fate, "at": as_text(kept.at)} if kept else None
    told = kept or Fate(dish=dish, row=row, column=column)
    told.fate = fate
    _save(told, kept, by=actor.user, by_name=actor.user.name, at=at or timezone.now())
    record(
        actor=actor.user,
        lab_id=dish.lab_id,
        action="fate.changed",
        subject=f"embryo {place} of dish {dish.id}",
        before=before,
        after={"fate": fate, "at": as_text(told.at)},
    )
    fate_said = cast(events.FateName, fate)
    publish(dish_topic(dish.id), events.FateChanged(dish_id=str(dish.id), place=told.place, fate=fate_said, version=told.version))
    return told


@transaction.atomic
def tell_outcome(*, actor: Actor, cycle_id: UUID, version: int, changes: Mapping[str, Any]) -> CycleOutcome:
    """Say what came of a cycle; fields that are not named stay. Refuses what cannot all be true."""
    cycle = cycle_visible_to(actor, cycle_id)
    actor.require(cycle.patient.lab_id, Role.EMBRYOLOGIST)
    kept = CycleOutcome.objects.select_for_update().filter(cycle=cycle).first()
    check_version(version, kept.version if kept else 0)
    outcome = kept or CycleOutcome(cycle=cycle)
    before = _facts(outcome) if kept else None
    for name in OUTCOME_FIELDS:
        if name in changes:
            setattr(outcome, name, changes[name])
    _check_outcome(outcome)
    _save(outcome, kept, by_name=actor.user.name, at=timezone.now())
    record(
        actor=actor.user,
        lab_id=cycle.patient.lab_id,
        action="outcome.changed",
        subject=f"cycle {cycle.id}",
        before=before,
        after=_facts(outcome),
    )
    return outcome


def _embryo(actor: Actor, dish_id: UUID, place: str) -> tuple[Dish, int, int]:
    dish = dish_visible_to(actor, dish_id)
    actor.require(dish.lab_id, Role.EMBRYOLOGIST)
    row, column = place_of(place)
    known = places_known(dish)
    if known and place not in known:
        raise Refused("no_such_well", f"The dish {dish.label} has no well {place}.", "Look at the dish for its wells.", http_status=409)
    return dish, row, column


def _save(row: Versioned, kept: Versioned | None, **facts: Any) -> None:
    """Write the row one version on; somebody who wrote the first version at the same moment was first."""
    for name, value in facts.items():
        setattr(row, name, value)
    if kept is not None:
        row.version = kept.version + 1
        row.save()
        return
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        raise ChangedMeanwhile from None


def _facts(outcome: CycleOutcome) -> dict[str, Any]:
    return {name: getattr(outcome, name) for name in OUTCOME_FIELDS}


def _check_outcome(outcome: CycleOutcome) -> None:
    """Each of these needs the one before it."""
    chain = ("hcg", "clinical_pregnancy", "live_birth")
    for earlier, later in ((a, b) for k, a in enumerate(chain) for b in chain[k + 1 :]):
        if getattr(outcome, later) and getattr(outcome, earlier) is False:
            raise _contradiction(f"{later} and no {earlier}")
    if outcome.sacs and outcome.clinical_pregnancy is False:
        raise _contradiction(f"{outcome.sacs} sacs and no clinical_pregnancy")
    # Of two sacs one may be lost and one be born.
    if outcome.live_birth and outcome.miscarriage and (outcome.sacs or 0) < 2:
        raise _contradiction("live_birth and miscarriage of one sac")


def _contradiction(what: str) -> Refused:
    return Refused("contradicting_outcome", f"This cannot all be true: {what.replace('_', ' ')}.", "Correct one of the two.")
