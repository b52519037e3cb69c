"""How well a rule's scores told outcomes apart: area under the curve with a bootstrap by patient, and calibration; pure arithmetic."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

SEED = 2658
RESAMPLES = 2000
LEAST_OUTCOMES = 10
LEAST_PATIENTS = 5
MOST_BINS = 5
LEAST_IN_A_BIN = 5
FOLDS = 5


@dataclass(frozen=True, slots=True)
class Known:
    """One embryo whose outcome is known."""

    patient: str
    value: float
    is_positive: bool


@dataclass(frozen=True, slots=True)
class Bin:
    """Embryos with about the same predicted chance, and what came of them, with a 95 % interval (Wilson)."""

    predicted: float
    observed: float
    low: float
    high: float
    n: int


@dataclass(frozen=True, slots=True)
class Validation:
    n: int
    positives: int
    patients: int
    auc: float
    auc_low: float
    auc_high: float
    calibration: tuple[Bin, ...]


class TooFew(Exception):
    """There is not enough to judge by; the text says why."""


def validate(known: Sequence[Known]) -> Validation:
    """Judge values against outcomes; raises TooFew with the reason where that would say nothing."""
    import numpy as np

    positives = sum(one.is_positive for one in known)
    names = sorted({one.patient for one in known})
    if len(known) < LEAST_OUTCOMES:
        raise TooFew(f"There are {len(known)} embryos with a score and a known outcome; {LEAST_OUTCOMES} are needed at least.")
    if positives in (0, len(known)):
        same = "positive" if positives else "negative"
        raise TooFew(f"All {len(known)} known outcomes are {same}, so nothing can be told apart.")
    if len(names) < LEAST_PATIENTS:
        raise TooFew(f"The outcomes come from {len(names)} patients; {LEAST_PATIENTS} are needed, for embryos of one patient are alike.")
    values = np.array([one.value for one in known])
    truth = np.array([one.is_positive for one in known])
    patient = np.array([names.index(one.patient) for one in known])
    low, high = bootstrap(values, truth, patient)
    return Validation(len(known), positives, len(names), area(values, truth), low, high, calibration(values, truth, patient))


def area(values: Any, truth: Any) -> float:
    """The chance that a positive has a higher value than a negative, ties counted half (Hanley and McNeil 1982)."""
    return float(_wins(values, truth).mean())


def _wins(values: Any, truth: Any) -> Any:
    import numpy as np

    ahead = values[truth][:, None] - values[~truth][None, :]
    return np.where(ahead > 0, 1.0, np.where(ahead == 0, 0.5, 0.0))


def bootstrap(values: Any, truth: Any, patient: Any) -> tuple[float, float]:
    """The middle 95 % of areas when whole patients are drawn with replacement; draws of one kind of outcome have none."""
    import numpy as np

    rng = np.random.default_rng(SEED)
    people = int(patient.max()) + 1
    wins = _wins(values, truth)
    areas = []
    for _ in range(RESAMPLES):
        times = np.bincount(rng.integers(0, people, people), minlength=people)[patient].astype(float)
        ups, downs = times[truth], times[~truth]
        if ups.any() and downs.any():
            areas.append(float(ups @ wins @ downs / (ups.sum() * downs.sum())))
    low, high = np.quantile(areas, (0.025, 0.975))
    return float(low), float(high)


def calibration(values: Any, truth: Any, patient: Any) -> tuple[Bin, ...]:
    """Chances that were fitted on other patients, beside what was observed; in as many bins as the number of embryos bears."""
    import numpy as np

    predicted = _chances(values, truth, patient)
    order = np.argsort(predicted, kind="stable")
    count = min(MOST_BINS, len(order) // LEAST_IN_A_BIN)
    bins = []
    for members in np.array_split(order, count):
        n, yes = len(members), int(truth[members].sum())
        bins.append(Bin(float(predicted[members].mean()), yes / n, *wilson(yes, n), n))
    return tuple(bins)


def _chances(values: Any, truth: Any, patient: Any) -> Any:
    """A logistic curve through the values, each patient's chances from a curve that never saw that patient."""
    import numpy as np

    people = int(patient.max()) + 1
    fold = np.random.default_rng(SEED).permutation(people)[patient] % min(FOLDS, people)
    spread = float(values.std()) or 1.0
    scaled = (values - values.mean()) / spread
    chances = np.empty(len(values))
    for k in range(int(fold.max()) + 1):
        inside, outside = fold == k, fold != k
        intercept, slope = _logistic(scaled[outside], truth[outside].astype(float))
        chances[inside] = 1.0 / (1.0 + np.exp(-(intercept + slope * scaled[inside])))
    return chances


def _logistic(x: Any, y: Any) -> tuple[float, float]:
    """Intercept and slope by Newton's method, with a weak pull to zero so that separable outcomes have an answer."""
    import numpy as np

    design, pull, beta = np.column_stack([np.ones(len(x)), x]), np.diag([1e-3, 0.1]), np.zeros(2)
    for _ in range(50):
        chance = 1.0 / (1.0 + np.exp(-np.clip(design @ beta, -30, 30)))
        gradient = design.T @ (y - chance) - pull @ beta
        curvature = (design * (chance * (1 - chance))[:, None]).T @ design + pull
        step = np.linalg.solve(curvature, gradient)
        beta = beta + np.clip(step, -5, 5)
        if np.abs(step).max() < 1e-8:
            break
    return float(beta[0]), float(beta[1])


def wilson(yes: int, n: int) -> tuple[float, float]:
    """The 95 % score interval of a share (Wilson 1927)."""
    z = 1.959963984540054
    share = yes / n
    middle = share + z * z / (2 * n)
    reach = z * ((share * (1 - share) + z * z / (4 * n)) / n) ** 0.5
    return max(0.0, (middle - reach) / (1 + z * z / n)), min(1.0, (middle + reach) / (1 + z * z / n))
