"""When phases began, each with bounds that hold nine times in ten where the calibration's assumptions do."""

from __future__ import annotations

import numpy as np

from detector.stages.calibration import Calibration
from detector.stages.decoding import Decoded
from detector.stages.priors import PHASES, Values
from detector.types import Onset, Phase

COVERAGE = 0.9
TAIL = (1 - COVERAGE) / 2


def onsets_of(decoded: Decoded, frame_indices: tuple[int, ...], calibration: Calibration) -> tuple[Onset, ...]:
    """Every phase of the path with its first frame; bounds are hours post insemination, or frame numbers where the start is unknown."""
    hours = decoded.clock.hours_post_insemination()
    found = []
    for column, phase in enumerate(PHASES):
        frame = next((t for t, stage in enumerate(decoded.path) if stage is phase), None)
        if frame is None:
            continue
        low, high = bounds(decoded, column, frame, calibration)
        seen = float(min(decoded.onsets[:, column].sum(), 1.0))
        is_censored = not any(stage in PHASES for stage in decoded.path[:frame])
        if hours is None:
            scale = (decoded.clock.minutes, np.asarray(frame_indices, dtype=float))
            edges = tuple(float(np.interp(edge, *scale)) for edge in (low, high))
            found.append(Onset(phase, frame_indices[frame], None, *_around(edges, frame_indices[frame]), seen, is_censored))
            continue
        at = float(hours[frame])
        start = decoded.clock.start_hpi or 0.0
        low, high = start + low / 60.0, start + high / 60.0
        if is_censored:
            # It was under way: only its usual hour says how long.
            low, high = min(decoded.priors.hour_by_which(phase, TAIL), at), at
        low, high = _around((low, high), at)
        found.append(Onset(phase, frame_indices[frame], round(at, 3), round(max(low, 0.0), 3), round(high, 3), seen, is_censored))
    return tuple(found)


def bounds(decoded: Decoded, column: int, frame: int, calibration: Calibration) -> tuple[float, float]:
    """The minutes between which a phase began, given that it was seen at all, widened by what the calibration found missing."""
    minutes = decoded.clock.minutes
    mass = decoded.onsets[:, column]
    margin = calibration.margin(PHASES[column]) * 60.0
    if mass.sum() < 1e-9:
        return float(minutes[frame]) - margin, float(minutes[frame]) + margin
    reached = np.cumsum(mass) / mass.sum()
    # Between two frames anything can have happened, so the lower bound may lie between them; the upper one is where it is first seen.
    low = _early_edge(minutes, reached)
    high = float(minutes[int(np.searchsorted(reached, 1 - TAIL - 1e-12).clip(max=len(minutes) - 1))])
    return low - margin, high + margin


def expected_minutes(decoded: Decoded, phase: Phase) -> float | None:
    """The median of where a phase began, in minutes of the clock, or None where it was hardly seen."""
    mass = decoded.onsets[:, PHASES.index(phase)]
    if mass.sum() < 0.05:
        return None
    return float(decoded.clock.minutes[int(np.searchsorted(np.cumsum(mass) / mass.sum(), 0.5))])


def _early_edge(minutes: Values, reached: Values) -> float:
    first = int(np.searchsorted(reached, TAIL - 1e-12).clip(max=len(minutes) - 1))
    if first == 0:
        return float(minutes[0])
    before = reached[first - 1]
    share = (TAIL - before) / max(reached[first] - before, 1e-12)
    return float(minutes[first - 1] + share * (minutes[first] - minutes[first - 1]))


def _around(edges: tuple[float, ...], value: float) -> tuple[float, float]:
    """Bounds that hold the value they bound."""
    return round(min(edges[0], value), 3), round(max(edges[1], value), 3)
