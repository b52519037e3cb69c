"""Judging weights before they are used: checks on a frozen set, and shadows that run beside the weights in use. Rows are the jobs."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast
from uuid import UUID

from django.conf import settings
from django.db import models

from backend.accounts.models import Lab
from backend.analysis.models import Run
from backend.core.errors import refusal
from backend.core.jobs.models import UNDER_WAY, LeasedJob
from backend.core.jobs.scratch import remove_after_commit
from backend.core.models import Row
from backend.datasets.models import DataSet
from backend.live.detector_events import CheckChanged, ShadowChanged
from backend.live.publish import publish
from backend.live.topics import lab_topic
from backend.registry.models import Weights


class Check(LeasedJob):
    """One look of one lab at weights, beside those it uses, on the frozen check set and its own held-out labels."""

    TASK = "judging.check"
    KIND = "check"
    LOADED_WITH = ("lab", "by", "weights", "against", "data_set")

    weights = models.ForeignKey(Weights, on_delete=models.PROTECT, related_name="checks")
    against = models.ForeignKey(Weights, on_delete=models.PROTECT, related_name="+", null=True)
    """What the lab used when it was asked for; null: nothing, or these weights themselves."""
    set_hash = models.CharField(max_length=64, blank=True)
    """SHA-256 of the frozen check set; empty until it is known."""
    data_set = models.ForeignKey(DataSet, on_delete=models.SET_NULL, related_name="+", null=True)
    """Whose held-out split was judged on as well; null: there was none, or it was removed since."""
    data_set_hash = models.CharField(max_length=64, blank=True)
    stack_ids = models.JSONField(default=list)
    """The recordings that those labels are about: who is blind for one is not told of them."""
    result = models.JSONField(null=True)
    """As `detector check` tells it, without the single differences."""

    class Meta(LeasedJob.Meta):
        abstract = False
        constraints = [
            *LeasedJob.Meta.constraints,
            models.UniqueConstraint(
                fields=["lab", "weights"], condition=models.Q(state__in=["queued", "running"]), name="one_check_under_way_of_some_weights"
            ),
            models.CheckConstraint(condition=~models.Q(state="finished") | models.Q(result__isnull=False), name="a_finished_check_says"),
        ]

    def __str__(self) -> str:
        return f"check of {self.weights}"

    def summary(self) -> Any:
        against = self.against.sha256 if self.against else None
        return {"weights": self.weights.sha256, "against": against, "set": self.set_hash, "data_set": self.data_set_hash or None}

    def announce(self) -> None:
        said = self.progress
        event = CheckChanged(
            check_id=str(self.id),
            weights_id=str(self.weights_id),
            state=cast(Any, str(self.state)),
            step=said.get("stage"),
            done=said.get("done", 0),
            total=said.get("total", 0),
        )
        publish(lab_topic(self.lab_id), event)

    def ended(self) -> None:
        remove_after_commit(home_of(self.id))

    def died(self) -> dict[str, Any]:
        where = f"attempt {self.attempts} of {settings.RUN_MAX_ATTEMPTS}"
        hint = "Check that the server has memory and disk space enough, then start it again."
        return refusal("check_died", f"The worker died while it checked the weights ({where}).", hint)


class Difference(models.Model):
    """One well or picture on which two sets of weights differ, or on which these differ from the truth."""

    check_made = models.ForeignKey(Check, on_delete=models.CASCADE, related_name="differences")
    number = models.PositiveIntegerField()
    set = models.CharField(max_length=16)
    """`usual`, `hard`, `shifted` or `rendered`, and `labels` for the lab's own."""
    picture = models.CharField(max_length=120)
    place = models.CharField(max_length=8, blank=True)
    truth = models.CharField(max_length=16, null=True)  # noqa: DJ001 - nothing is there, unlike an empty well
    before = models.CharField(max_length=16, null=True)  # noqa: DJ001 - nothing was found
    after = models.CharField(max_length=16, null=True)  # noqa: DJ001 - nothing was found
    verdict = models.CharField(max_length=8)
    """`better`, `worse`, or `other` where both are wrong."""
    sha256 = models.CharField(max_length=64, db_index=True)
    """The small picture of it, our own encoding, in the content store."""

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["check_made", "number"], name="one_difference_a_number")]

    def __str__(self) -> str:
        return f"{self.picture} {self.place}: {self.before} or {self.after}"


class Shadow(Row):
    """Weights that look at a lab's next runs beside those in use; what they say is compared and never shown as a result."""

    class State(models.TextChoices):
        ON = "on", "running beside"
        ENDED = "ended", "done"
        STOPPED = "stopped", "stopped"

    lab = models.ForeignKey(Lab, on_delete=models.PROTECT, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    weights = models.ForeignKey(Weights, on_delete=models.PROTECT, related_name="shadows")
    task = models.CharField(max_length=16)
    runs_wanted = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.ON)
    ended_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=255, blank=True)
    """Why it was stopped."""

    class Meta:
        ordering = ["-created_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["lab", "task"], condition=models.Q(state="on"), name="one_shadow_a_lab_and_task"),
            models.CheckConstraint(condition=models.Q(runs_wanted__gt=0), name="a_shadow_wants_runs"),
        ]

    def __str__(self) -> str:
        return f"{self.weights} beside"

    def announce(self) -> None:
        """Tell the lab how far it is; called within the change, after it is recorded."""
        event = ShadowChanged(
            shadow_id=str(self.id),
            weights_id=str(self.weights_id),
            state=cast(Any, str(self.state)),
            runs_done=self.looks.exclude(state__in=UNDER_WAY).count(),
            runs_wanted=self.runs_wanted,
        )
        publish(lab_topic(self.lab_id), event)


class ShadowLook(LeasedJob):
    """A shadow's look at the recording of one finished run, and where the two disagree."""

    TASK = "judging.look"
    KIND = "shadow_look"
    LOADED_WITH = ("lab", "shadow__weights", "run__stack__dish__cycle", "run__weights", "run__stager")

    shadow = models.ForeignKey(Shadow, on_delete=models.CASCADE, related_name="looks")
    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="+")
    """What it is compared with; nothing of it is changed."""
    result = models.JSONField(null=True)
    """As `comparing.compared` says it."""

    class Meta(LeasedJob.Meta):
        abstract = False
        constraints = [
            *LeasedJob.Meta.constraints,
            models.UniqueConstraint(fields=["shadow", "run"], name="one_look_a_run"),
            models.CheckConstraint(condition=~models.Q(state="finished") | models.Q(result__isnull=False), name="a_finished_look_says"),
        ]

    def __str__(self) -> str:
        return f"look of {self.shadow_id} at {self.run_id}"

    def summary(self) -> Any:
        wells = (self.result or {}).get("wells", {})
        return {"shadow": str(self.shadow_id), "run": str(self.run_id), "wells": wells.get("both"), "same": wells.get("same")}

    def announce(self) -> None:
        """Followers hear of each look that has ended; that one waits is no news."""
        if self.state not in UNDER_WAY:
            self.shadow.announce()


def home_of(check_id: UUID) -> Path:
    """Where files lie while a check is worked on."""
    return Path(settings.CHECK_DIR, str(check_id))
