"""What the lab decided, how its rules score the embryos and what it learned afterwards, as reports say it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from backend.accounts.actor import Actor
from backend.exchange.contents import DecisionLine, OutcomeLine, ScoreLine
from backend.imaging.models import Cycle, Dish
from backend.selection import selectors
from backend.selection.scores import Scored, scores_of_dish


@dataclass(frozen=True)
class DishSaid:
    """By place; a place of which nothing was said is left out."""

    decisions: Mapping[str, DecisionLine]
    scores: Mapping[str, Sequence[ScoreLine]]


def dish_said(dish: Dish, actor: Actor) -> DishSaid:
    """Scores of embryos that the actor reads blind are not among them."""
    scores: dict[str, list[ScoreLine]] = {}
    for scored in scores_of_dish(actor, dish.id):
        scores.setdefault(scored.place, []).append(_score_line(scored))
    return DishSaid(_decision_lines(dish), scores)


def outcome_of(cycle: Cycle) -> OutcomeLine | None:
    """None where nothing was told."""
    outcome = selectors.outcome_of(cycle)
    if outcome.version == 0:
        return None
    told = (outcome.hcg, outcome.clinical_pregnancy, outcome.sacs, outcome.live_birth, outcome.miscarriage)
    return OutcomeLine(*told, note=outcome.note)


def _decision_lines(dish: Dish) -> dict[str, DecisionLine]:
    fates = {fate.place: fate for fate in selectors.fates_of(dish)}
    decisions = {decision.place: decision for decision in selectors.decisions_of(dish)}
    lines = {}
    for place in {*fates, *decisions}:
        decision, fate = decisions.get(place), fates.get(place)
        lines[place] = DecisionLine(
            value=decision.value if decision else "undecided",
            reason=decision.reason if decision else "",
            by_name=decision.by_name if decision else "",
            at=decision.at if decision else None,
            fate=fate.fate if fate else "",
            fate_at=fate.at if fate else None,
        )
    return lines


def _score_line(scored: Scored) -> ScoreLine:
    score = scored.score
    return ScoreLine(
        name=scored.rule_set.name,
        expected=score.expected,
        value=score.value,
        low=score.low,
        high=score.high,
        undetermined=score.undetermined,
        grades=tuple(score.grade_probabilities.items()),
    )
