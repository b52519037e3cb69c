"""contact_sheet: renderings beside real pictures, so that a person can see what still gives the renderings away."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from detector.errors import DetectorError
from detector.synth.developing.single import WellSettings, render_well
from detector.types import STAGES, Image, Phase, Stage, Unphased

_CELL, _COLUMNS, _ROWS = 256, 8, 5
_PHASES = tuple(Phase)
_GROUPS: tuple[tuple[str, tuple[Stage, ...]], ...] = (
    ("1", _PHASES[:3]), ("2", _PHASES[3:10]), ("3", _PHASES[10:14]), ("4", _PHASES[14:]), ("", tuple(Unphased)),
)  # fmt: skip
"""A lab's coarse phases, with the stages each is drawn from."""


def contact_sheet(seed: int, out: Path, beside: Path | None = None, split: str = "train") -> Path:
    """Write one page of renderings a coarse phase, `page-N.png`, with real pictures of the same phase to the right where given.

    `beside` is a folder with labels.csv (file, phase 1-4, split), or one of plain pictures, which then stand beside every page.
    Returns the path of the first page. Raises DetectorError where `beside` holds no picture.
    """
    rng = np.random.default_rng([seed, 88])
    for number, (label, stages) in enumerate(_GROUPS, 1):
        weights = tuple(float(stage in stages) for stage in STAGES)
        settings = WellSettings(size_px=_CELL, weights=weights)
        drawn = [render_well(seed, number * 1000 + k, settings) for k in range(_ROWS * _COLUMNS)]
        drawn.sort(key=lambda one: (STAGES.index(one[1].stage), one[1].hpi))
        page = _page([(images[0], f"{truth.stage.value} {truth.hpi:.0f} h") for images, truth in drawn])
        if beside is not None and label:
            files = _real(beside, label, split)
            chosen = sorted(rng.permutation(len(files))[: _ROWS * _COLUMNS])
            real = _page([(_read(files[k]), files[k].stem) for k in chosen])
            page = np.hstack([page, np.full((page.shape[0], 12), 255, np.uint8), real])
        path = out / f"page-{number}.png"
        if not cv2.imwrite(str(path), page):
            raise DetectorError(
                "not_written", f"{path.name} could not be written to {out}", "Is there room, and may this user write there?"
            )
    return out / "page-1.png"


def _real(folder: Path, label: str, split: str) -> list[Path]:
    labels = folder / "labels.csv"
    if labels.is_file():
        with labels.open(newline="", encoding="utf-8") as file:
            found = [folder / row["file"] for row in csv.DictReader(file) if row["phase"] == label and row.get("split", split) == split]
    else:
        found = sorted(path for path in folder.iterdir() if path.suffix.lower() in (".jpg", ".jpeg", ".png")) if folder.is_dir() else []
    if not found:
        raise DetectorError("pictures_none", f"{folder.name} holds no picture to put beside phase {label}", "Give a folder of wells.")
    return found


def _read(path: Path) -> Image:
    image = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    if image is None:
        raise DetectorError("picture_unreadable", f"{path.name} cannot be read", "Is it a picture?")
    return np.asarray(image, dtype=np.uint8)


def _page(cells: Sequence[tuple[Image, str]]) -> Image:
    page = np.zeros((_ROWS * _CELL, _COLUMNS * _CELL), dtype=np.uint8)
    for k, (image, label) in enumerate(cells):
        cell = cv2.resize(image, (_CELL, _CELL), interpolation=cv2.INTER_AREA if image.shape[0] > _CELL else cv2.INTER_CUBIC)
        cv2.putText(cell, label, (3, 14), cv2.FONT_HERSHEY_SIMPLEX, 0.42, 255, 1, cv2.LINE_AA)
        row, column = divmod(k, _COLUMNS)
        page[row * _CELL : (row + 1) * _CELL, column * _CELL : (column + 1) * _CELL] = cell
    return page
