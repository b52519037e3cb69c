"""Closes what stopped beating: the sweeper repairs whatever a lost worker or a lost message left behind."""

from __future__ import annotations

import logging
import os
import socket
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from backend.analysis.models import Pulse, Run
from backend.analysis.transitions import end, fail_attempt, locked, tell_worker
from backend.core.errors import refusal

PULSE_KEPT = timedelta(days=1)
logger = logging.getLogger(__name__)


def sweep() -> int:
    """Hand expired leases on and send lost messages again; the number of runs that were touched."""
    expired = Run.objects.filter(state=Run.State.RUNNING, lease_until__lt=Now()).values_list("id", flat=True)
    lost = _waiting_too_long().values_list("id", flat=True)
    return sum(_reap(run_id) for run_id in list(expired)) + sum(_remind(run_id) for run_id in list(lost))


def _reap(run_id: object) -> bool:
    with transaction.atomic():
        run = locked(id=run_id, state=Run.State.RUNNING, lease_until__lt=Now())
        if run is None:
            return False
        logger.warning("Run %s stopped beating in attempt %d.", run.id, run.attempts)
        fail_attempt(run, run.error or _died(run))
    return True


def _died(run: Run) -> dict[str, str]:
    where = f"attempt {run.attempts} of {settings.RUN_MAX_ATTEMPTS}, after {run.frames_done} frames"
    hint = "Check whether this recording opens elsewhere and whether the worker has memory enough, then try again."
    return refusal("worker_died", f"The worker died while it read this recording ({where}).", hint)


def _waiting_too_long() -> QuerySet[Run]:
    """Queued runs whose message may be lost.

    While a worker is busy a message just waits its turn and is sent again rarely; while none is, it is lost.
    """
    is_busy = Run.objects.filter(state=Run.State.RUNNING).exists()
    patience = timedelta(seconds=settings.RUN_REMIND_S * (20 if is_busy else 1))
    return Run.objects.filter(Q(message_at=None) | Q(message_at__lt=Now() - patience), state=Run.State.QUEUED)


def _remind(run_id: object) -> bool:
    with transaction.atomic():
        run = locked(id=run_id, state=Run.State.QUEUED)
        if run is None:
            return False
        if run.cancel_requested:
            end(run, Run.State.CANCELLED)
        else:
            tell_worker(run)
    return True


def beat() -> None:
    """Say that a worker which takes runs is alive on this host."""
    Pulse.objects.update_or_create(worker=worker_name(), defaults={"beat_at": timezone.now(), "memory_bytes": _memory_bytes()})
    Pulse.objects.filter(beat_at__lt=timezone.now() - PULSE_KEPT).delete()


def stop_beating() -> None:
    Pulse.objects.filter(worker=worker_name()).delete()


def workers_alive() -> QuerySet[Pulse]:
    """Workers that take runs and have said so lately."""
    return Pulse.objects.filter(beat_at__gt=timezone.now() - timedelta(seconds=3 * settings.SWEEP_EVERY_S))


def is_worker_alive() -> bool:
    """A worker that takes runs has said so lately."""
    return workers_alive().exists()


def _memory_bytes() -> int:
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except (OSError, ValueError, IndexError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def worker_name() -> str:
    return f"{socket.gethostname()[:60]}:{os.getpid()}"
