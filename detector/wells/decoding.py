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
    kept: list[tuple[Array, float, Array]] = []
    alive = np.ones(len(sure), dtype=bool)
    for k in range(len(sure)):
        if not alive[k] or len(kept) == _MOST_WELLS:
            continue
        overlap = _iou(boxes[k], boxes)
        votes = np.flatnonzero((overlap >= _VOTES) & alive)
        alive &= overlap < _SAME_WELL
        weight = wellness[sure[votes]] ** 2
        box = (boxes[votes] * weight[:, None]).sum(0) / weight.sum()
        shares = (scores[sure[votes]] * weight[:, None]).sum(0)
        kept.append((box, float(wellness[sure[k]]), shares / max(float(shares.sum()), 1e-9)))
    return Found(
        np.array([box for box, _, _ in kept], dtype=np.float32).reshape(-1, 4),
        np.array([sureness for _, sureness, _ in kept], dtype=np.float32),
        np.array([shares for _, _, shares in kept], dtype=np.float32).reshape(-1, 4),
        _gas_outside(raw, [box for box, _, _ in kept]),
    )


def joined(shares: Array, closer: Array, weight: float) -> Array:
    """Two opinions (n, 4) on the same wells as one: their geometric mean, `weight` that of the second."""
    product = np.maximum(shares, 1e-4) ** (1 - weight) * np.maximum(closer, 1e-4) ** weight
    return np.asarray(product / product.sum(1, keepdims=True), dtype=np.float32)


def _gas_outside(raw: Array, wells: list[Array]) -> float:
    """The surest bubble whose middle lies in no well; 0 where no well was seen, as nothing is outside then."""
    if not wells:
        return 0.0
    x, y = raw[0], raw[1]
    outside = np.ones(x.shape, dtype=bool)
    for x0, y0, x1, y1 in wells:
        outside &= ~((x > x0) & (x < x1) & (y > y0) & (y < y1))
    return float(raw[8][outside].max()) if outside.any() else 0.0


def _corners(boxes: Array) -> Array:
    x, y, width, height = boxes
    return np.stack([x - width / 2, y - height / 2, x + width / 2, y + height / 2], axis=1)


def _iou(box: Array, boxes: Array) -> Array:
    width = np.minimum(box[2], boxes[:, 2]) - np.maximum(box[0], boxes[:, 0])
    height = np.minimum(box[3], boxes[:, 3]) - np.maximum(box[1], boxes[:, 1])
    shared = np.maximum(width, 0) * np.maximum(height, 0)
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    return np.asarray(shared / np.maximum((box[2] - box[0]) * (box[3] - box[1]) + areas - shared, 1e-9), dtype=np.float32)
