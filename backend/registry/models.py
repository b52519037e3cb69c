"""Which trained files exist, whether they are what they claim to be, and which one is in use."""

from __future__ import annotations

from django.db import models

from backend.accounts.models import Lab
from backend.core.models import Row


class Weights(Row):
    """One weights folder as found on disk; a file whose hash differs is unusable, with the reason.

    Shipped weights belong to nobody. What a lab's own recordings taught belongs to that lab, and is a candidate: nothing puts it into use
    by itself.
    """

    class State(models.TextChoices):
        USABLE = "usable", "usable"
        ACTIVE = "active", "in use"
        CANDIDATE = "candidate", "learned from a lab, not in use"
        UNUSABLE = "unusable", "cannot be used"

    name = models.CharField(max_length=80)
    task = models.CharField(max_length=16)
    family = models.CharField(max_length=24)
    lab = models.ForeignKey(Lab, on_delete=models.PROTECT, null=True, related_name="weights")
    """Whose recordings taught it; null: shipped, and everybody's."""
    sha256 = models.CharField(max_length=64)
    folder = models.CharField(max_length=255)
    state = models.CharField(max_length=12, choices=State.choices)
    reason = models.CharField(max_length=255, blank=True)
    manifest = models.JSONField(default=dict)

    class Meta:
        verbose_name_plural = "weights"
        constraints = [
            models.UniqueConstraint(fields=["task"], condition=models.Q(state="active"), name="one_active_a_task"),
            models.UniqueConstraint(fields=["sha256"], condition=models.Q(lab=None), name="one_row_a_shipped_file"),
            models.UniqueConstraint(fields=["lab", "sha256"], condition=~models.Q(lab=None), name="one_row_a_file_of_a_lab"),
            models.CheckConstraint(
                condition=models.Q(lab=None, state__in=["usable", "active", "unusable"])
                | models.Q(lab__isnull=False, state__in=["candidate", "unusable"]),
                name="a_labs_weights_are_candidates",
            ),
        ]

    def __str__(self) -> str:
        return self.name
