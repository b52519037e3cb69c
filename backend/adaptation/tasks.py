"""What the worker is told to do, by id."""

from __future__ import annotations

from celery import shared_task

from backend.adaptation import execution
from backend.adaptation.transitions import EXECUTE


@shared_task(name=EXECUTE)
def execute(adaptation_id: str) -> None:
    execution.execute(adaptation_id)
