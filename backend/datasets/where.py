"""Where the wells of a recording lie in any of its frames, as its latest finished run followed them: arithmetic on stored rows."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence

from backend.analysis.models import ContentChange, KeyFrame, Placements, Run
from backend.analysis.values import place_name
from backend.datasets.values import Box


class Followed:
    """The boxes of one run; a place is not a label, so it may come from the machine."""

    def __init__(self, run: Run) -> None:
        keys = [key for key in KeyFrame.objects.filter(run=run) if key.layout == run.layout]
        self._frames = [key.frame_index for key in keys]
        self._boxes = [{place_name(well["row"], well["column"]): well["box"] for well in key.wells} for key in keys]
        self._placements = {
            batch.first_frame + offset: row for batch in Placements.objects.filter(run=run) for offset, row in enumerate(batch.rows)
        }
        gone = ContentChange.objects.filter(run=run, content__in=("empty", "gas")).values_list("row", "column", "frame_index")
        self._gone = [(place_name(row, column), frame) for row, column, frame in gone]

    def gone(self, place: str, after: int) -> int | None:
        """The first frame after this one in which nothing is in the well any more; None where the embryo stays."""
        return min((frame for left, frame in self._gone if left == place and frame > after), default=None)

    def is_usable(self, frame: int) -> bool:
        placement = self._placements.get(frame)
        return placement is not None and bool(placement[4])

    def places(self, frame: int) -> set[str]:
        """Those of the key frame that holds for this one."""
        at = bisect_right(self._frames, frame) - 1
        return set(self._boxes[at]) if at >= 0 else set()

    def box(self, place: str, frame: int) -> Box | None:
        """The upright box around a well in this frame; None where it was not followed so far."""
        at = bisect_right(self._frames, frame) - 1
        placement = self._placements.get(frame)
        if at < 0 or placement is None or place not in self._boxes[at]:
            return None
        return _moved(self._boxes[at][place], placement)


def square(box: Sequence[float], width: int, height: int) -> Box | None:
    """The square around a well in whole pixels, cut at the frame; None where less than half of a side is left."""
    side = max(box[2] - box[0], box[3] - box[1])
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    x0, y0 = max(round(x - side / 2), 0), max(round(y - side / 2), 0)
    x1, y1 = min(round(x + side / 2), width), min(round(y + side / 2), height)
    return (x0, y0, x1, y1) if min(x1 - x0, y1 - y0) >= max(side / 2, 16) else None


def _moved(box: Sequence[float], placement: Sequence[float]) -> Box:
    scale, rotation, dx, dy = placement[:4]
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    cos, sin = scale * math.cos(rotation), scale * math.sin(rotation)
    half_width, half_height = scale * (box[2] - box[0]) / 2, scale * (box[3] - box[1]) / 2
    x, y = cos * x - sin * y + dx, sin * x + cos * y + dy
    return (round(x - half_width, 2), round(y - half_height, 2), round(x + half_width, 2), round(y + half_height, 2))
