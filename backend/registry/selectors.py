"""Which weights are there, read only."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from backend.accounts.actor import Actor
from backend.core.errors import Refused
from backend.registry.models import Weights


def weights_visible_to(actor: Actor) -> QuerySet[Weights]:
    """What is shipped, and what the actor's own labs taught."""
    return Weights.objects.filter(Q(lab=None) | Q(lab_id__in=actor.lab_ids_seen)).order_by("task", "name", "created_at", "id")


def weights_in_use(task: str) -> Weights | None:
    """The weights in use for this task, None where there are none."""
    return Weights.objects.filter(task=task, state=Weights.State.ACTIVE).first()


def active_weights(task: str) -> Weights:
    """The weights in use for this task, or a refusal where there are none."""
    weights = weights_in_use(task)
    if weights is None:
        raise Refused(
            "no_weights",
            f"No detector is in use for {task}.",
            "Put a weights folder into place and start the worker again.",
            http_status=409,
        )
    return weights
