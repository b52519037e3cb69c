"""The record of changes, read only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Max, QuerySet

from backend.accounts.actor import Actor
from backend.accounts.models import Role
from backend.audit.models import Entry
from backend.audit.verifying import State, verify_chain
from backend.core import concealment


@dataclass(frozen=True)
class Person:
    """Somebody who changed something, under the name of their latest change."""

    id: str
    name: str


@dataclass(frozen=True)
class Choices:
    """What a lab's record can be narrowed to."""

    actors: list[Person]
    actions: list[str]


def entries_of(*, actor: Actor, lab_id: UUID) -> QuerySet[Entry]:
    """What changed in the lab, latest first; for its admins."""
    return Entry.objects.filter(lab_id=actor.require(lab_id, Role.ADMIN).id)


def withheld_from(actor: Actor, entries: Sequence[Entry]) -> set[int]:
    """The ids of rows whose values tell a result that this person must not see yet; one's own are never among them."""
    others = [entry for entry in entries if entry.actor_id != actor.user.id]
    embryos = concealment.embryos_recorded({entry.subject for entry in others})
    hidden = concealment.hidden_in(actor.user.id, {stack_id for stack_id, _ in embryos.values()})
    about = {entry.id: embryos[entry.subject] for entry in others if entry.subject in embryos}
    return {key for key, (stack_id, place) in about.items() if place in hidden[stack_id]}


def choices_of(*, actor: Actor, lab_id: UUID) -> Choices:
    """Who changed something in the lab and what kinds of changes there were, people who have left included."""
    entries = entries_of(actor=actor, lab_id=lab_id).order_by()
    latest = entries.exclude(actor_key="").values("actor_key").annotate(last=Max("id")).values("last")
    people = Entry.objects.filter(id__in=latest).order_by("actor_name", "actor_key").values_list("actor_key", "actor_name")
    return Choices([Person(*person) for person in people], sorted(entries.values_list("action", flat=True).distinct()))


def chain_seen_by(*, actor: Actor, lab_id: UUID) -> State:
    """Whether the whole record verifies up to its newest row; its chain runs through all labs, so a fault anywhere shows."""
    actor.require(lab_id, Role.ADMIN)
    return verify_chain()
