"""Auxiliary answers of single frames as medians over some hours, from which events are told."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from detector.stages.decoding import Decoded
from detector.stages.looks import Looks
from detector.stages.priors import PHASES, Values
from detector.types import Stage

LEAST = 0.5
BLIND_HOURS = 2.0
"""Divisions farther than this from the frame before were not filmed, so nothing can be said of how they went."""
_MIDDLE_HOURS = 2.0
Found = tuple[str, int, int, float, str]
"""An event: kind, first and last place among the frames, confidence, detail."""


class Smooth:
    """Auxiliary answers as medians over some hours, beside the course."""

    def __init__(self, looks: Looks, decoded: Decoded) -> None:
        self.minutes = decoded.clock.minutes
        self.path = decoded.path
        readable = np.array([stage in PHASES for stage in decoded.path]) & (looks.unreadable < LEAST)
        self.readable = readable
        self.count = self._medians(looks.cell_count, readable)
        self.compaction = self._medians(looks.compaction, readable)
        self.fragmentation = self._medians(looks.fragmentation, readable)
        # A collapse is over within an hour, so it must not be smoothed away.
        self.cavity = self._medians(looks.cavity, readable, _MIDDLE_HOURS / 2)
        self.interval = float(np.median(np.diff(self.minutes))) if len(self.minutes) > 1 else float("inf")

    @property
    def is_dense(self) -> bool:
        """Whether the embryo was filmed closely enough to see something come and go."""
        return self.interval <= BLIND_HOURS * 60 / 2

    def within(self, phases: Sequence[Stage]) -> npt.NDArray[np.bool_]:
        return np.array([stage in phases for stage in self.path]) & self.readable

    def after(self, place: int, hours: float) -> slice:
        """The frames from `place` on that lie within `hours`."""
        return slice(place, int(np.searchsorted(self.minutes, self.minutes[place] + hours * 60.0, side="right")))

    def before(self, place: int, hours: float) -> slice:
        """The frames before `place` that lie within `hours` of it."""
        return slice(int(np.searchsorted(self.minutes, self.minutes[place] - hours * 60.0)), place)

    def hours(self, first: int, last: int) -> float:
        """Hours from one frame to another."""
        return float(self.minutes[last] - self.minutes[first]) / 60.0

    def _medians(self, values: npt.NDArray[np.floating], usable: npt.NDArray[np.bool_], hours: float = _MIDDLE_HOURS) -> Values:
        kept = np.where(usable, values.astype(float), np.nan)
        half = hours * 30.0
        lows, highs = np.searchsorted(self.minutes, self.minutes - half), np.searchsorted(self.minutes, self.minutes + half, side="right")
        places = lows[:, None] + np.arange(int((highs - lows).max(initial=1)))
        near = np.where(places < highs[:, None], kept[np.minimum(places, len(kept) - 1)], np.nan)
        # Sorting puts what is not a number last, so the middle of the rest can be read off.
        near.sort(axis=1)
        counts = np.count_nonzero(~np.isnan(near), axis=1)
        rows = np.arange(len(kept))
        return np.asarray((near[rows, np.maximum(counts - 1, 0) // 2] + near[rows, np.minimum(counts // 2, near.shape[1] - 1)]) / 2)


def runs(flags: npt.NDArray[np.bool_], bridge: int = 0) -> list[tuple[int, int]]:
    """First and last place of every run of true, runs with at most `bridge` false between them joined."""
    where = np.flatnonzero(flags)
    if not len(where):
        return []
    breaks = np.flatnonzero(np.diff(where) > bridge + 1)
    starts, ends = np.concatenate([where[:1], where[breaks + 1]]), np.concatenate([where[breaks], where[-1:]])
    return [(int(a), int(b)) for a, b in zip(starts, ends, strict=True)]
