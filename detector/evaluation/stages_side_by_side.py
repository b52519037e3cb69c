"""Two stagers on recordings that nobody labelled: how often they agree, how often each goes back in time, how sure each is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
import numpy.typing as npt

from detector.errors import StackError
from detector.stages.crops import crop_embryo, find_embryo
from detector.stages.looks import COARSE_OF, FrameStager, Values, most_likely
from detector.training.stages_folders import Frame, read_picture
from detector.types import STAGES, Coarse

CLASS_OF = {Coarse.PRONUCLEAR: 0, Coarse.CLEAVAGE: 1, Coarse.BLASTULATION: 2, Coarse.EXPANSION: 2}
"""The three classes that a clock and a picture can both tell: before cleavage, cleavage to morula, blastocyst."""
UNREAD = -1
_OF_CLASS = np.array([[CLASS_OF.get(COARSE_OF[stage]) == number for stage in STAGES] for number in range(3)], dtype=np.float64)
_TOGETHER = 64

Classes = npt.NDArray[np.int_]
Told = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Reading:
    """What one stager said of every frame: its class, 0 to 2 or UNREAD, and how sure it was of it."""

    classes: Classes
    confidences: npt.NDArray[np.float64]


def compare(frames: Sequence[Frame], first: FrameStager, second: FrameStager, tell: Told) -> dict[str, Any]:
    """Figures that need no label; `frames` are in order of embryo and time, and those that cannot be read are left out."""
    kept, looks = _looked_at(frames, (first, second), tell)
    readings = [reading_of(values) for values in looks]
    embryos = [frame.embryo for frame in kept]
    same = readings[0].classes == readings[1].classes
    return {
        "embryos": len(set(embryos)),
        "frames": len(kept),
        "agreement": round(float(same.mean()), 4) if kept else None,
        "first": _figures(readings[0], embryos),
        "second": _figures(readings[1], embryos),
    }


def reading_of(log_probabilities: Values) -> Reading:
    """The likeliest class of each frame (n, 19), by the same rule as everywhere, and the probability of that class."""
    classes = np.array([CLASS_OF.get(most_likely(row)[1], UNREAD) for row in log_probabilities], dtype=int)
    shares = np.exp(log_probabilities.astype(np.float64)) @ _OF_CLASS.T
    sure = np.array([row[said] if said != UNREAD else np.nan for row, said in zip(shares, classes, strict=True)], dtype=np.float64)
    return Reading(classes, sure)


def steps_back(classes: Classes, embryos: Sequence[str]) -> tuple[int, int]:
    """(how many pairs of neighbouring frames go from a later class to an earlier one, of how many pairs); unread frames are passed over."""
    backwards = pairs = 0
    for _, rows in groupby(range(len(embryos)), key=lambda row: embryos[row]):
        said = [int(classes[row]) for row in rows if classes[row] != UNREAD]
        steps = np.diff(said)
        backwards, pairs = backwards + int((steps < 0).sum()), pairs + len(steps)
    return backwards, pairs


def _figures(reading: Reading, embryos: Sequence[str]) -> dict[str, Any]:
    backwards, pairs = steps_back(reading.classes, embryos)
    sure = reading.confidences[reading.classes != UNREAD]
    return {
        "unread": int((reading.classes == UNREAD).sum()),
        "pairs": pairs,
        "backwards": backwards,
        "mean_confidence": round(float(sure.mean()), 4) if sure.size else None,
    }


def _looked_at(frames: Sequence[Frame], stagers: Sequence[FrameStager], tell: Told) -> tuple[list[Frame], list[Values]]:
    """The frames that can be read, and each stager's log-probabilities (n, 19) of them."""
    kept: list[Frame] = []
    parts: list[list[Values]] = [[np.zeros((0, len(STAGES)), np.float32)] for _ in stagers]
    for begin in range(0, len(frames), _TOGETHER):
        crops = []
        for frame in frames[begin : begin + _TOGETHER]:
            try:
                well = read_picture(frame.path)
            except StackError:
                continue
            crops.append(crop_embryo(well, find_embryo(well)))
            kept.append(frame)
        if crops:
            together = np.stack(crops)
            for part, stager in zip(parts, stagers, strict=True):
                part.append(stager.look(together).log_probabilities)
        tell(min(begin + _TOGETHER, len(frames)), len(frames))
    return kept, [np.concatenate(part) for part in parts]
