"""How a run goes from one state to the next: the row, its findings, the audit trail and the news, in the caller's transaction."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db.models.functions import Now
from django.utils import timezone

from backend.accounts.models import User
from backend.analysis.models import Alert, ContentChange, EmbryoProfile, KeyFrame, Placements, Run, StageCalls, Well
from backend.analysis.values import run_value
from backend.audit.services import record
from backend.core import queue
from backend.imaging.models import Stack
from backend.live import events
from backend.live.publish import publish
from backend.live.topics import dish_topic, lab_topic
from backend.registry.models import Weights

EXECUTE = "analysis.execute_run"
FINDINGS = (Well, KeyFrame, Placements, ContentChange, Alert, StageCalls, EmbryoProfile)


def locked(**conditions: Any) -> Run | None:
    """The run's row, locked until commit, if it still meets the conditions."""
    runs = Run.objects.select_for_update(of=("self",)).select_related("stack__dish", "weights", "stager")
    return runs.filter(**conditions).first()


def run_under_way(stack: Stack, weights: Weights) -> Run | None:
    """The run of this recording by these weights that waits or is worked on."""
    runs = Run.objects.select_related("stack__dish", "weights", "stager")
    return runs.filter(stack=stack, weights=weights, state__in=Run.UNDER_WAY).first()


def announce(run: Run, event: events.Event) -> None:
    """Tell the dish's followers what happened and the lab's followers that it did."""
    publish(dish_topic(str(run.stack.dish_id)), event)
    publish(lab_topic(run.stack.lab_id), events.RunChanged(run=run_value(run)))


def forget_findings(run: Run) -> None:
    """An attempt starts from nothing, so that its results equal those of a run that was never disturbed."""
    for findings in FINDINGS:
        findings.objects.filter(run=run).delete()


def tell_worker(run: Run) -> None:
    """Send the message after commit; the sweeper sends it again where it was lost."""
    Run.objects.filter(id=run.id).update(message_at=Now())
    queue.send(EXECUTE, str(run.id))


def hand_back(run: Run) -> None:
    """Queue the run again without counting the attempt: its worker had to go."""
    run.attempts = max(run.attempts - 1, 0)
    fail_attempt(run, None)


def end(run: Run, state: Run.State, *, by: User | None = None, error: dict[str, Any] | None = None) -> None:
    """Close the run for good."""
    run.state = state
    run.lease_token = run.lease_until = None
    run.finished_at = timezone.now()
    run.error = error
    run.save()
    record(
        actor=by, lab_id=run.stack.lab_id, action=f"run.{state.value}", subject=f"run {run.id}", after=error or {"frames": run.frames_done}
    )
    announce(run, events.RunEnded(run=run_value(run)))


def fail_attempt(run: Run, error: dict[str, Any] | None) -> None:
    """Try again, or give up after the last attempt with its reason."""
    if run.cancel_requested:
        end(run, Run.State.CANCELLED)
    elif run.attempts >= settings.RUN_MAX_ATTEMPTS:
        end(run, Run.State.QUARANTINED, error=error)
    else:
        _queue_again(run, error)


def _queue_again(run: Run, error: dict[str, Any] | None) -> None:
    forget_findings(run)
    run.state = Run.State.QUEUED
    run.lease_token = run.lease_until = None
    run.frames_done = run.usable_frames = 0
    run.layout, run.looks = "", None
    run.error = error
    run.save()
    tell_worker(run)
    announce(run, events.RunQueued(run=run_value(run)))
