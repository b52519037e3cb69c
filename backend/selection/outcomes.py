"""Embryos whose outcome is known, scored by a rule: what a lab validates the rule on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from backend.accounts.actor import Actor
from backend.core.errors import Refused
from backend.selection.courses import draw
from backend.selection.embryos import recorded, stacks_of_dishes
from backend.selection.models import CycleOutcome, Fate, RuleSet
from backend.selection.rules import score
from backend.selection.selectors import rule_of
from backend.selection.validation import Known, TooFew, Validation, validate

ENDPOINTS = ("hcg", "clinical_pregnancy", "live_birth")
_DRAWS = 500
"""Enough for a mean; a lab has thousands of embryos."""


@dataclass(frozen=True)
class Judged:
    """A validation with what was left out of it."""

    validation: Validation
    endpoint: str
    mixed: int
    """Transferred embryos of which nobody can tell which one implanted."""
    unscored: int
    """Those that the rule cannot decide, or that the asker reads blind."""

    @property
    def note(self) -> str:
        """What to keep in mind with these figures."""
        found = self.validation
        if found.auc_low <= 0.5 <= found.auc_high:
            return "The interval holds 0.5: on these outcomes the rule cannot be told from chance."
        if found.auc < 0.5:
            return "The rule ranks these embryos the wrong way round."
        return "Outcomes are known of transferred embryos only, and these were chosen: among all embryos the rule may do otherwise."


@dataclass(frozen=True)
class Transferred:
    """One embryo and whether it led to the endpoint; None: some of its cycle did, and nobody knows which."""

    dish_id: UUID
    place: str
    patient: str
    is_positive: bool | None


def judge(actor: Actor, rule_set: RuleSet, endpoint: str) -> Judged:
    """Score every transferred embryo whose outcome is known; refuses where there are too few to say anything."""
    rule = rule_of(rule_set)
    if not rule.is_complete:
        raise Refused(
            "needs_thresholds", "The rule has criteria without a threshold.", "Enter your lab's thresholds first.", http_status=409
        )
    all_told = transferred_of(rule_set.lab_id, endpoint)
    told = [one for one in all_told if one.is_positive is not None]
    stacks = stacks_of_dishes({one.dish_id for one in told})
    known_of = recorded(list(stacks.values()), actor)
    known = []
    for one in told:
        stack = stacks.get(one.dish_id)
        embryo = known_of[stack.id].embryo(one.place) if stack else None
        value = score(rule, draw(embryo, _DRAWS)).value if embryo is not None else None
        if value is not None:
            known.append(Known(one.patient, value, bool(one.is_positive)))
    try:
        return Judged(validate(known), endpoint, len(all_told) - len(told), len(told) - len(known))
    except TooFew as few:
        hint = "Tell the fates of embryos and the outcomes of their cycles; several transferred at once count where all or none implanted."
        raise Refused("too_few_outcomes", str(few), hint, http_status=409) from None


def transferred_of(lab_id: UUID, endpoint: str) -> list[Transferred]:
    """Every transferred embryo of a cycle whose outcome was told."""
    fates = Fate.objects.filter(dish__lab_id=lab_id, fate=Fate.Value.TRANSFERRED).select_related("dish__cycle__patient")
    by_cycle: dict[UUID, list[Fate]] = {}
    for fate in fates.order_by("dish__cycle_id", "dish_id", "row", "column"):
        by_cycle.setdefault(fate.dish.cycle_id, []).append(fate)
    outcomes = CycleOutcome.objects.filter(cycle__in=by_cycle).exclude(**{f"{endpoint}__isnull": True})
    found = []
    for outcome in outcomes.order_by("cycle_id"):
        together = by_cycle[outcome.cycle_id]
        is_positive = _of_each(outcome, endpoint, together)
        found += [Transferred(fate.dish_id, fate.place, str(fate.dish.cycle.patient_id), is_positive) for fate in together]
    return found


def _of_each(outcome: CycleOutcome, endpoint: str, together: Sequence[Fate]) -> bool | None:
    """All of them, none of them, or nobody can tell."""
    if not getattr(outcome, endpoint):
        return False
    if len(together) == 1:
        return True
    # A sac for each embryo means that each implanted; of births that cannot be told.
    return True if endpoint == "clinical_pregnancy" and outcome.sacs == len(together) else None
