"""The right to work on an adaptation: claimed by one conditional UPDATE, renewed by a heartbeat, carried by every write."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from types import TracebackType
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from backend.adaptation.models import Adaptation
from backend.adaptation.transitions import locked
from backend.analysis import draining
from backend.analysis.lease import CancelAsked, LeaseLost

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Lease:
    """One attempt at one adaptation."""

    adaptation_id: UUID
    token: UUID

    @contextmanager
    def transaction(self) -> Iterator[Adaptation]:
        """A transaction over the locked row; raises LeaseLost before anything is written with an old token."""
        with transaction.atomic():
            adaptation = locked(id=self.adaptation_id, lease_token=self.token, state=Adaptation.State.RUNNING)
            if adaptation is None:
                raise LeaseLost(f"adaptation {self.adaptation_id}")
            yield adaptation

    def renew(self) -> bool:
        """Push the end of the lease out; False once it is no longer ours."""
        return bool(self._row().update(lease_until=Now() + timedelta(seconds=settings.RUN_LEASE_S)))

    def note(self, progress: dict[str, Any]) -> None:
        """Show how far the work is; raises LeaseLost or CancelAsked where nobody wants it any more."""
        with self.transaction() as adaptation:
            if adaptation.cancel_requested:
                raise CancelAsked
            adaptation.progress = progress
            adaptation.save(update_fields=["progress"])

    def _row(self) -> QuerySet[Adaptation]:
        return Adaptation.objects.filter(id=self.adaptation_id, lease_token=self.token, state=Adaptation.State.RUNNING)


def claim(adaptation_id: UUID | str) -> Lease | None:
    """Take a waiting adaptation for one attempt; None where it does not wait (any more)."""
    token = uuid4()
    waiting = Adaptation.objects.filter(id=adaptation_id, state=Adaptation.State.QUEUED, cancel_requested=False)
    is_ours = waiting.update(
        state=Adaptation.State.RUNNING,
        lease_token=token,
        lease_until=Now() + timedelta(seconds=settings.RUN_LEASE_S),
        attempts=F("attempts") + 1,
        error=None,
        started_at=timezone.now(),
        progress={},
        code_version=settings.CODE_VERSION,
    )
    return Lease(UUID(str(adaptation_id)), token) if is_ours else None


class Heartbeat:
    """Renews the lease in a thread of its own while the block runs."""

    def __init__(self, lease: Lease) -> None:
        self._lease = lease
        self._is_over = threading.Event()
        self._is_lost = threading.Event()
        self._thread = threading.Thread(target=self._beat, name=f"heartbeat-{lease.adaptation_id}", daemon=True)

    def check(self) -> None:
        """Raise LeaseLost once the lease is gone, and Draining once this worker is to end."""
        if self._is_lost.is_set():
            raise LeaseLost(f"adaptation {self._lease.adaptation_id}")
        draining.check()

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
                try:
                    is_ours = self._lease.renew()
                except DatabaseError as error:
                    logger.warning("The lease of adaptation %s could not be renewed: %s", self._lease.adaptation_id, error)
                    connection.close()
                    is_ours = time.monotonic() - renewed_at < settings.RUN_LEASE_S
                else:
                    renewed_at = time.monotonic()
                if not is_ours:
                    self._is_lost.set()
                    return
        finally:
            connection.close()
