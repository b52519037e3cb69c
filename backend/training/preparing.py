"""A written data set goes through its steps; what steps are chosen by and judged on stays as served pictures are."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

Row = dict[str, Any]


def through_steps(data: Path, take: Callable[[], object]) -> None:
    """Have `take` put every picture of `data` through the steps, and give back what is not learned from as it was.

    What is served sees pictures as they come, so figures on changed ones would be those of no real use. Safe to repeat after a crash.
    """
    held = data / "held.json"
    if not held.exists():
        draft = held.with_suffix(".tmp")
        draft.write_text(json.dumps([row for row in _read(data) if row["split"] != "train"], ensure_ascii=False), encoding="utf-8")
        draft.rename(held)
    take()
    rows = [row for row in _read(data) if row["split"] == "train"]
    _write(data, [*rows, *json.loads(held.read_text(encoding="utf-8"))])


def _read(data: Path) -> list[Row]:
    if (data / "truth.json").exists():
        entries: list[Row] = json.loads((data / "truth.json").read_text(encoding="utf-8"))
        return entries
    with (data / "labels.csv").open(newline="", encoding="utf-8") as file:
        return [dict(row) for row in csv.DictReader(file)]


def _write(data: Path, rows: list[Row]) -> None:
    if (data / "truth.json").exists():
        draft = data / "truth.tmp"
        draft.write_text(json.dumps(rows, ensure_ascii=False), encoding="utf-8")
        draft.rename(data / "truth.json")
        return
    draft = data / "labels.tmp"
    with draft.open("w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, list(rows[0]))
        table.writeheader()
        table.writerows(rows)
    draft.rename(data / "labels.csv")
