"""What the worker is told to do, by id."""

from __future__ import annotations

from celery import shared_task

from backend.admission import execution
from backend.admission.models import Admission


@shared_task(name=Admission.TASK)
def execute(admission_id: str) -> None:
    execution.execute(admission_id)
