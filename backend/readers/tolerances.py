"""How far two readings of one onset may lie apart and still be the same."""

from __future__ import annotations

from collections.abc import Mapping

from backend.review.values import PHASES

LONGEST_H = 48.0
# Where a lab starts from: divisions are seen to the frame, later phases begin gradually.
_SHARP, _CLOSE, _GRADUAL = 1.0, 2.0, 3.0
_GRADUAL_ONES = ("t9+", "tM", "tSB", "tB", "tEB", "tHB")
_CLOSE_ONES = ("t5", "t6", "t7", "t8")
USUAL: Mapping[str, float] = {phase: _GRADUAL if phase in _GRADUAL_ONES else _CLOSE if phase in _CLOSE_ONES else _SHARP for phase in PHASES}


def whole(said: Mapping[str, float]) -> dict[str, float]:
    """A tolerance for every phase, the lab's where it gave one."""
    return {phase: float(said.get(phase, usual)) for phase, usual in USUAL.items()}
