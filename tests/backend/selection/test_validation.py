from __future__ import annotations

import math

import numpy as np
import pytest

from backend.selection.validation import Known, TooFew, area, bootstrap, calibration, validate, wilson

# Hanley and McNeil 1982, table I: how 58 normal and 51 abnormal pictures were rated, 1 to 5. They give an area of 0.893.
NORMAL, ABNORMAL = (33, 6, 6, 11, 2), (3, 2, 2, 11, 33)


def rated() -> tuple[np.ndarray, np.ndarray]:
    values = [rating for counts in (NORMAL, ABNORMAL) for rating, count in enumerate(counts, 1) for _ in range(count)]
    return np.array(values, dtype=float), np.array([False] * sum(NORMAL) + [True] * sum(ABNORMAL))


def test_the_area_is_that_of_the_published_example() -> None:
    assert area(*rated()) == pytest.approx(0.893, abs=0.0005)


def test_the_area_is_one_for_perfect_order_a_half_for_ties_and_nothing_for_the_reverse() -> None:
    truth = np.array([False, False, True, True])
    assert area(np.array([1.0, 2.0, 3.0, 4.0]), truth) == 1.0
    assert area(np.array([1.0, 1.0, 1.0, 1.0]), truth) == 0.5
    assert area(np.array([4.0, 3.0, 2.0, 1.0]), truth) == 0.0
    assert area(np.array([1.0, 3.0, 2.0, 4.0]), truth) == 0.75


def test_with_one_embryo_a_patient_the_interval_is_as_wide_as_the_published_standard_error_makes_it() -> None:
    """Hanley and McNeil give a standard error of 0.032 for that area."""
    values, truth = rated()
    low, high = bootstrap(values, truth, np.arange(len(values)))
    assert (high - low) / (2 * 1.96) == pytest.approx(0.032, abs=0.004)
    assert low < 0.893 < high


def test_embryos_of_one_patient_are_drawn_together_so_few_patients_widen_the_interval() -> None:
    values, truth = rated()
    # The same ratings four times over: four times the embryos, and not one patient more.
    again = [np.tile(one, 4) for one in (values, truth, np.arange(len(values)))]
    once, four, alone = (
        bootstrap(values, truth, np.arange(len(values))),
        bootstrap(*again),
        bootstrap(again[0], again[1], np.arange(4 * len(values))),
    )
    widths = [high - low for low, high in (once, four, alone)]
    assert widths[1] == pytest.approx(widths[0], rel=0.01)
    assert widths[2] < 0.6 * widths[0]


def test_draws_that_hold_one_kind_of_outcome_are_left_out() -> None:
    """The only positive is of one of six patients: a third of the draws lack it, the others place it above all negatives."""
    truth = np.array([False] * 10 + [True])
    assert bootstrap(np.arange(11.0), truth, np.array([0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5])) == (1.0, 1.0)


def test_the_interval_of_a_share_is_wilsons() -> None:
    # Newcombe 1998, table I: 81 of 263 and 15 of 148, score method without continuity correction.
    assert wilson(81, 263) == (pytest.approx(0.2553, abs=5e-5), pytest.approx(0.3662, abs=5e-5))
    assert wilson(15, 148) == (pytest.approx(0.0624, abs=5e-5), pytest.approx(0.1605, abs=5e-5))
    assert wilson(0, 20) == (0.0, pytest.approx(0.1611, abs=5e-5))


def told(n: int, slope: float, seed: int = 3) -> list[Known]:
    """Embryos whose chance rises with their value as a logistic curve does, two of each patient."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=n)
    chances = 1 / (1 + np.exp(-slope * values))
    return [
        Known(f"P{k // 2}", float(value), bool(rng.random() < chance))
        for k, (value, chance) in enumerate(zip(values, chances, strict=True))
    ]


def test_chances_that_follow_the_values_come_out_calibrated() -> None:
    found = validate(told(1200, 1.5))
    assert len(found.calibration) == 5
    assert sum(one.n for one in found.calibration) == 1200
    assert all(abs(one.predicted - one.observed) < 0.09 for one in found.calibration)
    assert found.calibration[0].observed < 0.3 < 0.7 < found.calibration[-1].observed


def test_a_value_that_says_nothing_predicts_the_same_chance_everywhere() -> None:
    known = told(600, 0.0)
    found = validate(known)
    assert found.auc_low < 0.5 < found.auc_high
    assert all(abs(one.predicted - 0.5) < 0.1 for one in found.calibration)


def test_no_chance_is_fitted_on_the_patient_it_is_predicted_for() -> None:
    """One patient's embryos are all at odds with everybody else's: a curve that had seen them would bend towards them."""
    known = [Known(f"P{k}", k / 40, k >= 20) for k in range(40)]
    odd = [Known("odd", 5.0, False) for _ in range(40)]
    bins = calibration(
        np.array([one.value for one in known + odd]),
        np.array([one.is_positive for one in known + odd]),
        np.array([*range(40), *([40] * 40)]),
    )
    assert max(one.predicted - one.observed for one in bins) > 0.9


def test_values_that_separate_outcomes_completely_still_have_an_answer() -> None:
    found = validate([Known(f"P{k}", float(k), k >= 6) for k in range(12)])
    assert found.auc == 1.0
    assert all(math.isfinite(one.predicted) for one in found.calibration)
    assert len(found.calibration) == 2


@pytest.mark.parametrize(
    ("known", "reason"),
    [
        ([Known(f"P{k}", float(k), k % 2 == 0) for k in range(9)], "There are 9 embryos"),
        ([Known(f"P{k}", float(k), True) for k in range(12)], "All 12 known outcomes are positive"),
        ([Known(f"P{k}", float(k), False) for k in range(12)], "All 12 known outcomes are negative"),
        ([Known(f"P{k % 3}", float(k), k % 2 == 0) for k in range(12)], "come from 3 patients"),
    ],
)
def test_what_is_too_little_to_judge_by_is_refused_with_the_reason(known: list[Known], reason: str) -> None:
    with pytest.raises(TooFew, match=reason):
        validate(known)
