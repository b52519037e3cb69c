"""manage.py ingest FOLDER --out ARCHIVE: hands everything to `python -m detector ingest`, which needs neither database nor server."""

from __future__ import annotations

import subprocess
import sys
from argparse import REMAINDER
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser


class Command(BaseCommand):
    help = "Keep a folder of pictures of any size in an archive, each once and without loss; --help after -- lists what else it takes."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("words", nargs=REMAINDER, help="FOLDER --out ARCHIVE [--workers N] [--exact] [--verify] [--restore TO]")

    def run_from_argv(self, argv: list[str]) -> None:
        """Pass every word on as it is; Django would take some for its own."""
        self.handle(words=argv[2:])

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 - Django's signature
        # A child process: nothing that looks at pixels is ever loaded beside the database.
        command = [sys.executable, "-m", "detector", "ingest", *options["words"]]
        sys.exit(subprocess.run(command, cwd=settings.BASE_DIR, check=False).returncode)
