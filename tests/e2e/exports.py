"""Label exports as labs have them: the WOW convention with everything that is awkward about a real one, drawn with known contents."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
CHOICES = {"empty": [], "embryo": ["E"], "gas": ["B"], "embryo_gas": ["E", "B"]}
Json = dict[str, Any]


@dataclass(frozen=True)
class Awkward:
    """An export and what is in it."""

    file: Path
    tasks: int
    annotations: int
    """By people; those that were skipped are none."""
    pictures: int
    contents: Counter[str]
    """Wells that the first annotators marked, by content."""


def awkward_export(folder: Path, *, seed: int = 5, dishes: int = 12) -> Awkward:
    """A ZIP of a Label Studio JSON and its pictures: two annotators, skipped, empty and unlabelled tasks, a machine's predictions, Cyrillic
    words, several tags, a result of an unknown type, and one name that two pictures have."""
    drawn = folder / "drawn"
    command = ["render", "dish", "--seed", str(seed), "--out", str(drawn), "--count", str(dishes), "--layout", "3x3"]
    subprocess.run(
        [sys.executable, "-m", "detector", *command, "--width", "640", "--height", "480"], cwd=ROOT, check=True, capture_output=True
    )
    truth: list[Json] = json.loads((drawn / "truth.json").read_text())
    tasks = [_task(number, one) for number, one in enumerate(truth, start=1)]
    _spoil(tasks, truth)
    file = folder / "project-7-at-2026-11-02.zip"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("project-7.json", json.dumps(tasks, ensure_ascii=False))
        for one in truth:
            archive.write(drawn / one["file"], f"images/{one['file']}")
        # Another picture of the same name, so that nobody but a person can tell which the task means.
        archive.write(drawn / truth[1]["file"], f"images/again/{truth[0]['file']}")
    first = [task["annotations"][0]["result"] for task in tasks if task["annotations"] and not task["annotations"][0]["was_cancelled"]]
    contents = Counter(_content_of(rows) for result in first for rows in _wells(result).values())
    people = sum(not one["was_cancelled"] for task in tasks for one in task["annotations"])
    return Awkward(file, len(tasks), people, len(truth) + 1, contents)


def _task(number: int, truth: Json) -> Json:
    result = [row for place, well in enumerate(truth["wells"]) for row in _well(f"t{number}w{place:02d}", well, truth)]
    return {
        "id": 4000 + number,
        "data": {"image": f"/data/upload/7/{number:08x}-{truth['file']}"},
        "annotations": [_annotation(number, result, by=1)],
        "predictions": [],
        "meta": {"инкубатор": "№ 2"},
        "project": 7,
    }


def _annotation(number: int, result: list[Json], *, by: int, was_cancelled: bool = False) -> Json:
    return {
        "id": 9000 + 10 * number + by,
        "completed_by": {"id": by, "email": f"annotator{by}@example.org", "first_name": "", "last_name": ""},
        "result": result,
        "was_cancelled": was_cancelled,
        "ground_truth": False,
        "created_at": "2026-10-30T08:15:00.000000Z",
        "updated_at": "2026-10-30T08:16:30.000000Z",
        "lead_time": 41.5,
    }


def _well(region: str, well: Json, truth: Json) -> list[Json]:
    x0, y0, x1, y1 = well["box"]
    width, height = truth["width"], truth["height"]
    shape = {
        "x": 50 * (x0 + x1) / width,
        "y": 50 * (y0 + y1) / height,
        "radiusX": 50 * (x1 - x0) / width,
        "radiusY": 50 * (y1 - y0) / height,
        "rotation": 0,
    }
    size = {"original_width": width, "original_height": height, "image_rotation": 0, "to_name": "image", "origin": "manual"}
    ellipse = {"id": region, "type": "ellipselabels", "from_name": "well", **size, "value": {**shape, "ellipselabels": ["Well"]}}
    choices = CHOICES[well["content"]]
    said = {"id": region, "type": "choices", "from_name": "content", **size, "value": {**shape, "choices": choices}}
    return [ellipse, said] if choices else [ellipse]


def _spoil(tasks: list[Json], truth: list[Json]) -> None:
    """Make of a clean export one as it comes from a lab."""
    second = json.loads(json.dumps(tasks[2]["annotations"][0]["result"]).replace('"t3w', '"u3w'))
    tasks[2]["annotations"].append(_annotation(3, second, by=2))
    tasks[3]["predictions"] = [{"id": 1, "model_version": "yolo-2024", "score": 0.83, "result": tasks[3]["annotations"][0]["result"]}]
    tasks[3]["annotations"][0]["result"] = [
        # The word of a lab that writes Russian, and a second tag that means nothing here.
        {**row, "value": {**row["value"], "choices": ["Эмбрион"]}} if row["value"].get("choices") == ["E"] else row
        for row in tasks[3]["annotations"][0]["result"]
    ]
    for row in tasks[4]["annotations"][0]["result"]:
        if row["type"] == "ellipselabels":
            row["value"]["ellipselabels"] = ["Well", "Хорошо видно"]
    unknown = {"id": "m1", "type": "magicwand3", "from_name": "wand", "to_name": "image", "value": {"strokes": [[1, 2], [3, 4]]}}
    tasks[5]["annotations"][0]["result"].append(unknown)
    tasks[6]["annotations"] = [_annotation(7, tasks[6]["annotations"][0]["result"], by=2, was_cancelled=True)]
    tasks[7]["annotations"] = [_annotation(8, [], by=1)]
    tasks[8]["annotations"] = []
    whole = {"id": "z1", "type": "choices", "from_name": "whole", "to_name": "image", "value": {"choices": ["U"]}}
    tasks[9]["annotations"][0]["result"].append(whole)
    assert len(tasks) == len(truth) >= 12


def _wells(result: list[Json]) -> dict[str, list[Json]]:
    regions: dict[str, list[Json]] = {}
    for row in result:
        if row["type"] in ("ellipselabels", "choices") and "x" in row["value"]:
            regions.setdefault(row["id"], []).append(row)
    return regions


def _content_of(rows: list[Json]) -> str:
    said = {choice for row in rows for choice in row["value"].get("choices", ())}
    embryo, gas = bool(said & {"E", "Эмбрион"}), "B" in said
    return {(True, True): "embryo_gas", (True, False): "embryo", (False, True): "gas", (False, False): "empty"}[embryo, gas]
