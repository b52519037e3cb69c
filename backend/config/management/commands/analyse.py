"""`manage.py analyse PATH` analyses one recording and prints what was found; it needs no set-up before."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from backend.config.headless import analyse_here, as_text
from backend.config.preparing import prepare
from backend.core.errors import Refused


class Command(BaseCommand):
    help = "Analyse one recording (a file or a folder of frames); exit status 2 and the reason where it is refused."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", type=Path)
        parser.add_argument("--lab", help="name of the lab it goes to; otherwise a lab called Default")
        parser.add_argument("--layout", default="", help="rows x columns, such as 4x3; otherwise the detector decides")
        parser.add_argument("--interval-minutes", type=float, help="time between frames, where the recording does not say")
        parser.add_argument("--start-hpi", type=float, help="hours post insemination at the first frame")
        parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 - Django's signature
        logging.getLogger().setLevel(logging.WARNING)
        prepare()

        def say(line: str) -> None:
            if not options["json"]:
                self.stderr.write(line)

        try:
            told = analyse_here(
                path=options["path"],
                lab_name=options["lab"],
                layout=options["layout"],
                interval_minutes=options["interval_minutes"],
                hpi=options["start_hpi"],
                say=say,
            )
        except Refused as refused:
            reason = refused.as_dict()
            self.stdout.write(json.dumps(reason) if options["json"] else f"{reason['detail']}\n{reason['hint']}".rstrip())
            raise SystemExit(2) from None
        self.stdout.write(json.dumps(told) if options["json"] else as_text(told))
