"""`manage.py prepare` makes tables and folders and takes stock of the weights, before web and worker are started by others."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from backend.config.preparing import prepare


class Command(BaseCommand):
    help = "Make tables and folders, and take stock of the weights; safe to repeat."

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 - Django's signature
        prepare()
