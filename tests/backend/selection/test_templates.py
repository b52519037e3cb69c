"""Each published pattern worked through by hand, with the thresholds of the publication entered as a lab's own."""

from __future__ import annotations

import pytest

from backend.selection.courses import Embryo
from backend.selection.rules import Rule, check, score
from backend.selection.templates import TEMPLATES
from tests.backend.selection.embryos import embryo, told


def published(key: str) -> Rule:
    template = TEMPLATES[key]
    return Rule(template.kind, template.criteria, template.grades)


@pytest.mark.parametrize("key", sorted(TEMPLATES))
def test_every_template_is_a_rule_once_its_thresholds_are_entered_and_none_before(key: str) -> None:
    check(published(key))
    check(TEMPLATES[key].emptied())
    assert published(key).is_complete
    assert not TEMPLATES[key].emptied().is_complete
    assert all(one.low is None and one.high is None for one in TEMPLATES[key].emptied().criteria)
    assert "20" in TEMPLATES[key].source, "it says where it was published"


def test_no_template_uses_a_protected_name() -> None:
    assert "kid" not in " ".join(f"{one.key} {one.name} {one.source}" for one in TEMPLATES.values()).lower()


# (template, onsets that matter, what a person with paper and pencil gets)
WORKED = [
    # t5 within 48.8-56.6; s2 = t4 - t3 = 0.4 <= 0.76
    ("meseguer", {"t3": 37.2, "t4": 37.6, "t5": 50.0}, "A"),
    # t5 within; s2 = 2.0
    ("meseguer", {"t3": 37.2, "t4": 39.2, "t5": 50.0}, "B"),
    # t5 = 47 is early; s2 = 0.4
    ("meseguer", {"t3": 37.2, "t4": 37.6, "t5": 47.0}, "C"),
    # t5 = 47; s2 = 2.0
    ("meseguer", {"t3": 37.2, "t4": 39.2, "t5": 47.0}, "D"),
    # t3 within 34-40; cc2 = t3 - t2 = 36 - 26 = 10, within 9-12
    ("basile", {"t2": 26.0, "t3": 36.0, "t4": 37.0}, "A"),
    # t3 within; cc2 = 36 - 23 = 13
    ("basile", {"tPNf": 20.0, "t2": 23.0, "t3": 36.0, "t4": 37.0}, "B"),
    # t3 = 42; cc2 = 42 - 32 = 10
    ("basile", {"t2": 32.0, "t3": 42.0, "t4": 43.0}, "C"),
    # t3 = 42; cc2 = 42 - 28 = 14
    ("basile", {"t2": 28.0, "t3": 42.0, "t4": 43.0}, "D"),
    ("azzarello", {"tPNf": 24.2}, "later"),
    ("azzarello", {"tPNf": 20.0}, "earlier"),
    # t5 - t3 = 13.2, within 9.7-21
    ("chamayou", {"t3": 37.2, "t5": 50.4}, "within"),
    # t5 - t3 = 8.0
    ("chamayou", {"t3": 37.2, "t4": 38.0, "t5": 45.2}, "outside"),
    # t5 - t3 = 22.0
    ("chamayou", {"t3": 30.0, "t4": 31.0, "t5": 52.0}, "outside"),
    # tSB < 96.2 and tB < 122.9
    ("campbell", {"tSB": 95.0, "tB": 108.0}, "low"),
    # tSB >= 96.2 and tB <= 122.9
    ("campbell", {"tSB": 98.0, "tB": 115.0}, "medium"),
    # tB > 122.9, whenever blastulation began
    ("campbell", {"tSB": 98.0, "tB": 125.0, "tEB": 130.0}, "high"),
    ("campbell", {"tSB": 95.0, "tB": 125.0, "tEB": 130.0}, "high"),
    ("motato", {"tM": 90.0}, "within"),
    ("motato", {"tM": 78.0}, "outside"),
    ("motato", {"tM": 98.0, "tSB": 101.0}, "outside"),
    # cc2 = 37.2 - 27.2 = 10
    ("rubio", {"t2": 27.2, "t3": 37.2}, "not flagged"),
    # cc2 = 31 - 27.2 = 3.8 <= 5
    ("rubio", {"t2": 27.2, "t3": 31.0}, "flagged"),
]


