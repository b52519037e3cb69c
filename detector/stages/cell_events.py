"""What is unusual about an embryo's cells while they can be counted: fragments, unequal sisters, several nuclei."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from detector.stages.priors import PHASES
from detector.stages.smooth import Found, Smooth, runs
from detector.types import Phase

_MILD, _SEVERE = 0.10, 0.25
"""Shares of the volume from which fragmentation counts as mild and as severe (Istanbul consensus 2025)."""
_UNEVEN = 0.25
"""Difference in diameter from which sister cells are uneven (Istanbul consensus 2025)."""
_SEVERAL = 0.5
_LEAST_HOURS = 3.0


def cell_events(smooth: Smooth) -> Iterator[Found]:
    """One event a kind at most, over the frames that show it longest; shorter than some hours is no evidence."""
    yield from _fragmentation(smooth)
    yield from _uneven(smooth)
    yield from _several_nuclei(smooth)


def _fragmentation(smooth: Smooth) -> Iterator[Found]:
    cleaving = smooth.within(PHASES[3:11])
    shown = _longest(smooth, cleaving & (smooth.fragmentation >= _MILD))
    if shown is None:
        return
    first, last = shown
    share = float(np.nanmedian(smooth.fragmentation[first : last + 1]))
    degree = "severe" if share > _SEVERE else "mild"
    # As sure as it is far from the least that counts, against how far answers of single frames err.
    yield "fragmentation", first, last, _surely(share, _MILD, 0.08), f"{degree}: about {share:.0%} of the volume in fragments"


def _uneven(smooth: Smooth) -> Iterator[Found]:
    # Three, five, six or seven cells differ in any embryo: some of them have divided and some have not.
    even = smooth.within((Phase.T2, Phase.T4, Phase.T8))
    shown = _longest(smooth, even & (smooth.unevenness >= _UNEVEN))
    if shown is None:
        return
    first, last = shown
    difference = float(np.nanmedian(smooth.unevenness[first : last + 1]))
    yield "uneven_cells", first, last, _surely(difference, _UNEVEN, 0.12), f"diameters differ by about {difference:.0%}"


def _several_nuclei(smooth: Smooth) -> Iterator[Found]:
    shown = _longest(smooth, smooth.within(PHASES[3:6]) & (smooth.multinucleated >= _SEVERAL))
    if shown is not None:
        first, last = shown
        sure = float(np.nanmedian(smooth.multinucleated[first : last + 1]))
        yield "multinucleation", first, last, sure, "a cell shows several nuclei"


def _longest(smooth: Smooth, flags: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> tuple[int, int] | None:
    found = max(runs(flags, bridge=2), key=lambda run: smooth.hours(*run), default=None)
    return found if found is not None and smooth.hours(*found) >= _LEAST_HOURS else None


def _surely(value: float, least: float, doubt: float) -> float:
    return float(np.clip(0.5 + 0.5 * (value - least) / doubt, 0.5, 0.95))
