"""Background work: an id comes, a service does it."""

from __future__ import annotations

from uuid import UUID

from celery import shared_task

from backend.imaging import intake, services


@shared_task(name="imaging.take_in")
def take_in(stack_id: str) -> None:
    intake.take_in(UUID(stack_id))


@shared_task(name="imaging.sweep")
def sweep() -> None:
    services.resend_lost_intakes()
    services.collect_expired_uploads()
