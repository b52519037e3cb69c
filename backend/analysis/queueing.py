"""Puts a run into the queue: the row, the audit trail, the message and the news."""

from __future__ import annotations

from django.db import IntegrityError, transaction

from backend.accounts.models import User
from backend.analysis.models import Run
from backend.analysis.transitions import announce, run_under_way, tell_worker
from backend.analysis.values import run_value
from backend.audit.services import record
from backend.imaging.models import Stack
from backend.live import events
from backend.registry.models import Weights


def queue_run(*, stack: Stack, weights: Weights, stager: Weights | None, by: User | None, reason: str = "") -> Run:
    """Queue an analysis of a recording that may be analysed, inside the caller's transaction; the one under way already where there is."""
    assert stack.dish is not None  # noqa: S101 - a confirmed recording has one
    run = Run(
        stack=stack,
        weights=weights,
        stager=stager,
        by=by,
        frames_total=stack.frame_count,
        layout_given=stack.dish.layout,
        plane=stack.default_plane,
    )
    try:
        with transaction.atomic():
            run.save(force_insert=True)
    except IntegrityError:
        under_way = run_under_way(stack, weights)
        if under_way is None:
            raise
        return under_way
    record(
        actor=by,
        lab_id=stack.lab_id,
        action="run.requested",
        subject=f"run {run.id}",
        after={"stack": str(stack.id), "weights": weights.sha256, "stager": run.stager.sha256 if run.stager else ""},
        reason=reason,
    )
    tell_worker(run)
    announce(run, events.RunQueued(run=run_value(run)))
    return run
