"""`manage.py setup-link` prints the link that makes an admin; it works once and for an hour."""  # noqa: N999 - the name is what people type

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from backend.accounts.services import create_setup_link


class Command(BaseCommand):
    help = "Print a link that makes an admin of this installation; it works once and for an hour."

    def add_arguments(self, parser: CommandParser) -> None:
        default = (settings.PUBLIC_ORIGINS or ["http://127.0.0.1:8000"])[0]
        parser.add_argument("--origin", default=default, help="scheme, host and port under which browsers reach the product")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 - Django's signature
        # The fragment never reaches a server, so the secret stays out of access logs.
        self.stdout.write(f"{options['origin'].rstrip('/')}/setup#token={create_setup_link()}")
