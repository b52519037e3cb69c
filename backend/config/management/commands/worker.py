"""`manage.py worker` takes recordings in and analyses them until it is stopped; any number of hosts may run one."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from backend.config.processes import Supervisor
from backend.config.worker import worker_children
from backend.core.queue import prepare_broker
from backend.registry.services import scan_weights


class Command(BaseCommand):
    help = "Take recordings in and analyse them."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--runs-only", action="store_true", help="leave uploads to another worker")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 - Django's signature
        prepare_broker()
        scan_weights()
        Supervisor(worker_children(runs_only=options["runs_only"])).run()
