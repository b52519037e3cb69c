"""`python -m tests.bench.labelled_wells OUT.zip` writes labelled single wells as a Label Studio export, for the page to bring in.

The folder is that of `labels.csv` with file, embryo, frame, phase and split; the real one lies outside the repository and nothing of it is
kept here. Rows of split dev go out as test: they are what a training is judged on.
"""

from __future__ import annotations

import argparse
import csv
import json
import zipfile
from pathlib import Path
from typing import Any

WOW_WELLS = Path(__file__).resolve().parents[3] / "shared" / "data" / "wow_wells"
CONFIG = """<View>
  <Image name="image" value="$image"/>
  <Choices name="phase" toName="image" choice="single">
    <Choice value="1"/><Choice value="2"/><Choice value="3"/><Choice value="4"/>
  </Choices>
</View>
"""


def write_export(folder: Path, out: Path, *, embryos: int | None = None) -> int:
    """Write the tasks and pictures of so many embryos of each split, all where nothing is said; gives the number of tasks."""
    with (folder / "labels.csv").open(newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    pictures: dict[str, list[dict[str, str]]] = {}
    for row in _first(rows, embryos):
        # A frame that got two phases stands in two rows: one task with two annotations.
        pictures.setdefault(row["file"], []).append(row)
    tasks = [_task(number, said) for number, said in enumerate(pictures.values(), start=1)]
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("tasks.json", json.dumps(tasks, indent=1))
        archive.writestr("config.xml", CONFIG)
        for name in pictures:
            archive.write(folder / name, f"images/{_name(name)}")
    return len(tasks)


def _first(rows: list[dict[str, str]], embryos: int | None) -> list[dict[str, str]]:
    """Rows of the first embryos of each split, in order."""
    kept: dict[str, list[str]] = {}
    for row in rows:
        names = kept.setdefault(row["split"], [])
        if row["embryo"] not in names and (embryos is None or len(names) < embryos):
            names.append(row["embryo"])
    return [row for row in rows if row["embryo"] in kept[row["split"]]]


def _name(file: str) -> str:
    """Label Studio keeps no folders of what is uploaded."""
    return file.replace("/", "-")


def _task(number: int, rows: list[dict[str, str]]) -> dict[str, Any]:
    row = rows[0]
    return {
        "id": number,
        "data": {
            "image": f"/data/upload/1/{number:08x}-{_name(row['file'])}",
            "embryo": row["embryo"],
            "frame": int(row["frame"]),
            "split": "test" if row["split"] == "dev" else row["split"],
            "in_two_phases": row.get("in_two_phases", "0"),
        },
        "annotations": [_annotation(10 * number + place, said["phase"]) for place, said in enumerate(rows)],
        "predictions": [],
    }


def _annotation(number: int, phase: str) -> dict[str, Any]:
    at = "2026-03-01T10:00:00.000000Z"
    return {
        "id": number,
        "completed_by": {"id": 1, "email": "markers@example.org"},
        "result": [{"id": f"r{number}", "from_name": "phase", "to_name": "image", "type": "choices", "value": {"choices": [phase]}}],
        "was_cancelled": False,
        "ground_truth": False,
        "created_at": at,
        "updated_at": at,
        "lead_time": 4.0,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--data", type=Path, default=WOW_WELLS, help="folder with labels.csv")
    parser.add_argument("--embryos", type=int, help="of each split; all unless said")
    said = parser.parse_args()
    print(f"{write_export(said.data, said.out, embryos=said.embryos)} tasks in {said.out}")


if __name__ == "__main__":
    main()
