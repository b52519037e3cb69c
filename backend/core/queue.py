"""Messages to the worker: a task's name and ids, sent once the change they speak of is committed."""

from __future__ import annotations

import logging
from pathlib import Path

from celery import current_app
from celery.exceptions import CeleryError
from django.conf import settings
from django.db import transaction
from kombu.exceptions import KombuError

logger = logging.getLogger(__name__)


def send(task_name: str, *args: str) -> None:
    """Ask the worker to run a task after commit; a broker that is away loses the message, and the sweeper sends it again."""
    transaction.on_commit(lambda: send_now(task_name, *args), robust=True)


def send_now(task_name: str, *args: str) -> bool:
    """Send at once; False where the broker is away."""
    try:
        prepare_broker()
        current_app.send_task(task_name, args=args, ignore_result=True, retry=False)
    except (OSError, KombuError, CeleryError) as error:
        logger.warning("The broker is away, %s waits for the sweeper: %s", task_name, error)
        return False
    return True


def prepare_broker() -> None:
    """The filesystem transport does not make its own folders."""
    if settings.CELERY_BROKER_URL.startswith("filesystem:"):
        for folder in ("queue", "control"):
            Path(settings.BROKER_DIR, folder).mkdir(parents=True, exist_ok=True)
