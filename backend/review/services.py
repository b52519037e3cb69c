"""Writes readings: each changed field leaves a verdict and a row of the record; the machine's rows are never touched."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from backend.accounts.actor import Actor
from backend.accounts.models import Role
from backend.analysis.values import as_text
from backend.audit.services import record
from backend.core.concealment import hidden_places, refuse_if_hidden
from backend.core.errors import Refused
from backend.core.versions import ChangedMeanwhile, check_version
from backend.imaging.models import Stack
from backend.live import events
from backend.live.publish import publish
from backend.live.topics import dish_topic
from backend.review.calibration import Calibration, calibration_of
from backend.review.machine import MachineSays, machine_says
from backend.review.measuring import size_of
from backend.review.models import Reading, Verdict
from backend.review.selectors import empty_reading, stack_under_review
from backend.review.values import MOST_OF_A_KIND, FieldChange, place_of, reading_value

MOST_SECONDS = 3600.0
"""Of one save; a page that lay open overnight was not read all night."""


@transaction.atomic
def change_reading(
    *,
    actor: Actor,
    stack_id: UUID,
    place: str,
    version: int,
    changes: Sequence[FieldChange],
    seconds_spent: float = 0.0,
    batch: UUID | None = None,
) -> Reading:
    """Write these fields of one's own reading and announce it, all or none; 412 where it has another version."""
    reading = write_changes(
        actor=actor, stack_id=stack_id, place=place, version=version, changes=changes, seconds_spent=seconds_spent, batch=batch
    )
    announce_readings([reading])
    return reading


@transaction.atomic
def submit_reading(
    *, actor: Actor, stack_id: UUID, place: str, version: int, seconds_spent: float = 0.0, batch: UUID | None = None
) -> Reading:
    """Let others see one's reading; one that is submitted already stays as it is."""
    reading = write_submission(actor=actor, stack_id=stack_id, place=place, version=version, seconds_spent=seconds_spent, batch=batch)
    announce_readings([reading])
    return reading


@transaction.atomic
def hold_readings(*, actor: Actor, stack_ids: Collection[UUID]) -> None:
    """Lock one's own readings of these recordings, in one order; call it first where a transaction writes several of them."""
    # Locked one by one, each between two rows of the record, two such transactions could wait for each other for ever.
    list(Reading.objects.select_for_update().filter(stack__in=stack_ids, reader=actor.user).order_by("id").values_list("id"))


@transaction.atomic
def write_changes(
    *,
    actor: Actor,
    stack_id: UUID,
    place: str,
    version: int,
    changes: Sequence[FieldChange],
    seconds_spent: float = 0.0,
    batch: UUID | None = None,
) -> Reading:
    """As `change_reading`, and leave announcing to the caller, who writes several in one transaction."""
    reading = _locked(actor, stack_under_review(actor, stack_id), place, version)
    if any(_leans_on_the_machine(change.value) for change in changes):
        refuse_if_hidden(actor.user.id, stack_id, place)
    says, is_hidden = machine_says([stack_id])[stack_id], place in hidden_places(actor.user.id, stack_id)
    wanted = _wanted(reading, changes, says)
    changed = {field: value for field, value in wanted.items() if value != _value(reading, field)}
    if not changed and reading.version:
        return _timed(reading, seconds_spent)
    now, reasons = timezone.now(), {change.field: change.reason for change in changes}
    before = {field: _value(reading, field) for field in changed}
    was_submitted = reading.state == Reading.State.SUBMITTED
    for field, value in changed.items():
        _put(reading, field, value, now)
    _check_size(reading)
    reading.state = Reading.State.DRAFT
    reading.is_blind = is_hidden and (reading.is_blind or not reading.version)
    _save(reading, now, seconds_spent)
    if not changed:
        record(actor=actor.user, lab_id=reading.stack.lab_id, action="reading.begun", subject=_subject(reading))
    for field, value in changed.items():
        _keep(reading, actor, field, before[field], value, says.of(place, field), now, reasons[field], batch)
    if was_submitted:
        _keep(reading, actor, "state", "submitted", "draft", None, now, "", batch)
    return reading


@transaction.atomic
def write_submission(
    *, actor: Actor, stack_id: UUID, place: str, version: int, seconds_spent: float = 0.0, batch: UUID | None = None
) -> Reading:
    """As `submit_reading`, and leave announcing to the caller."""
    reading = _locked(actor, stack_under_review(actor, stack_id), place, version)
    if reading.state == Reading.State.SUBMITTED:
        return _timed(reading, seconds_spent)
    now = timezone.now()
    is_hidden = place in hidden_places(actor.user.id, stack_id)
    if is_hidden and not (reading.onsets or reading.events or reading.grades):
        raise Refused(
            "nothing_read",
            "You read this embryo blind and have said nothing about it yet.",
            "Enter what you see, were it one onset or grade; results are shown once that is submitted.",
            http_status=409,
        )
    if not reading.version:
        reading.is_blind = is_hidden
    reading.state, reading.submitted_at = Reading.State.SUBMITTED, now
    _save(reading, now, seconds_spent)
    _keep(reading, actor, "state", "draft", "submitted", None, now, "", batch)
    return reading


@transaction.atomic
def write_reopening(*, actor: Actor, stack_id: UUID, place: str, version: int, batch: UUID | None = None) -> Reading:
    """Make a submitted reading a draft again without changing a value, and leave announcing to the caller."""
    reading = _locked(actor, stack_under_review(actor, stack_id), place, version)
    if reading.state != Reading.State.SUBMITTED:
        return reading
    now = timezone.now()
    reading.state = Reading.State.DRAFT
    _save(reading, now, 0.0)
    _keep(reading, actor, "state", "submitted", "draft", None, now, "", batch)
    return reading


