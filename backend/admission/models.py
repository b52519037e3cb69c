"""Weights from elsewhere on their way in: the file is kept while it is looked at, its hash for good."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar
from uuid import UUID

from django.conf import settings
from django.db import models, transaction

from backend.core.errors import refusal
from backend.core.jobs.models import LeasedJob
from backend.core.jobs.scratch import remove_after_commit
from backend.core.models import Row
from backend.registry.models import Weights


class Admission(LeasedJob):
    """One file that somebody brought: it becomes a candidate, is refused with its reason, or waits for what its classes mean."""

    class State(models.TextChoices):
        QUEUED = "queued", "waiting"
        RUNNING = "running", "running"
        ASKING = "asking", "waiting for an answer"
        FINISHED = "finished", "finished"
        CANCELLED = "cancelled", "cancelled"
        FAILED = "failed", "refused"

    TASK: ClassVar[str] = "admission.execute"
    KIND: ClassVar[str] = "admission"
    LOADED_WITH: ClassVar[tuple[str, ...]] = ("lab", "by", "candidate")

    state = models.CharField(max_length=12, choices=State.choices, default=State.QUEUED, db_index=True)
    name = models.CharField(max_length=255)
    """The file as the person called it; text only."""
    source_sha256 = models.CharField(max_length=64)
    size_bytes = models.PositiveBigIntegerField()
    mapping = models.JSONField(null=True)
    """What each class of the net means here, as a person said; null: nobody was asked yet."""
    question = models.JSONField(null=True)
    """`{classes, suggested}` of a net whose classes nobody has explained."""
    facts = models.JSONField(default=dict)
    """What it was found to be: `{task, family, how, is_sandboxed}`."""
    candidate = models.ForeignKey(Weights, on_delete=models.PROTECT, related_name="admissions", null=True)

    class Meta(LeasedJob.Meta):
        abstract = False
        constraints = [
            *LeasedJob.Meta.constraints,
            models.CheckConstraint(
                condition=~models.Q(state="finished") | models.Q(candidate__isnull=False), name="a_finished_admission_has_a_candidate"
            ),
            models.CheckConstraint(condition=~models.Q(state="asking") | models.Q(question__isnull=False), name="an_asking_admission_asks"),
        ]

    def __str__(self) -> str:
        return self.name

    def summary(self) -> Any:
        return {"candidate": self.candidate.sha256, "source": self.source_sha256, **self.facts} if self.candidate else None

    def announce(self) -> None:
        from backend.admission.news import announce_admission

        announce_admission(self)

    def ended(self) -> None:
        """What was brought is needed only while somebody may still have it read."""
        from backend.imaging.intake import release_content

        remove_after_commit(home_of(self.id))
        if self.state != self.State.ASKING:
            sha256 = self.source_sha256
            transaction.on_commit(lambda: release_content(sha256), robust=True)

    def died(self) -> dict[str, Any]:
        where = f"attempt {self.attempts} of {settings.RUN_MAX_ATTEMPTS}"
        hint = "Check that the server has memory and disk space enough, then bring the file again."
        return refusal("reader_died", f"The worker died while the file was read ({where}).", hint)


class SandboxCheck(Row):
    """Whether the sandbox of one host held when its worker started; conversion is off where it does not."""

    host = models.CharField(max_length=255, unique=True)
    checked_at = models.DateTimeField()
    is_whole = models.BooleanField()
    faults = models.JSONField(default=list)
    """Every limit that did not hold, in words."""
    landlock = models.PositiveSmallIntegerField(default=0)
    """Its version on that host, 0 where the kernel has none."""

    def __str__(self) -> str:
        return self.host


def home_of(admission_id: UUID) -> Path:
    """Where the file is worked on."""
    return Path(settings.ADMISSION_DIR, str(admission_id))
