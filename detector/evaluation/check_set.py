"""The frozen check set: renderings with truth, from seeds that no training draws, written once and known by what they hold."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2

from detector.errors import DetectorError, StackError
from detector.evaluation.truth import Picture, TrueWell, from_dict, rendered
from detector.stacks import open_stack
from detector.synth.developing import DEVELOPING_VERSION, WellSettings, render_wells
from detector.synth.settings import RENDERER_VERSION
from detector.training.stages_folders import Say, read_labels
from detector.training.wells_folders import read_dishes
from detector.types import Content, Image

TASKS = ("wells", "stages")
KINDS = ("usual", "hard", "shifted")
"""Renderings of dishes, as many of each."""
CONTENTS = tuple(Content)
FIRST_SEED = 11_000_000
"""Far from every seed that trainings, cards and other evaluations draw by."""
STAGES_SET = "rendered"
LABELS = "labels"
"""What a set of a lab's own pictures is called."""
_REMAKE = "Make the check set anew with `detector check --make-set`."


@dataclass(frozen=True, slots=True)
class Shown:
    """A dish with its truth; `places` names each well of `picture`, in the same order."""

    set: str
    picture: Picture
    places: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Single:
    """One embryo's picture; the truth is a stage on renderings, and a coarse phase, 0 to 3, on a lab's own pictures."""

    set: str
    name: str
    image: Image
    truth: str | int


def make_set(home: Path, task: str, count: int, say: Say) -> Path:
    """The folder of the check set of this size under `home`, rendered first where it is missing or no longer what it was."""
    home.mkdir(parents=True, exist_ok=True)
    note = home / f"{task}-{count}-{_recipe(task)}.json"
    if note.is_file():
        folder = home / str(json.loads(note.read_text(encoding="utf-8"))["hash"])
        if folder.is_dir() and hash_of(folder) == folder.name:
            return folder
        shutil.rmtree(folder, ignore_errors=True)
    draft = home / f"draft-{os.getpid()}"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir()
    try:
        _render(draft, task, count, say)
        folder = home / hash_of(draft)
        if not folder.is_dir():
            draft.rename(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    fresh = note.with_suffix(f".{os.getpid()}")
    fresh.write_text(json.dumps({"hash": folder.name}), encoding="utf-8")
    fresh.replace(note)
    return folder


def hash_of(folder: Path) -> str:
    """SHA-256 over every file's name and bytes."""
    whole = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        whole.update(f"{path.name}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return whole.hexdigest()


def require_whole(folder: Path) -> None:
    """Refuse a check set that is not what its name says: figures on it could not be repeated."""
    if not folder.is_dir() or hash_of(folder) != folder.name:
        raise DetectorError("check_set_changed", f"the check set {folder.name[:12]}… was changed", _REMAKE)


def dishes_in(folder: Path) -> Iterator[Shown]:
    """The rendered dishes of a check set, one at a time."""
    for entry in _entries(folder):
        picture = from_dict(entry, _read(folder / Path(str(entry["file"])).name))
        yield Shown(str(entry["set"]), picture, tuple(_place(well.row, well.column) for well in picture.wells))


def labelled_dishes(folder: Path) -> Iterator[Shown]:
    """A lab's own dishes of the split that is judged on; those that cannot be read are left out."""
    entries = _entries(folder)
    for dish, entry in zip(read_dishes(folder), entries, strict=True):
        if dish.split != "test":
            continue
        try:
            image = dish.read()
        except StackError:
            continue
        wells = tuple(TrueWell(-1, -1, box, content) for box, content in dish.wells)
        picture = Picture(dish.path.name, image, wells, (), None, bool(wells), dish.gas_outside)
        places = (_named(well, number) for number, well in enumerate(entry["wells"], start=1))
        yield Shown(LABELS, picture, tuple(places))


def singles_in(folder: Path) -> Iterator[Single]:
    """The rendered embryos of a check set, one at a time."""
    for entry in _entries(folder):
        name = Path(str(entry["file"])).name
        yield Single(STAGES_SET, name, _read(folder / name), str(entry["stage"]))


def labelled_singles(folder: Path) -> Iterator[Single]:
    """A lab's own pictures of the split that is judged on, each of one phase."""
    for row in read_labels(folder):
        if row.split != "test" or row.is_doubtful:
            continue
        try:
            yield Single(LABELS, row.path.name, _read(row.path), row.phase)
        except StackError:
            continue


def count_of(folder: Path) -> int:
    """How many pictures a check set holds."""
    return len(_entries(folder))


def _render(folder: Path, task: str, count: int, say: Say) -> None:
    cv2.setNumThreads(1)
    if task == "stages":
        render_wells(FIRST_SEED, count, folder, WellSettings())
        say(json.dumps({"rendered": count, "of": count}))
        return
    entries: list[dict[str, Any]] = []
    for kind in KINDS:
        for picture in rendered(kind, count, FIRST_SEED):
            name = f"{kind}-{len(entries):05d}.png"
            cv2.imwrite(str(folder / name), picture.image)
            entries.append(_entry(kind, name, picture))
            say(json.dumps({"rendered": len(entries), "of": count * len(KINDS)}))
    (folder / "truth.json").write_text(json.dumps(entries), encoding="utf-8")


def _entry(kind: str, name: str, picture: Picture) -> dict[str, Any]:
    wells = [
        {
            "row": well.row,
            "column": well.column,
            "box": well.box.as_list(),
            "content": well.content.value,
            "content_unsure": not well.is_content_sure,
        }
        for well in picture.wells
    ]
    return {
        "file": name,
        "set": kind,
        "wells": wells,
        "ignore": [box.as_list() for box in picture.ignored],
        "usable": picture.is_usable,
        "gas_outside_wells": picture.gas_outside_wells,
    }


def _recipe(task: str) -> str:
    """What the same size would be rendered alike by."""
    drawn = RENDERER_VERSION if task == "wells" else DEVELOPING_VERSION
    return hashlib.sha256(f"{task}|{drawn}|{KINDS}|{FIRST_SEED}".encode()).hexdigest()[:8]


def _entries(folder: Path) -> list[dict[str, Any]]:
    try:
        entries: list[dict[str, Any]] = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as reason:
        raise DetectorError("bad_truth", f"truth.json in {folder.name} cannot be read: {reason}", _REMAKE) from reason
    return entries


def _read(path: Path) -> Image:
    with open_stack(path) as stack:
        return stack.read(0)


def _place(row: int, column: int) -> str:
    return f"{chr(ord('A') + row)}{column + 1}" if row >= 0 and column >= 0 else ""


def _named(well: dict[str, Any], number: int) -> str:
    """Labels need not say where in its dish a well lies."""
    row, column = well.get("row"), well.get("column")
    return _place(row, column) if isinstance(row, int) and isinstance(column, int) else f"#{number}"
