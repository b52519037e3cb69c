"""`python -m tests.bench.drifting` simulates labs: how often weeks that did not drift alarm, and how soon ones that did.

Recordings scatter about their lab's usual value with heavy tails (Student's t with four degrees of freedom), which is unkind to alarms.
"""

from __future__ import annotations

import json

import numpy as np

from backend.drift.comparing import LEAST_SPREAD, MOST_IN_REFERENCE, level_of, moved

LABS, WEEKS = 2000, 26
SPREAD = 0.03
"""Of one recording's brightness in one lab; well above the least spread that counts."""


def main() -> None:
    rng = np.random.default_rng(3)
    told = {}
    for a_week in (3, 5, 10):
        told[f"{a_week} recordings a week"] = {
            "weeks that alarm though nothing drifts": round(_alarms(rng, a_week, 0.0), 5),
            **{f"weeks that alarm after a move of {step} spreads": round(_alarms(rng, a_week, step), 3) for step in (3, 5, 7)},
        }
    print(json.dumps(told, indent=1))


def _alarms(rng: np.random.Generator, a_week: int, step: float) -> float:
    """Share of weeks after the reference that alarm."""
    found = total = 0
    for _ in range(LABS):
        first = 0.5 + SPREAD * rng.standard_t(4, MOST_IN_REFERENCE) / np.sqrt(2)
        level = level_of("brightness", first.tolist())
        weeks = 0.5 + SPREAD * (step + rng.standard_t(4, (WEEKS, a_week)) / np.sqrt(2))
        found += sum(moved(week.tolist(), level).is_alarming for week in weeks)
        total += WEEKS
    return found / total


if __name__ == "__main__":
    assert LEAST_SPREAD["brightness"] < SPREAD
    main()
