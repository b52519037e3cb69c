"""Review settings and assignments, read only."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db.models import Exists, QuerySet, Subquery

from backend.accounts.actor import NOT_HERE, Actor
from backend.accounts.models import Lab, Role
from backend.accounts.selectors import members_of
from backend.analysis.models import Well
from backend.analysis.values import place_name
from backend.core.errors import Refused
from backend.imaging.models import Stack
from backend.readers.blindness import readings_that_fulfil
from backend.readers.models import Assignment, PersonalRule, ReviewSettings
from backend.readers.tolerances import whole
from backend.review.models import Correction


@dataclass(frozen=True)
class PersonsRule:
    user_id: UUID
    name: str
    role: str
    blind_first: bool | None
    """None: the lab's rule holds."""


@dataclass(frozen=True)
class SettingsInForce:
    """A lab's settings with a tolerance for every phase and a line for every member."""

    version: int
    blind_first: bool
    bulk_threshold: float
    tolerance_hours: dict[str, float]
    people: list[PersonsRule]


def settings_of(lab: Lab) -> SettingsInForce:
    kept = ReviewSettings.objects.filter(lab=lab).first() or ReviewSettings(lab=lab)
    rules = dict(PersonalRule.objects.filter(lab=lab).values_list("user_id", "blind_first"))
    return SettingsInForce(
        version=kept.version,
        blind_first=kept.blind_first,
        bulk_threshold=kept.bulk_threshold,
        tolerance_hours=whole(kept.tolerance_hours),
        people=[PersonsRule(one.user_id, one.user.name, Role(one.role), rules.get(one.user_id)) for one in members_of(lab)],
    )


def tolerances_of(lab_id: UUID) -> dict[str, float]:
    said = ReviewSettings.objects.filter(lab_id=lab_id).values_list("tolerance_hours", flat=True).first()
    return whole(said or {})


def assignments_visible_to(actor: Actor) -> QuerySet[Assignment]:
    """Each with `done_at`, the time at which its reading was submitted, or None while it is open."""
    rows = Assignment.objects.filter(stack__lab_id__in=actor.lab_ids_seen).select_related("stack__dish", "reader")
    done_at = Subquery(readings_that_fulfil().values("submitted_at")[:1])
    return rows.defer("stack__hours_since_start").annotate(done_at=done_at).order_by("created_at", "row", "column", "id")


def assignments_of_stack(actor: Actor, stack: Stack) -> QuerySet[Assignment]:
    return assignments_visible_to(actor).filter(stack=stack)


def open_assignments_of(actor: Actor) -> QuerySet[Assignment]:
    """What this person is still asked to read."""
    return assignments_visible_to(actor).filter(~Exists(readings_that_fulfil()), reader=actor.user)


def assignment_visible_to(actor: Actor, assignment_id: UUID) -> Assignment:
    row = assignments_visible_to(actor).filter(id=assignment_id).first()
    if row is None:
        raise Refused("not_found", NOT_HERE, http_status=404)
    return row


def known_places(stack: Stack) -> set[str]:
    """Where this recording has wells, as runs found them and people put them right."""
    wells = Well.objects.filter(run__stack=stack).order_by().values_list("row", "column").distinct()
    corrected = Correction.objects.filter(stack=stack).values_list("wells", flat=True).first() or {}
    removed = {place for place, said in corrected.items() if said.get("is_removed")}
    added = {place for place, said in corrected.items() if said.get("is_added")}
    return ({place_name(row, column) for row, column in wells} | added) - removed
