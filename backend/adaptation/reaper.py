"""Closes what stopped beating: hands expired leases on and sends lost messages again."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from backend.adaptation.models import Adaptation
from backend.adaptation.transitions import end, fail_attempt, locked, tell_worker
from backend.analysis.values import refusal

logger = logging.getLogger(__name__)


def sweep() -> int:
    """The number of adaptations that were touched."""
    expired = Adaptation.objects.filter(state=Adaptation.State.RUNNING, lease_until__lt=Now()).values_list("id", flat=True)
    lost = _waiting_too_long().values_list("id", flat=True)
    return sum(_reap(key) for key in list(expired)) + sum(_remind(key) for key in list(lost))


def _reap(key: object) -> bool:
    with transaction.atomic():
        adaptation = locked(id=key, state=Adaptation.State.RUNNING, lease_until__lt=Now())
        if adaptation is None:
            return False
        logger.warning("Adaptation %s stopped beating in attempt %d.", adaptation.id, adaptation.attempts)
        where = f"attempt {adaptation.attempts} of {settings.RUN_MAX_ATTEMPTS}"
        hint = "Check that the server has memory and disk space enough, then start it again."
        fail_attempt(adaptation, refusal("learner_died", f"The worker died while the detector was learning ({where}).", hint))
    return True


def _waiting_too_long() -> QuerySet[Adaptation]:
    """Queued ones whose message may be lost; behind another that is worked on, a message just waits its turn."""
    is_busy = Adaptation.objects.filter(state=Adaptation.State.RUNNING).exists()
    patience = timedelta(seconds=settings.RUN_REMIND_S * (20 if is_busy else 1))
    return Adaptation.objects.filter(Q(message_at=None) | Q(message_at__lt=Now() - patience), state=Adaptation.State.QUEUED)


def _remind(key: object) -> bool:
    with transaction.atomic():
        adaptation = locked(id=key, state=Adaptation.State.QUEUED)
        if adaptation is None:
            return False
        if adaptation.cancel_requested:
            end(adaptation, Adaptation.State.CANCELLED)
        else:
            tell_worker(adaptation)
    return True
