"""What the worker is told to do, by id."""

from __future__ import annotations

from celery import shared_task

from backend.adaptation import execution
from backend.adaptation.models import Adaptation


@shared_task(name=Adaptation.TASK)
def execute(adaptation_id: str) -> None:
    execution.execute(adaptation_id)
