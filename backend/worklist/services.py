"""Accepts the machine's profiles as one's own submitted readings or rejects them, and takes that back; the readings' own services write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from backend.accounts.actor import Actor
from backend.accounts.models import Role
from backend.audit.services import record
from backend.core.concealment import refuse_if_hidden
from backend.core.errors import Refused
from backend.core.versions import ChangedMeanwhile
from backend.review.machine import MachineSays, event_key, machine_says
from backend.review.models import Reading, Signature
from backend.review.selectors import stack_under_review
from backend.review.services import announce_readings, hold_readings, write_changes, write_reopening, write_submission
from backend.review.values import MACHINE_PROFILE, FieldChange, place_of
from backend.worklist.models import Accepted, Batch, Score
from backend.worklist.selectors import acceptable, batch_of, queue_of

AT_ONCE = 50
"""Readings of one transaction: each leaves rows of history for every value, and other people's writes wait meanwhile."""


@dataclass(frozen=True)
class Undone:
    """How many readings were taken back, those that were not, each with why, and how many wait for another go."""

    count: int
    kept: list[dict[str, Any]]
    left: int


@transaction.atomic
def accept(*, actor: Actor, stack_id: UUID, versions: Mapping[str, int], seconds_spent: float = 0.0) -> Batch:
    """Submit the machine's profile of each place as one's own reading, all or none.

    What one has said oneself stays as it is; `versions` are those of one's own readings by place, 0 where there is none yet.
    """
    batch, says, own = _begun(actor, stack_id, versions)
    written = []
    for place in versions:
        reading, share = own.get((stack_id, place)), seconds_spent / len(versions)
        written.append(_accept_one(batch, actor, stack_id, place, says, reading, share))
    _conclude(batch, actor, written, "queue.accepted")
    return batch


@transaction.atomic
def reject(*, actor: Actor, stack_id: UUID, versions: Mapping[str, int], seconds_spent: float = 0.0) -> Batch:
    """Say that the machine's profile of each place counts for nothing, all or none; what is right instead is still to be read.

    The readings stay drafts, so the embryos go on waiting, after all others.
    """
    batch, _, own = _begun(actor, stack_id, versions)
    written = []
    for place in versions:
        reading, share = own.get((stack_id, place)), seconds_spent / len(versions)
        written.append(_reject_one(batch, actor, stack_id, place, reading, share))
    _conclude(batch, actor, written, "queue.rejected")
    return batch


def _begun(actor: Actor, stack_id: UUID, versions: Mapping[str, int]) -> tuple[Batch, MachineSays, Mapping[tuple[UUID, str], Reading]]:
    """A new batch, what the machine says and one's own readings, locked; refuses what is hidden, changed or has no profile."""
    stack = stack_under_review(actor, stack_id)
    actor.require(stack.lab_id, Role.EMBRYOLOGIST)
    for place in versions:
        refuse_if_hidden(actor.user.id, stack_id, place)
    says = machine_says([stack_id])[stack_id]
    hold_readings(actor=actor, stack_ids=[stack_id])
    own = _own_readings(actor, [stack_id])
    batch = Batch.objects.create(lab_id=stack.lab_id, by=actor.user)
    current = {place: _version(own.get((stack_id, place))) for place in versions}
    if current != versions:
        raise ChangedMeanwhile({"versions": current})
    for place in sorted(versions, key=place_of):
        if place not in says.profiles:
            raise Refused(
                "nothing_to_accept",
                f"The latest analysis of this recording tells no profile of {place}.",
                "Say what the well holds, or read this embryo yourself.",
                http_status=409,
            )
    return batch, says, own


