"""Exports as Label Studio writes them, made small; each builder gives what stands in the file."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

from tests.honesty import REAL_DATA

REAL = REAL_DATA / "label_studio"
SIZE = (1000, 500)


def result(kind: str, value: dict[str, Any], id_: str | None = "r1", *, size: tuple[int, int] | None = SIZE, **more: Any) -> dict[str, Any]:
    row: dict[str, Any] = {"from_name": "label", "to_name": "image", "type": kind, "value": value, **more}
    if id_ is not None:
        row["id"] = id_
    if size is not None:
        row |= {"original_width": size[0], "original_height": size[1]}
    return row


def box(x: float, y: float, width: float, height: float, **more: Any) -> dict[str, Any]:
    return {"x": x, "y": y, "width": width, "height": height, **more}


def annotation(*rows: dict[str, Any], id_: int = 1, **more: Any) -> dict[str, Any]:
    return {"id": id_, "completed_by": 1, "result": list(rows), "was_cancelled": False, "ground_truth": False, **more}


def task(*annotations: dict[str, Any], id_: int = 1, name: str = "", **more: Any) -> dict[str, Any]:
    return {
        "id": id_,
        "data": {"image": f"/data/upload/1/0123abcd-{name or f'dish-{id_}.jpg'}"},
        "annotations": list(annotations),
        "project": 7,
        **more,
    }


def well(number: int, *choices: str, kind: str = "ellipselabels") -> list[dict[str, Any]]:
    """One well of a dish of nine as the lab labels it; number 0 is the upper left one."""
    x, y = 20.0 + 30 * (number % 3), 20.0 + 30 * (number // 3)
    shape = {"x": x, "y": y, "radiusX": 5, "radiusY": 10, "rotation": 0} if kind == "ellipselabels" else {"x": x, "y": y, "width": 0.5}
    rows = [result(kind, {**shape, kind: ["Well"]}, f"w{number}", from_name="well")]
    if choices:
        rows.append(result("choices", {**shape, "choices": list(choices)}, f"w{number}", from_name="content"))
    return rows


def dish(contents: Iterable[tuple[str, ...]], *whole: str, **more: Any) -> dict[str, Any]:
    """A task of one dish: what each well holds, and what is said of the whole picture."""
    rows = [row for number, choices in enumerate(contents) for row in well(number, *choices)]
    if whole:
        rows.append(result("choices", {"choices": list(whole)}, "whole", from_name="whole"))
    return task(annotation(*rows), **more)


def written(path: Path, *tasks: Any) -> Path:
    path.write_text(json.dumps(list(tasks), ensure_ascii=False), encoding="utf-8")
    return path


def packed(path: Path, members: Mapping[str, bytes | str], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def jpeg(width: int = 100, height: int = 50, shade: int = 40, exif: bytes = b"") -> bytes:
    picture = Image.new("L", (width, height), shade)
    ImageDraw.Draw(picture).rectangle((shade % width // 2, 4, width - 4, height // 2), fill=220)
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=90, **({"exif": exif} if exif else {}))
    return buffer.getvalue()
