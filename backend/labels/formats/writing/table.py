"""Tables for spreadsheets: Label Studio's own CSV, one line an annotation, and a plain one, one line a well."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from backend.labels.formats.values import Annotation, Task

# Spreadsheets run what begins like this.
FORMULA = re.compile(r"\s*[=+\-@\t\r\n|%＝＋－＠]")
Cell = str | int | float | None
ABOUT = ("annotation_id", "annotator", "created_at", "id", "lead_time", "updated_at")
WORDS = {"choices": "choices", "textarea": "text"}
"""By type of result, the key of its words."""


def annotations_as_csv(tasks: Iterable[Task], columns: Sequence[str]) -> Iterator[bytes]:
    """One line an annotation; `columns` from `columns_of`, because the head comes before the lines."""
    yield from rows_as_csv(columns, (row for task in tasks for row in _rows(task)))


def columns_of(tasks: Iterable[Task]) -> list[str]:
    """Every column that these tasks need, in the order of Label Studio: by name."""
    found = set(ABOUT)
    for task in tasks:
        found |= set(task.data)
        found |= {str(one["from_name"]) for said in task.annotations for one in said.result if isinstance(one, dict) and "from_name" in one}
    return sorted(found)


def rows_as_csv(columns: Sequence[str], rows: Iterable[Mapping[str, Cell]]) -> Iterator[bytes]:
    """Lines as they come; text that a spreadsheet would run is kept from it by an apostrophe."""
    written = io.StringIO(newline="")
    table = csv.DictWriter(written, fieldnames=list(columns), lineterminator="\r\n", extrasaction="ignore")
    table.writerow({name: plain(name) for name in columns})
    # The mark at its beginning tells spreadsheets that this is UTF-8.
    yield "\ufeff".encode() + _taken(written)
    for row in rows:
        table.writerow({name: plain(cell) for name, cell in row.items()})
        yield _taken(written)


def plain(cell: Cell) -> Cell:
    return f"'{cell}" if isinstance(cell, str) and FORMULA.match(cell) else cell


def _taken(written: io.StringIO) -> bytes:
    text = written.getvalue()
    written.seek(0)
    written.truncate()
    return text.encode("utf-8", "replace")


def _rows(task: Task) -> Iterator[dict[str, Cell]]:
    """A skipped annotation has no line in such a table, and an unlabelled task neither: it cannot tell them from empty ones."""
    for said in task.annotations:
        if said.kind == "annotation" and not said.was_cancelled:
            data = {name: _cell(value) for name, value in task.data.items()}
            yield data | _about(task, said) | _said(said)


def _about(task: Task, said: Annotation) -> dict[str, Cell]:
    return {
        "annotation_id": said.external_id,
        "annotator": said.annotator,
        "created_at": said.created_at,
        "id": task.external_id,
        "lead_time": said.lead_time,
        "updated_at": said.updated_at,
    }


def _said(said: Annotation) -> dict[str, Cell]:
    """By control, as Label Studio's own CSV says it: single words alone, everything else with all its numbers."""
    found: dict[str, list[Any]] = {}
    plainly: set[str] = set()
    for one in said.result:
        if isinstance(one, dict) and isinstance(one.get("value"), dict) and "from_name" in one:
            name = str(one["from_name"])
            found.setdefault(name, []).append(_value(one))
            if one.get("type") in WORDS:
                plainly.add(name)
    return {name: _cell(values[0] if name in plainly and len(values) == 1 else values) for name, values in found.items()}


def _value(one: Mapping[str, Any]) -> Any:
    value = one["value"]
    words = value.get(WORDS.get(str(one.get("type")), ""))
    if isinstance(words, list) and len(words) == 1:
        return words[0]
    return value | {key: one[key] for key in ("original_width", "original_height") if one.get(key) is not None}


def _cell(value: Any) -> Cell:
    if value is None or (isinstance(value, str | int | float) and not isinstance(value, bool)):
        return value
    return json.dumps(value, ensure_ascii=False)
