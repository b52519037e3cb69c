"""Asking the detector to learn from a lab's own recordings. The row is the job; a message is only a hint that it waits."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from backend.accounts.models import Lab
from backend.core.models import Row
from backend.registry.models import Weights


class Adaptation(Row):
    """One attempt of one lab to teach its own weights; what comes of it is a candidate beside the weights it went on from."""

    class State(models.TextChoices):
        QUEUED = "queued", "waiting"
        RUNNING = "running", "running"
        FINISHED = "finished", "finished"
        CANCELLED = "cancelled", "cancelled"
        FAILED = "failed", "failed"

    UNDER_WAY = (State.QUEUED, State.RUNNING)

    lab = models.ForeignKey(Lab, on_delete=models.PROTECT, related_name="adaptations")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True)
    state = models.CharField(max_length=12, choices=State.choices, default=State.QUEUED, db_index=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    lease_token = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    message_at = models.DateTimeField(null=True)
    """When the worker was last told that this waits."""
    cancel_requested = models.BooleanField(default=False)
    stack_ids = models.JSONField()
    """The recordings whose embryos are learned from."""
    start = models.ForeignKey(Weights, on_delete=models.PROTECT, related_name="adaptations_from")
    """What was in use when it was asked for: learning goes on from it, and the candidate is shown beside it."""
    progress = models.JSONField(default=dict)
    """`{stage, done, total, minutes}`; empty while it waits."""
    error = models.JSONField(null=True)
    """`{code, detail, hint}` of the last failure."""
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    weights = models.ForeignKey(Weights, on_delete=models.PROTECT, related_name="adaptations", null=True)
    """The candidate; null until it is there."""
    facts = models.JSONField(default=dict)
    """What was learned from: `{embryos, frames, minutes, changed, onsets_h}`."""
    comparison = models.JSONField(null=True)
    """Both weights on embryos kept out of learning; see `detector compare`."""
    code_version = models.CharField(max_length=40, blank=True)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["lab"], condition=models.Q(state__in=["queued", "running"]), name="one_adaptation_under_way_a_lab"
            ),
            models.CheckConstraint(
                condition=~models.Q(state="running") | models.Q(lease_token__isnull=False), name="a_running_adaptation_has_a_lease"
            ),
            models.CheckConstraint(
                condition=~models.Q(state="finished") | models.Q(weights__isnull=False), name="a_finished_adaptation_has_weights"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.lab} from {self.start}"
