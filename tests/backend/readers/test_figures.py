from __future__ import annotations

import os
import subprocess
import sys

import pytest

from backend.readers.figures import cohen, fleiss, intraclass, weighted_cohen

# Shrout & Fleiss (1979), Psychological Bulletin 86: 420-428, table 2: six targets, four judges.
SHROUT_FLEISS = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
# Cohen (1960), Educational and Psychological Measurement 20: 37-46: 200 patients in three categories.
COHEN = [[88, 14, 18], [10, 40, 10], [2, 6, 12]]
# Boyd et al. (1982), as worked in the Stata manual's `kap`: 85 xeromammograms, two radiologists, four ordered categories.
BOYD = [[21, 12, 0, 0], [4, 17, 1, 0], [3, 9, 15, 2], [0, 0, 0, 1]]
# Fleiss (1971), Psychological Bulletin 76: 378-382, table 1: thirty patients, six psychiatrists, five diagnoses.
FLEISS = """
    00060 03003 01401 00006 03030 20400 00402 20310 20040 00006 10050 11040 03300 10050 02031
    00501 30012 51000 02040 10203 00006 01050 02013 20040 10041 05010 40002 02040 10500 00006
"""


def raters(table: list[list[int]]) -> tuple[list[int], list[int]]:
    """A table of counts as what two raters said of each subject."""
    said = [(one, other) for one, row in enumerate(table) for other, count in enumerate(row) for _ in range(count)]
    return [one for one, _ in said], [other for _, other in said]


def test_intraclass_correlation_is_what_shrout_and_fleiss_found() -> None:
    found = intraclass(SHROUT_FLEISS)
    assert found is not None
    assert round(found.value, 2) == 0.29
    # The interval as `psych` in R gives it for this table.
    assert (found.low, found.high) == (pytest.approx(0.0188, abs=5e-5), pytest.approx(0.7611, abs=5e-5))


def test_an_offset_between_two_readers_counts_against_them() -> None:
    together = intraclass([[20.0, 20.1], [25.0, 25.2], [31.0, 30.9], [40.0, 40.0]])
    apart = intraclass([[20.0, 25.1], [25.0, 30.2], [31.0, 35.9], [40.0, 45.0]])
    assert together is not None
    assert apart is not None
    assert together.value > 0.99 > 0.9 > apart.value


@pytest.mark.parametrize("targets", [[], [[1.0, 2.0], [3.0, 4.0]], [[30.0, 30.0]] * 5, [[1.0, 2.0], [2.0, 1.0], [1.5, 1.5]]])
def test_without_three_targets_that_differ_there_is_no_intraclass_correlation(targets: list[list[float]]) -> None:
    assert intraclass(targets) is None


def test_readers_who_say_the_very_same_agree_wholly_and_no_interval_is_made_up() -> None:
    found = intraclass([[20.0, 20.0], [25.0, 25.0], [31.0, 31.0]])
    assert found is not None
    assert (found.value, found.low, found.high) == (1.0, None, None)


def test_cohens_kappa_is_what_cohen_found() -> None:
    kappa = cohen(*raters(COHEN))
    assert kappa is not None
    assert round(kappa, 3) == 0.492


def test_kappa_of_ranks_is_what_the_radiologists_table_gives_with_and_without_weights() -> None:
    plain, weighted = cohen(*raters(BOYD)), weighted_cohen(*raters(BOYD))
    assert plain is not None
    assert weighted is not None
    assert (round(plain, 4), round(weighted, 4)) == (0.4728, 0.6714)


def test_a_rank_that_nobody_gave_is_a_step_between_those_that_were() -> None:
    # By hand: squares of differences are 1/4 on average, 116/16 among all pairs of an answer of each.
    assert weighted_cohen([0, 0, 4, 4], [0, 1, 4, 4]) == pytest.approx(28 / 29)


@pytest.mark.parametrize(("first", "second"), [([], []), ([1], [2]), ([1, 1, 1], [1, 1, 1])])
def test_one_and_the_same_answer_of_both_gives_no_kappa(first: list[int], second: list[int]) -> None:
    assert cohen(first, second) is None
    assert weighted_cohen(first, second) is None


def test_fleiss_kappa_is_what_fleiss_found() -> None:
    kappa = fleiss([[int(count) for count in patient] for patient in FLEISS.split()])
    assert kappa is not None
    assert round(kappa, 2) == 0.43


def test_fleiss_kappa_needs_two_embryos_and_two_answers() -> None:
    assert fleiss([[3, 0]]) is None
    assert fleiss([[3, 0], [3, 0]]) is None


def test_starting_the_product_loads_none_of_the_libraries() -> None:
    code = "import django, sys; django.setup(); import backend.config.urls; print(*sys.modules)"
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"}
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert "backend.readers.views" in told.stdout
    assert {"pingouin", "sklearn", "statsmodels", "pandas"}.isdisjoint(told.stdout.split())
