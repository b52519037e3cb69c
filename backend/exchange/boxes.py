"""Where a well lies in a frame: arithmetic on stored rows, no pixels."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Sequence

from backend.analysis.models import KeyFrame, Placements, Run
from backend.exchange.contents import Box


class Wells:
    """The wells of one run in any frame that it has read; three queries at most however many are asked for."""

    def __init__(self, run: Run, frames: Iterable[int]) -> None:
        wanted = sorted(set(frames))
        keys = list(KeyFrame.objects.filter(run=run).order_by("frame_index"))
        self._key_frames = [key.frame_index for key in keys]
        self._boxes = [{well["name"]: well["box"] for well in key.wells} for key in keys]
        self._placements: dict[int, Sequence[float]] = {}
        if wanted:
            # A long recording has placements by the hundred thousand; only the batches that hold a wanted frame are kept.
            for batch in Placements.objects.filter(run=run, first_frame__lte=wanted[-1]).order_by("first_frame").iterator(50):
                end = batch.first_frame + len(batch.rows)
                for frame in wanted[bisect_right(wanted, batch.first_frame - 1) : bisect_right(wanted, end - 1)]:
                    self._placements[frame] = batch.rows[frame - batch.first_frame]

    def box(self, place: str, frame: int) -> Box | None:
        """In full-frame pixels; None where the frame was not read, shows no wells, or has no such well."""
        at = bisect_right(self._key_frames, frame) - 1
        known = self._boxes[at].get(place) if at >= 0 else None
        if known is None:
            return None
        placement = self._placements.get(frame)
        if placement is None:
            return (known[0], known[1], known[2], known[3]) if self._key_frames[at] == frame else None
        scale, rotation, dx, dy, is_usable = placement[:5]
        if not is_usable:
            return None
        x, y = (known[0] + known[2]) / 2, (known[1] + known[3]) / 2
        cos, sin = scale * math.cos(rotation), scale * math.sin(rotation)
        half_width, half_height = scale * (known[2] - known[0]) / 2, scale * (known[3] - known[1]) / 2
        x, y = cos * x - sin * y + dx, sin * x + cos * y + dy
        return (x - half_width, y - half_height, x + half_width, y + half_height)
