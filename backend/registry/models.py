"""Which trained files exist, whether they are what they claim to be, and which one is in use where."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from backend.accounts.models import Lab
from backend.core.models import Row


class Weights(Row):
    """One weights folder as found on disk; a file whose hash differs is unusable, with the reason.

    Shipped weights belong to nobody and were checked by their card. What a lab's own recordings taught, or its admins brought in, belongs
    to that lab and begins as a candidate. Whether weights are in use is not theirs to say: see `Use`.
    """

    class State(models.TextChoices):
        CANDIDATE = "candidate", "not checked yet"
        CHECKED = "checked", "checked"
        RETIRED = "retired", "retired"
        UNUSABLE = "unusable", "cannot be used"

    name = models.CharField(max_length=80)
    task = models.CharField(max_length=16)
    family = models.CharField(max_length=24)
    lab = models.ForeignKey(Lab, on_delete=models.PROTECT, null=True, related_name="weights")
    """Whose they are; null: shipped, and everybody's."""
    sha256 = models.CharField(max_length=64)
    folder = models.CharField(max_length=255)
    state = models.CharField(max_length=12, choices=State.choices)
    state_before = models.CharField(max_length=12, blank=True)
    """Of unusable ones: what they become again once they verify."""
    reason = models.CharField(max_length=255, blank=True)
    checked_at = models.DateTimeField(null=True)
    checked_against = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, related_name="+")
    """What was in use beside them in their last check; null: nothing was, or they are shipped."""
    manifest = models.JSONField(default=dict)

    class Meta:
        verbose_name_plural = "weights"
        constraints = [
            models.UniqueConstraint(fields=["sha256"], condition=Q(lab=None), name="one_row_a_shipped_file"),
            models.UniqueConstraint(fields=["lab", "sha256"], condition=~Q(lab=None), name="one_row_a_file_of_a_lab"),
            models.CheckConstraint(
                condition=Q(lab__isnull=False) | Q(state__in=["checked", "unusable"]), name="shipped_weights_are_checked_or_unusable"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Use(Row):
    """That a lab, or the whole server, uses these weights for a task; every row stays, so the rows are the history."""

    class State(models.TextChoices):
        PROPOSED = "proposed", "waits for a second admin"
        CURRENT = "current", "in use"
        ENDED = "ended", "no longer in use"
        WITHDRAWN = "withdrawn", "withdrawn"

    lab = models.ForeignKey(Lab, on_delete=models.PROTECT, null=True, related_name="+")
    """null: the server's default, for every lab that has not chosen its own."""
    task = models.CharField(max_length=16)
    weights = models.ForeignKey(Weights, on_delete=models.PROTECT, null=True, related_name="uses")
    """null: whatever the server's default is."""
    state = models.CharField(max_length=12, choices=State.choices)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    confirmed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    confirmed_at = models.DateTimeField(null=True)
    """Since when it was in use; null while it is only proposed, and where it was withdrawn."""
    ended_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=255, blank=True)
    is_rollback = models.BooleanField(default=False)
    replaced = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="+")
    """What was in use before it."""
    restores = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="+")
    """Of a roll back: the earlier use it went back to; null: to a time before anything was chosen."""

    class Meta:
        ordering = ["-created_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["lab", "task"], condition=Q(state="current"), name="one_current_use_a_lab_and_task"),
            models.UniqueConstraint(fields=["task"], condition=Q(state="current", lab=None), name="one_current_default_a_task"),
            models.UniqueConstraint(fields=["lab", "task"], condition=Q(state="proposed"), name="one_proposed_use_a_lab_and_task"),
            models.CheckConstraint(condition=Q(lab__isnull=False) | Q(weights__isnull=False), name="the_default_names_its_weights"),
            models.CheckConstraint(
                condition=Q(confirmed_by=None) | Q(asked_by=None) | ~Q(confirmed_by=F("asked_by")), name="nobody_confirms_their_own"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["proposed", "withdrawn"]) | Q(confirmed_at__isnull=False), name="what_is_in_use_is_so_since_a_time"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.weights or 'the default'} for {self.task}"


class DetectorSettings(Row):
    """What a lab wants of its detectors; a lab without a row has the defaults, version 0."""

    lab = models.OneToOneField(Lab, on_delete=models.CASCADE, related_name="detector_settings")
    version = models.PositiveIntegerField(default=0)
    retries_on_previous = models.BooleanField(default=False)
    """A run whose weights were changed on disk is asked for again with those that were in use before."""
    shadow_runs = models.PositiveSmallIntegerField(default=10)
    """For how many runs a candidate runs beside where nothing else is said."""

    def __str__(self) -> str:
        return f"detector settings of {self.lab_id}"
