"""What labels a set of files holds and in which form, told by content; of several forms of one export the fullest is taken."""

from __future__ import annotations

import csv
import io
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum

from backend.labels.formats import boxes, tables, xml
from backend.labels.formats.archives import FileIn, Source
from backend.labels.formats.references import PICTURES, RECORDINGS, references_in
from backend.labels.formats.streaming import Fault, entries
from backend.labels.formats.tables import OF_ROW
from backend.labels.formats.tasks import is_older_form, looks_like_task
from backend.labels.formats.texts import as_utf8
from backend.labels.formats.values import Filled, Json, Remark, Unreadable

NOT_AN_EXPORT = "Export from Label Studio as JSON, JSON-MIN, CSV, COCO, YOLO or Pascal VOC, and give that file, ZIP or folder."
_TEXTS = (".json", ".csv", ".tsv", ".xml", ".txt", ".ndjson", "")


class Format(StrEnum):
    """Forms in which labels come, the fuller before the poorer."""

    JSON = "json"
    COMPLETIONS = "completions"
    JSON_MIN = "json_min"
    CSV = "csv"
    COCO = "coco"
    VOC = "voc"
    YOLO = "yolo"


_ORDER = {form: place for place, form in enumerate(Format)}


@dataclass(frozen=True, slots=True)
class Part:
    """Files of one form that belong together."""

    format: Format
    files: tuple[FileIn, ...]


def parts_of(source: Source, remarks: list[Remark]) -> list[Part]:
    """What of a file set is read: of each folder the fullest form, because one export may lie there in several."""
    files = source.files()
    found: dict[str, dict[Format, list[FileIn]]] = {}
    reasons: list[Unreadable] = []
    names_yolo = any(file.base.lower() in boxes.NAMES for file in files)
    for file in files:
        if file.suffix not in _TEXTS and len(files) > 1:
            continue
        try:
            form = _form_of(source, file, is_alone=len(files) == 1, names_yolo=names_yolo)
        except Unreadable as problem:
            if len(files) == 1:
                raise
            if problem.code != "not_an_export" or file.suffix == ".json":
                remarks.append(Remark(file.name, "left_out", problem.detail, {"why": problem.code}))
            reasons.append(problem)
            continue
        if form is not None:
            found.setdefault(file.folder, {}).setdefault(form, []).append(file)
    if not found:
        if any(problem.code != "not_an_export" for problem in reasons):
            raise next(problem for problem in reasons if problem.code != "not_an_export")
        pictures = sum(file.suffix in PICTURES + RECORDINGS for file in files)
        holds = f"holds {len(files):,} files ({pictures:,} pictures) and no labels among them" if len(files) != 1 else "is no label export"
        raise Unreadable("not_an_export", f"{source.label} {holds}.", NOT_AN_EXPORT)
    return _chosen(found, remarks)


def _chosen(found: dict[str, dict[Format, list[FileIn]]], remarks: list[Remark]) -> list[Part]:
    """The fullest form of each folder; below a folder that has one, only the same form adds to it."""
    taken: dict[str, Format] = {}
    gathered: dict[tuple[str, Format], list[FileIn]] = {}
    for folder in sorted(found, key=lambda name: (name.count("/") if name else -1, name)):
        forms = found[folder]
        above = next((f for f in taken if f == "" or folder.startswith(f + "/")), None)
        best = min(forms, key=_ORDER.__getitem__)
        if above is not None:
            best = best if _is_kin(best, taken[above]) else taken[above]
        else:
            taken[folder] = best
        root = above if above is not None else folder
        for form, listed in forms.items():
            if _is_kin(form, taken[root]):
                gathered.setdefault((root, form), []).extend(listed)
            else:
                names = ", ".join(file.name for file in listed[:3]) + (f" and {len(listed) - 3} more" if len(listed) > 3 else "")
                detail = f"Left out: {names}. A fuller form of the same export ({taken[root]}) lies beside it and was read."
                values: Filled = {"n": len(listed), "files": ", ".join(file.name for file in listed[:3]), "form": taken[root].value}
                remarks.append(Remark(folder or names, "other_form_left_out", detail, values))
    parts = [Part(form, tuple(listed)) for (_, form), listed in gathered.items()]
    return sorted(parts, key=lambda part: _ORDER[part.format])


def _is_kin(one: Format, other: Format) -> bool:
    return one == other or {one, other} <= {Format.JSON, Format.COMPLETIONS}