def announce_readings(readings: Iterable[Reading]) -> None:
    """Tell those who look at the dishes; after the last row of the record, dishes in the order of their topics."""
    for reading in sorted(readings, key=lambda one: dish_topic(one.stack.dish_id or "")):
        if reading.stack.dish_id is None:
            continue
        event = events.ReadingChanged(
            stack_id=str(reading.stack_id),
            place=reading.place,
            reader_id=str(reading.reader_id),
            reader_name=reading.reader.name,
            version=reading.version,
            state=cast(Any, str(reading.state)),
        )
        publish(dish_topic(reading.stack.dish_id), event)


def _locked(actor: Actor, stack: Stack, place: str, version: int) -> Reading:
    """One's own reading at this version, locked until commit; a new one, not saved yet, where nothing was written."""
    actor.require(stack.lab_id, Role.EMBRYOLOGIST)
    row, column = place_of(place)
    kept = Reading.objects.select_for_update().filter(stack=stack, row=row, column=column, reader=actor.user).first()
    reading = kept or empty_reading(stack, actor, row, column)
    reading.stack, reading.reader = stack, actor.user
    check_version(version, reading.version)
    return reading


def _save(reading: Reading, now: datetime, seconds_spent: float) -> None:
    is_new = not reading.version
    reading.version, reading.updated_at = reading.version + 1, now
    reading.seconds_spent += _seconds(seconds_spent)
    try:
        with transaction.atomic():
            reading.save(force_insert=is_new)
    except IntegrityError as error:
        if not is_new:
            raise
        # Another window of the same person began this reading a moment ago.
        raise ChangedMeanwhile from error


def _timed(reading: Reading, seconds_spent: float) -> Reading:
    """Time alone is no change of the reading: nobody has to merge it."""
    if seconds := _seconds(seconds_spent):
        Reading.objects.filter(id=reading.id).update(seconds_spent=F("seconds_spent") + seconds)
        reading.seconds_spent += seconds
    return reading


def _seconds(seconds_spent: float) -> float:
    return min(max(seconds_spent, 0.0), MOST_SECONDS)


def _wanted(reading: Reading, changes: Sequence[FieldChange], says: MachineSays) -> dict[str, Any]:
    """The checked value of each field; a machine's onset that the machine does not say is the reader's own, and sizes are reckoned here."""
    wanted: dict[str, Any] = {}
    measures = {change.field for change in changes if change.field.startswith("measurements.") and change.value is not None}
    calibration = calibration_of(reading.stack) if measures else None
    for change in changes:
        if change.field in wanted:
            raise Refused("invalid_value", f"{change.field} is given twice.", "Send each field once, with its latest value.")
        value = reading_value(change, reading.stack)
        if _leans_on_the_machine(value) and "source" in value:
            told = says.of(reading.place, change.field)
            value["source"] = "machine" if told is not None and told["frame_index"] == value["frame_index"] else "own"
        if calibration is not None and change.field in measures:
            value |= _in_micrometres(value, calibration)
        wanted[change.field] = value
    return wanted


def _in_micrometres(measurement: Mapping[str, Any], calibration: Calibration) -> dict[str, Any]:
    """Null where the lab has not entered how far its wells lie apart: then it measures pixels."""
    size = size_of(measurement, calibration.scale) if calibration.scale else None
    return {"um": size and size.length, "um2": size and size.area, "calibration": calibration.as_kept()}


def _leans_on_the_machine(value: Any) -> bool:
    return isinstance(value, dict) and (value.get("source") == "machine" or value.get("verdict") in ("accepted", "rejected"))


def _value(reading: Reading, field: str) -> Any:
    section, _, key = field.partition(".")
    return getattr(reading, section).get(key)


def _put(reading: Reading, field: str, value: Any, now: datetime) -> None:
    section, _, key = field.partition(".")
    if value is None:
        getattr(reading, section).pop(key, None)
        reading.judged_at.pop(field, None)
    else:
        getattr(reading, section)[key] = value
        reading.judged_at[field] = as_text(now)


def _check_size(reading: Reading) -> None:
    for name, kept in (("events", reading.events), ("measurements", reading.measurements)):
        if len(kept) > MOST_OF_A_KIND:
            raise Refused(
                "too_many", f"A reading holds at most {MOST_OF_A_KIND} {name}.", f"Delete {name} that are not needed.", http_status=409
            )


def _keep(
    reading: Reading,
    actor: Actor,
    field: str,
    before: Any,
    after: Any,
    machine: Any,
    now: datetime,
    reason: str,
    batch: UUID | None,
) -> None:
    Verdict.objects.create(
        at=now,
        by=actor.user,
        by_name=actor.user.name,
        stack=reading.stack,
        reading=reading,
        row=reading.row,
        column=reading.column,
        field=field,
        before=before,
        after=after,
        machine=machine,
        reason=reason,
        batch=batch,
    )
    action = "reading.changed" if field != "state" else "reading.submitted" if after == "submitted" else "reading.reopened"
    record(
        actor=actor.user,
        lab_id=reading.stack.lab_id,
        action=action,
        subject=_subject(reading),
        before={field: before},
        after={field: after},
        reason=reason,
    )


def _subject(reading: Reading) -> str:
    return f"reading {reading.stack_id} {reading.place}"
