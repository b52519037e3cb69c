"""The rule of blind reading: what is hidden from whom until their own reading is submitted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet, Subquery

from backend.accounts.models import Membership, Role
from backend.analysis.values import place_name
from backend.core.concealment import NOTHING, Hidden
from backend.imaging.models import Stack
from backend.readers.models import Assignment, PersonalRule, ReviewSettings
from backend.review.models import Reading

EVERYTHING = Hidden(is_all_but=True)
READS = (Role.EMBRYOLOGIST, Role.ADMIN)
"""Whom a lab's rule binds: a viewer cannot submit a reading, so nothing would ever be shown to one."""


def hidden_from(user_id: UUID, stack_ids: Collection[UUID]) -> dict[UUID, Hidden]:
    """What each of these recordings keeps from this person; all of it where there is no such recording."""
    hidden: dict[UUID, Hidden] = dict.fromkeys(stack_ids, EVERYTHING)
    blind_first, assigned = set[UUID](), dict[UUID, UUID]()
    for stack_id, dish_id, own, labs, role, is_assigned in _rules(user_id, stack_ids):
        hidden[stack_id] = NOTHING
        if own if own is not None else bool(labs) and role in READS:
            blind_first.add(stack_id)
        elif is_assigned:
            assigned[stack_id] = dish_id
    if not blind_first and not assigned:
        return hidden
    read = _places(
        Reading.objects.filter(reader_id=user_id, stack_id__in=[*blind_first, *assigned], submitted_at__isnull=False), "stack_id"
    )
    asked = _places(open_blind_assignments(user_id).filter(stack__dish__in=assigned.values()), "stack__dish_id") if assigned else {}
    hidden |= {stack_id: Hidden(frozenset(read.get(stack_id, ())), is_all_but=True) for stack_id in blind_first}
    # An embryo is the same in every recording of its dish, so what is asked about one hides it in all.
    hidden |= {stack_id: Hidden(frozenset(asked.get(dish_id, set()) - read.get(stack_id, set()))) for stack_id, dish_id in assigned.items()}
    return hidden


def open_blind_assignments(user_id: UUID) -> QuerySet[Assignment]:
    return Assignment.objects.filter(~Exists(readings_that_fulfil()), reader_id=user_id, is_blind=True).order_by()


def readings_that_fulfil() -> QuerySet[Reading]:
    """The submitted reading that an assignment of the outer query asked for."""
    asked = {name: OuterRef(name) for name in ("stack", "row", "column", "reader")}
    return Reading.objects.filter(submitted_at__isnull=False, **asked)


def _rules(user_id: UUID, stack_ids: Collection[UUID]) -> QuerySet[Stack, tuple[UUID, UUID, bool | None, bool | None, str | None, bool]]:
    """One query, since most often it is the only one: nothing is hidden."""
    own = PersonalRule.objects.filter(lab=OuterRef("lab"), user_id=user_id)
    labs = ReviewSettings.objects.filter(lab=OuterRef("lab"))
    role = Membership.objects.filter(lab=OuterRef("lab"), user_id=user_id)
    assigned = open_blind_assignments(user_id).filter(stack__dish=OuterRef("dish"))
    return (
        Stack.objects.filter(id__in=stack_ids)
        .order_by()
        .annotate(
            own_rule=Subquery(own.values("blind_first")[:1]),
            labs_rule=Subquery(labs.values("blind_first")[:1]),
            role=Subquery(role.values("role")[:1]),
            is_assigned=Exists(assigned),
        )
        .values_list("id", "dish_id", "own_rule", "labs_rule", "role", "is_assigned")
    )


def _places(rows: QuerySet[Reading] | QuerySet[Assignment], key: str) -> dict[UUID, set[str]]:
    places: defaultdict[UUID, set[str]] = defaultdict(set)
    found: Iterable[tuple[UUID, int, int]] = rows.order_by().values_list(key, "row", "column")
    for owner, row, column in found:
        places[owner].add(place_name(row, column))
    return places
