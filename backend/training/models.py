"""Teaching the detector from a frozen data set. The row is the job; a message is only a hint that it waits."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import models, transaction

from backend.core.errors import refusal
from backend.core.files import ContentStore
from backend.core.jobs.models import UNDER_WAY, LeasedJob
from backend.core.jobs.scratch import remove_after_commit
from backend.datasets.models import DataSet
from backend.live.publish import publish
from backend.live.topics import lab_topic
from backend.registry.models import Weights
from backend.training import news


class TrainingJob(LeasedJob):
    """One training of one recipe on one frozen data set; what comes of it is a candidate beside the weights in use."""

    class State(models.TextChoices):
        QUEUED = "queued", "waiting"
        RUNNING = "running", "running"
        STOPPED = "stopped", "stopped, can go on"
        FINISHED = "finished", "finished"
        CANCELLED = "cancelled", "cancelled"
        FAILED = "failed", "failed"

    class Recipe(models.TextChoices):
        WELLS = "wells", "finding wells and their contents"
        PHASES = "phases", "naming phases"

    TASK = "training.execute"
    KIND = "training"
    LOADED_WITH = ("lab", "by", "dataset", "start", "candidate")

    state = models.CharField(max_length=12, choices=State.choices, default=State.QUEUED, db_index=True)
    dataset = models.ForeignKey(DataSet, on_delete=models.PROTECT, related_name="trainings")
    recipe = models.CharField(max_length=8, choices=Recipe.choices)
    start = models.ForeignKey(Weights, on_delete=models.PROTECT, related_name="+")
    """What learning goes on from."""
    settings = models.JSONField(default=dict)
    """`{seed, steps}`; steps null: the recipe's own."""
    curve = models.JSONField(default=list)
    """`[{step, loss, validation}]`, as far as the last checkpoint and beyond."""
    facts = models.JSONField(default=dict)
    """What was learned from and how it ended: `{pictures, validation_pictures, steps, best_step, stopped_early, minutes}`."""
    stop_requested = models.BooleanField(default=False)
    checkpoint = models.CharField(max_length=64, blank=True)
    """Of a stopped one: the SHA-256 of the checkpoint in the content store, empty where none was made yet."""
    final = models.JSONField(null=True)
    """The one judgement on the held-out split; see `serializers.FinalOut`."""
    candidate = models.ForeignKey(Weights, on_delete=models.PROTECT, related_name="+", null=True)
    """The weights that were learned; null until they are there."""

    class Meta(LeasedJob.Meta):
        abstract = False
        constraints = [
            *LeasedJob.Meta.constraints,
            models.UniqueConstraint(
                fields=["dataset", "recipe", "start"],
                condition=models.Q(state__in=["queued", "running"]),
                name="one_training_under_way_of_a_kind",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="finished") | models.Q(candidate__isnull=False), name="a_finished_training_has_a_candidate"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.recipe} from {self.start}"

    @property
    def is_resumable(self) -> bool:
        """It ended without a result and can go on from its last checkpoint."""
        return self.state in (self.State.STOPPED, self.State.FAILED)

    def summary(self) -> dict[str, str] | None:
        return {"candidate": self.candidate.sha256, "data_set": self.dataset.hash} if self.candidate else None

    def announce(self) -> None:
        is_over = self.state not in UNDER_WAY
        publish(lab_topic(self.lab_id), news.ended(self) if is_over else news.progressed(self, []))

    def ended(self) -> None:
        """Only one that can go on keeps anything: a stopped one its checkpoint in the store, a failed one its folder for a while."""
        if self.state != self.State.FAILED:
            remove_after_commit(home_of(self.id))
        if not self.is_resumable:
            self.keep_checkpoint("")

    def keep_checkpoint(self, sha256: str) -> None:
        """Speak of this checkpoint, empty for none; what was spoken of before leaves the store with the commit."""
        before, self.checkpoint = self.checkpoint, sha256
        type(self).objects.filter(id=self.id).update(checkpoint=sha256)
        if before and before != sha256:
            transaction.on_commit(lambda: ContentStore().delete(before), robust=True)

    def died(self) -> dict[str, Any]:
        where = f"attempt {self.attempts} of {settings.RUN_MAX_ATTEMPTS}"
        hint = "Check that the server has memory and disk space enough, then let it go on from its last checkpoint."
        return refusal("learner_died", f"The worker died while the detector was learning ({where}).", hint)


def home_of(training_id: UUID) -> Path:
    """Where pictures and checkpoints lie while it is worked on."""
    return Path(settings.TRAIN_DIR, str(training_id))
