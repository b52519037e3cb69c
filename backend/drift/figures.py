"""A finished run in a handful of figures: how its pictures look, and how sure the detector was."""

from __future__ import annotations

import time
from collections.abc import Iterable
from statistics import fmean
from uuid import UUID

from django.db.models import QuerySet

from backend.analysis.compact import unpack
from backend.analysis.models import Run, StageCalls, Well
from backend.drift.models import RunFigures

FORMULA = 1
NAMES = ("brightness", "contrast", "sharpness", "evenness", "content_sureness", "stage_sureness", "unusable")
"""The first four are of the pictures, the next two of what is in use, the last is the share of frames without a dish."""
OF_PICTURES = NAMES[:4]
PATIENCE_S = 1.0
"""Somebody who looks at the plot waits no longer for figures that are missing; the rest is left to the worker's rounds."""
A_ROUND = 20


def sweep() -> set[UUID]:
    """The worker's round: figures are there before anybody asks; the labs that have new ones."""
    runs = list(_without_figures().select_related("stack")[:A_ROUND])
    for run in runs:
        _keep(run)
    return {run.stack.lab_id for run in runs}


def keep_figures(lab_id: UUID) -> None:
    """Make the missing ones of a lab, one at least, for about a second."""
    until = time.monotonic() + PATIENCE_S
    for run in _without_figures([lab_id])[:A_ROUND]:
        _keep(run)
        if time.monotonic() > until:
            return


def figures_of(run: Run) -> dict[str, float]:
    """Everything that the run can say."""
    told = {name: float((run.looks or {})[name]) for name in OF_PICTURES if name in (run.looks or {})}
    contents = [max(shares.values()) for shares in Well.objects.filter(run=run).values_list("content_probabilities", flat=True) if shares]
    if contents:
        told["content_sureness"] = fmean(contents)
    stages = [call.confidence for row in StageCalls.objects.filter(run=run) for call in unpack(row.calls)]
    if stages:
        told["stage_sureness"] = fmean(stages)
    if run.frames_done:
        told["unusable"] = 1 - run.usable_frames / run.frames_done
    return {name: round(value, 4) for name, value in told.items()}


def _without_figures(lab_ids: Iterable[UUID] | None = None) -> QuerySet[Run]:
    runs = Run.objects.filter(state=Run.State.FINISHED).exclude(figures__formula=FORMULA).order_by("-finished_at")
    return runs if lab_ids is None else runs.filter(stack__lab_id__in=list(lab_ids))


def _keep(run: Run) -> None:
    RunFigures.objects.update_or_create(run=run, defaults={"formula": FORMULA, "values": figures_of(run)})
