"""Where each embryo of a finished run lies in every frame, and when: arithmetic on stored rows, no pixels."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from backend.adaptation.selectors import HOLDS_EMBRYO
from backend.analysis.models import ContentChange, KeyFrame, Placements, Run, Well
from backend.imaging.selectors import hours_of

Place = tuple[int, int]
LATEST_HOUR = 400.0


@dataclass(frozen=True)
class Cut:
    """A square of whole-frame pixels (x0, y0, side) around one well, and whose well that is."""

    place: Place
    x0: float
    y0: float
    side: float


@dataclass(frozen=True)
class Moment:
    """One frame to cut from."""

    frame_index: int
    minutes: int
    """Since insemination."""
    cuts: tuple[Cut, ...]


class Tracks:
    """What one finished run knows about its embryos."""

    def __init__(self, run: Run) -> None:
        self._run = run
        keys = [key for key in KeyFrame.objects.filter(run=run) if key.layout == run.layout]
        self._key_frames = [key.frame_index for key in keys]
        self._boxes = [{(well["row"], well["column"]): well["box"] for well in key.wells} for key in keys]
        self._placements = {
            batch.first_frame + offset: row for batch in Placements.objects.filter(run=run) for offset, row in enumerate(batch.rows)
        }
        wells = Well.objects.filter(run=run, content__in=HOLDS_EMBRYO)
        self.places: list[Place] = [(well.row, well.column) for well in wells]
        self._changes: dict[Place, list[ContentChange]] = {place: [] for place in self.places}
        for change in ContentChange.objects.filter(run=run):
            self._changes.get((change.row, change.column), []).append(change)

    def moments(self, most: int) -> list[Moment]:
        """At most so many frames, evenly spread over those that can be read and whose hour is known, in order of time."""
        minutes: dict[int, int] = {}
        for frame, hour in enumerate(hours_of(self._run.stack)):
            if hour is not None and 0 <= hour <= LATEST_HOUR and self._is_usable(frame):
                # Two frames of one minute would have one name.
                minutes.setdefault(round(hour * 60), frame)
        moments = [Moment(minutes[at], at, self._cuts(minutes[at])) for at in sorted(minutes)]
        return _spread([moment for moment in moments if moment.cuts], most)

    def _is_usable(self, frame: int) -> bool:
        return frame in self._placements and bool(self._placements[frame][4])

    def _cuts(self, frame: int) -> tuple[Cut, ...]:
        at = bisect_right(self._key_frames, frame) - 1
        if at < 0:
            return ()
        boxes, placement = self._boxes[at], self._placements[frame]
        return tuple(_moved(place, boxes[place], placement) for place in self.places if place in boxes and self._holds(place, frame))

    def _holds(self, place: Place, frame: int) -> bool:
        """Whether an embryo was in this well by then."""
        changes = self._changes[place]
        before = [change for change in changes if change.frame_index <= frame]
        if before:
            return before[-1].content in HOLDS_EMBRYO
        return not changes or changes[0].previous in (*HOLDS_EMBRYO, "")


def _moved(place: Place, box: Sequence[float], placement: Sequence[float]) -> Cut:
    """The upright square around a well where the dish lies now: an embryo has no upper side, so the dish's turn is not undone."""
    scale, rotation, dx, dy = placement[:4]
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    cos, sin = scale * math.cos(rotation), scale * math.sin(rotation)
    side = scale * max(box[2] - box[0], box[3] - box[1])
    return Cut(place, cos * x - sin * y + dx - side / 2, sin * x + cos * y + dy - side / 2, side)


def _spread(moments: list[Moment], most: int) -> list[Moment]:
    if len(moments) <= most:
        return moments
    step = (len(moments) - 1) / (most - 1)
    return [moments[round(number * step)] for number in range(most)]
