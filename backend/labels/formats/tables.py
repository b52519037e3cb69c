"""JSON-MIN, CSV and TSV: one row an annotation, put back into results as far as the row still says where they belong."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, BinaryIO

from backend.labels.formats.regions import SHAPES, SPANS, WORDS
from backend.labels.formats.streaming import Fault
from backend.labels.formats.tasks import annotator, hash_of, identifier
from backend.labels.formats.texts import wrong_encoding
from backend.labels.formats.values import Annotation, Json, Remark, Task, Unreadable

OF_ROW = frozenset({"id", "annotation_id", "annotator", "created_at", "updated_at", "lead_time", "agreement", "predictions_score"})
MARKS_OF_EXPORT = frozenset({"annotation_id", "annotator"})
LOSSY = (
    "Rows carry no region ids, no skipped tasks, no predictions and no drafts; "
    "choices without a position no longer say which region they belong to. Export as JSON to bring in everything."
)
_TYPES = {*SHAPES, *SPANS, *WORDS} - {"text", "number", "labels"}
_MOST_CELL_CHARS = 64 * 1024**2
_GEOMETRY = ("x", "y", "width", "height", "radiusX", "radiusY", "points", "rotation", "start", "end")

Controls = Mapping[str, tuple[str, str]]
"""Names of a labelling configuration's controls: their tag, and what they label."""


def task_of_row(row: Mapping[str, Json], place: str, controls: Controls) -> Task:
    """One row as a task with one annotation; the importer brings rows of one task together by its number."""
    remarks: list[Remark] = []
    result: list[dict[str, Any]] = []
    data: dict[str, Json] = {}
    for name, value in row.items():
        if name in OF_ROW:
            continue
        if value is None or value == "":
            if name not in controls:
                data[name] = value
            continue
        rows = list(_results(name, value, controls, remarks, place))
        if rows or name in controls:
            result += rows
        else:
            data[name] = value
    extra = {name: row[name] for name in ("agreement", "predictions_score") if row.get(name) not in (None, "")}
    is_labelled = any(row.get(name) not in (None, "") for name in MARKS_OF_EXPORT) or bool(result)
    annotation = Annotation(
        kind="annotation",
        external_id=identifier(row.get("annotation_id")) if row.get("annotation_id") != "" else None,
        annotator=annotator(_who(row.get("annotator"))),
        completed_by=_who(row.get("annotator")),
        lead_time=_number(row.get("lead_time")),
        created_at=_text(row.get("created_at")),
        updated_at=_text(row.get("updated_at")),
        result=tuple(result),
    )
    return Task(place, identifier(row.get("id")) or None, data, extra, (annotation,) if is_labelled else (), tuple(remarks))


def rows_of_csv(file: BinaryIO, name: str) -> Iterator[tuple[int, dict[str, Json] | Fault]]:
    """Rows by the line they begin in; cells that hold JSON are read as such."""
    text = io.TextIOWrapper(file, "utf-8", newline="")
    before = csv.field_size_limit(_MOST_CELL_CHARS)
    try:
        first = text.readline(_MOST_CELL_CHARS)
        delimiter = max("\t,;", key=first.count)
        header = _header(first, delimiter, name)
        reader = csv.reader(text, delimiter=delimiter, strict=True)
        while True:
            line = reader.line_num + 2
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as problem:
                if "field larger" in str(problem) or "NUL" in str(problem):
                    yield line, Fault("cell_unreadable", f"A cell cannot be read: {problem}.", {"problem": str(problem)})
                    continue
                detail = f"{name} ends in the middle of a quoted cell, in the row that begins in line {line}."
                raise Unreadable("file_truncated", detail, "Export or download it again.") from None
            if not cells:
                continue
            if len(cells) != len(header):
                yield (
                    line,
                    Fault(
                        "columns_differ",
                        f"The row has {len(cells)} cells, the header {len(header)}.",
                        {"n": len(cells), "header": len(header)},
                    ),
                )
                continue
            yield line, _parsed(dict(zip(header, cells, strict=True)))
    except UnicodeDecodeError as problem:
        raise wrong_encoding(name, problem) from None
    finally:
        csv.field_size_limit(before)
        # The file is its opener's to close.
        text.detach()


def is_table_of_labels(header: Iterable[str]) -> bool:
    names = set(header)
    return bool(MARKS_OF_EXPORT & names) and "id" in names


