"""Figures of agreement, computed by libraries that are checked against published tables.

They are loaded where they are used: together they take a process 1.7 s and 150 MiB, which starting it should not cost.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

LEAST_TARGETS = 3
LEAST_PAIRS = 2


@dataclass(frozen=True)
class Intraclass:
    """ICC(2,1) of Shrout & Fleiss (1979): two-way random, absolute agreement, one rating; bounded with 95 %."""

    value: float
    low: float | None
    high: float | None


def intraclass(targets: Sequence[Sequence[float]]) -> Intraclass | None:
    """One row a target, one column a rater; None where three targets that differ are not there."""
    if len(targets) < LEAST_TARGETS or len({sum(ratings) for ratings in targets}) == 1:
        return None
    if all(len(set(ratings)) == 1 for ratings in targets):
        # No variance is left for error, so the interval has no width and its formula no value.
        return Intraclass(1.0, None, None)
    import numpy as np
    import pandas as pd
    import pingouin

    # Its tables come rounded to two digits else.
    pingouin.options["round.column.CI95"] = None
    long = [(target, rater, value) for target, ratings in enumerate(targets) for rater, value in enumerate(ratings)]
    with np.errstate(all="ignore"), warnings.catch_warnings():
        # It still calls pandas in a way that the one after ours drops; both are pinned.
        warnings.simplefilter("ignore", DeprecationWarning)
        table = pingouin.intraclass_corr(
            pd.DataFrame(long, columns=["target", "rater", "value"]), targets="target", raters="rater", ratings="value"
        ).set_index("Type")
    low, high = table.at["ICC(A,1)", "CI95"]
    value = _finite(table.at["ICC(A,1)", "ICC"])
    return None if value is None else Intraclass(value, _finite(low), _finite(high))


def cohen(first: Sequence[Hashable], second: Sequence[Hashable]) -> float | None:
    """Cohen's kappa (1960) of two raters; None where both said one and the same of everything, or of too little."""
    if _says_too_little(first, second):
        return None
    from sklearn.metrics import cohen_kappa_score

    return _finite(cohen_kappa_score(first, second))


def weighted_cohen(first: Sequence[int], second: Sequence[int]) -> float | None:
    """The same with quadratic weights (1968) for ranks that differ by one a step."""
    if _says_too_little(first, second):
        return None
    from sklearn.metrics import cohen_kappa_score

    # Ranks between that nobody gave are steps as well.
    ranks = range(min(*first, *second), max(*first, *second) + 1)
    return _finite(cohen_kappa_score(first, second, labels=list(ranks), weights="quadratic"))


def _says_too_little(first: Sequence[Hashable], second: Sequence[Hashable]) -> bool:
    return len(first) < LEAST_PAIRS or len({*first, *second}) < 2


def fleiss(counts: Sequence[Sequence[int]]) -> float | None:
    """Fleiss' kappa (1971): one row an embryo, one column a category, how many raters chose it; every row sums to the same."""
    if len(counts) < LEAST_PAIRS or sum(any(column) for column in zip(*counts, strict=True)) < 2:
        return None
    import numpy as np
    from statsmodels.stats.inter_rater import fleiss_kappa

    return _finite(fleiss_kappa(np.array(counts), method="fleiss"))


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
