"""What can go wrong in an embryo's life, how often, and the truth about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

USUAL_RATES: Mapping[str, float] = {
    "direct_cleavage_1_3": 0.137, "direct_cleavage_2_5": 0.09, "reverse_cleavage": 0.06, "chaotic_division": 0.03, "multinucleation": 0.15,
    "fragmentation": 0.3, "uneven_cells": 0.15, "early_compaction": 0.05, "collapse": 0.25, "abnormal_pronuclei": 0.06, "arrest": 0.2,
    "degeneration": 0.1, "gas_bubble": 0.04, "out_of_focus": 0.1, "well_emptied": 0.08,
}  # fmt: skip
"""Share of embryos that meet each, where the embryo gets far enough."""
KINDS = (*USUAL_RATES, "reexpansion")


@dataclass(frozen=True, slots=True)
class Happening:
    """One event with the exact hours post insemination between which it can be seen."""

    kind: str
    """One of KINDS."""
    first_hpi: float
    last_hpi: float
    detail: str = ""


@dataclass(frozen=True, slots=True)
class LifeSettings:
    """What lives are drawn from."""

    rates: Mapping[str, float] = field(default_factory=lambda: dict(USUAL_RATES))
    """Replaces the usual shares; kinds left out never happen."""
    certain: tuple[str, ...] = ()
    """Kinds that happen in every life."""
    last_hpi: float = 140.0
    """Lives are told up to this hour."""

    def __post_init__(self) -> None:
        unknown = [kind for kind in (*self.rates, *self.certain) if kind not in USUAL_RATES]
        if unknown:
            raise ValueError(f"no event is called {unknown[0]!r}; known are {', '.join(USUAL_RATES)}")

    def happens(self, rng: np.random.Generator, kind: str) -> bool:
        """Whether `kind` happens in this life; draws once whatever the answer, so that one rate changes no other event."""
        drawn = rng.random()
        return kind in self.certain or drawn < self.rates.get(kind, 0.0)


QUIET = LifeSettings(rates={})
"""Lives in which nothing unusual happens."""
