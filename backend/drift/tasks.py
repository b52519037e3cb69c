"""What the worker does about recalibrations."""

from __future__ import annotations

from celery import shared_task

from backend.drift import execution


@shared_task(name="recalibration.execute")
def execute(recalibration_id: str) -> None:
    execution.execute(recalibration_id)
