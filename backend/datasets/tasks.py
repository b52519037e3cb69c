"""What the worker is told to do, by id."""

from __future__ import annotations

from celery import shared_task

from backend.datasets import freezing
from backend.datasets.models import Freezing


@shared_task(name=Freezing.TASK)
def freeze(freezing_id: str) -> None:
    freezing.execute(freezing_id)
