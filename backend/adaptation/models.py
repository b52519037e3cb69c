"""Asking the detector to learn from a lab's own recordings. The row is the job; a message is only a hint that it waits."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import models

from backend.core.errors import refusal
from backend.core.jobs.models import LeasedJob
from backend.core.jobs.scratch import remove_after_commit
from backend.registry.models import Weights


class Adaptation(LeasedJob):
    """One attempt of one lab to teach its own weights; what comes of it is a candidate beside the weights it went on from."""

    TASK = "adaptation.execute"
    KIND = "adaptation"
    LOADED_WITH = ("lab", "by", "start", "weights")

    stack_ids = models.JSONField()
    """The recordings whose embryos are learned from."""
    start = models.ForeignKey(Weights, on_delete=models.PROTECT, related_name="adaptations_from")
    """What was in use when it was asked for: learning goes on from it, and the candidate is shown beside it."""
    weights = models.ForeignKey(Weights, on_delete=models.PROTECT, related_name="adaptations", null=True)
    """The candidate; null until it is there."""
    facts = models.JSONField(default=dict)
    """What was learned from: `{embryos, frames, minutes, changed, onsets_h}`."""
    comparison = models.JSONField(null=True)
    """Both weights on embryos kept out of learning; see `detector compare`."""

    class Meta(LeasedJob.Meta):
        constraints = [
            *LeasedJob.Meta.constraints,
            models.UniqueConstraint(
                fields=["lab"], condition=models.Q(state__in=["queued", "running"]), name="one_adaptation_under_way_a_lab"
            ),
            models.CheckConstraint(
                condition=~models.Q(state="finished") | models.Q(weights__isnull=False), name="a_finished_adaptation_has_weights"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.lab} from {self.start}"

    def summary(self) -> dict[str, str] | None:
        return {"weights": self.weights.sha256} if self.weights else None

    def ended(self) -> None:
        remove_after_commit(home_of(self.id))

    def died(self) -> dict[str, Any]:
        where = f"attempt {self.attempts} of {settings.RUN_MAX_ATTEMPTS}"
        hint = "Check that the server has memory and disk space enough, then start it again."
        return refusal("learner_died", f"The worker died while the detector was learning ({where}).", hint)


def home_of(adaptation_id: UUID) -> Path:
    """Where files lie while it is worked on."""
    return Path(settings.ADAPT_DIR, str(adaptation_id))
