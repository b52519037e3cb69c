"""What the worker is told to do, by id."""

from __future__ import annotations

from celery import shared_task

from backend.judging import execution, looking
from backend.judging.models import Check, ShadowLook


@shared_task(name=Check.TASK)
def check(check_id: str) -> None:
    execution.execute(check_id)


@shared_task(name=ShadowLook.TASK)
def look(look_id: str) -> None:
    looking.execute(look_id)
