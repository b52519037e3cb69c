from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from backend.selection.courses import Courses, Embryo, Span
from backend.selection.fields import PHASES
from backend.selection.rules import Criterion, Grade, Rule, RuleError, check, score, text_of
from tests.backend.selection.embryos import embryo, onset, told

YES_NO = (Grade("yes", (0,)), Grade("no"))


def one(criterion: Criterion) -> Rule:
    return Rule("grades", (criterion,), YES_NO)


def courses_at(low: float, high: float) -> Courses:
    """t5 lies between these hours, and nothing else is known."""
    span, nothing = Span(np.array([low]), np.array([high])), Span(np.array([-np.inf]), np.array([np.inf]))
    seen = {phase: np.array([False]) for phase in PHASES}
    return Courses(1, dict.fromkeys(PHASES, nothing) | {"t5": span}, seen, {}, {}, ())


@pytest.mark.parametrize(
    ("operator", "low", "high", "answer"),
    [
        ("<=", 50, 50, "yes"), ("<", 50, 50, "no"), (">=", 50, 50, "yes"), (">", 50, 50, "no"), ("between", 50, 50, "yes"),
        ("<=", 49, 49, "yes"), ("<", 49, 49, "yes"), (">=", 49, 49, "no"), (">", 49, 49, "no"), ("between", 49, 49, "no"),
        ("<=", 51, 51, "no"), ("<", 51, 51, "no"), (">=", 51, 51, "yes"), (">", 51, 51, "yes"), ("between", 51, 51, "yes"),
        # Not begun by hour 51, and begun by hour 49 at the latest.
        ("<=", 51, np.inf, "no"), ("<", 51, np.inf, "no"), (">=", 51, np.inf, "yes"), (">", 51, np.inf, "yes"),
        ("<=", -np.inf, 49, "yes"), ("<", -np.inf, 49, "yes"), (">=", -np.inf, 49, "no"), (">", -np.inf, 49, "no"),
        ("between", 61, np.inf, "no"), ("between", -np.inf, 49, "no"),
        # Begun some time between, which decides nothing.
        ("<=", 49, 51, None), ("<", 49, 51, None), (">=", 49, 51, None), (">", 49, 51, None), ("between", 49, 51, None),
    ],
)  # fmt: skip
def test_operators_at_below_and_above_their_threshold(operator: str, low: float, high: float, answer: str | None) -> None:
    found = score(one(Criterion("t5", operator, 50.0, 50.0 if operator in ("<", "<=") else 60.0)), courses_at(low, high))  # type: ignore[arg-type]
    assert found.expected == answer
    assert found.undetermined == (answer is None)


def test_half_of_a_spread_lies_on_either_side_of_its_middle() -> None:
    found = told(one(Criterion("t5", "<=", high=50.0)), Embryo(onsets={"t5": onset(50.0, 2.0)}))
    assert found.grade_probabilities["yes"] == pytest.approx(0.5, abs=0.03)
    assert found.fired[0].probability == found.grade_probabilities["yes"]


def test_one_time_in_twenty_lies_beyond_a_bound_that_holds_ninety_in_a_hundred() -> None:
    found = told(one(Criterion("t5", "<=", high=52.0)), Embryo(onsets={"t5": onset(50.0, 2.0)}))
    assert found.grade_probabilities["yes"] == pytest.approx(0.95, abs=0.02)


def test_named_intervals_and_shares_are_what_their_formulas_say() -> None:
    times = {"tPB2": 3.0, "tPNa": 7.0, "tPNf": 24.0, "t2": 27.0, "t3": 37.0, "t4": 38.0, "t5": 50.0, "t6": 52.0, "t7": 55.0, "t8": 57.0}
    by_hand = {
        "VP": 24.0 - 7.0, "ECC1": 27.0 - 3.0, "cc2": 37.0 - 27.0, "s2": 38.0 - 37.0, "cc3": 50.0 - 37.0, "s3": 57.0 - 50.0,
        "CS2-8": ((37.0 - 27.0) + (50.0 - 38.0)) / (57.0 - 27.0), "r": (50.0 - 37.0) / (50.0 - 27.0), "t8-t2": 30.0,
    }  # fmt: skip
    for name, value in by_hand.items():
        reach = 0.25 if value >= 1 else 0.02
        found = told(one(Criterion(name, "between", value - reach, value + reach)), embryo(**times))
        assert found.expected == "yes", (name, value)


def test_events_count_as_often_as_they_are_likely_and_judged_ones_for_sure() -> None:
    rule = one(Criterion("direct_cleavage_1_3", "absent"))
    assert told(rule, embryo(events={"direct_cleavage_1_3": 0.3})).grade_probabilities["yes"] == pytest.approx(0.7, abs=0.04)
    assert told(rule, embryo(events={"direct_cleavage_1_3": 0.0})).grade_probabilities["yes"] == 1.0
    assert told(rule, embryo(events={"direct_cleavage_1_3": 1.0})).grade_probabilities["yes"] == 0.0


