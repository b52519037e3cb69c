"""The right to work on a run: claimed by one conditional UPDATE, renewed by a heartbeat, carried by every write."""

from __future__ import annotations

import logging
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

from django.conf import settings
from django.db import DatabaseError, transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from backend.analysis.models import Run
from backend.analysis.transitions import announce, forget_findings, locked
from backend.analysis.values import run_value
from backend.core.errors import refusal
from backend.core.jobs import lease
from backend.core.jobs.lease import LeaseLost
from backend.live import events

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Lease:
    """One attempt at one run."""

    run_id: UUID
    token: UUID

    def __str__(self) -> str:
        return f"run {self.run_id}"

    @contextmanager
    def transaction(self) -> Iterator[Run]:
        """A transaction over the run's locked row; raises LeaseLost before anything is written with an old token."""
        with transaction.atomic():
            run = locked(id=self.run_id, lease_token=self.token, state=Run.State.RUNNING)
            if run is None:
                raise LeaseLost(str(self))
            yield run

    def renew(self) -> bool:
        """Push the end of the lease out; False once it is no longer ours."""
        return bool(self._row().update(lease_until=Now() + timedelta(seconds=settings.RUN_LEASE_S)))

    def let_expire(self, error: dict[str, str]) -> None:
        """Leave the reason and let the sweeper have the run at once."""
        self._row().update(lease_until=Now(), error=error)

    def _row(self) -> QuerySet[Run]:
        return Run.objects.filter(id=self.run_id, lease_token=self.token, state=Run.State.RUNNING)


def claim(run_id: UUID | str) -> Lease | None:
    """Take a waiting run for one attempt; None where it does not wait (any more)."""
    token = uuid4()
    with transaction.atomic():
        waiting = Run.objects.filter(id=run_id, state=Run.State.QUEUED, cancel_requested=False)
        is_ours = waiting.update(
            state=Run.State.RUNNING,
            lease_token=token,
            lease_until=Now() + timedelta(seconds=settings.RUN_LEASE_S),
            attempts=F("attempts") + 1,
            error=None,
            started_at=timezone.now(),
            frames_done=0,
            usable_frames=0,
            layout="",
            looks=None,
            code_version=settings.CODE_VERSION,
        )
        if not is_ours:
            return None
        run = Run.objects.select_related("stack__dish", "weights", "stager").get(id=run_id)
        forget_findings(run)
        announce(run, events.RunStarted(run=run_value(run)))
    return Lease(run.id, token)


class Heartbeat(lease.Heartbeat):
    """Renews the lease in a thread of its own while the block runs, and only while the work moves on."""

    def __init__(self, own: Lease) -> None:
        super().__init__(own)
        self._own = own
        self._moved_at = time.monotonic()

    def moved(self) -> None:
        """Note that the work goes on; raises LeaseLost once the lease is gone."""
        self._moved_at = time.monotonic()
        self.check_lease()

    def before_beat(self) -> None:
        if time.monotonic() - self._moved_at > settings.RUN_STALL_S:
            self._abandon()

    def _abandon(self) -> None:
        """A thread that hangs cannot be stopped from outside, its process can; the supervisor starts another."""
        reason = f"The recording was not read on for {settings.RUN_STALL_S:.0f} s."
        logger.error("%s hangs, this process ends.", str(self._own).capitalize())
        with suppress(DatabaseError):
            self._own.let_expire(refusal("stalled", reason, "Check whether this recording opens elsewhere, then try again."))
        os.kill(os.getpid(), signal.SIGKILL)
