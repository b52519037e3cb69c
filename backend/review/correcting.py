"""Puts a dish right: its lattice, wells, contents and unusable frames; shared by the lab, beside what the machine said."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from backend.accounts.actor import Actor
from backend.accounts.models import Role
from backend.audit.services import record
from backend.core.errors import Refused
from backend.core.versions import ChangedMeanwhile, check_version
from backend.live import events
from backend.live.publish import publish
from backend.live.topics import dish_topic
from backend.review.machine import MachineSays, machine_says
from backend.review.models import Correction, Verdict
from backend.review.selectors import stack_under_review
from backend.review.values import FieldChange, correction_value, place_of


@transaction.atomic
def change_corrections(*, actor: Actor, stack_id: UUID, version: int, changes: Sequence[FieldChange]) -> Correction:
    """Write these fields, all or none; 412 where somebody else wrote first. What is as it was is not written again."""
    stack = stack_under_review(actor, stack_id)
    actor.require(stack.lab_id, Role.EMBRYOLOGIST)
    kept = Correction.objects.select_for_update().filter(stack=stack).first()
    correction = kept or Correction(stack=stack, version=0)
    correction.stack = stack
    check_version(version, correction.version)
    wanted = {change.field: correction_value(change, stack) for change in changes}
    if len(wanted) < len(changes):
        raise Refused("invalid_value", "A field is given twice.", "Send each field once, with its latest value.")
    before = {field: value_of(correction, field) for field in wanted}
    changed = {field: value for field, value in wanted.items() if value != before[field]}
    if not changed:
        return correction
    now, reasons = timezone.now(), {change.field: change.reason for change in changes}
    for field, value in changed.items():
        _put(correction, field, value)
    _save(correction, now)
    says = machine_says([stack.id])[stack.id]
    for field, value in changed.items():
        _keep(correction, actor, field, before[field], value, says, now, reasons[field])
    publish(dish_topic(str(stack.dish_id)), events.CorrectionChanged(stack_id=str(stack.id), version=correction.version))
    return correction


def value_of(correction: Correction, field: str) -> Any:
    """The field as a change would give it; None where nothing was said."""
    if field in ("layout", "unusable"):
        return getattr(correction, field) or None
    place, what = _well_field(field)
    return correction.wells.get(place, {}).get(what)


def _well_field(field: str) -> tuple[str, str]:
    _, place, what = field.split(".")
    return place, what


def _put(correction: Correction, field: str, value: Any) -> None:
    if field == "layout":
        correction.layout = value or ""
    elif field == "unusable":
        correction.unusable = value or []
    else:
        place, what = _well_field(field)
        well = {**correction.wells.get(place, {}), what: value}
        correction.wells[place] = {name: said for name, said in well.items() if said is not None}
        if not correction.wells[place]:
            del correction.wells[place]


def _save(correction: Correction, now: datetime) -> None:
    is_new = not correction.version
    correction.version, correction.updated_at = correction.version + 1, now
    try:
        with transaction.atomic():
            correction.save(force_insert=is_new)
    except IntegrityError as error:
        if not is_new:
            raise
        # A colleague made this dish's first correction a moment ago.
        raise ChangedMeanwhile from error


def _keep(correction: Correction, actor: Actor, field: str, before: Any, after: Any, says: MachineSays, now: datetime, reason: str) -> None:
    place = _well_field(field)[0] if field.startswith("wells.") else ""
    row, column = place_of(place) if place else (None, None)
    Verdict.objects.create(
        at=now,
        by=actor.user,
        by_name=actor.user.name,
        stack=correction.stack,
        row=row,
        column=column,
        field=field,
        before=before,
        after=after,
        machine=says.of(place, field),
        reason=reason,
    )
    record(
        actor=actor.user,
        lab_id=correction.stack.lab_id,
        action="correction.changed",
        subject=f"stack {correction.stack_id}",
        before={field: before},
        after={field: after},
        reason=reason,
    )
