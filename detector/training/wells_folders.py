"""A lab's labelled dishes: a folder with truth.json, whose entries also say which split each picture is in."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from detector.errors import DetectorError, StackError
from detector.stacks import open_stack
from detector.synth import DishSettings, render_dish
from detector.training.renderings import CLASSES, Labels, Renderings
from detector.training.stages_folders import Say
from detector.types import Box, Content, Image
from detector.wells.preprocess import HEIGHT, WIDTH, prepare

_FORM = "truth.json is a list of {file, split, wells: [{box: [x0, y0, x1, y1], content}], gas_outside_wells}."
_LEAST_VISIBLE = 0.4


@dataclass(frozen=True, slots=True)
class Dish:
    """One labelled picture of a dish; a box is pixels of that picture."""

    path: Path
    split: str
    group: str
    """Pictures of one patient or dish; they never teach and judge at once."""
    wells: tuple[tuple[Box, Content], ...]
    gas_outside: bool

    def read(self) -> Image:
        """The grey picture; raises StackError with the reason."""
        with open_stack(self.path) as stack:
            return stack.read(0)


def read_dishes(folder: Path) -> list[Dish]:
    """The entries of truth.json; raises DetectorError with the first that cannot be used, or where a group is in two splits."""
    try:
        entries = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as reason:
        raise DetectorError("labels_missing", f"truth.json in {folder} cannot be read: {reason}", _FORM) from reason
    if not isinstance(entries, list):
        raise DetectorError("labels_broken", "truth.json is no list", _FORM)
    dishes = [_dish(folder, entry, number) for number, entry in enumerate(entries, start=1)]
    splits: dict[str, str] = {}
    for dish in dishes:
        if splits.setdefault(dish.group, dish.split) != dish.split:
            detail = f"{dish.group[:80]} is in several splits"
            raise DetectorError("splits_overlap", detail, "All pictures of a dish belong to one split, or the figures are not honest.")
    return dishes


def _dish(folder: Path, entry: Any, number: int) -> Dish:
    try:
        path = folder / str(entry["file"])
        wells = tuple((_box(well["box"]), Content(well["content"])) for well in entry["wells"])
        owner = str(entry.get("patient") or entry.get("dish") or entry["file"])
        dish = Dish(path, str(entry.get("split") or "train"), owner, wells, bool(entry.get("gas_outside_wells")))
    except (KeyError, TypeError, ValueError, AttributeError) as reason:
        raise DetectorError("labels_broken", f"entry {number} of truth.json cannot be read: {reason!r}", _FORM) from reason
    if not path.resolve().is_relative_to(folder.resolve()):
        raise DetectorError("labels_broken", f"entry {number} of truth.json names {entry['file']!r}, outside its folder", _FORM)
    return dish


def _box(values: Any) -> Box:
    x0, y0, x1, y1 = (float(value) for value in values)
    if not (x0 < x1 and y0 < y1):
        raise ValueError(f"no box: {values}")
    return Box(x0, y0, x1, y1)


def canonical(dishes: Sequence[Dish], store: Path, say: Say) -> tuple[Renderings, list[Dish]]:
    """The dishes as the net sees them, and which those are that can be read; pictures lie in the file `store`, not in memory."""
    store.parent.mkdir(parents=True, exist_ok=True)
    images = np.memmap(store, mode="w+", dtype=np.uint8, shape=(max(len(dishes), 1), HEIGHT, WIDTH))
    labels: list[Labels] = []
    readable: list[Dish] = []
    cv2.setNumThreads(1)
    for number, dish in enumerate(dishes):
        try:
            prepared = prepare(dish.read())
        except StackError as reason:
            say(f"left out {dish.path.name}: {reason.detail}")
            continue
        images[len(readable)] = prepared.pixels
        rows = [(float(CLASSES.index(content.value)), *prepared.from_frame(box)) for box, content in dish.wells]
        labels.append(np.array(rows, dtype=np.float32).reshape(-1, 5))
        readable.append(dish)
        if number % 100 == 99:
            say(json.dumps({"read": number + 1, "pictures": len(dishes)}))
    return Renderings(images[: len(readable)], labels), readable


@dataclass(frozen=True, slots=True)
class Judged:
    """A picture and everything that finders are judged by."""

    image: Image
    wells: tuple[tuple[Box, Content], ...]
    gas_outside: bool


def pictures_of(dishes: Sequence[Dish]) -> Iterator[Judged]:
    """The dishes that can be read, one at a time and as they are."""
    for dish in dishes:
        try:
            yield Judged(dish.read(), dish.wells, dish.gas_outside)
        except StackError:
            continue


def rendered_pictures(settings: DishSettings, first_seed: int, count: int) -> Iterator[Judged]:
    """Renderings with all their wells of which enough is seen."""
    for seed in range(first_seed, first_seed + count):
        dish = render_dish(seed, settings)
        wells = tuple((well.box, well.content) for well in (*dish.truth.wells, *dish.truth.strays) if well.visible >= _LEAST_VISIBLE)
        yield Judged(dish.image, wells, bool(dish.truth.gas_outside))