@transaction.atomic
def accept_above(
    *, actor: Actor, lab_id: UUID, threshold: float, expected: int | None = None, batch_id: UUID | None = None
) -> tuple[Batch | None, list[Score], int]:
    """Accept the waiting embryos of which the machine is at least this sure, the surest AT_ONCE; gives how many are left for another go.

    409 where `expected`, what a person was shown before, is not their number any more; `batch_id` names one's own batch to go on with.
    """
    lab = actor.require(lab_id, Role.EMBRYOLOGIST)
    batch = _to_go_on_with(actor, lab.id, batch_id) if batch_id else None
    scores = sure_ones(actor, lab_id, threshold)
    if expected is not None and expected != len(scores):
        raise Refused(
            "count_changed",
            f"There are {len(scores)} such embryos now, not {expected}.",
            "Look at the number again before you accept them.",
            http_status=409,
        )
    chosen = scores[:AT_ONCE]
    if not chosen:
        return batch, [], 0
    stack_ids = {score.stack_id for score in chosen}
    hold_readings(actor=actor, stack_ids=stack_ids)
    own, said = _own_readings(actor, stack_ids), machine_says(stack_ids)
    batch = batch or Batch.objects.create(lab=lab, by=actor.user, threshold=threshold)
    written = []
    for score in chosen:
        reading = own.get((score.stack_id, score.place))
        written.append(_accept_one(batch, actor, score.stack_id, score.place, said[score.stack_id], reading, 0.0))
    _conclude(batch, actor, written, "queue.accepted")
    return batch, chosen, len(scores) - len(chosen)


def sure_ones(actor: Actor, lab_id: UUID, threshold: float) -> list[Score]:
    """What `accept_above` would accept, surest first; nothing that one is blind for, not even its number."""
    # Rounded, because 1 - 0.9 is a little less than the 0.1 that people mean.
    scores = acceptable(queue_of(actor, [lab_id])).filter(uncertainty__lte=round(1 - threshold, 6))
    return list(scores.order_by("uncertainty", "recorded_at", "stack_id", "row", "column"))


@transaction.atomic
def undo(*, actor: Actor, batch_id: UUID) -> Undone:
    """Take back what a batch filled in, AT_ONCE readings a go; those that were changed or signed since stay as they are."""
    batch = _locked_batch(actor, batch_id)
    waiting = batch.accepted.filter(is_settled=False).order_by("stack_id", "row", "column")
    rows = list(waiting[:AT_ONCE])
    stack_ids = {row.stack_id for row in rows}
    hold_readings(actor=actor, stack_ids=stack_ids)
    own = _own_readings(actor, stack_ids)
    signed = set(Signature.objects.filter(reading__in=[reading.id for reading in own.values()]).values_list("reading_id", flat=True))
    written: list[Reading] = []
    kept = []
    for row in rows:
        reading = own.get((row.stack_id, row.place))
        if reading is None or reading.version != row.version:
            kept.append({"stack": row.stack_id, "place": row.place, "why": "changed"})
        elif reading.id in signed:
            kept.append({"stack": row.stack_id, "place": row.place, "why": "signed"})
        else:
            written.append(_take_back(actor, batch, row))
    Accepted.objects.filter(id__in=[row.id for row in rows]).update(is_settled=True)
    left = waiting.count()
    if not left:
        batch.undone_at = timezone.now()
        batch.save(update_fields=["undone_at"])
    after = {"readings": len(written), "kept": len(kept)}
    record(actor=actor.user, lab_id=batch.lab_id, action="queue.undone", subject=f"batch {batch.id}", after=after)
    announce_readings(written)
    return Undone(len(written), kept, left)


def _locked_batch(actor: Actor, batch_id: UUID) -> Batch:
    """One's own that was not taken back, locked until commit."""
    batch = batch_of(actor, batch_id)
    actor.require(batch.lab_id, Role.EMBRYOLOGIST)
    batch = Batch.objects.select_for_update().get(id=batch.id)
    if batch.undone_at is not None:
        raise Refused("undone_already", "This was taken back already.", "Look at the queue: its embryos wait again.", http_status=409)
    return batch


def _to_go_on_with(actor: Actor, lab_id: UUID, batch_id: UUID) -> Batch:
    batch = _locked_batch(actor, batch_id)
    if batch.lab_id != lab_id or batch.accepted.filter(is_settled=True).exists():
        raise Refused("another_batch", "This batch cannot be gone on with.", "Begin a new one: name no batch.", http_status=409)
    return batch


