"""When phases usually begin: as published, and as a lab's own embryos have it once there are enough of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from statistics import median, quantiles
from types import MappingProxyType
from typing import Any, NamedTuple

LEAST_EMBRYOS = 20
"""Fewer do not say what is usual in a lab."""
MOST_EMBRYOS = 500
"""The latest of a lab; a year ago it may have worked otherwise."""
_QUARTILES_PER_SD = 1.349


class Usual(NamedTuple):
    """Hours post insemination of a phase: the middle, one standard deviation, and the range of nine embryos in ten."""

    median_h: float
    spread_h: float
    range_h: float


# p5, p50, p95 and SD of 89 unselected embryos of the public Nantes set (Gomez et al. 2022).
PUBLISHED: Mapping[str, Usual] = MappingProxyType(
    {
        "tPNa": Usual(7.4, 1.7, 11.2 - 5.2),
        "tPNf": Usual(24.2, 3.0, 30.1 - 20.5),
        "t2": Usual(27.2, 3.4, 33.6 - 22.8),
        "t3": Usual(37.2, 5.0, 46.0 - 29.4),
        "t4": Usual(39.5, 4.6, 48.6 - 33.8),
        "t5": Usual(50.4, 6.4, 60.3 - 38.1),
        "t6": Usual(52.4, 5.6, 61.4 - 43.6),
        "t7": Usual(55.4, 7.4, 72.8 - 46.3),
        "t8": Usual(57.8, 8.5, 74.7 - 47.4),
        "t9+": Usual(72.0, 9.4, 84.4 - 55.7),
        "tM": Usual(94.2, 10.1, 116.5 - 81.5),
        "tSB": Usual(101.9, 9.3, 122.3 - 88.9),
        "tB": Usual(112.1, 9.6, 130.6 - 98.5),
        "tEB": Usual(116.6, 11.3, 134.4 - 99.7),
        # No spread of hatching was found in print: it is given that of expansion, and only ever moves an embryo within a list.
        "tHB": Usual(120.0, 11.3, 134.4 - 99.7),
    }
)


def usual_of(profiles: Iterable[Iterable[Mapping[str, Any]]]) -> dict[str, Usual]:
    """The published times, with the lab's own in place of those of which its profiles' onsets hold enough."""
    hours: dict[str, list[float]] = {}
    for onsets in profiles:
        for onset in onsets:
            if onset["hours_post_insemination"] is not None and not onset["is_censored"]:
                hours.setdefault(onset["phase"], []).append(onset["hours_post_insemination"])
    return dict(PUBLISHED) | {phase: _own(phase, own) for phase, own in hours.items() if phase in PUBLISHED and len(own) >= LEAST_EMBRYOS}


def _own(phase: str, hours: list[float]) -> Usual:
    """The spread is that of the middle half, so that one odd embryo does not make the others usual; never under half the published."""
    low, _, high = quantiles(hours, n=4)
    published = PUBLISHED[phase]
    return Usual(median(hours), max((high - low) / _QUARTILES_PER_SD, published.spread_h / 2), published.range_h)
