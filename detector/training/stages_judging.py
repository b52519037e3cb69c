"""How well single pictures are named, against a lab's coarse phases; figures only, nothing is chosen by them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from detector.stages.looks import Values, most_likely
from detector.training.judging import macro_f1
from detector.training.stages_lessons import COARSE_PHASES


@dataclass(frozen=True, slots=True)
class Agreement:
    """Rows of the confusion are the lab's phases 1 to 4; the columns say them too, and last what was named empty or not seen."""

    confusion: npt.NDArray[np.int_]
    low3: float
    high3: float
    """95 % interval of the accuracy on three classes, embryos drawn anew."""

    @property
    def pictures(self) -> int:
        return int(self.confusion.sum())

    @property
    def accuracy4(self) -> float:
        return float(np.trace(self.confusion)) / max(self.pictures, 1)

    @property
    def merged(self) -> npt.NDArray[np.int_]:
        """The confusion on three classes: blastulation and expansion are one."""
        rows = np.concatenate([self.confusion[:2], self.confusion[2:].sum(0, keepdims=True)])
        return np.column_stack([rows[:, :2], rows[:, 2:4].sum(1), rows[:, 4]])

    @property
    def accuracy3(self) -> float:
        return float(np.trace(self.merged[:, :3])) / max(self.pictures, 1)

    @property
    def f1_3(self) -> float:
        square = np.zeros((4, 4), dtype=np.int_)
        square[:3] = self.merged
        return macro_f1(square)

    def as_dict(self) -> dict[str, Any]:
        """Rounded, for logs and manifests."""
        return {
            "pictures": self.pictures,
            "accuracy3": round(self.accuracy3, 4),
            "accuracy3_interval": [round(self.low3, 4), round(self.high3, 4)],
            "f1_3": round(self.f1_3, 4),
            "accuracy4": round(self.accuracy4, 4),
            "confusion": [[int(v) for v in row] for row in self.confusion],
        }


def agreement(log_probabilities: Values, phases: Sequence[int], embryos: Sequence[str]) -> Agreement:
    """Compare pictures (n, 19) with phases 0 to 3; `embryos` says whose each is."""
    return agreement_of(columns_of(log_probabilities), phases, embryos)


def columns_of(log_probabilities: Values) -> list[int]:
    """What each picture (n, 19) is named: phase 0 to 3, or 4 where it is called empty or not seen."""
    said = [most_likely(row)[1] for row in log_probabilities]
    return [COARSE_PHASES.index(coarse) if coarse in COARSE_PHASES else 4 for coarse in said]


def agreement_of(columns: Sequence[int], phases: Sequence[int], embryos: Sequence[str]) -> Agreement:
    """Compare what pictures were named with phases 0 to 3; `embryos` says whose each is."""
    confusion = np.zeros((4, 5), dtype=np.int_)
    np.add.at(confusion, (np.array(phases, dtype=int), np.array(columns, dtype=int)), 1)
    low, high = _interval(right3(columns, phases).astype(np.float64), np.array(embryos))
    return Agreement(confusion, low, high)


def right3(columns: Sequence[int], phases: Sequence[int]) -> npt.NDArray[np.bool_]:
    """Which pictures were named right on three classes."""
    return np.array([min(p, 2) == min(c, 2) if c < 4 else False for p, c in zip(phases, columns, strict=True)], dtype=np.bool_)


def difference3(ours: Sequence[int], theirs: Sequence[int], phases: Sequence[int], embryos: Sequence[str]) -> tuple[float, float, float]:
    """How much more often `ours` names the same pictures right on three classes, and its 95 % interval, embryos drawn anew."""
    gains = right3(ours, phases).astype(np.float64) - right3(theirs, phases)
    low, high = _interval(gains, np.array(embryos), nothing=(-1.0, 1.0))
    return float(gains.mean()) if len(gains) else 0.0, low, high


def _interval(
    right: npt.NDArray[np.float64], embryos: npt.NDArray[np.str_], nothing: tuple[float, float] = (0.0, 1.0)
) -> tuple[float, float]:
    names, whose = np.unique(embryos, return_inverse=True)
    if not len(names):
        return nothing
    hits, counts = np.bincount(whose, right), np.bincount(whose)
    draws = np.random.default_rng(5).integers(0, len(names), (1000, len(names)))
    low, high = np.percentile(hits[draws].sum(1) / counts[draws].sum(1), [2.5, 97.5])
    return float(low), float(high)