def _form_of(source: Source, file: FileIn, *, is_alone: bool, names_yolo: bool) -> Format | None:
    """The form of one file; None for a bystander. Raises Unreadable for what claims to be one and is not."""
    if file.base.lower() in boxes.NAMES:
        return None
    if file.size == 0:
        return Format.YOLO if file.suffix == ".txt" and names_yolo and not is_alone else None
    outer = outer_of(source, file)
    if outer in ("[", "{"):
        return _form_of_json(source, file, outer)
    if outer == "<":
        return _form_of_xml(source, file, is_alone=is_alone)
    if file.suffix == ".txt" and is_alone:
        detail = f"{file.name} is one text file; boxes in YOLO's form are read from a folder or ZIP with classes.txt beside the labels."
        raise Unreadable("not_an_export", detail, NOT_AN_EXPORT)
    if file.suffix == ".txt":
        return Format.YOLO if _is_yolo(source, file) else None
    return _form_of_table(source, file)


def outer_of(source: Source, file: FileIn) -> str:
    """The first character that is no space."""
    remarks: list[Remark] = []
    with as_utf8(source.open(file), file.name, remarks) as opened:
        for _ in range(64):
            block = opened.read(4096)
            if not block:
                return ""
            text = block.lstrip()
            if text:
                return chr(text[0])
    return ""


def _form_of_json(source: Source, file: FileIn, outer: str) -> Format:
    remarks: list[Remark] = []
    looked: set[str] = set()
    first_fault: Fault | None = None
    with as_utf8(source.open(file), file.name, remarks) as opened:
        for number, entry in enumerate(entries(opened, file.name)):
            value = entry.value
            if isinstance(value, Fault):
                first_fault = first_fault or value
                if outer == "[" and number < 50:
                    continue
                break
            if outer == "[":
                form = _form_of_task(value)
                if form is not None:
                    return form
            elif entry.field == "annotations" and isinstance(value, dict) and ("image_id" in value or "bbox" in value):
                return Format.COCO
            elif entry.field in ("annotations", "completions", "predictions") and isinstance(value, dict) and "result" in value:
                return Format.JSON if entry.field != "completions" else Format.COMPLETIONS
            elif entry.field == "data" and isinstance(value, dict):
                return Format.JSON
            looked.add(str(entry.field))
            if number > 200 and outer == "[":
                break
            if {"images", "annotations", "categories"} <= looked:
                return Format.COCO
    if first_fault is not None:
        raise Unreadable(first_fault.code, f"{file.name}: {first_fault.detail}", "Correct the file, or export it again.")
    if outer == "[" and not looked:
        raise Unreadable("no_tasks", f"{file.name} is a list without any task.", "Export a project that has tasks.")
    raise Unreadable("not_an_export", f"{file.name} is JSON, but no list of labelling tasks.", NOT_AN_EXPORT)


def _form_of_task(value: Json) -> Format | None:
    if not isinstance(value, dict):
        return None
    if looks_like_task(value) or any(isinstance(value.get(key), list) for key in ("annotations", "completions")):
        return Format.COMPLETIONS if is_older_form(value) else Format.JSON
    if {"annotation_id", "annotator"} & value.keys() or ({"id", "lead_time"} <= value.keys()):
        return Format.JSON_MIN
    return Format.JSON if references_in(value) else None


def _form_of_xml(source: Source, file: FileIn, *, is_alone: bool) -> Format | None:
    with source.open(file) as opened:
        tag = xml.parse(opened, file.name).tag
    if tag == "annotation":
        return Format.VOC
    if is_alone:
        raise Unreadable("not_an_export", f"{file.name} is XML with the root <{tag[:40]}>, no Pascal VOC annotation.", NOT_AN_EXPORT)
    return None


def _form_of_table(source: Source, file: FileIn) -> Format:
    remarks: list[Remark] = []
    with as_utf8(source.open(file), file.name, remarks) as opened:
        text = io.TextIOWrapper(opened, "utf-8", errors="replace", newline="")
        first, second = text.readline(1 << 20), text.readline(1 << 20)
        text.detach()
    if first and "�" not in first:
        delimiter = max("\t,;", key=first.count)
        with suppress(csv.Error, StopIteration):
            header = next(csv.reader([first], delimiter=delimiter))
            if tables.is_table_of_labels(header):
                return Format.CSV
            cells = next(csv.reader([second], delimiter=delimiter))
            if len(cells) == len(header) > 0 and references_in(dict(zip(header, cells, strict=True))) and not OF_ROW.isdisjoint(header):
                return Format.CSV
    raise Unreadable("not_an_export", f"{file.name} is neither JSON nor a table of labels.", NOT_AN_EXPORT)


def _is_yolo(source: Source, file: FileIn) -> bool:
    with source.open(file) as opened:
        line = opened.read(4096).split(b"\n", 1)[0].split()
    try:
        return len(line) >= 5 and float(line[0]) == int(float(line[0])) and all(float(cell) is not None for cell in line)
    except (ValueError, OverflowError):
        return False
