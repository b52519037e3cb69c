"""Bring labels in from a file, a ZIP or a folder; also to be called as `import-labels`."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils.text import slugify

from backend.labels.formats.counting import Tally, summary
from backend.labels.formats.mapping import LabelMapping, guessed, preset
from backend.labels.formats.reading import Reading, read
from backend.labels.formats.values import Unreadable

BAD_INPUT = 2
FIGURES = ("tasks", "annotations", "annotators", "regions", "predictions", "skipped_tasks", "empty_annotations")


class Command(BaseCommand):
    help = "Bring labels in: Label Studio JSON, JSON-MIN, CSV or TSV, COCO, YOLO or Pascal VOC, as a file, a ZIP or a folder."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", type=Path)
        parser.add_argument("--dry-run", action="store_true", help="only say what the labels hold; needs neither lab nor database")
        parser.add_argument("--preset", default="", help="what the words mean: wow, phases or none; guessed where nothing is said")
        parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
        parser.add_argument(
            "--lab", default="", help="the lab's name when labels are to be written; for North clinic, north-clinic will do"
        )
        parser.add_argument("--instance", default="", help="whose numbers the tasks have; the project that the export names where empty")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 - Django's signature
        try:
            mapping = preset(options["preset"]) if options["preset"] else None
            found = _counted(options["path"], mapping)
            if not options["dry_run"]:
                found |= {"imported": _written(options["path"], options["lab"], options["instance"], options["preset"])}
        except Unreadable as problem:
            self._refuse(problem, as_json=options["json"])
        else:
            self._tell(found, as_json=options["json"])

    def _tell(self, found: dict[str, Any], *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(found, ensure_ascii=False))
            return
        for name in FIGURES:
            self.stdout.write(f"{found[name]:>10,} {name.replace('_', ' ')}")
        for kind, count in found["unknown"].items():
            self.stdout.write(f"{count:>10,} results of the type {kind}, kept without a meaning here")
        for warning in found["warnings"]:
            self.stdout.write(f"{warning['place']}: {warning['detail']}")

    def _refuse(self, problem: Unreadable, *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(problem.as_dict(), ensure_ascii=False))
        else:
            self.stderr.write(f"{problem.detail} {problem.hint}")
        sys.exit(BAD_INPUT)


def _counted(path: Path, mapping: LabelMapping | None) -> dict[str, Any]:
    with read(path) as reading:
        tally = Tally()
        for task in reading:
            tally.add(task, mapping or LabelMapping())
        if mapping is None and (meant := guessed((word for _, word in tally.words), reading.aliases)).words:
            reading.begin_again()
            tally = Tally()
            for task in reading:
                tally.add(task, meant)
        return _checked(reading, tally)


def _checked(reading: Reading, tally: Tally) -> dict[str, Any]:
    if reading.tasks_seen:
        return summary(tally, reading)
    if reading.faults:
        first = reading.faults[0]
        raise Unreadable(first.code, f"No task could be read. {first.place}: {first.detail}", "Correct the file, or export it again.")
    raise Unreadable("no_tasks", f"{reading.source.label} holds no task.", "Export a project that has tasks.")


def _written(path: Path, slug: str, instance: str, name: str) -> dict[str, int]:
    """Read, confirm and write in this process; what the worker takes up first is waited for."""
    # The dry run needs no database, and so loads none of this.
    from backend.accounts.models import Lab
    from backend.core.errors import Refused
    from backend.labels import services
    from backend.labels.models import LabelImport

    labs = list(Lab.objects.order_by("name")[:500])
    lab = next((lab for lab in labs if slug and slug in (str(lab.id), lab.name, slugify(lab.name, allow_unicode=True))), None)
    if lab is None:
        listed = ", ".join(slugify(lab.name, allow_unicode=True) for lab in labs[:20]) or "none yet"
        raise Unreadable("no_lab", f"There is no lab {slug[:60]!r}.", f"Name one with --lab: {listed}.")
    try:
        with tempfile.TemporaryDirectory() as folder:
            file = _packed(path, Path(folder)) if path.is_dir() else path
            row = services.take_file(path=file, name=path.name, lab=lab, by=None, instance=instance, preset=name)
        row = _worked(row)
        if row.state == LabelImport.State.PREVIEWED:
            row = _worked(services.confirm_unasked(row=row))
    except Refused as problem:
        raise Unreadable(problem.code, str(problem.detail), problem.hint) from None
    if row.state != LabelImport.State.FINISHED:
        told = row.error or {"code": "cancelled", "detail": "The import was cancelled.", "hint": ""}
        raise Unreadable(told["code"], told["detail"], told["hint"])
    done: dict[str, int] = (row.report or {})["done"]
    return done


def _worked(row: Any) -> Any:
    from backend.core.jobs.models import UNDER_WAY
    from backend.labels import importing

    while True:
        importing.execute(row.id)
        row.refresh_from_db()
        if row.state not in UNDER_WAY:
            return row
        time.sleep(0.5)


def _packed(path: Path, folder: Path) -> Path:
    from backend.imaging.assembling import parts_of_folder, put_together

    return put_together(parts_of_folder(path, 64 * 1024**3), folder / "labels.zip", lambda: None).path
