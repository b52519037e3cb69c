"""What waits to be reviewed: how unsure each embryo of a finished run is, and what people accepted in one go."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.db import models

from backend.accounts.models import Lab
from backend.analysis.models import Run
from backend.analysis.values import place_name
from backend.core.models import Row
from backend.imaging.models import Stack


def key_of(stack_id: UUID, place: str) -> str:
    """A recording and a place in one word, so that any number of them fits one query as a list."""
    return f"{stack_id.hex}{place}"


class Scoring(models.Model):
    """A finished run whose scores are all there; a lower formula than today's: they are computed anew."""

    run = models.OneToOneField(Run, on_delete=models.CASCADE, primary_key=True, related_name="scoring")
    formula = models.PositiveSmallIntegerField()
    made_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"scores of {self.run_id}"


class Score(models.Model):
    """How much one embryo, or one well whose content is unsure, needs a person's look; derived from the run, and made again at will."""

    class Kind(models.TextChoices):
        EMBRYO = "embryo", "embryo"
        WELL = "well", "well"

    lab = models.ForeignKey(Lab, on_delete=models.CASCADE, related_name="+")
    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="scores")
    stack = models.ForeignKey(Stack, on_delete=models.CASCADE, related_name="+")
    row = models.PositiveSmallIntegerField()
    column = models.PositiveSmallIntegerField()
    key = models.CharField(max_length=36, db_index=True)
    """As `key_of` makes it."""
    kind = models.CharField(max_length=6, choices=Kind.choices)
    uncertainty = models.FloatField()
    distance = models.FloatField(null=True)
    """Root mean square of the onsets' distances from usual hours in standard deviations; null: no onset has an hour."""
    reasons = models.JSONField(default=list)
    """`scoring.Reason` in JSON, weightiest first."""
    codes = models.CharField(max_length=120, blank=True)
    """Of the reasons, each between spaces."""
    stage = models.CharField(max_length=12, blank=True)
    confidence = models.FloatField(null=True)
    onsets = models.PositiveSmallIntegerField(default=0)
    """Those that were filmed; what was under way at the start has none to accept."""
    content = models.CharField(max_length=12)
    content_confidence = models.FloatField()
    thumbnail_frame = models.PositiveIntegerField()
    """Where the weightiest reason can be seen; tells of the result."""
    box = models.JSONField(null=True)
    plain_frame = models.PositiveIntegerField()
    """The last that could be seen; tells nothing of the result."""
    plain_box = models.JSONField(null=True)
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "row", "column"], name="one_score_a_place")]
        indexes = [models.Index(fields=["lab", "-uncertainty"], name="most_uncertain_of_a_lab")]

    def __str__(self) -> str:
        return f"{self.place} {self.uncertainty:.2f}"

    @property
    def place(self) -> str:
        return place_name(self.row, self.column)


class Batch(Row):
    """The machine's profiles that one person accepted in one go; its id stands at every value in the history."""

    lab = models.ForeignKey(Lab, on_delete=models.PROTECT, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    threshold = models.FloatField(null=True)
    """Null: the embryos were named."""
    undone_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"batch of {self.created_at:%Y-%m-%d %H:%M}"


class Accepted(models.Model):
    """One reading of a batch: the version acceptance left behind, and what it filled in."""

    batch = models.ForeignKey(Batch, on_delete=models.CASCADE, related_name="accepted")
    stack = models.ForeignKey(Stack, on_delete=models.PROTECT, related_name="+")
    row = models.PositiveSmallIntegerField()
    column = models.PositiveSmallIntegerField()
    version = models.PositiveIntegerField()
    fields = models.JSONField(default=list)
    """What acceptance filled in, such as `onsets.t2`; nothing had been said of it before."""
    is_settled = models.BooleanField(default=False)
    """An undo came by: it was taken back, or kept because it had been changed or signed since."""

    class Meta:
        constraints = [models.UniqueConstraint(fields=["batch", "stack", "row", "column"], name="accepted_once_a_batch")]

    def __str__(self) -> str:
        return self.place

    @property
    def place(self) -> str:
        return place_name(self.row, self.column)
