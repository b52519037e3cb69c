"""How honest probabilities are: expected calibration error, Brier score and a reliability curve."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

BINS = 10
Values = npt.NDArray[np.float64]


class Honesty:
    """Collects what was said with which probabilities, and what was true."""

    def __init__(self) -> None:
        self._rows: list[Values] = []
        self._truth: list[int] = []

    def add(self, probabilities: Sequence[float] | Values, truth: int) -> None:
        """One answer: a probability a class, of which `truth` was right."""
        shares = np.asarray(probabilities, dtype=np.float64)
        total = float(shares.sum())
        self._rows.append(shares / total if total > 0 else np.full(len(shares), 1.0 / len(shares)))
        self._truth.append(truth)

    def figures(self) -> dict[str, Any] | None:
        """Rounded; None where nothing was said with a probability."""
        if not self._rows:
            return None
        shares, truth = np.stack(self._rows), np.array(self._truth)
        said, sure = shares.argmax(1), shares.max(1)
        right = said == truth
        wanted = np.zeros_like(shares)
        wanted[np.arange(len(truth)), truth] = 1.0
        return {
            "answers": len(truth),
            "ece": round(_gap(sure, right), 4),
            "brier": round(float(((shares - wanted) ** 2).sum(1).mean()), 4),
            "curve": _curve(sure, right),
        }


def _gap(sure: Values, right: npt.NDArray[np.bool_]) -> float:
    """Expected calibration error: the mean gap between confidence and share right over bins, by how many fall into each."""
    place = _places(sure)
    return float(sum(abs(sure[place == k].mean() - right[place == k].mean()) * (place == k).mean() for k in set(place.tolist())))


def _places(sure: Values) -> npt.NDArray[np.int_]:
    return np.asarray(np.minimum((sure * BINS).astype(np.int_), BINS - 1))


def _curve(sure: Values, right: npt.NDArray[np.bool_]) -> list[dict[str, Any]]:
    """How often what was said with so much confidence was right, a bin of confidence each; empty bins are left out."""
    place = _places(sure)
    return [
        {
            "from": round(k / BINS, 2),
            "to": round((k + 1) / BINS, 2),
            "answers": int((place == k).sum()),
            "confidence": round(float(sure[place == k].mean()), 4),
            "right": round(float(right[place == k].mean()), 4),
        }
        for k in range(BINS)
        if (place == k).any()
    ]
