"""Forget abandoned uploads; the worker's sweeper does the same by itself."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from backend.imaging.services import collect_expired_uploads


class Command(BaseCommand):
    help = "Forget uploads that were left alone for too long, and their files."

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 - Django's signature
        self.stdout.write(f"{collect_expired_uploads()} abandoned uploads were removed.")
