"""Where a well lies in one frame: its box in the key frame before, carried there by the frame's placement."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from backend.analysis.models import KeyFrame, Placements, Run

_AT_REST = (1.0, 0.0, 0.0, 0.0)


class Boxes:
    """All key frames and placements of one run, read once."""

    def __init__(self, run: Run) -> None:
        self._keys = [(key.frame_index, _by_place(key.wells)) for key in KeyFrame.objects.filter(run=run)]
        self._batches = list(Placements.objects.filter(run=run).values_list("first_frame", "rows"))

    def box(self, row: int, column: int, frame: int) -> list[float] | None:
        """[x0, y0, x1, y1] in full-frame pixels; None where the well was not found in the key frame."""
        wells = next((wells for index, wells in reversed(self._keys) if index <= frame), {})
        box = wells.get((row, column))
        return None if box is None else _carried(box, self._placement(frame))

    def _placement(self, frame: int) -> Sequence[float]:
        rows = next((rows[frame - first :] for first, rows in self._batches if first <= frame < first + len(rows)), None)
        return rows[0][:4] if rows else _AT_REST


def _by_place(wells: Sequence[dict[str, Any]]) -> dict[tuple[int, int], Sequence[float]]:
    return {(well["row"], well["column"]): well["box"] for well in wells}


def _carried(box: Sequence[float], placement: Sequence[float]) -> list[float]:
    """x' = scale * R(rotation) * x + (dx, dy) for the middle; the sides grow with the scale and stay upright."""
    x0, y0, x1, y1 = box
    scale, rotation, dx, dy = placement
    x, y = (x0 + x1) / 2, (y0 + y1) / 2
    cx = scale * (math.cos(rotation) * x - math.sin(rotation) * y) + dx
    cy = scale * (math.sin(rotation) * x + math.cos(rotation) * y) + dy
    rx, ry = scale * (x1 - x0) / 2, scale * (y1 - y0) / 2
    return [round(side, 2) for side in (cx - rx, cy - ry, cx + rx, cy + ry)]
