"""The four coarse phases that frames are taught by, and which named phases each holds; a test holds them to the detector's."""

from __future__ import annotations

from backend.review.values import PHASES

COARSE_NAMES = ("pronuclear", "cleavage", "blastulation", "expansion")
_FIRST = ("tPB2", "t2", "t9+", "tEB")
"""With which of the named phases each coarse one begins."""


def coarse_of(phase: object) -> int | None:
    """1 to 4 of a coarse phase by its number or name, or of a named phase; None for anything else."""
    said = str(phase).strip()
    if said in {"1", "2", "3", "4"}:
        return int(said)
    if said.lower() in COARSE_NAMES:
        return COARSE_NAMES.index(said.lower()) + 1
    named = next((known for known in PHASES if known.lower() == said.lower()), None)
    if named is None:
        return None
    at = PHASES.index(named)
    return sum(PHASES.index(first) <= at for first in _FIRST)