@pytest.mark.parametrize(("key", "onsets", "grade"), WORKED, ids=[f"{key} {grade} {n}" for n, (key, _, grade) in enumerate(WORKED)])
def test_a_worked_example_gets_the_grade_that_paper_and_pencil_give_it(key: str, onsets: dict[str, float], grade: str) -> None:
    found = told(published(key), embryo(**onsets))
    assert found.expected == grade
    assert found.grade_probabilities[grade] == pytest.approx(1.0, abs=0.02)
    assert found.undetermined == 0.0
    assert sum(found.grade_probabilities.values()) + found.undetermined == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("onsets", "points"),
    [
        ({"t2": 25.0, "tPNf": 22.0, "t3": 36.0, "t4": 37.0, "tM": 78.0}, 3.0),
        ({"t2": 25.0, "tPNf": 22.0, "t3": 36.0, "t4": 37.0, "tM": 90.0}, 2.0),
        ({"t2": 27.2, "t3": 36.0, "t4": 37.0, "tM": 90.0}, 1.0),
        ({"t2": 27.2, "t3": 37.2, "t4": 38.5, "tM": 90.0}, 0.0),
    ],
)
def test_the_weighted_template_counts_a_point_for_each_time_that_was_kept(onsets: dict[str, float], points: float) -> None:
    found = told(published("mizobe"), embryo(**onsets))
    assert found.value == pytest.approx(points, abs=0.02)
    assert found.expected is None
    assert found.grade_probabilities == {}


def test_grades_are_worth_one_for_the_best_and_nothing_for_the_last() -> None:
    values = {grade: told(published(key), embryo(**onsets)).value for key, onsets, grade in WORKED if key == "meseguer"}
    assert values == {
        "A": pytest.approx(1.0, abs=0.02),
        "B": pytest.approx(2 / 3, abs=0.02),
        "C": pytest.approx(1 / 3, abs=0.02),
        "D": pytest.approx(0.0, abs=0.02),
    }


def test_an_embryo_known_only_to_two_hours_is_graded_with_two_minds_and_says_so() -> None:
    sure, unsure = (told(published("meseguer"), embryo(spread, t3=37.2, t4=37.7, t5=50.0)) for spread in (0.0, 2.0))
    assert sure.grade_probabilities["A"] > 0.98
    assert 0.1 < unsure.grade_probabilities["A"] < 0.5
    assert unsure.grade_probabilities["B"] > 0.3
    assert unsure.low is not None
    assert sure.low is not None
    assert unsure.low < sure.low
    assert unsure.fired[1].probability < 0.6


def test_a_missing_third_cell_is_no_direct_cleavage() -> None:
    """Of 89 embryos 37 % have no t3: it was shorter than the time between two frames."""
    found = told(published("rubio"), embryo(without=("t3",)))
    assert found.expected == "not flagged"
    assert found.assumed == ("t3",)


def test_an_embryo_that_never_became_a_blastocyst_is_late_and_not_unknown() -> None:
    found = told(published("campbell"), embryo(without=("tB", "tEB"), tSB=98.0, end_hour=130.0))
    assert found.expected == "high"
    assert found.undetermined == 0.0


def test_a_recording_that_ends_before_the_rule_can_say_leaves_it_undetermined() -> None:
    found = told(published("campbell"), embryo(without=("tB", "tEB"), tSB=98.0, end_hour=110.0))
    assert found.undetermined == 1.0
    assert found.expected is None
    assert found.value is None
    assert found.fired[3].unknown == 1.0


def test_an_embryo_of_which_nothing_is_known_is_undetermined_by_every_rule() -> None:
    for key in TEMPLATES:
        assert told(published(key), Embryo()).undetermined == 1.0, key
    assert callable(score)
