"""Which trained files exist, whether they are what they claim to be, and which one is in use."""

from __future__ import annotations

from django.db import models

from backend.core.models import Row


class Weights(Row):
    """One weights folder as found on disk; a file whose hash differs is unusable, with the reason."""

    class State(models.TextChoices):
        USABLE = "usable", "usable"
        ACTIVE = "active", "in use"
        UNUSABLE = "unusable", "cannot be used"

    name = models.CharField(max_length=80)
    task = models.CharField(max_length=16)
    family = models.CharField(max_length=24)
    sha256 = models.CharField(max_length=64, unique=True)
    folder = models.CharField(max_length=255)
    state = models.CharField(max_length=12, choices=State.choices)
    reason = models.CharField(max_length=255, blank=True)
    manifest = models.JSONField(default=dict)

    class Meta:
        verbose_name_plural = "weights"
        constraints = [models.UniqueConstraint(fields=["task"], condition=models.Q(state="active"), name="one_active_a_task")]

    def __str__(self) -> str:
        return self.name
