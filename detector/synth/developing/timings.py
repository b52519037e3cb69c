"""When one embryo reaches each phase: three correlated blocks under one pace, as annotated embryos show them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from detector.types import Phase

# Hours and spreads follow the medians of 140,872 embryos (Istanbul consensus 2025) and the percentiles of 89 unselected
# embryos of the public Nantes set (Gomez 2022); correlations are those between neighbouring onsets of the latter.
_AT_ONCE_H = 0.03
"""Divisions closer than this are one to any camera; their phase is skipped after sampling."""
_CLEAVAGES = (Phase.T2, Phase.T3, Phase.T4, Phase.T5, Phase.T6, Phase.T7, Phase.T8, Phase.T9_PLUS)


@dataclass(frozen=True, slots=True)
class Course:
    """What bends an embryo's timetable; the shares are those of unselected embryos where nothing is forced."""

    is_direct_1_3: bool = False
    is_direct_2_5: bool = False
    is_chaotic: bool = False
    compacts_early: bool = False


def draw_onsets(rng: np.random.Generator, course: Course) -> dict[Phase, float]:
    """Hours post insemination at which all 16 phases begin, in order; phases can follow one another at once."""
    early = rng.standard_normal()
    late = 0.55 * early + 0.835 * rng.standard_normal()
    last = 0.5 * late + 0.866 * rng.standard_normal()
    faded = 23.8 * float(np.exp(0.118 * early))
    onsets = {Phase.TPB2: float(np.clip(rng.normal(2.6, 0.6), 1.2, 4.4))}
    onsets[Phase.TPNA] = max(7.4 * float(np.exp(0.22 * (0.4 * early + 0.917 * rng.standard_normal()))), onsets[Phase.TPB2] + 0.7)
    onsets[Phase.TPNF] = max(faded, onsets[Phase.TPNA] + 6.0)
    onsets |= _first_divisions(rng, course, onsets[Phase.TPNF], early)
    onsets |= _later_divisions(rng, course, onsets, late)
    onsets |= _blastulation(rng, course, onsets[Phase.T9_PLUS], last)
    return onsets


def _first_divisions(rng: np.random.Generator, course: Course, faded: float, early: float) -> dict[Phase, float]:
    second = faded + 2.5 * float(np.exp(0.16 * rng.standard_normal())) + (float(rng.exponential(2.0)) if rng.random() < 0.14 else 0.0)
    usual = 11.5 * float(np.exp(0.095 * (0.4 * early + 0.917 * rng.standard_normal())))
    if course.is_chaotic:
        return {Phase.T2: second, Phase.T3: second + 0.004, Phase.T4: second + 0.008}
    if course.is_direct_1_3:
        third = second + (rng.uniform(0.0, _AT_ONCE_H) if rng.random() < 0.4 else rng.uniform(0.2, 4.9))
        fourth = max(second + usual * rng.uniform(0.75, 1.25), third + 0.4)
        return {Phase.T2: second, Phase.T3: float(third), Phase.T4: float(fourth)}
    third = second + max(usual, 5.6)
    # In one embryo of eight the second cell lags far behind its sister.
    lag = float(rng.uniform(3.0, 13.0)) if rng.random() < 0.14 else 1.4 * float(np.exp(0.8 * rng.standard_normal()))
    apart = _apart(rng, 0.39, lag, 14.0)
    return {Phase.T2: second, Phase.T3: third, Phase.T4: third + apart}


def _later_divisions(rng: np.random.Generator, course: Course, onsets: dict[Phase, float], late: float) -> dict[Phase, float]:
    third, fourth = onsets[Phase.T3], onsets[Phase.T4]
    if course.is_chaotic:
        fifth = fourth + 0.004 if rng.random() < 0.5 else fourth + float(rng.uniform(6.0, 14.0))
    elif course.is_direct_2_5:
        # The other cell of the pair has to divide before the fifth cell is there, so all of it fits into five hours.
        fourth = min(fourth, third + float(rng.uniform(0.0, 2.5)))
        fifth = max(third + float(rng.uniform(0.4, 4.8)), fourth + 0.01)
    elif course.is_direct_1_3:
        fifth = fourth + float(rng.uniform(0.3, 3.0))
    else:
        usual = third + max(12.6 * float(np.exp(0.15 * (0.6 * late + 0.8 * rng.standard_normal()))), 5.6)
        fifth = max(usual, fourth + _apart(rng, 0.5, float(rng.exponential(2.0)) + 0.3, 8.0))
    spread = float(np.clip(6.4 * np.exp(0.75 * (0.25 * late + 0.968 * rng.standard_normal())), 0.7, 26.0))
    steps = rng.dirichlet([1.5, 1.5, 1.5])
    together = rng.random(3) < np.array([0.3, 0.23, 0.3])
    steps = np.where(together, 1e-3, steps)
    steps *= spread / steps.sum() if not together.all() else 1.0
    sixth, seventh, eighth = fifth + np.cumsum(steps)
    wanted = 74.0 + 0.62 * (float(eighth) - 57.5) + 6.2 * rng.standard_normal()
    ninth = float(eighth) + _apart(rng, 0.17, max(wanted - float(eighth), 0.6), 40.0)
    later = (fourth, fifth, float(sixth), float(seventh), float(eighth), ninth)
    return dict(zip(_CLEAVAGES[2:], later, strict=True))


def _blastulation(rng: np.random.Generator, course: Course, ninth: float, last: float) -> dict[Phase, float]:
    compact = 59.0 + 34.0 * float(np.exp(0.30 * last))
    if course.compacts_early:
        compact = min(compact, ninth + float(rng.uniform(2.0, 10.0)))
    compact = max(compact, ninth + 2.0 + float(rng.exponential(2.0)))
    cavity = compact + float(np.clip(7.1 * np.exp(0.5 * rng.standard_normal() - 0.12 * last), 1.5, 22.0))
    full = cavity + float(np.clip(7.8 * np.exp(0.46 * rng.standard_normal()), 2.0, 24.0))
    expanded = full + float(np.clip(2.3 * np.exp(1.0 * rng.standard_normal()), 0.4, 16.0))
    hatching = expanded + float(np.clip(5.0 * np.exp(0.6 * rng.standard_normal()), 1.0, 20.0))
    return {Phase.TM: compact, Phase.TSB: cavity, Phase.TB: full, Phase.TEB: expanded, Phase.THB: hatching}


def _apart(rng: np.random.Generator, at_once: float, otherwise: float, most: float) -> float:
    """Hours between two divisions: none worth telling with probability `at_once`."""
    return float(rng.uniform(0.0, _AT_ONCE_H)) if rng.random() < at_once else float(np.clip(otherwise, 0.25, most))
