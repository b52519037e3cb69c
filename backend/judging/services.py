"""Asks for checks, lets weights run beside those in use, and ends both; the worker does the rest."""

from __future__ import annotations

from uuid import UUID

from django.db import IntegrityError, transaction

from backend.accounts.actor import NOT_HERE, Actor
from backend.accounts.models import Role, User
from backend.audit.services import record
from backend.core.errors import Refused
from backend.core.jobs import transitions
from backend.judging import shadowing
from backend.judging.models import Check, Shadow
from backend.judging.selectors import check_under_way, labels_for, shadow_on
from backend.registry.models import Weights
from backend.registry.selectors import settings_of, use_in_effect, weights_in_use, weights_visible_to
from backend.registry.standing import TASKS

State = Weights.State


@transaction.atomic
def request_check(*, actor: Actor, weights: Weights, lab_id: UUID, by: User) -> tuple[bool, Check]:
    """Queue a check of these weights beside what the lab uses: (True, it), or (False, the one under way already)."""
    lab = actor.require(lab_id, Role.ADMIN)
    _require_judgeable(weights, lab.id)
    under_way = check_under_way(lab.id, weights)
    if under_way is not None:
        return False, under_way
    beside = weights_in_use(weights.task, lab.id)
    row = Check(lab=lab, by=by, weights=weights, against=beside if beside != weights else None)
    row.data_set = labels_for(lab.id, weights.task)
    if row.data_set is not None:
        row.data_set_hash, row.stack_ids = row.data_set.hash, row.data_set.stack_ids
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        under_way = check_under_way(lab.id, weights)
        if under_way is None:
            raise
        return False, under_way
    after = {"weights": weights.sha256, "against": row.against.sha256 if row.against else None, "data_set": row.data_set_hash or None}
    record(actor=by, lab_id=lab.id, action="check.requested", subject=row.subject, after=after)
    transitions.tell_worker(row)
    row.announce()
    return True, row


def cancel_check(*, actor: Actor, check: Check, by: User) -> Check:
    """End a waiting one at once and ask a running one to end; one that has ended stays as it is."""
    actor.require(check.lab_id, Role.ADMIN)
    return transitions.cancel(check, by=by)


@transaction.atomic
def start_shadow(*, actor: Actor, lab_id: UUID, weights_id: UUID, runs: int | None, by: User) -> Shadow:
    """Let weights look at the lab's next runs beside those in use; what they say is never shown as a result."""
    lab = actor.require(lab_id, Role.ADMIN)
    weights = weights_visible_to(actor).filter(id=weights_id).first()
    if weights is None:
        raise Refused("not_found", NOT_HERE, http_status=404)
    _require_judgeable(weights, lab.id)
    use = use_in_effect(weights.task, lab.id)
    if use is None:
        detail = f"Nothing is in use for {weights.task}, so there is nothing to run beside."
        raise Refused("no_weights", detail, "Propose the weights instead.", http_status=409)
    if use.weights_id == weights.id:
        raise Refused("already_in_use", f"{weights.name} is in use in this lab.", "Choose other weights.", http_status=409)
    shadow = Shadow(lab=lab, by=by, weights=weights, task=weights.task, runs_wanted=runs or settings_of(lab).shadow_runs)
    try:
        with transaction.atomic():
            shadow.save(force_insert=True)
    except IntegrityError:
        if shadow_on(lab.id, weights.task) is None:
            raise
        detail = f"Other weights for {weights.task} run beside already."
        raise Refused("shadow_under_way", detail, "Wait until they are done, or stop them first.", http_status=409) from None
    after = {"weights": weights.sha256, "runs": shadow.runs_wanted}
    record(actor=by, lab_id=lab.id, action="shadow.started", subject=f"shadow {shadow.id}", after=after)
    shadow.announce()
    return shadow


@transaction.atomic
def stop_shadow(*, actor: Actor, shadow: Shadow, by: User) -> Shadow:
    """End it before its time; what it has found stays."""
    actor.require(shadow.lab_id, Role.ADMIN)
    row = Shadow.objects.select_for_update(of=("self",)).select_related("weights", "lab").get(id=shadow.id)
    if row.state == Shadow.State.ON:
        shadowing.end(row, Shadow.State.STOPPED, by=by)
    return row


def _require_judgeable(weights: Weights, lab_id: UUID) -> None:
    """Only what is shipped or the lab's own, and could be used."""
    if weights.lab_id not in (None, lab_id):
        raise Refused("not_found", NOT_HERE, http_status=404)
    if weights.state in (State.UNUSABLE, State.RETIRED) or weights.task not in TASKS:
        why = weights.reason or f"{weights.name} is {weights.get_state_display()}."
        raise Refused("weights_unusable", why, "Choose other weights.", http_status=409)