def _results(name: str, value: Json, controls: Controls, remarks: list[Remark], place: str) -> Iterator[dict[str, Any]]:
    tag, to_name = controls.get(name, ("", ""))
    items = value if isinstance(value, list) else [value]
    plain: list[str] = []
    for item in items:
        kind = _type_of(item, tag)
        if kind is None:
            if isinstance(item, str) and (tag.lower() == "choices" or (isinstance(value, list) and not tag and _is_beside(items))):
                plain.append(item)
            elif tag and not isinstance(item, dict):
                yield {"from_name": name, "to_name": to_name, "type": tag.lower(), "value": _wrapped(tag, item)}
            elif isinstance(item, dict) and tag:
                yield {"from_name": name, "to_name": to_name, "type": tag.lower(), "value": item}
            continue
        yield _row_of(name, to_name, kind, item)
    if plain:
        yield {"from_name": name, "to_name": to_name, "type": "choices", "value": {"choices": plain}}
        if len(plain) > 1 or len(items) > 1:
            detail = f"Choices of {name!r} that no longer say which region they belong to: {len(plain)}; kept as said of the whole."
            remarks.append(Remark(place, "choices_without_region", detail, {"n": len(plain), "name": name}))


def _is_beside(items: list[Json]) -> bool:
    """Words in a list with objects that are results are results as well."""
    return any(isinstance(item, dict) and _type_of(item, "") is not None for item in items) or all(isinstance(i, str) for i in items)


def _row_of(name: str, to_name: str, kind: str, item: dict[str, Json]) -> dict[str, Any]:
    value = {key: part for key, part in item.items() if key not in ("original_width", "original_height")}
    row: dict[str, Any] = {"from_name": name, "to_name": to_name, "type": kind, "value": value}
    for key in ("original_width", "original_height"):
        if key in item:
            row[key] = item[key]
    spot = {key: value[key] for key in _GEOMETRY if key in value}
    if spot:
        # Rows of one region repeat its geometry to the last digit: that is what still tells them to be one.
        row["id"] = "row-" + hash_of([spot, row.get("original_width"), row.get("original_height")])[:16]
    return row


def _type_of(item: Json, tag: str) -> str | None:
    if not isinstance(item, dict):
        return None
    named = [key for key in item if key.lower() in _TYPES or key.endswith("labels")]
    if tag and (tag.lower() in item or not named):
        return tag.lower()
    return named[0].lower() if named else None


def _wrapped(tag: str, item: Json) -> dict[str, Json]:
    kind = tag.lower()
    if kind == "textarea":
        return {"text": [item] if isinstance(item, str) else item}
    if kind in ("number", "rating", "datetime"):
        return {kind: item}
    return {kind: item if isinstance(item, list) else [item]}


def _header(first: str, delimiter: str, name: str) -> list[str]:
    try:
        header = next(csv.reader([first], delimiter=delimiter))
    except (csv.Error, StopIteration):
        raise Unreadable("not_an_export", f"{name} has no row of column names.", "Export from Label Studio as CSV.") from None
    if len(set(header)) != len(header):
        raise Unreadable("duplicate_columns", f"{name} names a column twice.", "Give each column a name of its own.")
    return header


def _parsed(row: dict[str, str]) -> dict[str, Json] | Fault:
    parsed: dict[str, Json] = {}
    for name, cell in row.items():
        if "\0" in cell:
            return Fault("nul_in_text", "A text in it holds the character NUL, which cannot be kept.")
        value: Json = cell
        if cell[:1] in ("[", "{"):
            try:
                value = json.loads(cell, parse_constant=_refuse)
            except RecursionError:
                return Fault("cell_too_deep", f"The cell {name!r} is nested too deep.", {"cell": name[:60]})
            except ValueError:
                value = cell
        parsed[name] = value
    return parsed


def _refuse(word: str) -> None:
    raise ValueError(word)


def _who(value: Json) -> Json:
    text = _text(value)
    return int(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 19 else text if text else value or None


def _text(value: Json) -> str | None:
    return value if isinstance(value, str) and value else None


def _number(value: Json) -> float | None:
    try:
        number = float(value) if isinstance(value, int | float | str) and value != "" and not isinstance(value, bool) else None
    except ValueError:
        return None
    return number if number is not None and math.isfinite(number) else None
