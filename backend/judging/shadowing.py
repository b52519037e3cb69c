"""How a shadow comes to its looks and ends: the rows, the audit trail and the news, in the caller's transaction."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.utils import timezone

from backend.accounts.models import User
from backend.analysis.models import Run
from backend.audit.services import hold_chain, record
from backend.core.jobs import transitions
from backend.core.jobs.models import UNDER_WAY
from backend.judging.models import Shadow, ShadowLook
from backend.registry.models import Weights
from backend.registry.selectors import use_in_effect

State = Shadow.State


def take_up() -> int:
    """The worker's round: shadows look at runs that have finished since they began, and end after their last; how many were taken up."""
    return sum(_taken_up(shadow_id) for shadow_id in list(Shadow.objects.filter(state=State.ON).values_list("id", flat=True)))


def end(shadow: Shadow, state: str, *, by: User | None = None, reason: str = "") -> None:
    """Close it for good; looks that still wait are cancelled."""
    hold_chain()
    shadow.state, shadow.ended_at, shadow.reason = state, timezone.now(), reason[:255]
    shadow.save(update_fields=["state", "ended_at", "reason"])
    after = {"weights": shadow.weights.sha256, "runs": shadow.looks.exclude(state__in=UNDER_WAY).count()}
    record(actor=by, lab_id=shadow.lab_id, action=f"shadow.{state}", subject=f"shadow {shadow.id}", after=after, reason=reason)
    shadow.announce()
    for look in ShadowLook.objects.filter(shadow=shadow, state__in=UNDER_WAY):
        transitions.cancel(look, by=by)


@transaction.atomic
def _taken_up(shadow_id: UUID) -> int:
    shadow = _locked(shadow_id)
    if shadow is None:
        return 0
    why = _why_over(shadow)
    if why:
        end(shadow, State.STOPPED, reason=why)
        return 0
    known = ShadowLook.objects.filter(shadow=shadow)
    runs = Run.objects.filter(stack__lab_id=shadow.lab_id, state=Run.State.FINISHED, finished_at__gte=shadow.created_at)
    # Against itself it would only agree.
    runs = runs.exclude(weights=shadow.weights) if shadow.task == "wells" else runs.exclude(stager=None).exclude(stager=shadow.weights)
    runs = runs.exclude(id__in=known.values("run_id")).order_by("finished_at", "id")
    room = shadow.runs_wanted - known.count()
    if room <= 0:
        if not known.filter(state__in=UNDER_WAY).exists():
            end(shadow, State.ENDED)
        return 0
    taken = list(runs[:room])
    for run in taken:
        look = ShadowLook(lab_id=shadow.lab_id, by_id=shadow.by_id, shadow=shadow, run=run)
        look.save(force_insert=True)
        transitions.tell_worker(look)
    return len(taken)


def _locked(shadow_id: UUID) -> Shadow | None:
    rows = Shadow.objects.select_for_update(of=("self",)).select_related("weights", "lab")
    return rows.filter(id=shadow_id, state=State.ON).first()


def _why_over(shadow: Shadow) -> str:
    weights = shadow.weights
    if weights.state in (Weights.State.UNUSABLE, Weights.State.RETIRED):
        return weights.reason or f"{weights.name} is {weights.get_state_display()}."
    use = use_in_effect(shadow.task, shadow.lab_id)
    return f"{weights.name} came into use." if use is not None and use.weights_id == weights.id else ""
