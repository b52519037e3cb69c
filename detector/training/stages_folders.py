"""A lab's own pictures: folders with a labels.csv, or without any label, one folder of frames per embryo."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from detector.errors import DetectorError, StackError
from detector.stacks import open_stack
from detector.stages.looks import COARSE_OF
from detector.training.stages_lessons import COARSE_PHASES, window_of
from detector.types import STAGES, Image

PICTURES = {".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp"}
_COLUMNS = ("file", "embryo", "frame", "phase")
_FORM = "labels.csv has the columns file, embryo, frame, phase (1 to 4) and, where some are held back, split (train or dev)."

Windows = npt.NDArray[np.uint8]
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Labelled:
    """One picture and its coarse phase, 0 to 3 in the order of COARSE_PHASES."""

    path: Path
    embryo: str
    frame: int
    phase: int
    split: str
    is_doubtful: bool = False
    """True where the lab gave the frame two phases: neither taught nor scored."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture of an unlabelled recording, named by its frame number."""

    path: Path
    embryo: str
    number: int


def read_labels(folder: Path) -> list[Labelled]:
    """The rows of labels.csv; raises DetectorError with the first that cannot be used, or where an embryo is in two splits."""
    path = folder / "labels.csv"
    if not path.is_file():
        raise DetectorError("labels_missing", f"there is no labels.csv in {folder}", _FORM)
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file))
    except (UnicodeDecodeError, csv.Error) as reason:
        raise DetectorError("labels_broken", f"labels.csv cannot be read: {reason}", _FORM) from reason
    found = [_labelled(folder, row, number) for number, row in enumerate(rows, start=2)]
    splits = Counter(embryo for embryo, _ in {(one.embryo, one.split) for one in found})
    shared = sorted(embryo for embryo, count in splits.items() if count > 1)
    if shared:
        detail = f"{', '.join(shared[:3])} is in several splits"
        raise DetectorError("splits_overlap", detail, "All frames of an embryo belong to one split, or the figures are not honest.")
    return found


def _labelled(folder: Path, row: dict[str, str | None], number: int) -> Labelled:
    missing = [name for name in _COLUMNS if not row.get(name)]
    if missing:
        raise DetectorError("labels_broken", f"line {number} of labels.csv has no {missing[0]}", _FORM)
    name, phase, frame = str(row["file"]), str(row["phase"]), str(row["frame"])
    path = folder / name
    if not path.resolve().is_relative_to(folder.resolve()):
        raise DetectorError("labels_broken", f"line {number} of labels.csv names {name!r}, outside its folder", _FORM)
    if phase not in {"1", "2", "3", "4"} or not frame.isdecimal():
        raise DetectorError("labels_broken", f"line {number} of labels.csv has phase {phase!r} and frame {frame!r}", _FORM)
    doubtful = (row.get("in_two_phases") or "0") != "0"
    return Labelled(path, str(row["embryo"]), int(frame), int(phase) - 1, row.get("split") or "train", doubtful)


def read_recordings(folder: Path) -> list[Frame]:
    """All frames of all embryos, in order of time; raises DetectorError where there are none."""
    if not folder.is_dir():
        raise DetectorError("recordings_missing", f"{folder} is no folder", "Give a folder that holds one folder of frames per embryo.")
    frames = []
    for home in sorted(path for path in folder.iterdir() if path.is_dir()):
        for path in home.iterdir():
            digits = re.findall(r"\d+", path.stem)
            if path.suffix.lower() in PICTURES and digits:
                frames.append(Frame(path, home.name, int(digits[-1])))
    if not frames:
        raise DetectorError("recordings_missing", f"no frames in {folder}", "One folder per embryo; names of frames are their numbers.")
    return sorted(frames, key=lambda frame: (frame.embryo, frame.number))


def read_picture(path: Path) -> Image:
    """One grey picture; raises StackError with the reason."""
    with open_stack(path) as stack:
        return stack.read(0)


def read_windows(paths: Sequence[Path], say: Say) -> tuple[Windows, npt.NDArray[np.int_]]:
    """The windows of all pictures that can be read, and which those are."""
    cv2.setNumThreads(1)
    windows, places = [], []
    for place, path in enumerate(paths):
        try:
            windows.append(window_of(read_picture(path)))
            places.append(place)
        except StackError as reason:
            say(f"left out {path.name}: {reason.detail}")
    if not windows:
        raise DetectorError("pictures_unreadable", "none of the pictures can be read", "Pictures of one well each, grey or colour.")
    return np.stack(windows), np.array(places)


GROUPS = np.array([[COARSE_OF[stage] is coarse for stage in STAGES] for coarse in COARSE_PHASES], dtype=np.float32)
"""(4, 19): which stages a lab's coarse phase holds."""
