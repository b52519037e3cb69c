"""All ways of reading over a set of embryos, scored side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from detector.evaluation.stages_scores import StageTally, Truth
from detector.evaluation.stages_truth import clock_of, read_annotated, simulated_looks
from detector.evaluation.stages_ways import ways_of
from detector.stages.decoding import Clock
from detector.stages.looks import Looks
from detector.stages.profiles import ProfileBuilder
from detector.types import Image

SIMULATED = 60
"""Embryos of a table without pictures that are read; more tell nothing new."""
Figures = dict[str, dict[str, Any]]
Reader = Callable[[Iterable[Image]], Looks]


@dataclass(frozen=True, slots=True)
class Read:
    """One embryo's truth, what every frame told alone, and when frames were taken."""

    truth: Truth
    looks: Looks
    clock: Clock | None


def annotated(path: Path, look_at: Reader, *, split: str | None, interval_minutes: float | None, start_hpi: float | None) -> Iterator[Read]:
    """The embryos of a folder, or those of a table without pictures, whose looks are simulated and whose interval must then be given."""
    found = read_annotated(path, split, minutes_a_frame=interval_minutes)
    rng = np.random.default_rng(1)
    if path.is_file() and len(found) > SIMULATED:
        found = [found[k] for k in sorted(rng.choice(len(found), SIMULATED, replace=False))]
    for one in found:
        looks = simulated_looks(one.truth, rng) if one.well is None else look_at(one.well.pictures())
        yield Read(one.truth, looks, clock_of(one, interval_minutes, start_hpi))


def compared(embryos: Iterable[Read], builder: ProfileBuilder) -> Figures:
    """Figures of every way over the same embryos."""
    plain = builder.without_temporal() if builder.temporal is not None else None
    tallies: dict[str, StageTally] = {}
    for one in embryos:
        reader = builder if one.looks.features.shape[1] > 1 or plain is None else plain
        for way, answer in ways_of(one.looks, one.truth.frames, one.clock, reader, plain).items():
            tallies.setdefault(way, StageTally()).add(one.truth, answer)
    return {way: tally.figures() for way, tally in tallies.items()}
