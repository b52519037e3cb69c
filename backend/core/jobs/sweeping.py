"""Closes what stopped beating: hands expired leases on and sends lost messages again."""

from __future__ import annotations

import logging
from datetime import timedelta
from fnmatch import fnmatch

from django.apps import apps
from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from backend.core.jobs.models import LeasedJob, State
from backend.core.jobs.transitions import J, end, fail_attempt, locked, tell_worker

logger = logging.getLogger(__name__)


def sweep_all() -> int:
    """Sweep every kind of job; the number of jobs that were touched."""
    return sum(sweep(model) for model in _kinds())


def _kinds() -> list[type[LeasedJob]]:
    return [model for model in apps.get_models() if issubclass(model, LeasedJob)]


def _queue_of(model: type[LeasedJob]) -> str:
    """Where messages of this kind wait, behind those of other kinds."""
    routes = settings.CELERY_TASK_ROUTES.items()
    return next((str(route["queue"]) for pattern, route in routes if fnmatch(model.TASK, pattern)), settings.CELERY_TASK_DEFAULT_QUEUE)


def sweep(model: type[J]) -> int:
    """The number of jobs of this kind that were touched."""
    expired = model._default_manager.filter(state=State.RUNNING, lease_until__lt=Now()).values_list("id", flat=True)
    lost = _waiting_too_long(model)
    return sum(_reap(model, key) for key in list(expired)) + sum(_remind(model, key) for key in lost)


def _reap(model: type[J], key: object) -> bool:
    with transaction.atomic():
        job = locked(model, id=key, state=State.RUNNING, lease_until__lt=Now())
        if job is None:
            return False
        logger.warning("%s stopped beating in attempt %d.", job.subject.capitalize(), job.attempts)
        fail_attempt(job, job.died())
    return True


def _waiting_too_long(model: type[J]) -> list[object]:
    """Queued ones whose message may be lost; behind another that is worked on, a message just waits its turn."""
    beside = [kind for kind in _kinds() if _queue_of(kind) == _queue_of(model)]
    is_busy = any(kind._default_manager.filter(state=State.RUNNING).exists() for kind in beside)
    patience = timedelta(seconds=settings.RUN_REMIND_S * (20 if is_busy else 1))
    lost = model._default_manager.filter(Q(message_at=None) | Q(message_at__lt=Now() - patience), state=State.QUEUED)
    return list(lost.values_list("id", flat=True))


def _remind(model: type[J], key: object) -> bool:
    with transaction.atomic():
        job = locked(model, id=key, state=State.QUEUED)
        if job is None:
            return False
        if job.cancel_requested:
            end(job, State.CANCELLED)
        else:
            tell_worker(job)
    return True
