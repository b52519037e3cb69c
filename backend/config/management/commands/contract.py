"""`manage.py contract` writes the one document that the page, the tests and other programs are made from."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser

CONTRACT = Path(settings.BASE_DIR, "backend", "contract", "openapi.json")


def document() -> str:
    """The document as it follows from the code; a warning while making it is an error."""
    out = io.StringIO()
    call_command("spectacular", format="openapi-json", validate=True, fail_on_warn=True, stdout=out)
    return json.dumps(json.loads(out.getvalue()), indent=2, ensure_ascii=False, sort_keys=True) + "\n"


class Command(BaseCommand):
    help = "Write backend/contract/openapi.json anew from the code."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="write nothing; fail where the committed document is not current")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 - Django's signature
        fresh = document()
        if options["check"]:
            if not CONTRACT.exists() or CONTRACT.read_text(encoding="utf-8") != fresh:
                self.stderr.write("backend/contract/openapi.json is not current: run `make contract`.")
                raise SystemExit(1)
            return
        CONTRACT.parent.mkdir(parents=True, exist_ok=True)
        CONTRACT.write_text(fresh, encoding="utf-8")
        self.stdout.write(f"Wrote {CONTRACT.relative_to(settings.BASE_DIR)}")