def _own_readings(actor: Actor, stack_ids: Any) -> dict[tuple[UUID, str], Reading]:
    readings = Reading.objects.filter(stack__in=stack_ids, reader=actor.user)
    return {(reading.stack_id, reading.place): reading for reading in readings}


def _version(reading: Reading | None) -> int:
    return reading.version if reading else 0


def _accept_one(
    batch: Batch,
    actor: Actor,
    stack_id: UUID,
    place: str,
    says: MachineSays,
    reading: Reading | None,
    seconds_spent: float,
) -> Reading:
    _refuse_submitted(place, reading)
    changes, version = _changes(says, place, reading), _version(reading)
    said: dict[str, Any] = {"actor": actor, "stack_id": stack_id, "place": place, "batch": batch.id}
    if changes:
        version = write_changes(version=version, changes=changes, **said).version
    written = write_submission(version=version, seconds_spent=seconds_spent, **said)
    return _kept(batch, written, changes)


def _reject_one(batch: Batch, actor: Actor, stack_id: UUID, place: str, reading: Reading | None, seconds_spent: float) -> Reading:
    _refuse_submitted(place, reading)
    is_said = reading is not None and bool(reading.profile)
    changes = [] if is_said else [FieldChange(MACHINE_PROFILE, {"verdict": "rejected"})]
    said: dict[str, Any] = {"actor": actor, "stack_id": stack_id, "place": place, "batch": batch.id}
    written = write_changes(version=_version(reading), changes=changes, seconds_spent=seconds_spent, **said)
    return _kept(batch, written, changes)


def _refuse_submitted(place: str, reading: Reading | None) -> None:
    if reading is not None and reading.state == Reading.State.SUBMITTED:
        raise Refused(
            "submitted_already",
            f"Your reading of {place} is submitted already.",
            "Change it where it is not right; it would say nothing new.",
            http_status=409,
        )


def _kept(batch: Batch, written: Reading, changes: Sequence[FieldChange]) -> Reading:
    Accepted.objects.create(
        batch=batch,
        stack_id=written.stack_id,
        row=written.row,
        column=written.column,
        version=written.version,
        fields=[change.field for change in changes],
    )
    return written


def _changes(says: MachineSays, place: str, reading: Reading | None) -> Sequence[FieldChange]:
    """The machine's onsets and events of which the reader has said nothing; nobody saw the onset of what was under way at the start."""
    profile = says.profiles.get(place)
    if profile is None:
        return []
    own_onsets, own_events = (reading.onsets, reading.events) if reading else ({}, {})
    onsets = [
        FieldChange(f"onsets.{onset.phase}", {"frame_index": onset.frame_index, "source": "machine"})
        for onset in profile.onsets
        if not onset.is_censored and onset.phase not in own_onsets
    ]
    events = {
        event_key(event): {
            "kind": event.kind,
            "first_frame": event.first_frame,
            "last_frame": event.last_frame,
            "verdict": "accepted",
        }
        for event in profile.events
    }
    # Who accepts it does not reject it any more.
    rejected = [FieldChange(MACHINE_PROFILE, None)] if reading and reading.profile else []
    return [*rejected, *onsets, *(FieldChange(f"events.{key}", value) for key, value in events.items() if key not in own_events)]


def _take_back(actor: Actor, batch: Batch, row: Accepted) -> Reading:
    said: dict[str, Any] = {"actor": actor, "stack_id": row.stack_id, "place": row.place, "version": row.version, "batch": batch.id}
    if not row.fields:
        return write_reopening(**said)
    return write_changes(changes=[FieldChange(field, None) for field in row.fields], **said)


def _conclude(batch: Batch, actor: Actor, written: Sequence[Reading], action: str) -> None:
    """The record's row of the whole before the news of each: both are locks, and this is their order."""
    after = {"readings": len(written), "threshold": batch.threshold}
    record(actor=actor.user, lab_id=batch.lab_id, action=action, subject=f"batch {batch.id}", after=after)
    announce_readings(written)
