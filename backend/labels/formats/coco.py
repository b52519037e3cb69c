"""COCO: pictures, classes and what is marked, each in a list of its own and in any order."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from typing import Any, BinaryIO

from backend.labels.formats.streaming import Fault, entries
from backend.labels.formats.tasks import identifier
from backend.labels.formats.values import Annotation, Json, Remark, Task

LOSSY = (
    "COCO carries boxes and outlines only: no ellipses, no choices, no annotators, no skipped or deliberately empty tasks, no predictions. "
    "Export as JSON to bring in everything."
)
_OF_IMAGE = frozenset({"id", "file_name", "width", "height"})
_OF_MARK = frozenset({"id", "image_id", "category_id", "bbox", "segmentation", "keypoints", "num_keypoints"})


def tasks_of_coco(open_file: Callable[[], BinaryIO], name: str, tell: Callable[[str, Fault], None]) -> Iterator[Task]:
    """One task a picture. Marks are sorted on disk first, for a file may list them before or far from their pictures."""
    with closing(sqlite3.connect("")) as shelf:
        shelf.execute("CREATE TABLE marks (image TEXT, at INTEGER, mark TEXT)")
        shelf.execute("CREATE TABLE images (at INTEGER, image TEXT, said TEXT)")
        categories = _shelve(open_file, name, shelf, tell)
        shelf.execute("CREATE INDEX by_image ON marks (image, at)")
        for at, image, said in shelf.execute("SELECT at, image, said FROM images ORDER BY at"):
            place = f"{name}, picture {at + 1}"
            marks = [json.loads(mark) for (mark,) in shelf.execute("SELECT mark FROM marks WHERE image = ? ORDER BY at", (image,))]
            yield _task(json.loads(said), marks, categories, place)
        lost = shelf.execute("SELECT count(*) FROM marks WHERE image NOT IN (SELECT image FROM images)").fetchone()[0]
        if lost:
            detail = f"Marks that name a picture that the file does not list: {lost}; left out."
            tell(name, Fault("mark_without_picture", detail, {"n": lost}))


def _shelve(
    open_file: Callable[[], BinaryIO], name: str, shelf: sqlite3.Connection, tell: Callable[[str, Fault], None]
) -> dict[str, dict[str, Json]]:
    categories: dict[str, dict[str, Json]] = {}
    with open_file() as file:
        for entry in entries(file, name):
            value, at = entry.value, entry.index or 0
            place = f"{name}, {entry.field} {at + 1}"
            if isinstance(value, Fault):
                tell(place, value)
            elif entry.field == "categories" and isinstance(value, dict):
                categories[str(value.get("id"))] = value
            elif entry.field == "images" and isinstance(value, dict):
                shelf.execute("INSERT INTO images VALUES (?, ?, ?)", (at, str(value.get("id")), json.dumps(value)))
            elif entry.field == "annotations" and isinstance(value, dict):
                shelf.execute("INSERT INTO marks VALUES (?, ?, ?)", (str(value.get("image_id")), at, json.dumps(value)))
            elif entry.field in ("images", "annotations") and entry.index is not None:
                detail = f"Something that is no object stands among the {entry.field}."
                tell(place, Fault("not_an_object", detail, {"list": entry.field}))
    return categories


def _task(image: dict[str, Json], marks: list[dict[str, Json]], categories: Mapping[str, dict[str, Json]], place: str) -> Task:
    remarks: list[Remark] = []
    size = _size(image)
    result: list[dict[str, Any]] = []
    for number, mark in enumerate(marks):
        result += _results(mark, number, categories, size, remarks, place)
    if size is None:
        remarks.append(
            Remark(place, "size_not_given", "The picture's size is not given; its marks are kept in pixels as they are written.")
        )
    data = {"image": image.get("file_name") or image.get("coco_url") or ""}
    extra = {key: value for key, value in image.items() if key not in _OF_IMAGE}
    annotations = (Annotation("annotation", external_id=f"coco-{image.get('id')}", result=tuple(result)),) if marks else ()
    return Task(place, identifier(image.get("id")), data, extra, annotations, tuple(remarks), size)


def _results(
    mark: dict[str, Json],
    number: int,
    categories: Mapping[str, dict[str, Json]],
    size: tuple[int, int] | None,
    remarks: list[Remark],
    place: str,
) -> Iterator[dict[str, Any]]:
    category = categories.get(str(mark.get("category_id")), {})
    label = category.get("name")
    if not isinstance(label, str):
        label = f"class {mark.get('category_id')}"
        detail = f"A mark is of {label}, which the file does not name."
        remarks.append(Remark(place, "class_unknown", detail, {"number": str(mark.get("category_id"))[:40]}))
    outer: dict[str, Any] = {"id": f"coco-{mark.get('id', number)}", "from_name": "label", "to_name": "image", "origin": "manual"}
    kept = {key: value for key, value in mark.items() if key not in _OF_MARK}
    if kept:
        outer["meta"] = {"coco": kept}
    if size is None:
        yield {**outer, "type": "coco", "value": {key: mark[key] for key in ("bbox", "segmentation", "keypoints") if key in mark}}
        return
    outer |= {"original_width": size[0], "original_height": size[1], "image_rotation": 0}
    points = mark.get("keypoints")
    if isinstance(points, list) and points:
        yield from _keypoints(points, category, outer, size)
    outlines = mark.get("segmentation")
    if isinstance(outlines, dict):
        remarks.append(Remark(place, "coco_mask", "A mask in COCO's run-length code is kept as it is written, beside its box."))
        yield {**outer, "id": f"{outer['id']}-mask", "type": "coco", "value": {"segmentation": outlines, "labels": [label]}}
    polygons = [flat for flat in outlines if isinstance(flat, list) and len(flat) >= 6] if isinstance(outlines, list) else []
    if polygons and all(_are_numbers(flat) for flat in polygons):
        for part, flat in enumerate(polygons):
            corners = [[x * 100 / size[0], y * 100 / size[1]] for x, y in zip(flat[::2], flat[1::2], strict=False)]
            id_ = outer["id"] if len(polygons) == 1 else f"{outer['id']}-{part}"
            yield {**outer, "id": id_, "type": "polygonlabels", "value": {"points": corners, "closed": True, "polygonlabels": [label]}}
        return
    box = mark.get("bbox")
    if isinstance(box, list) and len(box) == 4 and _are_numbers(box):
        x, y, w, h = (value * 100 / size[i % 2] for i, value in enumerate(box))
        value = {"x": x, "y": y, "width": w, "height": h, "rotation": 0, "rectanglelabels": [label]}
        yield {**outer, "type": "rectanglelabels", "value": value}
    elif not points and not isinstance(outlines, dict):
        detail = f"A mark of {label!r} has neither box nor outline; it is kept as it is written."
        remarks.append(Remark(place, "mark_without_shape", detail, {"label": label[:60]}))
        yield {**outer, "type": "coco", "value": {"labels": [label], "bbox": box, "segmentation": outlines}}


def _keypoints(points: list[Json], category: Mapping[str, Json], outer: dict[str, Any], size: tuple[int, int]) -> Iterator[dict[str, Any]]:
    """Threes of x, y and visibility; 0 means that the point is not marked."""
    names = category.get("keypoints")
    for place in range(0, len(points) - 2, 3):
        x, y, visible = points[place : place + 3]
        if not visible or not _are_numbers([x, y]):
            continue
        index = place // 3
        name = names[index] if isinstance(names, list) and index < len(names) and isinstance(names[index], str) else f"point {index + 1}"
        value = {"x": x * 100 / size[0], "y": y * 100 / size[1], "width": 0, "keypointlabels": [name]}
        yield {**outer, "id": f"{outer['id']}-point-{index}", "type": "keypointlabels", "value": value, "parentID": outer["id"]}


def _size(image: Mapping[str, Json]) -> tuple[int, int] | None:
    width, height = image.get("width"), image.get("height")
    if not isinstance(width, int | float) or not isinstance(height, int | float) or width <= 0 or height <= 0:
        return None
    return (round(width), round(height))


def _are_numbers(values: list[Any]) -> bool:
    return all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)
