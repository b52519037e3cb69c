"""YOLO and Pascal VOC: one small text a picture."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO
from xml.etree import ElementTree

from backend.labels.formats import xml
from backend.labels.formats.archives import FileIn, Source
from backend.labels.formats.references import PICTURES
from backend.labels.formats.streaming import Fault
from backend.labels.formats.texts import decoded
from backend.labels.formats.values import Annotation, Remark, Task, Unreadable

YOLO_LOSSY = (
    "YOLO carries boxes and outlines only: no ellipses, no choices, no annotators, no skipped tasks, no predictions. "
    "Export as JSON to bring in everything."
)
VOC_LOSSY = (
    "Pascal VOC carries boxes only: no ellipses, no choices, no regions' ids, no skipped tasks, no predictions. "
    "Export as JSON to bring in everything."
)
_MOST_TEXT_BYTES = 32 * 1024**2
_YAML_NAMES = re.compile(r"^names\s*:\s*(\[.*\])?\s*$", re.MULTILINE)
_YAML_ITEM = re.compile(r"^\s+(?:-|\d+\s*:)\s*['\"]?(.*?)['\"]?\s*$")
NAMES = ("classes.txt", "notes.json", "data.yaml", "data.yml", "dataset.yaml", "obj.names")
Tell = Callable[[str, Fault], None]


def tasks_of_yolo(source: Source, labels: list[FileIn], files: list[FileIn], tell: Tell) -> Iterator[Task]:
    """One task a label file, and one a picture without any; percent need no picture to be read."""
    names = class_names(source, files)
    pictures: dict[str, list[FileIn]] = {}
    for file in files:
        if file.suffix in PICTURES:
            pictures.setdefault(file.stem, []).append(file)
    told_classes: set[int] = set()
    for file in labels:
        place = f"{source.label}, {file.name}" if file.name != source.label else file.name
        try:
            text = decoded(_read(source, file), file.name)
        except Unreadable as problem:
            tell(place, Fault(problem.code, problem.detail))
            continue
        beside = pictures.pop(file.stem, [])
        image = beside[0].name if len(beside) == 1 else f"{file.stem}.jpg" if not beside else beside[0].name
        remarks: list[Remark] = []
        if not text.strip():
            detail = "The file is empty: nothing may be there to see, or only what YOLO cannot carry. The task counts as unlabelled."
            remarks.append(Remark(place, "yolo_empty", detail))
        result = list(_yolo_results(text, names, place, remarks, told_classes))
        annotations = (Annotation("annotation", external_id=f"yolo-{file.stem}"[:120], result=tuple(result)),) if result else ()
        yield Task(place, _id(file.stem), {"image": image}, {}, annotations, tuple(remarks))
    for stem, without in pictures.items():
        for file in without:
            yield Task(file.name, _id(stem), {"image": file.name}, {}, ())


def class_names(source: Source, files: list[FileIn]) -> list[str]:
    """Names of the classes in the order of their numbers; empty where no file tells them."""
    for wanted in NAMES:
        for file in sorted((file for file in files if file.base.lower() == wanted), key=lambda file: len(file.name)):
            text = decoded(_read(source, file), file.name)
            found = _of_notes(text) if wanted == "notes.json" else _of_yaml(text) if ".y" in wanted else _lines(text)
            if found:
                return found
    return []


def task_of_voc(file: BinaryIO, name: str, label: str) -> Task | None:
    """The task of one VOC file; None for XML of another kind. Raises Unreadable where it is no XML."""
    root = xml.parse(file, name)
    place = f"{label}, {name}" if name != label else name
    if root.tag != "annotation":
        return None
    remarks: list[Remark] = []
    width, height = (_number(root.findtext(f"size/{side}")) for side in ("width", "height"))
    size = (round(width), round(height)) if width and height and width > 0 and height > 0 else None
    result = [
        row for number, thing in enumerate(root.iter("object")) if (row := _voc_result(thing, number, size, remarks, place)) is not None
    ]
    who = (root.findtext("source/annotator") or "").strip()
    image = (root.findtext("filename") or "").strip() or name.rsplit("/", 1)[-1].rsplit(".", 1)[0]
    stem = name.rsplit("/", 1)[-1].rsplit(".", 1)[0]
    if not result:
        detail = "No object is listed: nothing may be there to see, or only what Pascal VOC cannot carry. The task counts as unlabelled."
        remarks.append(Remark(place, "voc_empty", detail))
    annotation = Annotation(
        "annotation", external_id=f"voc-{stem}"[:120], annotator=who or None, completed_by=who or None, result=tuple(result)
    )
    return Task(place, _id(stem), {"image": image}, {}, (annotation,) if result else (), tuple(remarks), size)


def _yolo_results(text: str, names: list[str], place: str, remarks: list[Remark], told: set[int]) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(text.splitlines()):
        cells = line.split()
        if not cells:
            continue
        values = [_number(cell) for cell in cells]
        if any(value is None for value in values) or len(values) < 5 or values[0] != int(values[0] or 0):
            remarks.append(
                Remark(
                    place,
                    "line_unreadable",
                    f"Line {number + 1} is no class with four or more numbers; it is left out.",
                    {"line": number + 1},
                )
            )
            continue
        index, *rest = (float(value or 0) for value in values)
        label = names[int(index)] if 0 <= index < len(names) else f"class {int(index)}"
        if not 0 <= index < len(names) and int(index) not in told:
            told.add(int(index))
            detail = f"Class {int(index)} has no name in classes.txt, notes.json or data.yaml."
            remarks.append(Remark(place, "class_unknown", detail, {"number": int(index)}))
        row: dict[str, Any] = {"id": f"yolo-{number}", "from_name": "label", "to_name": "image", "origin": "manual"}
        if len(rest) in (4, 5):
            x, y, w, h = (value * 100 for value in rest[:4])
            value = {"x": x - w / 2, "y": y - h / 2, "width": w, "height": h, "rotation": 0, "rectanglelabels": [label]}
            yield {**row, "type": "rectanglelabels", "value": value, **({"score": rest[4]} if len(rest) == 5 else {})}
        elif len(rest) % 2 == 0:
            points = [[x * 100, y * 100] for x, y in zip(rest[::2], rest[1::2], strict=True)]
            yield {**row, "type": "polygonlabels", "value": {"points": points, "closed": True, "polygonlabels": [label]}}
        else:
            yield {**row, "type": "yolo", "value": {"labels": [label], "numbers": rest}}


def _voc_result(
    thing: ElementTree.Element, number: int, size: tuple[int, int] | None, remarks: list[Remark], place: str
) -> dict[str, Any] | None:
    label = (thing.findtext("name") or "").strip()
    corners = [_number(thing.findtext(f"bndbox/{name}")) for name in ("xmin", "ymin", "xmax", "ymax")]
    known = {child.tag: child.text for child in thing if child.tag not in ("name", "bndbox") and not len(child)}
    row: dict[str, Any] = {"id": f"voc-{number}", "from_name": "label", "to_name": "image", "origin": "manual", "meta": {"voc": known}}
    if any(corner is None for corner in corners) or size is None:
        code, why = ("voc_no_box", "has no box") if size is not None else ("voc_no_size", "is in a picture whose size is not given")
        remarks.append(Remark(place, code, f"The object {label!r} {why}; it is kept as it is written.", {"label": label[:60]}))
        return {**row, "type": "voc", "value": {"labels": [label], "corners": corners}}
    x0, y0, x1, y1 = (float(corner or 0) for corner in corners)
    value = {
        "x": x0 * 100 / size[0],
        "y": y0 * 100 / size[1],
        "width": (x1 - x0) * 100 / size[0],
        "height": (y1 - y0) * 100 / size[1],
        "rotation": 0,
        "rectanglelabels": [label],
    }
    return {**row, "type": "rectanglelabels", "original_width": size[0], "original_height": size[1], "image_rotation": 0, "value": value}


def _read(source: Source, file: FileIn) -> bytes:
    if file.size > _MOST_TEXT_BYTES:
        raise Unreadable("text_too_long", f"{file.name} is larger than a list of boxes can be.", "Export the labels again.")
    with source.open(file) as opened:
        return opened.read()


def _of_notes(text: str) -> list[str]:
    try:
        listed = json.loads(text).get("categories", [])
        return [str(one["name"]) for one in sorted(listed, key=lambda one: int(one["id"]))]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return []


def _of_yaml(text: str) -> list[str]:
    """The `names` of a data.yaml, as a list in one line or one name a line."""
    found = _YAML_NAMES.search(text)
    if found is None:
        return []
    if found[1]:
        return [name.strip().strip("'\"") for name in found[1][1:-1].split(",") if name.strip()]
    names: list[str] = []
    for line in text[found.end() :].splitlines():
        item = _YAML_ITEM.match(line)
        if item is None:
            if line.strip():
                break
            continue
        names.append(item[1])
    return names


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _id(stem: str) -> str:
    return stem[:120]


def _number(text: str | None) -> float | None:
    try:
        number = float(text) if text is not None else None
    except ValueError:
        return None
    return number if number is not None and math.isfinite(number) else None
