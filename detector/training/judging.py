"""How good a net is on held-out renderings: what epochs are chosen by, never the real pictures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from detector.training.renderings import CLASSES, Labels, Renderings
from detector.types import Box, Content
from detector.wells.decoding import CONTENTS, Found
from detector.wells.preprocess import HEIGHT, WIDTH, Prepared

Finder = Callable[[npt.NDArray[np.uint8]], list[Found]]
"""Canonical pictures (n, 288, 384) to the wells in each."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """Figures over wells at IoU 0.5, contents over the wells that were found; intervals are 95 %, pictures drawn anew."""

    pictures: int
    wells: int
    recall: float
    recall_interval: tuple[float, float]
    false_alarms: int
    content_f1: float
    content_f1_interval: tuple[float, float]
    content_accuracy: float
    mean_iou: float
    gas_outside_accuracy: float

    @property
    def right(self) -> float:
        """F1 of wells that were found and whose content was named right."""
        found = self.recall * self.wells
        return 2 * self.content_accuracy * found / max(self.wells + found + self.false_alarms, 1)

    @property
    def rank(self) -> float:
        """What epochs are ordered by: all wells found, nothing invented, contents right."""
        return 2 * self.recall - self.false_alarms / max(self.wells, 1) + self.content_f1 + 0.5 * self.mean_iou

    def as_dict(self) -> dict[str, Any]:
        """Rounded, for logs and manifests."""
        return {name: _rounded(value) for name, value in asdict(self).items()}


def judge(find: Finder, held_out: Renderings, batch: int = 16) -> Judgement:
    """Compare what `find` sees with the truth of every rendering."""
    confusions = np.zeros((len(held_out), 4, 4), dtype=int)
    wells = np.zeros(len(held_out), dtype=int)
    false_alarms = gas_right = 0
    overlaps: list[float] = []
    whole = Prepared(np.empty((HEIGHT, WIDTH), np.uint8), 1.0, 1.0, 0, 0, WIDTH, HEIGHT)
    for start in range(0, len(held_out), batch):
        for place, found in enumerate(find(held_out.images[start : start + batch]), start):
            labels = held_out.labels[place]
            sighting = found.sighting(whole)
            pairs, invented, wells[place] = matched([(c.box, c.content) for c in sighting.candidates], labels)
            false_alarms += invented
            for truth, content, overlap in pairs:
                confusions[place, truth, CONTENTS.index(content)] += 1
                overlaps.append(overlap)
            has_gas = bool((labels[:, 0] == CLASSES.index("gas_outside")).any())
            gas_right += has_gas == (sighting.gas_outside_wells >= 0.5)
    total = confusions.sum(0)
    draws = np.random.default_rng(5).integers(0, len(held_out), (500, len(held_out)))
    recalls = [confusions[draw].sum() / max(wells[draw].sum(), 1) for draw in draws]
    scores = [macro_f1(confusions[draw].sum(0)) for draw in draws]
    return Judgement(
        pictures=len(held_out), wells=int(wells.sum()), recall=len(overlaps) / max(int(wells.sum()), 1), recall_interval=_interval(recalls),
        false_alarms=false_alarms, content_f1=macro_f1(total), content_f1_interval=_interval(scores),
        content_accuracy=float(total.trace() / max(total.sum(), 1)), mean_iou=float(np.mean(overlaps)) if overlaps else 0.0,
        gas_outside_accuracy=gas_right / len(held_out),
    )  # fmt: skip


def _interval(values: list[float]) -> tuple[float, float]:
    low, high = np.percentile(values, [2.5, 97.5])
    return float(low), float(high)


def _rounded(value: Any) -> Any:
    return [round(v, 4) for v in value] if isinstance(value, tuple) else round(value, 4)


def macro_f1(confusion: npt.NDArray[np.int_]) -> float:
    """Mean F1 over the classes that occur; rows are truth, columns what was said."""
    scores = []
    for k in range(len(confusion)):
        said, true = confusion[:, k].sum(), confusion[k].sum()
        if true:
            scores.append(2 * confusion[k, k] / (said + true))
    return float(np.mean(scores)) if scores else 0.0


def matched(found: list[tuple[Box, Content]], labels: Labels) -> tuple[list[tuple[int, Content, float]], int, int]:
    """(true class, said content, IoU) of every well found, invented ones, and how many wells there were."""
    truth = [(int(row[0]), Box(*(float(v) for v in row[1:]))) for row in labels if row[0] < 4]
    taken: set[int] = set()
    pairs: list[tuple[int, Content, float]] = []
    invented = 0
    for box, content in found:
        best, place = max(((box.iou(t), k) for k, (_, t) in enumerate(truth) if k not in taken), default=(0.0, -1))
        if best >= 0.5:
            taken.add(place)
            pairs.append((truth[place][0], content, best))
        else:
            invented += 1
    return pairs, invented, len(truth)
