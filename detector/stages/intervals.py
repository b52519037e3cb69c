"""Times between onsets, with the uncertainty of both ends: computed on whole courses drawn from what the frames tell."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from detector.stages.decoding import Decoded, draw_onsets
from detector.stages.onsets import TAIL
from detector.stages.priors import PHASES, Values
from detector.types import Interval, Phase

_LEAST_SEEN = 0.5
_Hours = Callable[[Phase], Values]
FORMULAS: Mapping[str, tuple[tuple[Phase, ...], Callable[[_Hours], Values]]] = {
    # Names and definitions of Ciray 2014; CS2-8 is the share of cleavage from two to eight cells that is spent dividing.
    "VP": ((Phase.TPNA, Phase.TPNF), lambda t: t(Phase.TPNF) - t(Phase.TPNA)),
    "ECC1": ((Phase.TPB2, Phase.T2), lambda t: t(Phase.T2) - t(Phase.TPB2)),
    "cc2": ((Phase.T2, Phase.T3), lambda t: t(Phase.T3) - t(Phase.T2)),
    "s2": ((Phase.T3, Phase.T4), lambda t: t(Phase.T4) - t(Phase.T3)),
    "cc3": ((Phase.T3, Phase.T5), lambda t: t(Phase.T5) - t(Phase.T3)),
    "s3": ((Phase.T5, Phase.T8), lambda t: t(Phase.T8) - t(Phase.T5)),
    "CS2-8": (
        (Phase.T2, Phase.T3, Phase.T4, Phase.T5, Phase.T8),
        lambda t: (t(Phase.T3) - t(Phase.T2) + t(Phase.T5) - t(Phase.T4)) / np.maximum(t(Phase.T8) - t(Phase.T2), 1e-6),
    ),
}


@dataclass(frozen=True, slots=True)
class Courses:
    """Courses an embryo may have taken; one row a course, one column a phase."""

    seen: np.ndarray[tuple[int, ...], np.dtype[np.int_]]
    """Where the phase is first seen, -1 where it is not."""
    reached: np.ndarray[tuple[int, ...], np.dtype[np.int_]]
    """Where it or a later phase is first seen, -1 where neither is, and where that was so from the first frame on."""
    hours: Values
    """The hour of `reached` on the clock's scale, somewhere between that frame and the one before; nan where that is -1."""


def as_dict(interval: Interval) -> dict[str, float | str]:
    """The form of tables and of the command line."""
    numbers = {"value": interval.value, "low": interval.low, "high": interval.high, "confidence": interval.confidence}
    return {"name": interval.name} | {key: round(value, 3) for key, value in numbers.items()}


def draw_courses(decoded: Decoded, count: int, rng: np.random.Generator) -> Courses:
    """`count` courses drawn with the probability they have after all frames were seen."""
    seen = draw_onsets(decoded, count, rng)
    frames = len(decoded.path)
    reached = np.minimum.accumulate(np.where(seen < 0, frames, seen)[:, ::-1], axis=1)[:, ::-1]
    # What was under way at the first frame began nobody knows when.
    reached = np.where((reached == frames) | (reached == 0), -1, reached)
    minutes = decoded.clock.minutes
    gaps = np.concatenate([[0.0], np.diff(minutes)])
    # Phases reached in one frame share one gap and keep their order within it.
    within = np.sort(rng.random(reached.shape), axis=1) - 1.0
    hours = (minutes[reached] + within * gaps[reached]) / 60.0
    return Courses(seen, reached, np.where(reached < 0, np.nan, hours))


def intervals_of(courses: Courses) -> tuple[Interval, ...]:
    """Every interval whose two ends were more likely seen than not.

    A phase too short to be seen was passed through in the step to the next one, so it began within that step.
    """
    found = []
    for name, (phases, formula) in FORMULAS.items():
        known = np.all([~np.isnan(courses.hours[:, PHASES.index(p)]) for p in phases], axis=0)
        if known.mean() < _LEAST_SEEN:
            continue
        values = formula(lambda phase, known=known: courses.hours[known, PHASES.index(phase)])  # type: ignore[misc]
        low, middle, high = np.quantile(values, (TAIL, 0.5, 1 - TAIL))
        found.append(Interval(name, float(middle), float(low), float(high), float(known.mean())))
    return tuple(found)