def test_what_nobody_looks_for_is_unknown_and_not_absent() -> None:
    rule = one(Criterion("chaotic_division", "absent"))
    assert told(rule, embryo()).undetermined == 1.0
    assert told(rule, embryo(events={"chaotic_division": 1.0})).expected == "no"
    assert told(one(Criterion("collapse", "absent")), embryo(is_followed=False)).undetermined == 1.0


def test_a_phase_is_present_once_it_or_a_later_one_was_seen_and_absent_at_the_end_of_the_film() -> None:
    rule = one(Criterion("tB", "present"))
    assert told(rule, embryo()).expected == "yes"
    assert told(rule, embryo(without=("tB",))).expected == "yes"
    assert told(rule, embryo(without=("tB", "tEB"))).expected == "no"


def test_grades_that_people_gave_are_numbers_for_the_rule() -> None:
    rule = one(Criterion("icm", "<=", high=2.0))
    assert told(rule, embryo(grades={"icm": 1.0})).expected == "yes"
    assert told(rule, embryo(grades={"icm": 3.0})).expected == "no"
    assert told(rule, embryo()).undetermined == 1.0


def test_points_are_added_with_their_weights_and_the_worst_is_left_to_whoever_fails_what_is_required() -> None:
    criteria = (
        Criterion("t2", "<=", high=30.0, score=2.0, weight=1.5),
        Criterion("t5", "<=", high=40.0, score=10.0),
        Criterion("direct_cleavage_1_3", "present", score=-4.0),
        Criterion("tB", "present", score=1.0, is_required=True),
    )
    rule = Rule("weighted", criteria)
    check(rule)
    assert told(rule, embryo()).value == pytest.approx(2.0 * 1.5 + 1.0)
    assert told(rule, embryo(events={"direct_cleavage_1_3": 1.0})).value == pytest.approx(3.0 - 4.0 + 1.0)
    assert told(rule, embryo(without=("tB", "tEB"))).value == pytest.approx(-4.0)


def test_a_criterion_without_points_leaves_nothing_unknown() -> None:
    rule = Rule("weighted", (Criterion("t2", "<=", high=30.0), Criterion("chaotic_division", "present", score=0.0)))
    assert told(rule, embryo()).undetermined == 0.0


def test_an_embryo_that_fails_what_is_required_gets_the_last_grade_and_an_unknown_one_none() -> None:
    rule = Rule("grades", (Criterion("t5", "<=", high=60.0), Criterion("tB", "present", is_required=True)), YES_NO)
    assert told(rule, embryo()).expected == "yes"
    assert told(rule, embryo(without=("tB", "tEB"))).expected == "no"
    assert told(rule, embryo(without=("tB", "tEB"), is_followed=False)).undetermined == 1.0


def test_a_grade_is_unknown_where_a_better_one_might_still_be_met() -> None:
    rule = Rule(
        "grades",
        (Criterion("t5", "<=", high=60.0), Criterion("icm", "<=", high=1.0)),
        (Grade("A", (0, 1)), Grade("B", (0,)), Grade("C")),
    )
    assert told(rule, embryo()).undetermined == 1.0
    assert told(rule, embryo(t5=onset(61.0), without=("t6", "t7", "t8"))).expected == "C"


GOOD = Rule("grades", (Criterion("t5", "<=", high=60.0),), YES_NO)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (replace(GOOD, criteria=()), "1 to 40 criteria"),
        (replace(GOOD, criteria=(Criterion("t12", "<=", high=1.0),)), "no field 't12'"),
        (replace(GOOD, criteria=(Criterion("t5", "=="),)), "no operator"),  # type: ignore[arg-type]
        (replace(GOOD, criteria=(Criterion("collapse", "<=", high=1.0),)), "is an event"),
        (replace(GOOD, criteria=(Criterion("s2", "present"),)), "is a number"),
        (replace(GOOD, criteria=(Criterion("t5", "between", 60.0, 50.0),)), "60 lies above the upper one 50"),
        (replace(GOOD, grades=(Grade("only"),)), "2 to 12 grades"),
        (replace(GOOD, grades=(Grade("a", (0,)), Grade("a"))), "its own name"),
        (replace(GOOD, grades=(Grade("a", (1,)), Grade("b"))), "needs criterion 1"),
        (replace(GOOD, grades=(Grade("a", (0,)), Grade("b", (0,)))), "needs nothing"),
        (replace(GOOD, kind="weighted"), "gives no grades"),
    ],
)
def test_what_makes_no_rule_is_refused_with_what_is_wrong(wrong: Rule, says: str) -> None:
    check(GOOD)
    with pytest.raises(RuleError, match=says):
        check(wrong)


def test_criteria_are_told_in_words() -> None:
    assert text_of(Criterion("t5", "between", 48.8, 56.6)) == "48.8 <= t5 <= 56.6"
    assert text_of(Criterion("s2", "<=", high=0.76)) == "s2 <= 0.76"
    assert text_of(Criterion("t3-t2", ">")) == "t3-t2 > …"
    assert text_of(Criterion("collapse", "absent")) == "collapse absent"
