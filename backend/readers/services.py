"""Changes how a lab reviews, and asks people to read embryos."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import transaction

from backend.accounts.actor import RANK, Actor
from backend.accounts.models import Lab, Membership, Role, User
from backend.audit.services import record
from backend.core.errors import Refused
from backend.core.versions import check_version
from backend.imaging.models import Stack
from backend.live import events
from backend.live.publish import publish
from backend.live.topics import dish_topic, lab_topic
from backend.readers.models import Assignment, PersonalRule, ReviewSettings
from backend.readers.selectors import known_places
from backend.review.models import Reading
from backend.review.values import place_of

Cell = tuple[int, int]


@transaction.atomic
def change_settings(*, actor: Actor, lab_id: UUID, version: int, said: Mapping[str, Any]) -> Lab:
    """Change what `said` names and leave the rest; 412 where somebody changed the settings since `version`."""
    lab = actor.require(lab_id, Role.ADMIN)
    ReviewSettings.objects.get_or_create(lab=lab)
    kept = ReviewSettings.objects.select_for_update().get(lab=lab)
    check_version(version, kept.version)
    before, people = _told(kept), said.get("people", [])
    for name in ("blind_first", "bulk_threshold"):
        setattr(kept, name, said.get(name, getattr(kept, name)))
    kept.tolerance_hours = {**kept.tolerance_hours, **said.get("tolerance_hours", {})}
    rules_before = _set_rules(lab, people)
    kept.version += 1
    kept.save()
    record(
        actor=actor.user,
        lab_id=lab.id,
        action="review_settings.changed",
        subject=f"lab {lab.id}",
        before=before | {"people": rules_before},
        after=_told(kept) | {"people": {str(one["user_id"]): one["blind_first"] for one in people}},
    )
    publish(lab_topic(lab.id), events.ReviewSettingsChanged(version=kept.version))
    return lab


def _told(kept: ReviewSettings) -> dict[str, Any]:
    return {"blind_first": kept.blind_first, "bulk_threshold": kept.bulk_threshold, "tolerance_hours": kept.tolerance_hours}


def _set_rules(lab: Lab, people: Sequence[Mapping[str, Any]]) -> dict[str, bool | None]:
    """Gives what held before for those who are named."""
    named = {one["user_id"]: one["blind_first"] for one in people}
    members = set(Membership.objects.filter(lab=lab, user_id__in=named).values_list("user_id", flat=True))
    if named.keys() - members:
        raise Refused("no_such_member", "Somebody named here is no member of this lab.", "Name members of the lab only.")
    before = dict(PersonalRule.objects.filter(lab=lab, user_id__in=named).values_list("user_id", "blind_first"))
    for user_id, blind_first in named.items():
        if blind_first is None:
            PersonalRule.objects.filter(lab=lab, user_id=user_id).delete()
        else:
            PersonalRule.objects.update_or_create(lab=lab, user_id=user_id, defaults={"blind_first": blind_first})
    return {str(user_id): before.get(user_id) for user_id in named}


@transaction.atomic
def assign(*, actor: Actor, stack: Stack, places: Sequence[str], reader_id: UUID, is_blind: bool) -> list[UUID]:
    """Ask somebody to read these embryos; what they are asked already, in the same way, stays as it is. Gives the assignments' ids."""
    lab = actor.require(stack.lab_id, Role.EMBRYOLOGIST)
    if stack.state != Stack.State.READY:
        raise Refused("not_ready", "This recording has no dish yet.", "Confirm the recording first.", http_status=409)
    reader = _reader_in(lab, reader_id)
    cells = dict(sorted(((place, place_of(place)) for place in places), key=lambda named: named[1]))
    _refuse_strangers(stack, cells)
    _refuse_read_ones(stack, cells, reader)
    # Two who ask at once wait for each other here.
    list(Membership.objects.select_for_update().filter(lab=lab, user=reader))
    asked = {one.place: one for one in Assignment.objects.filter(stack=stack, reader=reader) if one.place in cells}
    other = sorted(place for place, one in asked.items() if one.is_blind != is_blind)
    if other:
        raise Refused(
            "already_assigned",
            f"{reader.name} is asked to read {', '.join(other)} {'openly' if is_blind else 'blind'} already.",
            "Withdraw that first, or leave these embryos out.",
            http_status=409,
        )
    fresh = [
        Assignment(stack=stack, row=row, column=column, reader=reader, is_blind=is_blind, by=actor.user, by_name=actor.user.name)
        for place, (row, column) in cells.items()
        if place not in asked
    ]
    Assignment.objects.bulk_create(fresh)
    for one in fresh:
        record(actor=actor.user, lab_id=lab.id, action="assignment.made", subject=_subject(one), after=_as_kept(one))
    _announce(stack, fresh)
    return [one.id for one in [*asked.values(), *fresh]]


