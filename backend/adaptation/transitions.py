"""How an adaptation goes from one state to the next: the row and the audit trail, in the caller's transaction."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db.models.functions import Now
from django.utils import timezone

from backend.accounts.models import User
from backend.adaptation.models import Adaptation
from backend.adaptation.scratch import remove_after_commit
from backend.audit.services import record
from backend.core import queue

EXECUTE = "adaptation.execute"


def locked(**conditions: Any) -> Adaptation | None:
    """The row, locked until commit, if it still meets the conditions."""
    rows = Adaptation.objects.select_for_update(of=("self",)).select_related("lab", "start")
    return rows.filter(**conditions).first()


def tell_worker(adaptation: Adaptation) -> None:
    """Send the message after commit; the sweeper sends it again where it was lost."""
    Adaptation.objects.filter(id=adaptation.id).update(message_at=Now())
    queue.send(EXECUTE, str(adaptation.id))


def end(adaptation: Adaptation, state: Adaptation.State, *, by: User | None = None, error: dict[str, Any] | None = None) -> None:
    """Close it for good; its scratch goes with the commit."""
    adaptation.state = state
    adaptation.lease_token = adaptation.lease_until = None
    adaptation.finished_at = timezone.now()
    adaptation.error = error
    adaptation.save()
    after = error or ({"weights": adaptation.weights.sha256} if adaptation.weights else None)
    record(actor=by, lab_id=adaptation.lab_id, action=f"adaptation.{state.value}", subject=f"adaptation {adaptation.id}", after=after)
    remove_after_commit(adaptation.id)


def fail_attempt(adaptation: Adaptation, error: dict[str, Any] | None) -> None:
    """Try again, or give up after the last attempt with its reason."""
    if adaptation.cancel_requested:
        end(adaptation, Adaptation.State.CANCELLED)
    elif adaptation.attempts >= settings.RUN_MAX_ATTEMPTS:
        end(adaptation, Adaptation.State.FAILED, error=error)
    else:
        _queue_again(adaptation, error)


def hand_back(adaptation: Adaptation) -> None:
    """Queue it again without counting the attempt: its worker had to go."""
    adaptation.attempts = max(adaptation.attempts - 1, 0)
    fail_attempt(adaptation, None)


def _queue_again(adaptation: Adaptation, error: dict[str, Any] | None) -> None:
    adaptation.state = Adaptation.State.QUEUED
    adaptation.lease_token = adaptation.lease_until = None
    adaptation.progress = {}
    adaptation.error = error
    adaptation.save()
    tell_worker(adaptation)
