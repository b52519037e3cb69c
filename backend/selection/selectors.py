"""Decisions, fates, outcomes and rules, read only."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import Prefetch, QuerySet

from backend.accounts.actor import NOT_HERE, Actor
from backend.analysis.models import Run, Well
from backend.analysis.values import place_name
from backend.core.errors import Refused
from backend.imaging.models import Cycle, Dish
from backend.imaging.selectors import dishes_visible_to
from backend.review.models import Correction
from backend.review.values import place_of
from backend.selection.models import CycleOutcome, Decision, DecisionChange, Fate, RuleSet
from backend.selection.rules import Criterion, Grade, Rule


def dish_visible_to(actor: Actor, dish_id: UUID) -> Dish:
    dish = dishes_visible_to(actor).filter(id=dish_id).first()
    if dish is None:
        raise Refused("not_found", NOT_HERE, http_status=404)
    return dish


def decisions() -> QuerySet[Decision]:
    """With their history, latest first."""
    return Decision.objects.prefetch_related(Prefetch("changes", DecisionChange.objects.order_by("-id")))


def decisions_of(dish: Dish) -> QuerySet[Decision]:
    """Of the places that were decided on; every other place is undecided, with version 0."""
    return decisions().filter(dish=dish)


def decision_of(dish: Dish, place: str) -> Decision:
    row, column = place_of(place)
    return decisions_of(dish).filter(row=row, column=column).first() or undecided(dish, row, column)


def undecided(dish: Dish, row: int, column: int) -> Decision:
    """What stands in for a decision that nobody has made, of version 0."""
    return Decision(dish=dish, row=row, column=column, version=0, value=Decision.Value.UNDECIDED, by_name="")


def fates_of(dish: Dish) -> QuerySet[Fate]:
    return Fate.objects.filter(dish=dish)


def fate_of(dish: Dish, place: str) -> Fate:
    row, column = place_of(place)
    kept = Fate.objects.filter(dish=dish, row=row, column=column).first()
    return kept or Fate(dish=dish, row=row, column=column, version=0, fate="")


def cycle_visible_to(actor: Actor, cycle_id: UUID) -> Cycle:
    cycle = Cycle.objects.filter(patient__lab_id__in=actor.lab_ids_seen, id=cycle_id).select_related("patient").first()
    if cycle is None:
        raise Refused("not_found", NOT_HERE, http_status=404)
    return cycle


def outcome_of(cycle: Cycle) -> CycleOutcome:
    """An empty one of version 0 where nothing was told."""
    return CycleOutcome.objects.filter(cycle=cycle).first() or CycleOutcome(cycle=cycle, version=0, by_name="")


def rule_sets_of(actor: Actor, lab_id: UUID) -> QuerySet[RuleSet]:
    return RuleSet.objects.filter(lab=actor.require(lab_id))


def rule_sets_in_use(lab_ids: set[UUID]) -> list[RuleSet]:
    return list(RuleSet.objects.filter(lab_id__in=lab_ids, is_on=True))


def rule_set_visible_to(actor: Actor, rule_id: UUID) -> RuleSet:
    rule_set = RuleSet.objects.filter(lab_id__in=actor.lab_ids_seen, id=rule_id).first()
    if rule_set is None:
        raise Refused("not_found", NOT_HERE, http_status=404)
    return rule_set


def rule_of(rule_set: RuleSet) -> Rule:
    return rule_from(rule_set.kind, rule_set.criteria, rule_set.grades)


def rule_from(kind: Any, criteria: list[dict[str, Any]], grades: list[dict[str, Any]]) -> Rule:
    """A rule from its JSON."""
    return Rule(
        kind,
        tuple(Criterion(**criterion) for criterion in criteria),
        tuple(Grade(grade["name"], tuple(grade["needs"])) for grade in grades),
    )


def places_known(dish: Dish) -> set[str]:
    """The wells that a run, the layout or a correction tells of; empty where nothing is known yet."""
    run = Run.objects.filter(stack__dish=dish, state=Run.State.FINISHED).order_by("-created_at", "id").first()
    places = {place_name(row, column) for row, column in Well.objects.filter(run=run).values_list("row", "column")} if run else set()
    layouts = [dish.layout]
    for correction in Correction.objects.filter(stack__dish=dish):
        layouts.append(correction.layout)
        places |= {place for place, well in correction.wells.items() if well.get("is_added")}
    for layout in filter(None, layouts):
        rows, columns = map(int, layout.split("x"))
        places |= {place_name(row, column) for row in range(rows) for column in range(columns)}
    return places
