"""Takes a materialised data set through its steps: preprocessing on every picture, augmentation on copies of what is taught."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image as Pillow

from detector.errors import DetectorError
from detector.training.stages_folders import read_picture
from detector.training.steps import BoxRow, Step, apply, parse
from detector.types import Image

Say = Callable[[str], None]
MOST_COPIES = 20
TAUGHT = "train"
_FORM = "steps.json holds {preprocessing: [step], augmentation: [step], copies, seed}, or nothing."


@dataclass(frozen=True, slots=True)
class Plan:
    """What steps.json asks for."""

    preprocessing: tuple[Step, ...] = ()
    augmentation: tuple[Step, ...] = ()
    copies: int = 0
    seed: int = 1

    @property
    def is_empty(self) -> bool:
        return not self.preprocessing and not (self.augmentation and self.copies)

    @classmethod
    def read(cls, folder: Path) -> Plan:
        """From `folder`/steps.json; an empty plan where there is none."""
        path = folder / "steps.json"
        if not path.is_file():
            return cls()
        try:
            said = json.loads(path.read_text(encoding="utf-8"))
            copies, seed = int(said.get("copies", 0)), int(said.get("seed", 1))
        except (OSError, ValueError, TypeError, AttributeError) as reason:
            raise DetectorError("bad_steps", f"{path} cannot be read: {reason}", _FORM) from reason
        if not 0 <= copies <= MOST_COPIES:
            raise DetectorError("bad_steps", f"{copies} copies of a picture", f"Give 0 to {MOST_COPIES}.")
        return cls(parse(said.get("preprocessing", [])), parse(said.get("augmentation", [])), copies, seed)


def prepare(folder: Path, say: Say) -> dict[str, Any]:
    """Rewrite the pictures and labels of `folder` once; a second call finds it done and changes nothing.

    New pictures get new names and the labels change last in one rename, so that a run that was killed is simply made again.
    """
    plan, done = Plan.read(folder), folder / "prepared.json"
    if done.is_file():
        told: dict[str, Any] = json.loads(done.read_text(encoding="utf-8"))
        return told
    if plan.is_empty:
        return {"pictures": 0, "copies": 0}
    cv2.setNumThreads(1)
    if (folder / "truth.json").is_file():
        pictures, copies = _wells(folder, plan, say)
    elif (folder / "labels.csv").is_file():
        pictures, copies = _phases(folder, plan, say)
    else:
        raise DetectorError("labels_missing", f"there is neither labels.csv nor truth.json in {folder}", "Write a data set there first.")
    answer = {"pictures": pictures, "copies": copies}
    _replace(done, json.dumps(answer))
    return answer


def _wells(folder: Path, plan: Plan, say: Say) -> tuple[int, int]:
    entries = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    written: list[dict[str, Any]] = []
    for number, entry in enumerate(entries, start=1):
        boxes = [(float(x0), float(y0), float(x1), float(y1)) for x0, y0, x1, y1 in (well["box"] for well in entry["wells"])]
        for name, moved, kept in _made(folder, entry["file"], boxes, plan, is_taught=entry.get("split") == TAUGHT):
            wells = [{**entry["wells"][place], "box": list(box)} for place, box in zip(kept, moved, strict=True)]
            written.append({**entry, "file": name, "wells": wells})
        _tell(say, number, len(entries))
    _replace(folder / "truth.json", json.dumps(written, ensure_ascii=False))
    return len(entries), len(written) - len(entries)


def _phases(folder: Path, plan: Plan, say: Say) -> tuple[int, int]:
    with (folder / "labels.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    written: list[dict[str, str]] = []
    for number, row in enumerate(rows, start=1):
        for name, _, _ in _made(folder, row["file"], [], plan, is_taught=row.get("split") == TAUGHT):
            written.append({**row, "file": name})
        _tell(say, number, len(rows))
    draft = folder / "labels.csv.part"
    with draft.open("w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, list(rows[0]) if rows else ["file"])
        table.writeheader()
        table.writerows(written)
    draft.replace(folder / "labels.csv")
    return len(rows), len(written) - len(rows)


def _made(
    folder: Path, name: str, boxes: list[BoxRow], plan: Plan, *, is_taught: bool
) -> Iterator[tuple[str, tuple[BoxRow, ...], tuple[int, ...]]]:
    """The picture after preprocessing and, where it is taught, its changed copies; written beside the original, which stays as it was."""
    path = folder / name
    if not path.resolve().is_relative_to(folder.resolve()):
        raise DetectorError("labels_broken", f"{name!r} lies outside of its folder", "Name pictures below the folder.")
    rng = np.random.default_rng(_seed(plan.seed, name))
    first = apply(read_picture(path), boxes, plan.preprocessing, rng)
    kept_name = f"{path.relative_to(folder).with_suffix('')}-p.png"
    _save(folder / kept_name, first.picture)
    yield kept_name, first.boxes, first.kept
    for copy in range(plan.copies if is_taught and plan.augmentation else 0):
        made = apply(first.picture, first.boxes, plan.augmentation, rng, at_random=True)
        copy_name = f"{path.relative_to(folder).with_suffix('')}-a{copy + 1}.png"
        _save(folder / copy_name, made.picture)
        yield copy_name, made.boxes, tuple(first.kept[place] for place in made.kept)


def _seed(seed: int, name: str) -> int:
    """Each picture draws its own numbers, whatever comes before it."""
    return int.from_bytes(hashlib.sha256(f"{seed}|{name}".encode()).digest()[:8])


def _save(path: Path, picture: Image) -> None:
    Pillow.fromarray(picture).save(path, compress_level=1)


def _replace(path: Path, text: str) -> None:
    draft = path.with_name(f"{path.name}.part")
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)


def _tell(say: Say, done: int, total: int) -> None:
    if done % 100 == 0 or done == total:
        say(json.dumps({"done": done, "of": total}))
