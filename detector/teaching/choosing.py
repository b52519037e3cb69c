"""What teaches most: pictures that a detector doubts, few that are unlike all others, and some by chance."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.floating]
Rows = npt.NDArray[np.int_]

UNCERTAIN, DIVERSE = 0.7, 0.2
"""Shares of a batch; the rest is drawn by chance, so that what the detector is wrong about without a doubt is found as well."""


@dataclass(frozen=True, slots=True)
class Pool:
    """Pictures that may be asked for: features (n, D), embryos (n,) and the order of frames within them (n,)."""

    features: Values
    embryos: npt.NDArray[np.str_]
    frames: Rows

    def __len__(self) -> int:
        return len(self.features)


def teaching(pool: Pool, own: Values, other: Values, labelled: Rows) -> Values:
    """How much each picture would teach, (n,) between 0 and 1: the mean rank of four doubts.

    `own` and `other` (n, classes) are what two detectors say, the latter being one that was not taught by these labels.
    """
    doubts = (entropy(own), disagreement(own, other), inconsistency(pool, own), novelty(pool.features, labelled))
    return np.asarray(np.mean([_ranks(doubt) for doubt in doubts], axis=0))


def mixed_batch(pool: Pool, teaches: Values, labelled: Rows, count: int, rng: np.random.Generator) -> Rows:
    """`count` pictures that are not labelled yet: most of them teach most, some are unlike all others, some come by chance."""
    left = np.setdiff1d(np.arange(len(pool)), labelled)
    count = min(count, len(left))
    first = left[np.argsort(-teaches[left], kind="stable")][: round(UNCERTAIN * count)]
    chosen = [*first, *farthest(pool.features, np.concatenate([labelled, first]), left, round(DIVERSE * count))]
    rest = np.setdiff1d(left, chosen)
    return np.array([*chosen, *rng.choice(rest, count - len(chosen), replace=False)], dtype=int)


def whole_embryos(pool: Pool, teaches: Values, labelled: Rows, count: int) -> Rows:
    """All pictures of the embryos that teach most on average, until there are `count` or more: nobody opens a dish for one frame."""
    left = np.setdiff1d(np.arange(len(pool)), labelled)
    names = np.unique(pool.embryos[left])
    means = {name: float(teaches[left[pool.embryos[left] == name]].mean()) for name in names}
    chosen: list[int] = []
    for name in sorted(names, key=lambda one: (-means[one], one)):
        if len(chosen) >= count:
            break
        chosen += left[pool.embryos[left] == name].tolist()
    return np.array(chosen, dtype=int)


def farthest(features: Values, known: Rows, among: Rows, count: int) -> list[int]:
    """`count` of `among`, each the one farthest from everything known or chosen before it (k-centre, Sener and Savarese 2018)."""
    scaled = _scaled(features)
    far = _distances(scaled, known) if len(known) else np.full(len(features), np.inf)
    chosen: list[int] = []
    for _ in range(min(count, len(among))):
        best = int(among[np.argmax(far[among])])
        chosen.append(best)
        far = np.minimum(far, np.linalg.norm(scaled - scaled[best], axis=1))
        far[best] = -1.0
    return [one for one in chosen if one not in set(known.tolist())]


def entropy(probabilities: Values) -> Values:
    """In shares of the most there can be."""
    safe = np.clip(probabilities, 1e-9, 1.0)
    return np.asarray(-(safe * np.log(safe)).sum(axis=1) / np.log(probabilities.shape[1]))


def disagreement(one: Values, other: Values) -> Values:
    """Jensen-Shannon divergence of two detectors, 0 to 1."""
    middle = (one + other) / 2
    return np.asarray((entropy(middle) - (entropy(one) + entropy(other)) / 2) * np.log(one.shape[1]) / np.log(2))


def inconsistency(pool: Pool, probabilities: Values) -> Values:
    """The chance that a picture shows an earlier class than the one before it, or a later one than the next; classes only go on."""
    doubt = np.zeros(len(pool))
    for name in np.unique(pool.embryos):
        rows = np.flatnonzero(pool.embryos == name)
        rows = rows[np.argsort(pool.frames[rows], kind="stable")]
        for before, after in pairwise(rows.tolist()):
            reached = np.cumsum(probabilities[after])
            back = float(np.sum(probabilities[before][1:] * reached[:-1]))
            doubt[before], doubt[after] = max(doubt[before], back), max(doubt[after], back)
    return doubt


def novelty(features: Values, labelled: Rows) -> Values:
    """How far each picture lies from the nearest labelled one."""
    return _distances(_scaled(features), labelled) if len(labelled) else np.zeros(len(features))


def _scaled(features: Values) -> Values:
    return np.asarray((features - features.mean(axis=0)) / np.maximum(features.std(axis=0), 1e-6))


def _distances(scaled: Values, known: Rows) -> Values:
    near = np.full(len(scaled), np.inf)
    for start in range(0, len(known), 64):
        gaps = scaled[:, None] - scaled[known[start : start + 64]][None]
        near = np.minimum(near, np.linalg.norm(gaps, axis=2).min(axis=1))
    return near


def _ranks(values: Values) -> Values:
    """Shares of the others that are lower; equal ones share a rank."""
    ordered = np.sort(values)
    below = np.searchsorted(ordered, values, side="left") + np.searchsorted(ordered, values, side="right")
    return np.asarray(below / (2 * max(len(values), 1)))
