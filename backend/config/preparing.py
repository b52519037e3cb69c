"""What has to be in place before the first process starts: tables, folders, weights."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.core.management import CommandError, call_command

from backend.audit.services import WrongKey, require_key
from backend.core.queue import prepare_broker
from backend.registry.services import scan_weights


def prepare() -> None:
    """Safe to repeat, and quick where nothing is to be done."""
    for folder in (settings.DATA_DIR, settings.CONTENT_DIR, settings.UPLOAD_DIR, settings.FRAME_CACHE_DIR):
        Path(folder).mkdir(parents=True, exist_ok=True)
    prepare_broker()
    call_command("migrate", interactive=False, verbosity=0)
    try:
        require_key()
    except WrongKey as error:
        raise CommandError(str(error)) from None
    scan_weights()
