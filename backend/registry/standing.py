"""Weights as one lab, or a person of several, sees them: in use or not, and what keeps them from being proposed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from backend.accounts.actor import Actor
from backend.core.errors import Refused
from backend.registry.models import Use, Weights
from backend.registry.selectors import current_use, use_in_effect, why_not_proposed

STATES = ["candidate", "checked", "active", "retired", "unusable"]
TASKS = ["wells", "stages"]


@dataclass(frozen=True)
class Standing:
    """One set of weights and how it stands."""

    weights: Weights
    uses: list[UUID]
    """Those of the asker's labs that use it now."""
    is_default: bool
    is_active: bool
    blocked: Refused | None = None
    """Why the lab that was asked about cannot propose it; None also where no lab was."""
    history: Sequence[Use] = ()
    """Where and when they were in use, newest first; asked for one at a time."""

    @property
    def state(self) -> str:
        return "active" if self.is_active and self.weights.state != Weights.State.UNUSABLE else str(self.weights.state)


def standings(actor: Actor, rows: Iterable[Weights], lab_id: UUID | None = None) -> list[Standing]:
    """How these stand in one lab, or in any of the asker's labs where none is named."""
    if lab_id is not None:
        actor.require(lab_id)
    rows = list(rows)
    labs = sorted(actor.lab_ids_seen)
    tasks = {weights.task for weights in rows}
    defaults = {task: _key(current_use(task, None)) for task in tasks}
    in_use = {(task, lab): _key(use_in_effect(task, lab)) for task in tasks for lab in labs}
    found = []
    for weights in rows:
        uses = [lab for lab in labs if in_use[weights.task, lab] == weights.id]
        is_default = defaults[weights.task] == weights.id
        is_active = lab_id in uses if lab_id is not None else bool(uses) or is_default
        why = why_not_proposed(weights, weights.task, lab_id) if lab_id is not None else None
        found.append(Standing(weights, uses, is_default, is_active, why))
    return found


def _key(use: Use | None) -> UUID | None:
    return use.weights_id if use is not None else None
