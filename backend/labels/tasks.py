"""What the worker is told to do, by id."""

from __future__ import annotations

from celery import shared_task

from backend.labels import importing, syncing
from backend.labels.models import LabelImport, LabelSync


@shared_task(name=LabelImport.TASK)
def import_labels(import_id: str) -> None:
    importing.execute(import_id)


@shared_task(name=LabelSync.TASK)
def sync(sync_id: str) -> None:
    syncing.execute(sync_id)
