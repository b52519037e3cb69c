"""What a lab's recordings looked like and how sure the detector was of them, run by run; and fitting anew how sure it may be."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast
from uuid import UUID

from django.conf import settings
from django.db import models

from backend.accounts.models import Lab
from backend.analysis.models import Run
from backend.core.errors import refusal
from backend.core.jobs.models import LeasedJob
from backend.core.jobs.scratch import remove_after_commit
from backend.live.detector_events import RecalibrationChanged
from backend.live.publish import publish
from backend.live.topics import lab_topic
from backend.registry.models import Weights


class RunFigures(models.Model):
    """The figures of one finished run; derived from it, and made again where the formula has changed."""

    run = models.OneToOneField(Run, on_delete=models.CASCADE, primary_key=True, related_name="figures")
    formula = models.PositiveSmallIntegerField()
    values = models.JSONField()
    """By the names of `figures.NAMES`; a figure that the run does not have is left out."""

    def __str__(self) -> str:
        return f"figures of {self.run_id}"


class Standing(models.Model):
    """How far a lab's recordings had moved when the worker last reckoned; monitoring reads it instead of every run."""

    lab = models.OneToOneField(Lab, on_delete=models.CASCADE, primary_key=True, related_name="+")
    told = models.JSONField(default=list)
    """`[{incubator, alarms, shifts: {figure: spreads}}]` of the last week of each incubator."""
    reckoned_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"drift of {self.lab_id}"


class Recalibration(LeasedJob):
    """One fitting of how sure the stager in use may be, on a lab's readings; what comes of it is a candidate with the same nets."""

    TASK = "recalibration.execute"
    KIND = "recalibration"
    LOADED_WITH = ("lab", "by", "start", "weights")

    start = models.ForeignKey(Weights, on_delete=models.PROTECT, related_name="+")
    """What was in use when it was asked for; its nets stay."""
    weights = models.ForeignKey(Weights, on_delete=models.PROTECT, related_name="+", null=True)
    """The candidate; null until it is there."""
    figures = models.JSONField(null=True)
    """Before and after, on patients left out of fitting; see `detector recalibrate`."""

    class Meta(LeasedJob.Meta):
        abstract = False
        constraints = [
            *LeasedJob.Meta.constraints,
            models.UniqueConstraint(
                fields=["lab"], condition=models.Q(state__in=["queued", "running"]), name="one_recalibration_under_way_a_lab"
            ),
            models.CheckConstraint(
                condition=~models.Q(state="finished") | models.Q(weights__isnull=False), name="a_finished_recalibration_has_weights"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.start} for {self.lab}"

    def summary(self) -> dict[str, str] | None:
        return {"weights": self.weights.sha256} if self.weights else None

    def announce(self) -> None:
        event = RecalibrationChanged(
            recalibration_id=str(self.id),
            state=cast(Any, str(self.state)),
            weights_id=str(self.weights_id) if self.weights_id else None,
        )
        publish(lab_topic(self.lab_id), event)

    def ended(self) -> None:
        remove_after_commit(home_of(self.id))

    def died(self) -> dict[str, Any]:
        where = f"attempt {self.attempts} of {settings.RUN_MAX_ATTEMPTS}"
        return refusal(
            "learner_died", f"The worker died while it was fitting ({where}).", "Start it again; if it happens again, report it."
        )


def home_of(recalibration_id: UUID) -> Path:
    """Where files lie while it is worked on."""
    return Path(settings.ADAPT_DIR, f"recalibrating-{recalibration_id}")
