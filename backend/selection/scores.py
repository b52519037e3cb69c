"""What a lab's rules say of embryos, with the uncertainty of their onsets."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from backend.accounts.actor import Actor
from backend.imaging.models import Dish
from backend.selection.courses import draw
from backend.selection.embryos import Recorded, recorded, stacks_of_dishes
from backend.selection.models import RuleSet
from backend.selection.rules import Score, score
from backend.selection.selectors import dish_visible_to, rule_of, rule_sets_in_use


@dataclass(frozen=True)
class Scored:
    """One rule's score of one embryo."""

    rule_set: RuleSet
    place: str
    score: Score


def scores_of_dish(actor: Actor, dish_id: UUID) -> list[Scored]:
    """Every embryo by every rule that is on; embryos that the asker reads blind have none."""
    dish: Dish = dish_visible_to(actor, dish_id)
    rule_sets = rule_sets_in_use({dish.lab_id})
    stacks = stacks_of_dishes([dish.id]) if rule_sets else {}
    if not stacks:
        return []
    known = recorded(list(stacks.values()), actor)[stacks[dish.id].id]
    return scores_at(known, known.places(), rule_sets)


def scores_at(known: Recorded, places: Iterable[str], rule_sets: Sequence[RuleSet]) -> list[Scored]:
    """The courses of an embryo are drawn once for all rules."""
    rules = [(rule_set, rule_of(rule_set)) for rule_set in rule_sets]
    found = []
    for place in places if rules else ():
        embryo = known.embryo(place)
        if embryo is not None:
            courses = draw(embryo)
            found += [Scored(rule_set, place, score(rule, courses)) for rule_set, rule in rules]
    return found
