"""Frozen data sets of drawn wells and rendered dishes, and tiny nets to go on from: enough for a training of seconds."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
from PIL import Image

from backend.accounts.actor import Actor
from backend.accounts.models import Lab, User
from backend.core.files import ContentStore
from backend.datasets.freezing import execute
from backend.datasets.models import DataSet, Freezing
from backend.datasets.services import freeze_data_set, make_data_set
from backend.labels.models import LabelAnnotation, LabelTask, Picture
from tests.detector.stages_frames.drawn import well
from tests.detector.training.dishes import lab as rendered_lab

FRAMES = ((60, 1, 1), (240, 4, 2), (600, 14, 3))
"""Frame number, cells drawn, phase."""
SPLITS = ("train", "train", "train", "train", "train", "train", "validation", "test", "test")


def phases(lab: Lab, by: User, actor: Actor, folder: Path, *, splits: tuple[str, ...] = SPLITS, steps: Any = None) -> DataSet:
    """One embryo for each of `splits`, three pictures each, frozen."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, split in enumerate(splits):
        for frame, cells, phase in FRAMES:
            path = folder / f"e{number}-{frame}.png"
            cv2.imwrite(str(path), well(x=110 + 5 * (number % 7), y=140 - 4 * (number % 5), cells=cells, seed=31 * number + frame))
            said = {"wells": [], "gas_outside": False, "no_wells": False, "phase": str(phase)}
            _label(lab, path, said, {"embryo": f"e{number}", "frame": frame, "split": split})
    return _frozen(lab, by, actor, "phases", steps)


def wells(lab: Lab, by: User, actor: Actor, folder: Path) -> DataSet:
    """Rendered dishes: six to learn from, one to choose by, two held back."""
    rendered_lab(folder, train=6, dev=1, test=2)
    for entry in json.loads((folder / "truth.json").read_text()):
        told = [{"box_px": one["box"], "content": one["content"], "region": "r", "row": None, "column": None} for one in entry["wells"]]
        said = {"wells": told, "gas_outside": entry["gas_outside_wells"], "no_wells": not told, "phase": None}
        split = {"dev": "validation"}.get(entry["split"], entry["split"])
        _label(lab, folder / entry["file"], said, {"dish": entry["dish"], "split": split})
    return _frozen(lab, by, actor, "wells", None)


def _label(lab: Lab, path: Path, dish: dict[str, Any], data: dict[str, Any]) -> None:
    with Image.open(path) as picture:
        width, height = picture.size
    facts = {"name": path.name, "width": width, "height": height}
    kept, _ = Picture.objects.get_or_create(lab=lab, sha256=ContentStore().put(path), stack=None, defaults=facts)
    task = LabelTask.objects.create(lab=lab, instance="file", external_id=path.stem, data=data, place=path.name, picture=kept)
    written = {"result": [], "written_at": "2026-03-01T10:00:00Z", "content_hash": hashlib.sha256(path.name.encode()).hexdigest()}
    LabelAnnotation.objects.create(task=task, kind="annotation", annotator="anna", external_id=path.stem, dish=dish, **written)


def _frozen(lab: Lab, by: User, actor: Actor, task: str, steps: Any) -> DataSet:
    rule = {"shares": [60, 20, 20], "seed": 1, "keep_given": True}
    said = {"name": f"drawn {task}", "task": task, "filters": {}, "steps": steps or {}, "split": rule}
    row = make_data_set(actor=actor, lab_id=lab.id, by=by, **said)
    freeze_data_set(actor=actor, data_set_id=row.id, by=by)
    for freezing in _waiting(row):
        execute(freezing.id)
    row.refresh_from_db()
    assert row.state == DataSet.State.FROZEN, row.error
    return row


def _waiting(row: DataSet) -> Iterator[Freezing]:
    yield from Freezing.objects.filter(dataset=row, state="queued")
