"""Embryos whose course is known, and what a net of a given honesty would say of their frames."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from detector.stages.looks import Looks
from detector.types import STAGES, Phase, Stage, Unphased

USUAL: dict[Phase, float] = {
    Phase.TPB2: 2.0, Phase.TPNA: 7.5, Phase.TPNF: 24.0, Phase.T2: 26.6, Phase.T3: 38.0, Phase.T4: 39.0, Phase.T5: 51.5, Phase.T6: 52.7,
    Phase.T7: 54.2, Phase.T8: 56.5, Phase.T9_PLUS: 72.0, Phase.TM: 93.0, Phase.TSB: 101.0, Phase.TB: 110.0, Phase.TEB: 113.0,
}  # fmt: skip
"""Hours at which phases begin in an embryo without surprises."""


def stages_at(hours: Sequence[float], onsets: dict[Phase, float]) -> list[Stage]:
    """The phase of each hour."""
    order = sorted(onsets.items(), key=lambda item: item[1])
    return [max((item for item in order if item[1] <= hour), key=lambda item: item[1], default=order[0])[0] for hour in hours]


def log_probabilities(stages: Sequence[Stage], rng: np.random.Generator, honesty: float = 0.8) -> npt.NDArray[np.float64]:
    """What a net says that takes a frame for a neighbouring stage with probability 1 - honesty, and knows it."""
    places = np.array([STAGES.index(stage) for stage in stages], dtype=int)
    wrong = rng.random(len(places)) > honesty
    said = np.where(wrong & (places < 16), np.clip(places + rng.choice([-1, 1], len(places)), 0, 15), places)
    rows = np.full((len(places), len(STAGES)), 0.004)
    for shift, share in ((-1, (1 - honesty) / 2), (1, (1 - honesty) / 2), (0, honesty)):
        at = np.where(said < 16, np.clip(said + shift, 0, 15), said)
        rows[np.arange(len(places)), at] += share
    return np.asarray(np.log(rows / rows.sum(axis=1, keepdims=True)))


def looks(stages: Sequence[Stage], rng: np.random.Generator, honesty: float = 0.8) -> Looks:
    """The same with auxiliary answers that agree with the stages."""
    counts = {Phase.T2: 2, Phase.T3: 3, Phase.T4: 4, Phase.T5: 5, Phase.T6: 6, Phase.T7: 7, Phase.T8: 8, Phase.T9_PLUS: 11}
    late = (Phase.TM, Phase.TSB, Phase.TB, Phase.TEB, Phase.THB)
    cavities = {Phase.TSB: 0.2, Phase.TB: 0.5, Phase.TEB: 0.7, Phase.THB: 0.7}
    noise = rng.normal(0, 0.1, len(stages))
    return Looks(
        log_probabilities=log_probabilities(stages, rng, honesty).astype(np.float32),
        features=np.zeros((len(stages), 4), np.float32),
        cell_count=np.array([counts.get(s, 12 if s in late else 1) for s in stages], np.float32) + noise.astype(np.float32),  # type: ignore[call-overload]
        compaction=np.array([0.95 if s in late else 0.05 for s in stages], np.float32),
        cavity=np.array([cavities.get(s, 0.0) for s in stages], np.float32),  # type: ignore[call-overload]
        empty=np.array([float(s is Unphased.EMPTY) for s in stages], np.float32),
        unreadable=np.array([float(s is Unphased.NOT_SEEN) for s in stages], np.float32),
        fragmentation=np.full(len(stages), 0.02, np.float32),
        unevenness=np.full(len(stages), 0.08, np.float32),
        multinucleated=np.full(len(stages), 0.05, np.float32),
    )
