"""`manage.py audit verify` says whether the record of changes is as it was written; `manage.py audit checkpoint` signs where it ends."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from backend.audit import checkpoints
from backend.audit.verifying import State, verify_chain


class Command(BaseCommand):
    help = "Verify the record of changes, or sign where it ends; exit status 1 where a row is not as it was written."

    def add_arguments(self, parser: CommandParser) -> None:
        steps = parser.add_subparsers(dest="step", required=True)
        verify = steps.add_parser("verify", help="name the first row that is not as it was written")
        verify.add_argument("--checkpoint", type=Path, help="a file that `audit checkpoint` wrote: a cut or rewritten end is found by it")
        verify.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
        checkpoint = steps.add_parser("checkpoint", help="sign the number of rows and the last digest; keep the file elsewhere")
        checkpoint.add_argument("--out", type=Path, help="file to write; otherwise it is printed")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 - Django's signature
        if options["step"] == "verify":
            self._verify(options["checkpoint"], as_json=options["json"])
        else:
            self._checkpoint(options["out"])

    def _verify(self, file: Path | None, *, as_json: bool) -> None:
        state = verify_chain(checkpoint=_read(file) if file is not None else None)
        if as_json:
            self.stdout.write(json.dumps({**asdict(state), "is_whole": state.is_whole}, default=str))
        elif state.bad is None:
            self.stdout.write(f"The record is whole: {state.rows} rows, the last digest begins with {state.digest[:12]}.")
        else:
            self.stdout.write(_told(state))
        if not state.is_whole:
            raise SystemExit(1)

    def _checkpoint(self, file: Path | None) -> None:
        state = verify_chain()
        if not state.is_whole:
            self.stderr.write(f"Nothing was signed. {_told(state)}")
            raise SystemExit(1)
        text = checkpoints.sign(count=state.rows, digest=state.digest)
        if file is None:
            self.stdout.write(text, ending="")
            return
        try:
            file.write_text(text, encoding="utf-8")
        except OSError as error:
            raise CommandError(f"{file} cannot be written ({error.strerror}); name another with --out.") from None
        self.stdout.write(f"Signed {state.rows} rows in {file}. Keep it where nobody who can reach the database can change it.")


def _told(state: State) -> str:
    if state.bad is None:
        return "The record is whole."
    return f"Row {state.bad.row}: {state.bad.detail}\nThe {state.rows} rows before the fault are as they were written."


def _read(file: Path) -> checkpoints.Checkpoint:
    try:
        return checkpoints.read(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{file} cannot be read: {error}.") from None
    except checkpoints.NoCheckpoint as error:
        raise CommandError(f"{file}: {error}") from None
