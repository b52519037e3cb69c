"""What the machine said: a run and its findings. Rows of a finished run never change."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from backend.core.models import Row
from backend.imaging.models import Stack
from backend.registry.models import Weights


class Run(Row):
    """One analysis of one recording by one set of weights. The row is the job; a message is only a hint that it waits."""

    class State(models.TextChoices):
        QUEUED = "queued", "waiting"
        RUNNING = "running", "running"
        FINISHED = "finished", "finished"
        CANCELLED = "cancelled", "cancelled"
        FAILED = "failed", "refused"
        QUARANTINED = "quarantined", "given up after three attempts"

    UNDER_WAY = (State.QUEUED, State.RUNNING)

    stack = models.ForeignKey(Stack, on_delete=models.PROTECT, related_name="runs")
    weights = models.ForeignKey(Weights, on_delete=models.PROTECT, related_name="runs")
    stager = models.ForeignKey(Weights, on_delete=models.PROTECT, related_name="staged_runs", null=True)
    """What names the stages; null: wells only."""
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True)
    state = models.CharField(max_length=12, choices=State.choices, default=State.QUEUED, db_index=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    lease_token = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    message_at = models.DateTimeField(null=True)
    """When the worker was last told that this run waits."""
    cancel_requested = models.BooleanField(default=False)
    error = models.JSONField(null=True)
    """`{code, detail, hint}` of the last failure."""
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    frames_done = models.PositiveIntegerField(default=0)
    frames_total = models.PositiveIntegerField(default=0)
    layout_given = models.CharField(max_length=5, blank=True)
    """What the person said the layout is; empty: the detector decides."""
    plane = models.PositiveSmallIntegerField(default=0)
    layout = models.CharField(max_length=5, blank=True)
    """What was found."""
    usable_frames = models.PositiveIntegerField(default=0)
    looks = models.JSONField(null=True)
    """`{brightness, contrast, sharpness, evenness}` of its pictures, see `detector.wells.looks`; null until it was read to its end."""
    code_version = models.CharField(max_length=40, blank=True)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["stack", "weights"], condition=models.Q(state__in=["queued", "running"]), name="one_run_under_way"
            ),
            models.CheckConstraint(
                condition=~models.Q(state="running") | models.Q(lease_token__isnull=False), name="a_running_run_has_a_lease"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.stack} by {self.weights}"


class Well(Row):
    """A named well: where it was last told of and what it held then; once the run has finished, what it held most of the time."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="wells")
    row = models.PositiveSmallIntegerField()
    column = models.PositiveSmallIntegerField()
    box = models.JSONField()
    content = models.CharField(max_length=12)
    confidence = models.FloatField()
    content_probabilities = models.JSONField(default=dict)
    is_filled_in = models.BooleanField(default=False)

    class Meta:
        ordering = ["row", "column"]
        constraints = [models.UniqueConstraint(fields=["run", "row", "column"], name="one_well_a_place")]

    def __str__(self) -> str:
        return f"{chr(ord('A') + self.row)}{self.column + 1}"


class KeyFrame(models.Model):
    """A frame in which the wells were searched anew; boxes of later frames follow from it by their placement."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="key_frames")
    frame_index = models.PositiveIntegerField()
    wells = models.JSONField()
    """Each as `events.WellValue` in JSON."""
    layout = models.CharField(max_length=5, blank=True)
    is_lattice_consistent = models.BooleanField(default=True)
    lattice_residual_px = models.FloatField(null=True)
    reason = models.CharField(max_length=255, blank=True)

    class Meta:
        ordering = ["frame_index"]
        constraints = [models.UniqueConstraint(fields=["run", "frame_index"], name="one_key_frame_a_frame")]

    def __str__(self) -> str:
        return f"frame {self.frame_index}"


class Placements(models.Model):
    """A batch of consecutive frames: [[scale, rotation_rad, dx_px, dy_px, is_usable, gas_outside_wells], ...]."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="placements")
    first_frame = models.PositiveIntegerField()
    frames = models.PositiveIntegerField()
    rows = models.JSONField()

    class Meta:
        ordering = ["first_frame"]
        constraints = [models.UniqueConstraint(fields=["run", "first_frame"], name="one_batch_a_frame")]

    def __str__(self) -> str:
        return f"frames {self.first_frame}+{self.frames}"


class ContentChange(models.Model):
    """From this frame on, the well holds something else."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="content_changes")
    frame_index = models.PositiveIntegerField()
    row = models.PositiveSmallIntegerField()
    column = models.PositiveSmallIntegerField()
    content = models.CharField(max_length=12)
    previous = models.CharField(max_length=12, blank=True)
    confidence = models.FloatField()

    class Meta:
        ordering = ["frame_index", "row", "column"]
        constraints = [models.UniqueConstraint(fields=["run", "frame_index", "row", "column"], name="one_change_a_frame")]

    def __str__(self) -> str:
        return f"{self.content} from frame {self.frame_index}"


class Alert(models.Model):
    """Something a person should look at."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="alerts")
    kind = models.CharField(max_length=24)
    frame_index = models.PositiveIntegerField()
    place = models.CharField(max_length=4, blank=True)
    """Such as A1; empty when the alert is about the whole dish."""
    detail = models.CharField(max_length=255)

    class Meta:
        ordering = ["frame_index"]
        constraints = [models.UniqueConstraint(fields=["run", "kind", "frame_index", "place", "detail"], name="one_alert_a_detail")]

    def __str__(self) -> str:
        return f"{self.kind} at frame {self.frame_index}"


class EmbryoProfile(models.Model):
    """One embryo's morphodynamic profile over the frames read so far; a later one takes its place until one is final."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="profiles")
    row = models.PositiveSmallIntegerField()
    column = models.PositiveSmallIntegerField()
    is_final = models.BooleanField()
    is_coarse = models.BooleanField()
    frames_called = models.PositiveIntegerField()
    last = models.JSONField(null=True)
    """`events.CallValue` in JSON; what follows are lists of OnsetValue, IntervalValue and EmbryoEventValue."""
    onsets = models.JSONField(default=list)
    intervals = models.JSONField(default=list)
    events = models.JSONField(default=list)
    calls = models.BinaryField()
    """The decoded calls as `compact.pack` makes them."""

    class Meta:
        ordering = ["row", "column"]
        constraints = [models.UniqueConstraint(fields=["run", "row", "column"], name="one_profile_a_place")]

    def __str__(self) -> str:
        return f"profile of {chr(ord('A') + self.row)}{self.column + 1}"


class StageCalls(models.Model):
    """What one embryo is in some frames, each seen alone, and how well it could be seen; in the order in which they were told."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="stage_calls")
    row = models.PositiveSmallIntegerField()
    column = models.PositiveSmallIntegerField()
    first_frame = models.PositiveIntegerField()
    calls = models.BinaryField()
    """As `compact.pack` makes them."""

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["run", "row", "column"], name="calls_of_an_embryo")]

    def __str__(self) -> str:
        return f"calls from frame {self.first_frame}"


class Pulse(models.Model):
    """A worker that takes runs says here that it is alive; whoever waits for one looks here."""

    worker = models.CharField(max_length=80, primary_key=True)
    beat_at = models.DateTimeField()
    memory_bytes = models.PositiveBigIntegerField(default=0)
    """Resident memory of its own process at that time; 0 where the system does not tell."""

    def __str__(self) -> str:
        return self.worker
