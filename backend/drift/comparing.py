"""Weeks against the beginning: how far a figure has moved, in the spread that it had when the detector came into use.

Both medians, so that one odd dish neither raises an alarm nor hides one. A week needs at least three recordings to be judged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

LEAST_IN_REFERENCE, MOST_IN_REFERENCE = 5, 20
LEAST_IN_WEEK = 3
ALARMING = 4.0
"""Spreads; `tests.bench.drifting` measures how often this alarms where nothing drifts, and how soon where something does."""
LEAST_SPREAD: Mapping[str, float] = {
    "brightness": 0.01, "contrast": 0.015, "sharpness": 0.004, "evenness": 0.015, "content_sureness": 0.01, "stage_sureness": 0.015,
    "unusable": 0.02,
}  # fmt: skip
"""Smaller moves mean nothing however steady the first recordings were."""
_MAD_TO_SD = 1.4826


@dataclass(frozen=True, slots=True)
class Level:
    """What a figure was at the beginning."""

    middle: float
    spread: float


@dataclass(frozen=True, slots=True)
class Moved:
    """A figure in one week."""

    middle: float
    low: float
    high: float
    shift: float | None
    """From the beginning, in its spreads; None where one of the two has too few recordings."""
    is_alarming: bool


def level_of(name: str, values: Sequence[float]) -> Level | None:
    """None where there are too few to say."""
    if len(values) < LEAST_IN_REFERENCE:
        return None
    middle = median(values)
    return Level(middle, max(_MAD_TO_SD * median(abs(value - middle) for value in values), LEAST_SPREAD[name]))


def moved(values: Sequence[float], level: Level | None) -> Moved:
    """At least one value."""
    middle = median(values)
    shift = (middle - level.middle) / level.spread if level is not None and len(values) >= LEAST_IN_WEEK else None
    return Moved(middle, min(values), max(values), shift, shift is not None and abs(shift) >= ALARMING)
