"""Adaptations, and what a lab has to learn from, read only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import BooleanField, Count, ExpressionWrapper, Q, QuerySet

from backend.accounts.actor import NOT_HERE, Actor
from backend.accounts.models import Lab
from backend.adaptation.models import Adaptation
from backend.analysis.models import Run, Well
from backend.core.errors import Refused
from backend.core.jobs.models import UNDER_WAY
from backend.imaging.models import Stack
from backend.imaging.selectors import first_hour_of
from backend.registry.selectors import weights_in_use

HOLDS_EMBRYO = ("embryo", "embryo_gas")


@dataclass(frozen=True)
class Recording:
    """A confirmed recording and what could be learned from it; `reason` says why nothing can."""

    stack: Stack
    run: Run | None
    embryos: int
    first_hour: float | None
    reason: str | None
    """`not_analysed`, `no_hours`, `no_embryos` or `same_recording`; None where it can be used."""


def adaptations_visible_to(actor: Actor, lab_id: UUID) -> QuerySet[Adaptation]:
    """Those of one lab, newest first."""
    lab = actor.require(lab_id)
    rows = Adaptation.objects.filter(lab=lab).select_related("weights", "start", "by")
    return rows.order_by("-created_at", "id")


def adaptation_visible_to(actor: Actor, adaptation_id: UUID) -> Adaptation:
    rows = Adaptation.objects.filter(lab_id__in=actor.lab_ids_seen).select_related("weights", "start", "by")
    adaptation = rows.filter(id=adaptation_id).first()
    if adaptation is None:
        raise Refused("not_found", NOT_HERE, http_status=404)
    return adaptation


def adaptation_under_way(lab: Lab) -> Adaptation | None:
    return Adaptation.objects.filter(lab=lab, state__in=UNDER_WAY).select_related("weights", "start", "by").first()


def has_start(lab_id: UUID) -> bool:
    """There are weights to go on from."""
    return weights_in_use("stages", lab_id) is not None


def recordings_of(lab_id: UUID) -> list[Recording]:
    """Every confirmed recording of a lab, in order of its dishes."""
    # The times of every frame are a megabyte for a long recording; whether there are any is enough here.
    stacks = (
        Stack.objects.filter(lab_id=lab_id, state=Stack.State.READY)
        .select_related("dish__cycle__patient")
        .defer("hours_since_start")
        .annotate(
            has_times=ExpressionWrapper(
                Q(hours_since_start__isnull=False) | Q(interval_minutes__isnull=False) | Q(frame_count=1), output_field=BooleanField()
            )
        )
        .order_by("dish__cycle__patient__code", "dish__label", "created_at", "id")
    )
    runs = _latest_runs(lab_id)
    embryos = _embryos_of(runs.values())
    seen: set[str] = set()
    recordings = []
    for stack in stacks:
        run = runs.get(stack.id)
        count = embryos.get(run.id, 0) if run else 0
        first_hour = first_hour_of(stack) if stack.has_times else None
        recordings.append(Recording(stack, run, count, first_hour, _reason(stack, run, count, first_hour, seen)))
    return recordings


def recordings_among(stack_ids: Sequence[Any], lab_id: UUID) -> list[Recording]:
    """Those of the chosen ones that can be learned from now."""
    chosen = {str(key) for key in stack_ids}
    return [recording for recording in recordings_of(lab_id) if not recording.reason and str(recording.stack.id) in chosen]


def _latest_runs(lab_id: UUID) -> dict[UUID, Run]:
    finished = Run.objects.filter(stack__lab_id=lab_id, state=Run.State.FINISHED).order_by("created_at", "id")
    return {run.stack_id: run for run in finished}


def _embryos_of(runs: Iterable[Run]) -> dict[UUID, int]:
    wells = Well.objects.filter(run__in=list(runs), content__in=HOLDS_EMBRYO).order_by()
    return dict(wells.values_list("run").annotate(Count("id")))


def _reason(stack: Stack, run: Run | None, embryos: int, first_hour: float | None, seen: set[str]) -> str | None:
    if run is None:
        return "not_analysed"
    if first_hour is None:
        return "no_hours"
    if not embryos:
        return "no_embryos"
    if stack.sha256 in seen:
        # Taken in twice, an embryo could teach and judge at once.
        return "same_recording"
    seen.add(stack.sha256)
    return None
