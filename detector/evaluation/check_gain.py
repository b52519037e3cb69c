"""Whether weights are right more often than others or only seem to be: pictures are drawn anew, and both judged on the same draw."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np

DRAWS = 2000
_SEED = 1


class Gains:
    """Counts right answers of both by picture, for answers of one picture are right or wrong together."""

    def __init__(self) -> None:
        self._rows: dict[str, list[tuple[int, int, int]]] = defaultdict(list)

    def add(self, name: str, *, before: int, after: int, answers: int) -> None:
        """One picture of a set: right answers of either, of so many."""
        if answers:
            self._rows[name].append((before, after, answers))

    def told(self) -> list[dict[str, Any]]:
        """Of each set the gain in the share of right answers, with its 95 % interval."""
        return [self._one(name) for name in sorted(self._rows)]

    def _one(self, name: str) -> dict[str, Any]:
        rows = np.array(self._rows[name], dtype=np.int64)
        rng = np.random.default_rng(_SEED)
        drawn = np.empty(DRAWS)
        for k in range(DRAWS):
            before, after, answers = rows[rng.integers(0, len(rows), len(rows))].sum(0)
            drawn[k] = (after - before) / answers
        before, after, answers = (int(total) for total in rows.sum(0))
        low, high = np.quantile(drawn, (0.025, 0.975))
        return {
            "set": name,
            "pictures": len(rows),
            "answers": answers,
            "gain": round((after - before) / answers, 4),
            "low": round(float(low), 4),
            "high": round(float(high), 4),
        }
