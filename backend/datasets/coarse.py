"""The four coarse phases that frames are taught by, under whatever name a lab says them."""

from __future__ import annotations

from backend.analysis.compact import COARSE_FROM
from backend.analysis.compact import coarse_of as coarse_name_of
from backend.review.values import PHASES

COARSE_NAMES = tuple(COARSE_FROM.values())


def coarse_of(phase: object) -> int | None:
    """1 to 4 of a coarse phase by its number or name, or of a named phase; None for anything else."""
    said = str(phase).strip()
    if said in {"1", "2", "3", "4"}:
        return int(said)
    if said.lower() in COARSE_NAMES:
        return COARSE_NAMES.index(said.lower()) + 1
    named = next((known for known in PHASES if known.lower() == said.lower()), None)
    return COARSE_NAMES.index(coarse_name_of(named)) + 1 if named is not None else None
