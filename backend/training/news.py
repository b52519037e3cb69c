"""Trainings as the push channel tells of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from backend.live import events

if TYPE_CHECKING:
    from backend.training.models import TrainingJob


def progressed(job: TrainingJob, points: Sequence[dict[str, Any]]) -> events.TrainingProgress:
    """How far it is, with what the curve gained."""
    said = job.progress
    return events.TrainingProgress(
        training_id=str(job.id),
        state=cast(Any, str(job.state)),
        stage=said.get("stage"),
        done=said.get("done", 0),
        total=said.get("total", 0),
        minutes=said.get("minutes", 0.0),
        estimate_s=said.get("estimate_s"),
        points=[events.CurvePoint(**point) for point in points],
    )


def ended(job: TrainingJob) -> events.TrainingFinished:
    candidate = str(job.candidate_id) if job.candidate_id else None
    return events.TrainingFinished(training_id=str(job.id), state=cast(Any, str(job.state)), candidate=candidate)
