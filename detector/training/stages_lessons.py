"""What the frame encoder learns from: windows around embryos, wide enough to be turned and scaled, and what is known of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from detector.stages.crops import SIZE, find_embryo, placed, window
from detector.stages.looks import AUXILIARY, COARSE_OF
from detector.types import STAGES, Coarse, Image, Stage

WINDOW = 160
"""Side of a cached window: the crop at the same scale with a margin around it."""

Values = npt.NDArray[np.float32]
COARSE_PHASES = (Coarse.PRONUCLEAR, Coarse.CLEAVAGE, Coarse.BLASTULATION, Coarse.EXPANSION)
"""A lab's coarse phases 1 to 4."""


@dataclass(frozen=True, slots=True)
class Lessons:
    """Windows uint8 (n, WINDOW, WINDOW); `allowed` (n, 19) marks the stages each may be; `auxiliary` (n, 8), `age` (n,): NaN if unknown.

    Age is what the net is taught besides and never told: when the picture was taken, in units of the spread of all of them.
    """

    windows: npt.NDArray[np.uint8]
    allowed: Values
    auxiliary: Values
    age: Values
    weights: Values

    def __len__(self) -> int:
        return len(self.windows)

    def part(self, chosen: npt.NDArray[np.int_] | npt.NDArray[np.bool_]) -> Lessons:
        """The lessons of `chosen` rows."""
        return Lessons(*(getattr(self, f.name)[chosen] for f in fields(self)))

    def and_also(self, other: Lessons) -> Lessons:
        """Both, one after the other."""
        return Lessons(*(np.concatenate([getattr(self, f.name), getattr(other, f.name)]) for f in fields(self)))


def window_of(well: Image) -> npt.NDArray[np.uint8]:
    """The window around the embryo of a well, or around its middle."""
    x, y, side = placed(well, find_embryo(well))
    return window(well, x, y, side * WINDOW / SIZE, WINDOW)


def lessons_of(
    windows: Sequence[npt.NDArray[np.uint8]],
    allowed: Sequence[Values],
    *,
    weights: Sequence[float] | None = None,
    times: Sequence[float] = (),
) -> Lessons:
    """Lessons of which nothing is known but the stages each may be and, where `times` are given, when they were taken."""
    count = len(windows)
    return Lessons(
        np.stack(windows) if count else np.zeros((0, WINDOW, WINDOW), np.uint8),
        np.stack(allowed).astype(np.float32) if count else np.zeros((0, len(STAGES)), np.float32),
        np.full((count, len(AUXILIARY)), np.nan, np.float32),
        _standardised(np.asarray(times, np.float32)) if len(times) else np.full(count, np.nan, np.float32),
        np.ones(count, np.float32) if weights is None else np.asarray(weights, np.float32),
    )


def _standardised(times: Values) -> Values:
    return np.asarray((times - times.mean()) / max(float(times.std()), 1e-3), dtype=np.float32)


def any_of(coarse: Coarse) -> Values:
    """All stages of one coarse phase: which of them it is, the training may find out itself."""
    return np.array([COARSE_OF[stage] is coarse for stage in STAGES], dtype=np.float32)


def exactly(stage: Stage) -> Values:
    """One stage and no other."""
    return np.array([stage is other for other in STAGES], dtype=np.float32)
