"""How far a stager and its temporal net can be trusted: fitted on courses that neither learned from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from detector.stages.calibration import Calibration, conformal_margin
from detector.stages.decoding import Clock
from detector.stages.onsets import COVERAGE, onsets_of
from detector.stages.priors import PHASES
from detector.stages.profiles import ProfileBuilder
from detector.stages.temporal_serving import Temporal
from detector.training.stages_sequence_learning import Course
from detector.types import Phase

TEMPERATURES = (0.7, 1.0, 1.5, 2.2, 3.3)
HOURS_APART = (0.25, 0.5, 1.0, 2.0, 4.0)
LEAST_EMBRYOS = 30
"""Fewer onsets of a phase promise nothing about the next one, so the margin of all phases stands in."""


def calibrated(courses: Sequence[Course], temporal: Temporal | None, *, made_on: str) -> Calibration:
    """Fit the weight of evidence on every other course, and the bounds of onsets on the rest."""
    fitting, bounding = courses[::2], courses[1::2]
    best = min(
        (Calibration(temperature, hours) for temperature in TEMPERATURES for hours in HOURS_APART),
        key=lambda one: _surprise(ProfileBuilder(one, temporal), fitting),
    )
    margins, general = _margins(ProfileBuilder(best, temporal), bounding)
    return replace(best, margins=MappingProxyType(margins), general_margin=general, made_on=made_on, embryos=len(courses))


def clock_of(course: Course) -> Clock:
    """The hours of a course, on a scale that begins with its first frame."""
    return Clock((course.hours - course.hours[0]) * 60.0, float(course.hours[0]))


def _surprise(builder: ProfileBuilder, courses: Sequence[Course]) -> float:
    """Mean over courses of how surprising the true stages are after decoding."""
    each = []
    for course in courses:
        known = np.flatnonzero(course.stages >= 0)
        posteriors = builder.decode(course.looks, range(len(course)), clock_of(course)).posteriors
        each.append(-np.log(np.maximum(posteriors[known, course.stages[known]], 1e-4)).mean())
    return float(np.mean(each))


def _margins(builder: ProfileBuilder, courses: Sequence[Course]) -> tuple[dict[Phase, float], float]:
    """Hours by which bounds must move, by phase where enough embryos showed it, and over all."""
    seen: dict[Phase, list[tuple[float, float, float]]] = {}
    for course in courses:
        decoded = builder.decode(course.looks, range(len(course)), clock_of(course))
        for onset in onsets_of(decoded, tuple(range(len(course))), builder.calibration):
            truth = true_onset(course, onset.phase)
            if truth is not None and not onset.is_censored:
                seen.setdefault(onset.phase, []).append((onset.low, onset.high, truth))
    everything = [row for rows in seen.values() for row in rows]
    if not everything:
        return {}, 0.0
    general = _margin(everything)
    if not np.isfinite(general):
        general = max(0.0, *(max(low - true, true - high) for low, high, true in everything))
    return {phase: _margin(rows) for phase, rows in seen.items() if len(rows) >= LEAST_EMBRYOS}, general


def _margin(rows: Sequence[tuple[float, float, float]]) -> float:
    low, high, truth = np.array(rows).T
    return conformal_margin(low, high, truth, COVERAGE)


def true_onset(course: Course, phase: Phase) -> float | None:
    """The hour of the first frame that shows `phase`, None where it was under way at the first or never came."""
    places = np.flatnonzero(course.stages == PHASES.index(phase))
    first_living = np.flatnonzero(course.stages >= 0)
    if not len(places) or course.stages[first_living[0]] == PHASES.index(phase):
        return None
    return float(course.hours[places[0]])
