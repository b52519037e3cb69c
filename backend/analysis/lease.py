"""The right to work on a run: claimed by one conditional UPDATE, renewed by a heartbeat, carried by every write."""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from types import TracebackType
from uuid import UUID, uuid4

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from backend.analysis.models import Run
from backend.analysis.transitions import announce, forget_findings, locked
from backend.analysis.values import refusal, run_value
from backend.live import events

logger = logging.getLogger(__name__)


class LeaseLost(Exception):
    """Another worker has the run, or it ended: nothing may be written any more."""


class CancelAsked(Exception):
    """Somebody cancelled the run."""


@dataclass(frozen=True)
class Lease:
    """One attempt at one run."""

    run_id: UUID
    token: UUID

    @contextmanager
    def transaction(self) -> Iterator[Run]:
        """A transaction over the run's locked row; raises LeaseLost before anything is written with an old token."""
        with transaction.atomic():
            run = locked(id=self.run_id, lease_token=self.token, state=Run.State.RUNNING)
            if run is None:
                raise LeaseLost(f"run {self.run_id}")
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
            code_version=settings.CODE_VERSION,
        )
        if not is_ours:
            return None
        run = Run.objects.select_related("stack__dish", "weights", "stager").get(id=run_id)
        forget_findings(run)
        announce(run, events.RunStarted(run=run_value(run)))
    return Lease(run.id, token)


class Heartbeat:
    """Renews the lease in a thread of its own while the block runs, and only while the work moves on."""

    def __init__(self, lease: Lease) -> None:
        self._lease = lease
        self._is_over = threading.Event()
        self._is_lost = threading.Event()
        self._moved_at = time.monotonic()
        self._thread = threading.Thread(target=self._beat, name=f"heartbeat-{lease.run_id}", daemon=True)

    def moved(self) -> None:
        """Note that the work goes on; raises LeaseLost once the lease is gone."""
        self._moved_at = time.monotonic()
        if self._is_lost.is_set():
            raise LeaseLost(f"run {self._lease.run_id}")

    def __enter__(self) -> Heartbeat:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._is_over.set()
        self._thread.join()

    def _beat(self) -> None:
        renewed_at = time.monotonic()
        try:
            while not self._is_over.wait(settings.RUN_LEASE_S / 3):
                if time.monotonic() - self._moved_at > settings.RUN_STALL_S:
                    self._abandon()
                try:
                    is_ours = self._lease.renew()
                except DatabaseError as error:
                    logger.warning("The lease of run %s could not be renewed: %s", self._lease.run_id, error)
                    connection.close()
                    is_ours = time.monotonic() - renewed_at < settings.RUN_LEASE_S
                else:
                    renewed_at = time.monotonic()
                if not is_ours:
                    self._is_lost.set()
                    return
        finally:
            connection.close()

    def _abandon(self) -> None:
        """A thread that hangs cannot be stopped from outside, its process can; the supervisor starts another."""
        reason = f"The recording was not read on for {settings.RUN_STALL_S:.0f} s."
        logger.error("Run %s hangs, this process ends.", self._lease.run_id)
        with suppress(DatabaseError):
            self._lease.let_expire(refusal("stalled", reason, "Check whether this recording opens elsewhere, then try again."))
        os.kill(os.getpid(), signal.SIGKILL)
