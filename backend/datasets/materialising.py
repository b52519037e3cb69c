"""Writes a frozen data set as the folder that the detector's trainers read; called in the worker."""

from __future__ import annotations

import csv
import json
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from backend.core.errors import Refused
from backend.core.files import ContentStore
from backend.datasets.models import DataSet, DataSetItem
from backend.datasets.selectors import require_disjoint
from backend.imaging.decoding import open_in_child

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Grey = npt.NDArray[np.uint8]

DECODER_TIMEOUT_S = 30
ROWS_AT_ONCE = 500
SPLIT_NAMES = {"train": "train", "validation": "dev", "test": "test"}
"""What the trainers call the splits."""
SUFFIXES = ((b"\xff\xd8", "jpg"), (b"\x89PNG", "png"))
Told = Callable[[int, int], None]


@dataclass(frozen=True)
class Manifest:
    """What was written: `labels.csv` and `images/` for phases, `truth.json` with its pictures beside it for wells."""

    folder: Path
    task: str
    hash: str
    pictures: int
    splits: dict[str, int]
    """By the trainers' names of splits."""
    steps: dict[str, Any]
    """Still to be taken by `python -m detector prepare --data FOLDER`, which reads them from `steps.json`; empty where there are none."""


def materialise(row: DataSet, folder: Path, *, tell: Told, only: str | None = None) -> Manifest:
    """Write the pictures and labels of a frozen data set below `folder`; refuses one whose splits share anything.

    `tell` hears how many of how many pictures are written, often enough to stop the work between two by raising. `only` names
    the one split that is wanted.
    """
    if row.state != DataSet.State.FROZEN:
        raise Refused("data_set_not_frozen", f"The data set {row.name} is {row.get_state_display()}.", "Freeze it first.", http_status=409)
    require_disjoint(row)
    images = folder if row.task == DataSet.Task.WELLS else folder / "images"
    images.mkdir(parents=True, exist_ok=True)
    items = DataSetItem.objects.filter(dataset=row).select_related("picture", "stack").defer("stack__hours_since_start")
    items = items.filter(split=only) if only is not None else items
    total = items.count()
    tell(0, total)
    names: dict[int, str] = {}
    whole = items.filter(picture__isnull=False, picture__stack=None).order_by("number")
    for item in whole.iterator(ROWS_AT_ONCE):
        names[item.number] = _keep(item, images)
        tell(len(names), total)
    for number, name in _cut(items.exclude(picture__isnull=False, picture__stack=None), images):
        names[number] = name
        tell(len(names), total)
    ordered = items.order_by("number").iterator(ROWS_AT_ONCE)
    _write_phases(folder, ordered, names) if row.task == DataSet.Task.PHASES else _write_wells(folder, ordered, names)
    splits = Counter(SPLIT_NAMES[split] for split in items.order_by().values_list("split", flat=True))
    has_steps = bool(row.steps.get("preprocessing") or (row.steps.get("augmentation") and row.steps.get("copies")))
    steps = {**row.steps, "seed": int(row.split.get("seed", 1))} if has_steps else {}
    (folder / "steps.json").write_text(json.dumps(steps), encoding="utf-8")
    return Manifest(folder, row.task, row.hash, len(names), dict(splits), steps)


def _keep(item: DataSetItem, images: Path) -> str:
    """The original bytes under a number: nothing that people wrote becomes a path."""
    assert item.picture is not None  # noqa: S101 - what was asked for
    try:
        path = ContentStore().path_of(item.picture.sha256)
    except FileNotFoundError:
        detail = f"The bytes of {item.picture.name[:80]!r} are not kept any more."
        raise Refused("picture_gone", detail, "Bring the labels in again with their pictures, or make a data set without it.") from None
    with path.open("rb") as file:
        head = file.read(4)
    name = f"{item.number:06d}.{next((suffix for start, suffix in SUFFIXES if head.startswith(start)), 'tif')}"
    target = images / name
    target.unlink(missing_ok=True)
    try:
        os.link(path, target)
    except OSError:
        shutil.copyfile(path, target)
    return name


def _cut(items: Any, images: Path) -> Iterator[tuple[int, str]]:
    """Frames and cuts of recordings as grey PNG, each recording read once and in order of time."""
    ordered = items.order_by("stack_id", "plane", "frame_index", "number").iterator(ROWS_AT_ONCE)
    for (_, plane), of_stack in groupby(ordered, key=lambda item: (item.stack_id, item.plane)):
        wanted = list(of_stack)
        stack = wanted[0].stack
        by_frame: dict[int, list[DataSetItem]] = {}
        for item in wanted:
            by_frame.setdefault(item.frame_index or 0, []).append(item)
        path = ContentStore().path_of(stack.sha256)
        with open_in_child(path, name=stack.name, timeout_s=DECODER_TIMEOUT_S) as recording:
            for frame, picture in recording.frames(sorted(by_frame), plane):
                for item in by_frame[frame]:
                    yield item.number, _write(picture, item, images)


def _write(picture: Grey, item: DataSetItem, images: Path) -> str:
    from PIL import Image

    if item.cut is not None:
        x0, y0, x1, y1 = (round(side) for side in item.cut)
        picture = picture[y0:y1, x0:x1]
    name = f"{item.number:06d}.png"
    Image.fromarray(picture).save(images / name, compress_level=1)
    return name


def _write_phases(folder: Path, items: Iterator[DataSetItem], names: dict[int, str]) -> None:
    with (folder / "labels.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["file", "embryo", "frame", "phase", "split", "in_two_phases"])
        for item in items:
            # A picture of which nobody says whose it is counts as an embryo of its own.
            embryo = item.embryo or f"picture {item.number}"
            doubtful = int(bool(item.label.get("in_two_phases")))
            frame = item.label.get("frame", 0)
            table.writerow([f"images/{names[item.number]}", embryo, frame, item.label["phase"], SPLIT_NAMES[item.split], doubtful])


def _write_wells(folder: Path, items: Iterator[DataSetItem], names: dict[int, str]) -> None:
    """The form of `detector evaluate --pictures`, and beside it each picture's split and owners; rows and columns may be null."""
    entries = [
        {
            "file": names[item.number],
            "split": SPLIT_NAMES[item.split],
            "patient": item.patient,
            "dish": item.dish,
            "usable": bool(item.label.get("wells")),
            "gas_outside_wells": bool(item.label.get("gas_outside")),
            "wells": [{**well, "box": list(well["box"])} for well in item.label.get("wells", ())],
        }
        for item in items
    ]
    (folder / "truth.json").write_text(json.dumps(entries, ensure_ascii=False), encoding="utf-8")
