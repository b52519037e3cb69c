"""Time as a teacher: which coarse phase an hour suggests, and how single frames and their order correct the guess.

Hours only ever make guesses for training; no net sees them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float64]

# Medians and spreads of 89 unselected embryos: t2, t9+ and tEB begin cleavage, blastulation and expansion.
PUBLISHED = ((27.2, 3.4), (72.0, 9.4), (116.6, 11.3))
WIDENING = 1.6
"""Labs differ from each other, and from the published ones, besides their embryos."""
MISDATED = 0.1
"""Share of recordings whose hours are taken to be wrong by some of DELAYS_H: begun late, or counted from another event."""
DELAYS_H = (0.0, *(float(hours) for hours in range(-24, 25, 3) if hours))
_LATEST_SHIFT_H, _USUAL_SHIFT_H = 24.0, 6.0
"""How far a lab's own median may lie from the published one, and how far it usually does."""


@dataclass(frozen=True, slots=True)
class Clock:
    """When frame 0 was taken and how far frames are apart."""

    interval_minutes: float
    start_hpi: float

    def hours(self, frames: npt.NDArray[np.int_]) -> Values:
        """Hours post insemination of frame numbers."""
        return self.start_hpi + frames.astype(np.float64) * self.interval_minutes / 60


@dataclass(frozen=True, slots=True)
class Onsets:
    """When cleavage, blastulation and expansion begin: medians and spreads in hours post insemination."""

    medians: tuple[float, float, float] = (PUBLISHED[0][0], PUBLISHED[1][0], PUBLISHED[2][0])
    spreads: tuple[float, float, float] = (PUBLISHED[0][1], PUBLISHED[1][1], PUBLISHED[2][1])

    def begun(self, hours: Values, widening: float = WIDENING) -> Values:
        """(n, 3): probability that each has begun by each hour."""
        onsets = [NormalDist(median, widening * spread) for median, spread in zip(self.medians, self.spreads, strict=True)]
        return np.array([[onset.cdf(float(hour)) for onset in onsets] for hour in hours], dtype=np.float64).reshape(-1, 3)

    def suggested(self, hours: Values) -> Values:
        """(n, 4): probability of each coarse phase by the hour alone."""
        started = np.minimum.accumulate(self.begun(hours), axis=1)
        bounded = np.column_stack([np.ones(len(hours)), started, np.zeros(len(hours))])
        return np.asarray(bounded[:, :-1] - bounded[:, 1:], dtype=np.float64)

    def fitted(self, named: Sequence[tuple[Values, npt.NDArray[np.int_]]]) -> Onsets:
        """The published onsets moved to where a lab's embryos show them.

        `named` are hours and phases (0 to 3) of each embryo's frames in order of time. An onset lies between the last frame before it and
        the first after it, or beyond the recording; the shift that makes all of that likeliest is taken, held back by how far labs differ.
        """
        shifts = np.arange(-_LATEST_SHIFT_H, _LATEST_SHIFT_H + 0.5, 0.5)
        medians = []
        for phase, (median, spread) in enumerate(PUBLISHED, start=1):
            spans = [(hours[named < phase].max(initial=-np.inf), hours[named >= phase].min(initial=np.inf)) for hours, named in named]
            likely = [
                -0.5 * (shift / _USUAL_SHIFT_H) ** 2 + _log_chance(spans, NormalDist(median + shift, spread)) for shift in shifts.tolist()
            ]
            medians.append(median + float(shifts[int(np.argmax(likely))]))
        return replace(self, medians=(medians[0], medians[1], medians[2]))


def _log_chance(spans: Sequence[tuple[float, float]], onset: NormalDist) -> float:
    """How likely onsets within these spans are; one in a hundred is taken to be misread."""
    return sum(math.log(0.99 * max(_by(onset, last) - _by(onset, first), 0.0) + 0.01) for first, last in spans if first < last)


def _by(onset: NormalDist, hour: float) -> float:
    return onset.cdf(hour) if math.isfinite(hour) else float(hour > 0)


def smoothed(evidence: Values, hours: Values, onsets: Onsets) -> Values:
    """(n, 4): probability of each phase of one embryo's frames, in order of time, given them all.

    `evidence` (n, 4) is proportional to how likely each picture is in each phase. A phase begins once and is never left backwards; the
    chance that it begins between two frames is what `onsets` give that stretch of time. A whole recording may be misdated: its hours are
    weighed against hours that are some of DELAYS_H later or earlier.
    """
    tried = [_smoothed(evidence, hours + delay, onsets) for delay in DELAYS_H]
    chances = np.array([chance for _, chance in tried]) + np.log(
        np.where(np.array(DELAYS_H) == 0, 1 - MISDATED, MISDATED / (len(DELAYS_H) - 1))
    )
    weights = np.exp(chances - chances.max())
    return np.asarray(np.tensordot(weights / weights.sum(), np.array([answer for answer, _ in tried]), 1))


def _smoothed(evidence: Values, hours: Values, onsets: Onsets) -> tuple[Values, float]:
    """The same by hours that are believed, and the logarithm of how likely all pictures are by them."""
    count = len(hours)
    started = onsets.begun(hours)
    moves = [_moves(started[k], started[k + 1]) for k in range(count - 1)]
    forward, scales = np.zeros((count, 4)), np.zeros(count)
    row = onsets.suggested(hours[:1])[0]
    for k in range(count):
        row = (row if k == 0 else row @ moves[k - 1]) * evidence[k]
        scales[k] = max(row.sum(), 1e-300)
        row = forward[k] = row / scales[k]
    backward = np.ones(4)
    answer = np.zeros_like(forward)
    for k in range(count - 1, -1, -1):
        answer[k] = forward[k] * backward
        answer[k] /= max(answer[k].sum(), 1e-300)
        if k:
            backward = moves[k - 1] @ (evidence[k] * backward)
            backward /= max(backward.sum(), 1e-300)
    return answer, float(np.log(scales).sum())


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
