"""What every kind of job has: its state, who works on it until when, and what came of it."""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.db import models

from backend.core.errors import refusal
from backend.core.models import Row


class State(models.TextChoices):
    """The usual states; a kind of job with more of them has its own choices that include these values."""

    QUEUED = "queued", "waiting"
    RUNNING = "running", "running"
    FINISHED = "finished", "finished"
    CANCELLED = "cancelled", "cancelled"
    FAILED = "failed", "failed"


UNDER_WAY = (State.QUEUED, State.RUNNING)


class LeasedJob(Row):
    """One piece of work of one lab; a running one belongs to whoever holds its lease."""

    TASK: ClassVar[str]
    """The name of the worker's task that takes this job's id."""
    KIND: ClassVar[str]
    """What the audit trail calls it, such as "adaptation"."""
    LOADED_WITH: ClassVar[tuple[str, ...]] = ("lab", "by")
    """Relations that are read together with the row."""
    ENDED_BADLY: ClassVar[str] = State.FAILED
    """The state after the last attempt."""

    lab = models.ForeignKey("accounts.Lab", on_delete=models.PROTECT, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    state = models.CharField(max_length=12, choices=State.choices, default=State.QUEUED, db_index=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    lease_token = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    message_at = models.DateTimeField(null=True)
    """When the worker was last told that this waits."""
    cancel_requested = models.BooleanField(default=False)
    progress = models.JSONField(default=dict)
    """How far the attempt is, in the words of its kind; empty while it waits."""
    error = models.JSONField(null=True)
    """`{code, detail, hint}` of the last failure."""
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    code_version = models.CharField(max_length=40, blank=True)

    class Meta:
        abstract = True
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(state="running") | models.Q(lease_token__isnull=False), name="a_running_%(class)s_has_a_lease"
            ),
        ]

    @property
    def subject(self) -> str:
        """How the audit trail names this job."""
        return f"{self.KIND} {self.id}"

    def begin_anew(self) -> None:
        """Forget what an earlier attempt left; called before each attempt and before it waits again, within the change."""
        self.progress = {}

    def announce(self) -> None:
        """Tell followers of the new state; called within the change, after it is recorded."""

    def summary(self) -> Any:
        """What the audit trail keeps of a job that finished; JSON."""
        return None

    def ended(self) -> None:
        """Tidy up after the job ended for good; called within the change."""

    def died(self) -> dict[str, Any]:
        """Why an attempt ended whose worker stopped beating, as `{code, detail, hint}`."""
        where = f"attempt {self.attempts} of {settings.RUN_MAX_ATTEMPTS}"
        hint = "Check that the server has memory and disk space enough, then start it again."
        return refusal("worker_died", f"The worker died while it worked on this ({where}).", hint)
