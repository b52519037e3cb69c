"""What the worker is told to do, by run id."""

from __future__ import annotations

from celery import shared_task

from backend.analysis import engine
from backend.analysis.transitions import EXECUTE


@shared_task(name=EXECUTE)
def execute_run(run_id: str) -> None:
    engine.execute(run_id)