@transaction.atomic
def withdraw_assignment(*, actor: Actor, assignment: Assignment) -> None:
    """Take back what has not been read yet; blinded readers cannot end their own blindness."""
    lab_id, is_mine = assignment.stack.lab_id, assignment.by_id == actor.user.id
    actor.require(lab_id, Role.EMBRYOLOGIST)
    if assignment.is_blind and assignment.reader_id == actor.user.id:
        raise Refused(
            "own_assignment",
            "You were asked to read this embryo blind, so you cannot take that back yourself.",
            "Submit your reading, or ask a lab admin to withdraw it.",
            http_status=403,
        )
    if not is_mine and assignment.reader_id != actor.user.id:
        actor.require(lab_id, Role.ADMIN)
    if _read_by(assignment.reader, assignment.stack, [assignment.place]):
        raise Refused("already_done", "This embryo was read already.", "Nothing is left to withdraw.", http_status=409)
    before = _as_kept(assignment)
    if Assignment.objects.filter(id=assignment.id).delete()[0]:
        record(actor=actor.user, lab_id=lab_id, action="assignment.withdrawn", subject=_subject(assignment), before=before)
        _announce(assignment.stack, [assignment])


def _reader_in(lab: Lab, reader_id: UUID) -> User:
    found = Membership.objects.filter(lab=lab, user_id=reader_id, user__is_active=True).select_related("user").first()
    if found is None:
        raise Refused("no_such_member", "The reader is no member of this lab.", "Choose a member of the lab.")
    if RANK[found.role] < RANK[Role.EMBRYOLOGIST]:
        raise Refused("reader_cannot_write", f"{found.user.name} is a viewer and cannot write a reading.", "Choose an embryologist.")
    return found.user


def _refuse_strangers(stack: Stack, cells: Mapping[str, Cell]) -> None:
    known = known_places(stack)
    strange = sorted(cells.keys() - known) if known else []
    if strange:
        raise Refused("no_such_place", f"This dish has no {', '.join(strange)[:80]}.", "Choose among the dish's wells.")


def _refuse_read_ones(stack: Stack, cells: Mapping[str, Cell], reader: User) -> None:
    read = _read_by(reader, stack, cells)
    if read:
        raise Refused(
            "already_read",
            f"{reader.name} has read {', '.join(read)[:80]} already.",
            "Leave these embryos out, or ask somebody else.",
            http_status=409,
        )


def _read_by(reader: User, stack: Stack, places: Collection[str]) -> list[str]:
    submitted = Reading.objects.filter(stack=stack, reader=reader, submitted_at__isnull=False)
    return sorted(reading.place for reading in submitted if reading.place in places)


def _subject(assignment: Assignment) -> str:
    return f"assignment {assignment.stack_id} {assignment.place}"


def _as_kept(assignment: Assignment) -> dict[str, Any]:
    return {"place": assignment.place, "reader": str(assignment.reader_id), "is_blind": assignment.is_blind}


def _announce(stack: Stack, changed: Sequence[Assignment]) -> None:
    """On the dish's topic before the lab's: both have pages that show who reads what."""
    for topic in (dish_topic(stack.dish_id), lab_topic(stack.lab_id)) if stack.dish_id else ():
        for one in changed:
            event = events.AssignmentChanged(stack_id=str(stack.id), place=one.place, reader_id=str(one.reader_id), is_blind=one.is_blind)
            publish(topic, event)
