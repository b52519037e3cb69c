"""How a job goes from one state to the next: the row, the audit trail and the news, in the caller's transaction."""

from __future__ import annotations

from typing import Any, TypeVar

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from backend.core import queue
from backend.core.changes import Change, tell
from backend.core.jobs.models import UNDER_WAY, LeasedJob, State

J = TypeVar("J", bound=LeasedJob)


def locked(model: type[J], **conditions: Any) -> J | None:
    """The row, locked until commit, if it still meets the conditions."""
    rows = model._default_manager.select_for_update(of=("self",)).select_related(*model.LOADED_WITH)
    return rows.filter(**conditions).first()


def tell_worker(job: LeasedJob) -> None:
    """Send the message after commit; the sweeper sends it again where it was lost."""
    type(job)._default_manager.filter(id=job.id).update(message_at=Now())
    queue.send(job.TASK, str(job.id))


def end(job: LeasedJob, state: str, *, by: Any = None, error: dict[str, Any] | None = None) -> None:
    """Close the job for good."""
    job.state = state
    job.lease_token = job.lease_until = None
    job.finished_at = timezone.now()
    job.error = error
    job.save()
    after = error or (job.summary() if state == State.FINISHED else None)
    tell(Change(actor=by, lab_id=job.lab_id, action=f"{job.KIND}.{state}", subject=job.subject, after=after))
    job.announce()
    job.ended()


def fail_attempt(job: LeasedJob, error: dict[str, Any] | None) -> None:
    """Try again, or give up after the last attempt with its reason."""
    if job.cancel_requested:
        end(job, State.CANCELLED)
    elif job.attempts >= settings.RUN_MAX_ATTEMPTS:
        end(job, job.ENDED_BADLY, error=error)
    else:
        queue_again(job, error)


def hand_back(job: LeasedJob) -> None:
    """Queue it again without counting the attempt: its worker had to go."""
    job.attempts = max(job.attempts - 1, 0)
    fail_attempt(job, None)


def queue_again(job: LeasedJob, error: dict[str, Any] | None = None) -> None:
    """Let it wait for its next attempt."""
    job.state = State.QUEUED
    job.lease_token = job.lease_until = None
    job.error = error
    job.begin_anew()
    job.save()
    tell_worker(job)
    job.announce()


@transaction.atomic
def cancel(job: J, *, by: Any) -> J:
    """End a waiting job at once and ask a running one to end; one that has ended stays as it is."""
    row = locked(type(job), id=job.id)
    if row is None or row.state not in UNDER_WAY:
        return row or job
    if row.state == State.QUEUED:
        end(row, State.CANCELLED, by=by)
    elif not row.cancel_requested:
        row.cancel_requested = True
        row.save(update_fields=["cancel_requested"])
        tell(Change(actor=by, lab_id=row.lab_id, action=f"{row.KIND}.cancel_requested", subject=row.subject))
        row.announce()
    return row
