"""Finders side by side on the same pictures: figures only, nothing is chosen by them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from detector.protocols import WellFinder
from detector.training.judging import macro_f1, matched
from detector.training.renderings import CLASSES, Labels
from detector.training.stages_folders import Say
from detector.training.wells_folders import Judged
from detector.wells.decoding import CONTENTS

Counts = npt.NDArray[np.float64]


class Tally:
    """What one finder made of pictures, added up picture by picture."""

    def __init__(self) -> None:
        self.rows: list[tuple[int, int, int]] = []
        """Of each picture: wells, boxes that were told, and wells found and named right."""
        self._confusion = np.zeros((4, 4), dtype=np.int_)
        self._overlaps: list[float] = []
        self._false_alarms = self._gas_right = 0

    def add(self, finder: WellFinder, picture: Judged) -> None:
        sighting = finder.find([picture.image])[0]
        pairs, invented, wells = matched([(one.box, one.content) for one in sighting.candidates], _labels(picture))
        for truth, content, overlap in pairs:
            self._confusion[truth, CONTENTS.index(content)] += 1
            self._overlaps.append(overlap)
        self._false_alarms += invented
        self._gas_right += picture.gas_outside == (sighting.gas_outside_wells >= 0.5)
        self.rows.append((wells, len(pairs) + invented, sum(CONTENTS[truth] is content for truth, content, _ in pairs)))

    def figures(self) -> dict[str, Any]:
        """Rounded, as `WellFiguresOut` of the page has them."""
        table, found = np.array(self.rows, dtype=np.float64).reshape(-1, 3), self._confusion.sum()
        drawn = _draws(len(table))
        return {
            "pictures": len(table),
            "wells": int(table[:, 0].sum()),
            "right": round(right(table), 4),
            "right_interval": _interval([right(table[draw]) for draw in drawn]),
            "recall": round(float(found / max(table[:, 0].sum(), 1)), 4),
            "false_alarms": self._false_alarms,
            "content_f1": round(macro_f1(self._confusion), 4),
            "content_accuracy": round(float(self._confusion.trace() / max(found, 1)), 4),
            "mean_iou": round(float(np.mean(self._overlaps)) if self._overlaps else 0.0, 4),
            "gas_outside_accuracy": round(self._gas_right / max(len(table), 1), 4),
        }


def right(table: Counts) -> float:
    """F1 of wells found and named right, over rows of wells, boxes told and right ones."""
    wells, told, correct = table.sum(0) if len(table) else (0.0, 0.0, 0.0)
    return float(2 * correct / max(wells + told, 1))


def side_by_side(finders: Mapping[str, WellFinder], pictures: Iterable[Judged], say: Say, of: int) -> dict[str, Tally]:
    """Every picture is read once and shown to all."""
    tallies = {name: Tally() for name in finders}
    for number, picture in enumerate(pictures, start=1):
        for name, finder in finders.items():
            tallies[name].add(finder, picture)
        if number % 10 == 0:
            say(json.dumps({"judged": number, "of": of}))
    return tallies


def difference(ours: Tally, theirs: Tally) -> tuple[float, float, float]:
    """How much better `ours` is on the same pictures, and the 95 % interval, pictures drawn anew."""
    one, other = (np.array(tally.rows, dtype=np.float64).reshape(-1, 3) for tally in (ours, theirs))
    low, high = _interval([right(one[draw]) - right(other[draw]) for draw in _draws(len(one))])
    return round(right(one) - right(other), 4), low, high


def _draws(count: int) -> npt.NDArray[np.int_]:
    return np.asarray(np.random.default_rng(5).integers(0, max(count, 1), (1000, count)), dtype=np.int_)


def _interval(values: list[float]) -> list[float]:
    low, high = np.percentile(values, [2.5, 97.5])
    return [round(float(low), 4), round(float(high), 4)]


def _labels(picture: Judged) -> Labels:
    rows = [(float(CLASSES.index(content.value)), box.x0, box.y0, box.x1, box.y1) for box, content in picture.wells]
    return np.array(rows, dtype=np.float32).reshape(-1, 5)
