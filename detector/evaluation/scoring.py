"""Scoring: what was found against what is true, over any number of pictures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from detector.evaluation.truth import Picture, TrueWell
from detector.types import Box, Content, FrameResult, Sighting

THRESHOLDS = tuple(round(0.5 + 0.05 * k, 2) for k in range(10))
CONTENTS = tuple(Content)


@dataclass(frozen=True, slots=True)
class Said:
    """One well as it was reported; boxes straight from a finder have no place."""

    box: Box
    content: Content
    confidence: float
    place: tuple[int, int] | None


@dataclass(slots=True)
class _Ranking:
    """Detections of all pictures with whether each was true, for one threshold and one class."""

    total: int = 0
    flags: list[tuple[float, bool]] = field(default_factory=list)

    def average_precision(self) -> float | None:
        """Area under precision made monotone over recall; None where there is nothing to find."""
        if self.total == 0:
            return None
        ordered = np.array([is_true for _, is_true in sorted(self.flags, key=lambda flag: -flag[0])], dtype=float)
        if not len(ordered):
            return 0.0
        hits = np.cumsum(ordered)
        precision = np.maximum.accumulate((hits / np.arange(1, len(hits) + 1))[::-1])[::-1]
        return float((precision * ordered).sum() / self.total)


class Tally:
    """Counts over pictures; `figures` turns them into scores."""

    def __init__(self) -> None:
        self._rankings: dict[tuple[str, float], _Ranking] = {}
        self._confusion = np.zeros((len(CONTENTS), len(CONTENTS)), dtype=int)
        self._pictures = self._usable = 0
        self._wells = self._found = self._false = self._placed = self._silently_wrong = 0
        self._layout = self._flagged = self._usable_right = self._gas_right = 0
        self._overlaps: list[float] = []
        self._is_named = False

    def add_frame(self, picture: Picture, result: FrameResult) -> None:
        """Count a named frame."""
        self._is_named = True
        self._usable_right += result.is_usable == picture.is_usable
        self._gas_right += result.gas_outside_wells == picture.gas_outside_wells
        if picture.is_usable:
            self._layout += result.layout == picture.layout
            self._flagged += not result.is_lattice_consistent
        said = [Said(w.box, w.content, w.confidence, (w.row, w.column)) for w in result.wells]
        wrong = self._add(picture, said)
        if result.is_lattice_consistent:
            self._silently_wrong += wrong

    def add_sighting(self, picture: Picture, sighting: Sighting) -> None:
        """Count what a finder says by itself."""
        self._gas_right += (sighting.gas_outside_wells > 0.5) == picture.gas_outside_wells
        self._add(picture, [Said(c.box, c.content, c.confidence, None) for c in sighting.candidates])

    def _add(self, picture: Picture, said: Sequence[Said]) -> int:
        """Answers how many wells got a wrong name."""
        self._pictures += 1
        self._usable += picture.is_usable
        judged = [one for one in said if not _is_ignored(one.box, picture.ignored)]
        for threshold in THRESHOLDS:
            self._rank("any", threshold, picture.wells, judged)
            for content in CONTENTS:
                truth = [w for w in picture.wells if w.content is content]
                self._rank(content.value, threshold, truth, [one for one in judged if one.content is content])
        pairs = match(picture.wells, judged, 0.5)
        wrong = 0
        for well, one in pairs:
            self._overlaps.append(well.box.iou(one.box))
            self._placed += one.place == (well.row, well.column)
            wrong += one.place != (well.row, well.column)
            if well.is_content_sure:
                self._confusion[CONTENTS.index(well.content), CONTENTS.index(one.content)] += 1
        self._wells += len(picture.wells)
        self._found += len(pairs)
        self._false += len(judged) - len(pairs)
        return wrong

    def _rank(self, name: str, threshold: float, truth: Sequence[TrueWell], said: Sequence[Said]) -> None:
        ranking = self._rankings.setdefault((name, threshold), _Ranking())
        ranking.total += len(truth)
        true = {id(one) for _, one in match(truth, said, threshold)}
        ranking.flags += [(one.confidence, id(one) in true) for one in said]

    def figures(self) -> dict[str, Any]:
        """Scores between 0 and 1 and counts, rounded for people; places and flags only where wells were named."""
        overall = {
            "pictures": self._pictures,
            "wells": self._wells,
            "recall": _share(self._found, self._wells),
            "false_alarms": self._false,
            "ap50": self._mean_precision("any", THRESHOLDS[:1]),
            "ap50_95": self._mean_precision("any", THRESHOLDS),
            "iou": round(float(np.mean(self._overlaps)), 4) if self._overlaps else None,
            "content": _share(int(np.trace(self._confusion)), int(self._confusion.sum())),
            "content_macro_f1": macro_f1(self._confusion),
            "gas_outside": _share(self._gas_right, self._pictures),
            "per_content": {
                c.value: {"ap50": self._mean_precision(c.value, THRESHOLDS[:1]), "ap50_95": self._mean_precision(c.value, THRESHOLDS)}
                for c in CONTENTS
            },
        }
        if not self._is_named:
            return overall
        return overall | {
            "place": _share(self._placed, self._found),
            "silently_wrong_places": self._silently_wrong,
            "layout": _share(self._layout, self._usable),
            "flagged": self._flagged,
            "usable": _share(self._usable_right, self._pictures),
        }

    def _mean_precision(self, name: str, thresholds: Sequence[float]) -> float | None:
        values = [self._rankings[name, t].average_precision() for t in thresholds if (name, t) in self._rankings]
        known = [v for v in values if v is not None]
        return round(float(np.mean(known)), 4) if known else None


def match(truth: Sequence[TrueWell], said: Sequence[Said], threshold: float) -> list[tuple[TrueWell, Said]]:
    """Pairs of a well and what was said of it, the surest first, each used once."""
    free = list(truth)
    pairs = []
    for one in sorted(said, key=lambda s: -s.confidence):
        nearest = max(free, key=lambda well: well.box.iou(one.box), default=None)
        if nearest is not None and nearest.box.iou(one.box) >= threshold:
            free.remove(nearest)
            pairs.append((nearest, one))
    return pairs


def macro_f1(confusion: np.ndarray[tuple[int, ...], np.dtype[np.int_]]) -> float | None:
    """Mean F1 over the contents that occur; rows are truth, columns what was said."""
    scores = [2 * confusion[k, k] / (confusion[k].sum() + confusion[:, k].sum()) for k in range(len(confusion)) if confusion[k].sum() > 0]
    return round(float(np.mean(scores)), 4) if scores else None


def table(rows: dict[str, dict[str, Any]]) -> str:
    """Figures as a Markdown table, one row a name."""
    columns: list[tuple[str, Callable[[dict[str, Any]], Any]]] = [
        (name, lambda figures, name=name: figures.get(name))  # type: ignore[misc]
        for name in (
            "wells", "recall", "false_alarms", "ap50", "ap50_95", "content", "content_macro_f1", "place", "silently_wrong_places", "layout",
            "flagged", "gas_outside",
        )
    ]  # fmt: skip
    lines = ["| finder | " + " | ".join(name for name, _ in columns) + " |", "|---" * (len(columns) + 1) + "|"]
    for name, figures in rows.items():
        cells = ["–" if (value := read(figures)) is None else str(value) for _, read in columns]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _is_ignored(box: Box, ignored: Sequence[Box]) -> bool:
    x, y = box.centre
    return any(one.x0 <= x <= one.x1 and one.y0 <= y <= one.y1 for one in ignored)


def _share(good: int, of: int) -> float | None:
    return round(good / of, 4) if of else None
