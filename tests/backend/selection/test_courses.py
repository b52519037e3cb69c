from __future__ import annotations

import numpy as np
import pytest

from backend.selection.courses import DRAWS, Embryo, Onset, draw
from backend.selection.fields import PHASES, SEEN_BY_MACHINE, field_of
from backend.selection.rules import span_of
from detector.stages.events import EVENT_KINDS
from detector.stages.intervals import FORMULAS
from detector.types import Phase
from tests.backend.selection.embryos import embryo, onset


def test_fields_are_named_as_the_detector_names_them() -> None:
    assert tuple(phase.value for phase in Phase) == PHASES
    assert set(SEEN_BY_MACHINE) == set(EVENT_KINDS)
    for name, (needs, _) in FORMULAS.items():
        field = field_of(name)
        assert field is not None
        assert set(field.needs) == {phase.value for phase in needs}


def test_the_difference_of_any_two_onsets_is_a_field_and_nothing_else_is() -> None:
    assert field_of("tB-tSB") is not None
    assert field_of("t9+-t8") is not None
    for wrong in ("t5-t5", "t3-t5", "t5-tXX", "t10", "t5 - t3", ""):
        assert field_of(wrong) is None


def test_draws_keep_the_bounds_they_are_made_from() -> None:
    lopsided = Embryo(onsets={"t5": Onset(50.0, 48.0, 56.0)})
    drawn = draw(lopsided).onsets["t5"].low
    low, middle, high = np.quantile(drawn, (0.05, 0.5, 0.95))
    assert low == pytest.approx(48.0, abs=0.25)
    assert middle == pytest.approx(50.0, abs=0.25)
    assert high == pytest.approx(56.0, abs=0.5)


def test_onsets_stay_in_order_however_uncertain_they_are() -> None:
    courses = draw(embryo(6.0))
    values = np.array([courses.onsets[phase].low for phase in PHASES if phase != "tHB"])
    assert values.shape[1] == DRAWS
    assert (np.diff(values, axis=0) >= 0).all()


def test_of_two_onsets_the_sure_one_holds_and_the_unsure_one_gives_way() -> None:
    courses = draw(Embryo(onsets={"t3": onset(38.0, 0.1), "t4": onset(38.0, 8.0)}))
    assert courses.onsets["t3"].low == pytest.approx(38.0, abs=0.5)
    # Half of a normal distribution above 38 is left: its middle lies .674 standard deviations up.
    assert np.median(courses.onsets["t4"].low) == pytest.approx(38.0 + 0.674 * 8.0 / 1.645, abs=0.3)


def test_the_order_is_a_condition_on_the_draws_and_makes_no_time_between_them_vanish() -> None:
    """Two normals 1 h apart with 1 h spread each, kept where the second is later: rejection by brute force says the same."""
    rng = np.random.default_rng(5)
    first, second = rng.normal(38.0, 1.0, 400_000), rng.normal(39.0, 1.0, 400_000)
    kept = (second - first)[second > first]
    courses = draw(Embryo(onsets={"t3": onset(38.0, 1.645), "t4": onset(39.0, 1.645)}), 20_000)
    s2 = span_of("s2", courses).low
    for limit in (0.25, 0.76, 2.0):
        assert (s2 <= limit).mean() == pytest.approx((kept <= limit).mean(), abs=0.02)


def test_the_same_embryo_is_drawn_the_same_every_time() -> None:
    first, second = draw(embryo(2.0)), draw(embryo(2.0))
    assert all(np.array_equal(first.onsets[phase].low, second.onsets[phase].low) for phase in PHASES)


def test_onsets_that_people_told_out_of_order_stay_as_told() -> None:
    courses = draw(Embryo(onsets={"t3": onset(45.0, 0.2), "t4": onset(38.0, 0.2)}))
    assert courses.onsets["t3"].low == pytest.approx(45.0, abs=0.6)
    assert courses.onsets["t4"].low == pytest.approx(38.0, abs=0.6)


def test_a_division_too_short_to_be_seen_lies_within_the_step_before_the_next() -> None:
    courses = draw(embryo(without=("t3",)))
    t3, t4 = courses.onsets["t3"], courses.onsets["t4"]
    assert (t3.low == t3.high).all()
    gap = t4.low - t3.low
    assert (gap >= 0).all()
    assert (gap <= 1 / 6 + 1e-9).all()
    assert courses.assumed == ("t3",)


def test_two_that_were_skipped_share_one_step_and_keep_their_order() -> None:
    courses = draw(embryo(without=("t6", "t7")))
    t6, t7, t8 = (courses.onsets[phase].low for phase in ("t6", "t7", "t8"))
    assert (t6 <= t7).all()
    assert (t7 <= t8).all()
    assert (t8 - t6 <= 1 / 6 + 1e-9).all()


def test_where_nobody_followed_every_frame_a_missing_division_may_have_been_at_any_time_between() -> None:
    courses = draw(embryo(without=("t3",), is_followed=False))
    t3 = courses.onsets["t3"]
    assert t3.low == pytest.approx(27.2, abs=0.3)
    assert t3.high == pytest.approx(38.0, abs=0.3)
    assert courses.assumed == ()


def test_a_division_that_a_person_says_was_none_was_short_even_where_no_machine_followed() -> None:
    courses = draw(embryo(without=("t3",), is_followed=False, absent=frozenset({"t3"})))
    assert (courses.onsets["t4"].low - courses.onsets["t3"].low <= 1 / 6 + 1e-9).all()
    assert courses.assumed == ("t3",)


def test_a_phase_not_reached_by_the_last_frame_begins_later_than_that() -> None:
    courses = draw(embryo(without=("tB", "tEB"), end_hour=120.0))
    assert (courses.onsets["tB"].low == 120.0).all()
    assert np.isinf(courses.onsets["tB"].high).all()


def test_a_person_who_stopped_annotating_did_not_say_that_nothing_more_happened() -> None:
    courses = draw(embryo(without=("tB", "tEB"), end_hour=140.0, is_followed=False))
    assert courses.onsets["tB"].low == pytest.approx(95.0, abs=0.3)


def test_a_phase_under_way_at_the_first_frame_began_at_that_hour_or_before() -> None:
    courses = draw(embryo(without=("tPB2", "tPNa"), tPNf=onset(26.0, is_censored=True), t2=27.2))
    assert np.isinf(courses.onsets["tPNf"].low).all()
    assert (courses.onsets["tPNf"].high == 26.0).all()


def test_a_phase_that_was_perhaps_not_seen_is_passed_through_as_often() -> None:
    courses = draw(embryo(t3=onset(30.0, 0.1, seen=0.7)))
    t3 = courses.onsets["t3"].low
    assert (t3 < 31).mean() == pytest.approx(0.7, abs=0.03)
    assert (t3 > 37.5).mean() == pytest.approx(0.3, abs=0.03)


def test_a_morula_that_nobody_saw_was_not_a_matter_of_minutes() -> None:
    """Compaction takes hours: a missing tM was missed, and lies anywhere between its neighbours."""
    courses = draw(embryo(without=("tM",)))
    assert courses.onsets["tM"].low == pytest.approx(72.0, abs=0.3)
    assert courses.onsets["tM"].high == pytest.approx(95.0, abs=0.3)
    assert courses.assumed == ()
