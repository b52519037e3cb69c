"""From the net's raw answer to candidates: one box a well, with a probability for each content."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from detector.types import Candidate, Content, Sighting
from detector.wells.preprocess import Prepared

CONTENTS = (Content.EMPTY, Content.EMBRYO, Content.GAS, Content.EMBRYO_GAS)
LEAST_CONFIDENCE = 0.35
"""Chosen on held-out renderings, where recall and false alarms balance over a wide range round it."""
_SAME_WELL = 0.4
_VOTES = 0.7
_MOST_WELLS = 64

Array = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Found:
    """The wells of one canonical picture, surest first."""

    boxes: Array
    """(n, 4) corners in canonical pixels."""
    sureness: Array
    """(n,) that there is a well."""
    shares: Array
    """(n, 4) probability of each content, in the order of CONTENTS."""
    gas_outside: float

    def sighting(self, prepared: Prepared) -> Sighting:
        """The same in the pixels of the frame that `prepared` was made from."""
        candidates = []
        for box, sure, shares in zip(self.boxes, self.sureness, self.shares, strict=True):
            probabilities = {content: float(share) for content, share in zip(CONTENTS, shares, strict=True)}
            likeliest = max(CONTENTS, key=lambda content: probabilities[content])
            candidates.append(Candidate(prepared.to_frame(*(float(v) for v in box)), likeliest, float(sure), probabilities))
        return Sighting(tuple(candidates), self.gas_outside)


def decode(raw: Array, least: float = LEAST_CONFIDENCE) -> Found:
    """The wells in one raw answer, shape (4 + 5, anchors): x, y, width, height, then a score for each class.

    A well is as sure as its content scores together, so that doubt about the content costs no recall.
    """
    scores = raw[4:8].T
    wellness = np.minimum(scores.sum(1), 1.0)
    sure = np.flatnonzero(wellness >= least)
    sure = sure[np.argsort(-wellness[sure], kind="stable")]
    boxes = _corners(raw[:4, sure])
    kept, votes = _grouped(_overlaps(boxes))
    weight = votes * wellness[sure] ** 2
    weight /= weight.sum(1, keepdims=True)
    shares = weight @ scores[sure]
    found = np.asarray(weight @ boxes, dtype=np.float32)
    return Found(
        found,
        wellness[sure[kept]],
        np.asarray(shares / np.maximum(shares.sum(1, keepdims=True), 1e-9), dtype=np.float32),
        _gas_outside(raw, found),
    )


def _grouped(overlaps: Array) -> tuple[list[int], npt.NDArray[np.bool_]]:
    """Numbers of the boxes that stand for a well each, surest first, and which boxes (wells, boxes) vote on each."""
    count = len(overlaps)
    kept: list[int] = []
    votes = np.zeros((_MOST_WELLS, count), dtype=bool)
    alive = np.ones(count, dtype=bool)
    for k in range(count):
        if not alive[k] or len(kept) == _MOST_WELLS:
            continue
        votes[len(kept)] = (overlaps[k] >= _VOTES) & alive
        alive &= overlaps[k] < _SAME_WELL
        kept.append(k)
    return kept, votes[: len(kept)]


def joined(shares: Array, closer: Array, weight: float) -> Array:
    """Two opinions (n, 4) on the same wells as one: their geometric mean, `weight` that of the second."""
    product = np.maximum(shares, 1e-4) ** (1 - weight) * np.maximum(closer, 1e-4) ** weight
    return np.asarray(product / product.sum(1, keepdims=True), dtype=np.float32)


def _gas_outside(raw: Array, wells: Array) -> float:
    """The surest bubble whose middle lies in no well; 0 where no well was seen, as nothing is outside then."""
    if not len(wells):
        return 0.0
    places = np.flatnonzero(raw[8] >= 0.01)
    x, y = raw[0, places], raw[1, places]
    x0, y0, x1, y1 = wells.T[:, :, None]
    outside = ~((x > x0) & (x < x1) & (y > y0) & (y < y1)).any(0)
    return float(raw[8, places[outside]].max()) if outside.any() else 0.0


def _corners(boxes: Array) -> Array:
    x, y, width, height = boxes
    return np.stack([x - width / 2, y - height / 2, x + width / 2, y + height / 2], axis=1)


def _overlaps(boxes: Array) -> Array:
    """Intersection over union of every box with every other, (n, n)."""
    low, high = np.maximum(boxes[:, None, :2], boxes[:, :2]), np.minimum(boxes[:, None, 2:], boxes[:, 2:])
    shared = np.maximum(high - low, 0).prod(2)
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    return np.asarray(shared / np.maximum(areas[:, None] + areas - shared, 1e-9), dtype=np.float32)
