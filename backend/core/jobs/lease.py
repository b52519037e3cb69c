"""The right to work on a job: claimed by one conditional UPDATE, renewed by a heartbeat, carried by every write."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from types import TracebackType
from typing import Generic, Protocol, Self
from uuid import UUID, uuid4

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from backend.core.jobs import draining
from backend.core.jobs.models import State
from backend.core.jobs.transitions import J, locked

logger = logging.getLogger(__name__)


class LeaseLost(Exception):
    """Another worker has the job, or it ended: nothing may be written any more."""


class CancelAsked(Exception):
    """Somebody cancelled the job."""


@dataclass(frozen=True)
class Lease(Generic[J]):
    """One attempt at one job."""

    model: type[J]
    job_id: UUID
    token: UUID

    def __str__(self) -> str:
        return f"{self.model.KIND} {self.job_id}"

    @contextmanager
    def transaction(self) -> Iterator[J]:
        """A transaction over the locked row; raises LeaseLost before anything is written with an old token."""
        with transaction.atomic():
            job = locked(self.model, id=self.job_id, lease_token=self.token, state=State.RUNNING)
            if job is None:
                raise LeaseLost(str(self))
            yield job

    @contextmanager
    def wanted(self) -> Iterator[J]:
        """The same for what only a job that is still wanted writes; raises CancelAsked where somebody cancelled it."""
        with self.transaction() as job:
            if job.cancel_requested:
                raise CancelAsked
            yield job

    def renew(self) -> bool:
        """Push the end of the lease out; False once it is no longer ours."""
        return bool(self._row().update(lease_until=Now() + timedelta(seconds=settings.RUN_LEASE_S)))

    def _row(self) -> QuerySet[J]:
        return self.model._default_manager.filter(id=self.job_id, lease_token=self.token, state=State.RUNNING)


def claim(model: type[J], job_id: UUID | str) -> Lease[J] | None:
    """Take a waiting job for one attempt; None where it does not wait (any more)."""
    token = uuid4()
    with transaction.atomic():
        waiting = model._default_manager.filter(id=job_id, state=State.QUEUED, cancel_requested=False)
        is_ours = waiting.update(
            state=State.RUNNING,
            lease_token=token,
            lease_until=Now() + timedelta(seconds=settings.RUN_LEASE_S),
            attempts=F("attempts") + 1,
            error=None,
            started_at=timezone.now(),
            code_version=settings.CODE_VERSION,
        )
        job = locked(model, id=job_id, lease_token=token) if is_ours else None
        if job is None:
            return None
        job.begin_anew()
        job.save()
        job.announce()
    return Lease(model, job.id, token)


class Renewable(Protocol):
    """A lease as the heartbeat sees it; its text names the job."""

    def renew(self) -> bool: ...


class Heartbeat:
    """Renews the lease in a thread of its own while the block runs."""

    def __init__(self, lease: Renewable) -> None:
        self.lease = lease
        self._is_over = threading.Event()
        self._is_lost = threading.Event()
        self._thread = threading.Thread(target=self._beat, name=f"heartbeat of {lease}", daemon=True)

    def check(self) -> None:
        """Raise LeaseLost once the lease is gone, and Draining once this worker is to end."""
        self.check_lease()
        draining.check()

    def check_lease(self) -> None:
        """Raise LeaseLost once the lease is gone."""
        if self._is_lost.is_set():
            raise LeaseLost(str(self.lease))

    def before_beat(self) -> None:
        """Called before each renewal."""

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._is_over.set()
        self._thread.join()

    def _beat(self) -> None:
        renewed_at = time.monotonic()
        try:
            while not self._is_over.wait(settings.RUN_LEASE_S / 3):
                self.before_beat()
                try:
                    is_ours = self.lease.renew()
                except DatabaseError as error:
                    logger.warning("The lease of %s could not be renewed: %s", self.lease, error)
                    connection.close()
                    is_ours = time.monotonic() - renewed_at < settings.RUN_LEASE_S
                else:
                    renewed_at = time.monotonic()
                if not is_ours:
                    self._is_lost.set()
                    return
        finally:
            connection.close()
