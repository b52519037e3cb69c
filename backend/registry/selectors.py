"""Which weights are there, read only."""

from __future__ import annotations

from django.db.models import QuerySet

from backend.core.errors import Refused
from backend.registry.models import Weights


def all_weights() -> QuerySet[Weights]:
    return Weights.objects.order_by("task", "name", "id")


def active_weights(task: str) -> Weights:
    """The weights in use for this task, or a refusal where there are none."""
    weights = Weights.objects.filter(task=task, state=Weights.State.ACTIVE).first()
    if weights is None:
        raise Refused(
            "no_weights",
            f"No detector is in use for {task}.",
            "Put a weights folder into place and start the worker again.",
            http_status=409,
        )
    return weights
