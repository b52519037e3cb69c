"""Signs a submitted reading: a name and a meaning, bound to what the reading says at that moment."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from backend.accounts.actor import NOT_HERE, Actor
from backend.accounts.models import Role
from backend.accounts.stepup import needs_step_up
from backend.audit.services import record
from backend.core.concealment import hidden_places
from backend.core.errors import Refused
from backend.core.versions import check_version
from backend.imaging.models import Stack
from backend.review.models import Reading, Signature
from backend.review.selectors import content_hash, empty_reading, readings, stack_under_review
from backend.review.services import announce_readings
from backend.review.values import place_of


@transaction.atomic
def sign_reading(
    *,
    actor: Actor,
    stack_id: UUID,
    place: str,
    reader_id: UUID | None,
    version: int,
    meaning: Signature.Meaning,
    has_stepped_up: bool,
) -> Signature:
    """Put one's name under a submitted reading as it is at this version: one's own, or as a lab admin somebody else's.

    The reading itself is not changed by it, so its version stays; what is changed later leaves the signature there, no longer valid.
    """
    reading = reading_to_sign(actor=actor, stack_id=stack_id, place=place, reader_id=reader_id, is_locked=True)
    if not has_stepped_up:
        raise needs_step_up()
    check_version(version, reading.version)
    if reading.state != Reading.State.SUBMITTED:
        raise Refused("not_submitted", "Only a submitted reading can be signed.", "Submit the reading first.", http_status=409)
    signature = Signature.objects.create(
        reading=reading, by=actor.user, by_name=actor.user.name, meaning=meaning, content_hash=content_hash(reading)
    )
    record(
        actor=actor.user,
        lab_id=reading.stack.lab_id,
        action="reading.signed",
        subject=f"reading {reading.stack_id} {reading.place}",
        after={"reader": str(reading.reader_id), "meaning": meaning, "version": reading.version, "content_hash": signature.content_hash},
    )
    announce_readings([reading])
    return signature


def reading_to_sign(*, actor: Actor, stack_id: UUID, place: str, reader_id: UUID | None, is_locked: bool = False) -> Reading:
    """The reading that the actor may put a name under; somebody else's only once it shows and only to a lab admin."""
    stack = stack_under_review(actor, stack_id)
    is_own = reader_id in (None, actor.user.id)
    actor.require(stack.lab_id, Role.EMBRYOLOGIST if is_own else Role.ADMIN)
    row, column = place_of(place)
    rows = readings().filter(stack=stack, row=row, column=column, reader_id=reader_id or actor.user.id)
    if not is_own:
        rows = rows.filter(state=Reading.State.SUBMITTED)
    reading = (rows.select_for_update(of=("self",)) if is_locked else rows).first()
    if reading is None or (not is_own and _is_hidden(actor, stack, place)):
        if is_own:
            return empty_reading(stack, actor, row, column)
        raise Refused("not_found", NOT_HERE, http_status=404)
    reading.stack = stack
    return reading


def _is_hidden(actor: Actor, stack: Stack, place: str) -> bool:
    return place in hidden_places(actor.user.id, stack.id)
