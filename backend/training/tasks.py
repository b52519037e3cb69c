"""What the worker is told to do, by id."""

from __future__ import annotations

from celery import shared_task

from backend.training import execution
from backend.training.models import TrainingJob


@shared_task(name=TrainingJob.TASK)
def execute(training_id: str) -> None:
    execution.execute(training_id)
