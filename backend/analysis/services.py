"""Asks for runs, stops them and asks again; the worker does the rest."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from backend.accounts.actor import NOT_HERE, Actor
from backend.accounts.models import Role, User
from backend.analysis.models import Run
from backend.analysis.queueing import queue_run
from backend.analysis.transitions import end, locked
from backend.audit.services import record
from backend.core.errors import Refused
from backend.imaging.models import Stack
from backend.imaging.services import confirm_stack
from backend.registry.models import Weights
from backend.registry.selectors import active_weights, stager_in_use


@transaction.atomic
def request_run(*, stack: Stack, weights: Weights | None = None, by: User | None, actor: Actor) -> Run:
    """Queue an analysis by these weights, or the ones the lab uses; asking twice returns the run already under way.

    Stages are named by the weights the lab uses for them; where there are none, the run finds wells only.
    """
    actor.require(stack.lab_id, Role.EMBRYOLOGIST)
    if stack.state != Stack.State.READY or stack.dish is None:
        raise Refused(
            "stack_not_ready", f"The recording is {stack.get_state_display()}.", "Confirm what was recognised first.", http_status=409
        )
    weights = weights or active_weights("wells", stack.lab_id)
    _require_fit(weights, stack)
    return queue_run(stack=stack, weights=weights, stager=stager_in_use(stack.lab_id), by=by)


@transaction.atomic
def confirm(*, stack: Stack, wants_run: bool, by: User, actor: Actor, **said: Any) -> Stack:
    """Confirm what was recognised, as `confirm_stack` does, and have it analysed where wanted: both or neither."""
    confirmed = confirm_stack(stack=stack, actor=actor, by=by, **said)
    if wants_run:
        request_run(stack=confirmed, by=by, actor=actor)
    return confirmed


@transaction.atomic
def cancel_run(*, run: Run, by: User | None, actor: Actor) -> Run:
    """End a waiting run at once and ask a running one to end; a run that has ended stays as it is."""
    actor.require(run.stack.lab_id, Role.EMBRYOLOGIST)
    row = locked(id=run.id)
    if row is None or row.state not in Run.UNDER_WAY:
        return row or run
    if row.state == Run.State.QUEUED:
        end(row, Run.State.CANCELLED, by=by)
    elif not row.cancel_requested:
        row.cancel_requested = True
        row.save(update_fields=["cancel_requested"])
        record(actor=by, lab_id=row.stack.lab_id, action="run.cancel_requested", subject=f"run {row.id}")
    return row


def retry_run(*, run: Run, by: User | None, actor: Actor) -> Run:
    """Ask for the same analysis again as a new run, by the stages' weights of today; the old one stays as it ended."""
    actor.require(run.stack.lab_id, Role.EMBRYOLOGIST)
    if run.state in Run.UNDER_WAY:
        raise Refused("run_under_way", f"This run is {run.get_state_display()}.", "Wait for it, or cancel it first.", http_status=409)
    return request_run(stack=run.stack, weights=run.weights, by=by, actor=actor)


def _require_fit(weights: Weights, stack: Stack) -> None:
    """Only what is shipped or the lab's own, was checked, and finds wells."""
    if weights.lab_id not in (None, stack.lab_id):
        raise Refused("not_found", NOT_HERE, http_status=404)
    if weights.task == "wells" and weights.state == Weights.State.CHECKED:
        return
    if weights.state == Weights.State.CANDIDATE:
        raise Refused("needs_check", f"{weights.name} was never checked.", "Check it first, or choose other weights.", http_status=409)
    what = "does not find wells" if weights.task != "wells" else f"is {weights.get_state_display()}"
    detail = (weights.state == Weights.State.UNUSABLE and weights.reason) or f"{weights.name} {what}."
    raise Refused("weights_unusable", detail, "Choose other weights.", http_status=409)
