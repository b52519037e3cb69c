"""Embryos side by side: what counts of each, what was decided, and how the lab's rules score it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from backend.accounts.actor import NOT_HERE, Actor, as_uuid
from backend.analysis.models import KeyFrame, Run
from backend.core.errors import Refused
from backend.imaging.models import Dish, Stack
from backend.imaging.selectors import dishes_visible_to
from backend.review.selectors import Effective
from backend.review.values import place_of
from backend.selection.embryos import Recorded, recorded, stacks_of_dishes
from backend.selection.models import Decision, Fate
from backend.selection.scores import Scored, scores_at
from backend.selection.selectors import decisions, rule_sets_in_use, undecided

LEAST, MOST = 2, 16


@dataclass(frozen=True)
class Compared:
    """One embryo as the page of comparison shows it; `stack` is None for a dish without a confirmed recording."""

    dish: Dish
    place: str
    row: int
    column: int
    stack: Stack | None
    run: Run | None
    hours: list[float | None]
    key_frames: list[dict[str, Any]]
    """The frames in which this well was searched anew, with its box."""
    effective: Effective | None
    decision: Decision
    fate: str
    scores: list[Scored]

    @property
    def is_hidden(self) -> bool:
        return self.effective is not None and self.effective.is_hidden


def items_of(asked: str) -> list[tuple[UUID, str]]:
    """(dish, place) of each embryo named as `<dish>:<place>,...`, each once; refuses what cannot be read."""
    items: dict[tuple[UUID, str], None] = {}
    for part in filter(None, (part.strip() for part in asked.split(",", 10 * MOST))):
        dish, _, place = part.partition(":")
        key = as_uuid(dish)
        if key is None:
            hint = "Name embryos as <dish>:<place>, separated by commas."
            raise Refused("invalid_items", f"{part[:50]!r} names no embryo.", hint)
        place_of(place)
        items[key, place] = None
    if not LEAST <= len(items) <= MOST:
        raise Refused(
            "invalid_items", f"{LEAST} to {MOST} embryos can be compared, {len(items)} were named.", f"Choose {LEAST} to {MOST} embryos."
        )
    return list(items)


def compared(actor: Actor, items: Sequence[tuple[UUID, str]]) -> list[Compared]:
    """In the order asked for, in as many queries for sixteen embryos as for two; 404 where one dish cannot be seen."""
    dish_ids = {dish_id for dish_id, _ in items}
    dishes = dishes_visible_to(actor).in_bulk(dish_ids)
    if dishes.keys() != dish_ids:
        raise Refused("not_found", NOT_HERE, http_status=404)
    stacks = stacks_of_dishes(dish_ids)
    known = recorded(list(stacks.values()), actor)
    decided = {(one.dish_id, one.place): one for one in decisions().filter(dish__in=dish_ids)}
    fates = {(one.dish_id, one.place): one.fate for one in Fate.objects.filter(dish__in=dish_ids)}
    rule_sets = rule_sets_in_use({dish.lab_id for dish in dishes.values()})
    boxes = _boxes([one.machine.run for one in known.values() if one.machine.run])
    found = []
    for dish_id, place in items:
        dish, stack = dishes[dish_id], stacks.get(dish_id)
        one = known[stack.id] if stack else None
        row, column = place_of(place)
        found.append(
            Compared(
                dish=dish,
                place=place,
                row=row,
                column=column,
                stack=stack,
                run=one.machine.run if one else None,
                hours=one.hours if one else [],
                key_frames=_of_place(one, place, boxes),
                effective=one.effective.get(place) if one else None,
                decision=decided.get((dish_id, place)) or undecided(dish, row, column),
                fate=fates.get((dish_id, place), ""),
                scores=scores_at(one, [place], [rule for rule in rule_sets if rule.lab_id == dish.lab_id]) if one else [],
            )
        )
    return found


def _boxes(runs: Sequence[Run]) -> dict[UUID, list[KeyFrame]]:
    by_run: dict[UUID, list[KeyFrame]] = {}
    for key in KeyFrame.objects.filter(run__in=runs).order_by("frame_index"):
        by_run.setdefault(key.run_id, []).append(key)
    return by_run


def _of_place(one: Recorded | None, place: str, boxes: dict[UUID, list[KeyFrame]]) -> list[dict[str, Any]]:
    keys = boxes.get(one.machine.run.id, []) if one and one.machine.run else []
    return [{"frame_index": key.frame_index, "box": well["box"]} for key in keys for well in key.wells if well["name"] == place]
