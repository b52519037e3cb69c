"""Time as a teacher: which coarse phase an hour suggests, and how single frames and their order correct the guess.

Hours only ever make guesses for training; no net sees them.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float64]

# Medians and spreads of 89 unselected embryos: t2, t9+ and tEB begin cleavage, blastulation and expansion.
ONSETS = ((27.2, 3.4), (72.0, 9.4), (116.6, 11.3))
WIDENING = 1.25
"""Labs differ from each other, and from the published ones, besides their embryos."""


@dataclass(frozen=True, slots=True)
class Clock:
    """When frame 0 was taken and how far frames are apart."""

    interval_minutes: float
    start_hpi: float

    def hours(self, frames: npt.NDArray[np.int_]) -> Values:
        """Hours post insemination of frame numbers."""
        return self.start_hpi + frames.astype(np.float64) * self.interval_minutes / 60


def begun(hours: Values) -> Values:
    """(n, 3): probability that cleavage, blastulation and expansion have begun by each hour."""
    onsets = [NormalDist(median, WIDENING * spread) for median, spread in ONSETS]
    return np.array([[onset.cdf(float(hour)) for onset in onsets] for hour in hours], dtype=np.float64).reshape(-1, 3)


def suggested(hours: Values) -> Values:
    """(n, 4): probability of each coarse phase by the hour alone."""
    started = np.minimum.accumulate(begun(hours), axis=1)
    bounded = np.column_stack([np.ones(len(hours)), started, np.zeros(len(hours))])
    return np.asarray(bounded[:, :-1] - bounded[:, 1:], dtype=np.float64)


def smoothed(evidence: Values, hours: Values) -> Values:
    """(n, 4): probability of each phase of one embryo's frames, in order of time, given them all.

    `evidence` (n, 4) is proportional to how likely each picture is in each phase. A phase begins once and is never left backwards; the
    chance that it begins between two frames is what its published onset gives that stretch of time.
    """
    count = len(hours)
    started = begun(hours)
    forward = np.zeros((count, 4))
    forward[0] = suggested(hours[:1])[0] * evidence[0]
    forward[0] /= forward[0].sum()
    moves = [_moves(started[k], started[k + 1]) for k in range(count - 1)]
    for k in range(1, count):
        forward[k] = (forward[k - 1] @ moves[k - 1]) * evidence[k]
        forward[k] /= forward[k].sum()
    backward = np.ones(4)
    answer = np.zeros_like(forward)
    for k in range(count - 1, -1, -1):
        answer[k] = forward[k] * backward
        answer[k] /= answer[k].sum()
        if k:
            backward = moves[k - 1] @ (evidence[k] * backward)
            backward /= backward.sum()
    return answer


def _moves(before: Values, after: Values) -> Values:
    """(4, 4): chance of each phase at the later of two frames given the one at the earlier; zero below the diagonal."""
    begins = np.clip((after - before) / np.maximum(1 - before, 1e-6), 1e-4, 1 - 1e-4)
    table = np.zeros((4, 4))
    for old in range(4):
        left = 1.0
        for new in range(old, 4):
            goes_on = float(begins[new]) if new < 3 else 0.0
            table[old, new] = left * (1 - goes_on)
            left *= goes_on
    return table
