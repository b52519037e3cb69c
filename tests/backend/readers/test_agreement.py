from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from backend.accounts.models import User
from backend.analysis.models import EmbryoProfile, Run
from backend.imaging.models import Stack
from backend.readers.figures import fleiss, intraclass
from backend.readers.models import Assignment, ReviewSettings
from backend.review.models import Reading
from tests.backend.readers.world import have_it_read_by
from tests.cast import Cast

MINUTES = 10
"""Between two frames of the recording; the machine says t2 at frame 58 of every embryo."""


@pytest.fixture
def compare(cast: Cast, run: Run, client_of: Any) -> Any:
    """What the viewer, who reads nothing, is told of two readers."""

    def compared(a: User | str, b: User | str = "machine", by: User | None = None, **query: Any) -> Any:
        named = {name: one if isinstance(one, str) else str(one.id) for name, one in (("a", a), ("b", b))}
        return client_of(by or cast.viewer).get(f"/api/labs/{cast.lab.id}/agreement/", {**named, **query})

    return compared


def test_errors_against_the_machine_are_in_hours_of_the_recording(cast: Cast, run: Run, compare: Any) -> None:
    have_it_read_by(cast.embryologist, run.stack, "A1", t2=58 + 3)
    have_it_read_by(cast.embryologist, run.stack, "A2", t2=58 - 12, t3=90)
    told = compare(cast.embryologist).json()
    assert (told["pairs"], told["a"]["name"], told["b"]["id"]) == (2, "embryologist", "machine")
    t2 = told["phases"]["t2"]
    assert (t2["n"], t2["missed_by_a"], t2["missed_by_b"]) == (2, 0, 0)
    assert t2["mean_abs_hours"] == pytest.approx((0.5 + 2.0) / 2, abs=1e-4)
    assert t2["mean_signed_hours"] == pytest.approx((0.5 - 2.0) / 2, abs=1e-4)
    assert t2["within_tolerance"] == 0.5
    assert t2["icc"] is None
    assert (told["phases"]["t3"]["n"], told["phases"]["t3"]["missed_by_b"]) == (0, 1)
    assert (told["overall"]["n"], told["overall"]["missed_by_b"]) == (2, 1)


def test_the_hours_are_those_of_the_frames_and_not_of_an_assumed_interval(cast: Cast, run: Run, compare: Any) -> None:
    # The recording stood still for five hours between the two frames.
    hours = [frame / 6 + (5 if frame >= 60 else 0) for frame in range(1000)]
    Stack.objects.filter(id=run.stack_id).update(hours_since_start=hours, interval_minutes=None)
    have_it_read_by(cast.embryologist, run.stack, "A1", t2=60)
    assert compare(cast.embryologist).json()["phases"]["t2"]["mean_signed_hours"] == pytest.approx(2 / 6 + 5, abs=1e-4)


def test_an_onset_whose_frame_has_no_time_is_neither_an_error_nor_missed(cast: Cast, run: Run, compare: Any) -> None:
    Stack.objects.filter(id=run.stack_id).update(interval_minutes=None)
    have_it_read_by(cast.embryologist, run.stack, "A1", t2=60)
    t2 = compare(cast.embryologist).json()["phases"]["t2"]
    assert (t2["n"], t2["missed_by_a"], t2["missed_by_b"], t2["within_tolerance"]) == (0, 0, 0, None)


def test_a_phase_under_way_when_the_recording_began_is_not_compared(cast: Cast, run: Run, compare: Any) -> None:
    profile = EmbryoProfile.objects.get(run=run, column=0)
    profile.onsets = [{**profile.onsets[0], "frame_index": 0, "is_censored": True}]
    profile.save()
    have_it_read_by(cast.embryologist, run.stack, "A1", t2=60)
    t2 = compare(cast.embryologist).json()["phases"]["t2"]
    assert (t2["n"], t2["missed_by_b"]) == (0, 0)


def test_two_people_are_compared_with_their_intraclass_correlation(cast: Cast, run: Run, compare: Any) -> None:
    frames = {"A1": (60, 62), "A2": (75, 73), "A3": (110, 120)}
    for place, (first, second) in frames.items():
        have_it_read_by(cast.embryologist, run.stack, place, t2=first)
        have_it_read_by(cast.colleague, run.stack, place, t2=second)
    told = compare(cast.embryologist, cast.colleague).json()["phases"]["t2"]
    expected = intraclass([[17 + first * MINUTES / 60, 17 + second * MINUTES / 60] for first, second in frames.values()])
    assert expected is not None
    assert [told["icc"], told["icc_low"], told["icc_high"]] == pytest.approx([expected.value, expected.low, expected.high], abs=1e-3)


def test_the_labs_tolerance_decides_what_is_near_and_its_edge_is_near(cast: Cast, run: Run, compare: Any) -> None:
    have_it_read_by(cast.embryologist, run.stack, "A1", t2=58 + 12)
    assert compare(cast.embryologist).json()["overall"]["within_tolerance"] == 0.0
    ReviewSettings.objects.create(lab=cast.lab, tolerance_hours={"t2": 2.0})
    told = compare(cast.embryologist).json()
    assert (told["overall"]["within_tolerance"], told["tolerance_hours"]["t2"]) == (1.0, 2.0)


def test_grades_are_compared_by_kappa_and_ranks_by_weights_too(cast: Cast, run: Run, compare: Any) -> None:
    for place, first, second in (("A1", "A", "A"), ("A2", "B", "B"), ("A3", "C", "B")):
        have_it_read_by(cast.embryologist, run.stack, place, icm=first, multinucleation="none")
        have_it_read_by(cast.colleague, run.stack, place, icm=second, multinucleation="at_2")
    grades = compare(cast.embryologist, cast.colleague).json()["grades"]
    # By hand: alike 2/3, by chance 1/3; squares of differences 1/3 on average, 1 among all pairs of an answer of each.
    assert grades["icm"] == {"n": 3, "same": pytest.approx(2 / 3), "kappa": pytest.approx(0.5), "weighted_kappa": pytest.approx(2 / 3)}
    assert grades["multinucleation"] == {"n": 3, "same": 0.0, "kappa": 0.0, "weighted_kappa": None}
    assert grades["te"] == {"n": 0, "same": None, "kappa": None, "weighted_kappa": None}


def test_stages_are_compared_hour_by_hour_from_where_both_have_named_one(cast: Cast, run: Run, compare: Any) -> None:
    Stack.objects.filter(id=run.stack_id).update(frame_count=60)
    have_it_read_by(cast.embryologist, run.stack, "A1", t2=6, t4=30)
    have_it_read_by(cast.colleague, run.stack, "A1", t2=0, t4=36)
    told = compare(cast.embryologist, cast.colleague).json()["stages"]
    # Hours 1 to 9 of the recording; of the fifth only the first of both says four cells.
    assert told["n"] == 9
    # By hand: alike 8/9, by chance (4/9)(5/9) + (5/9)(4/9).
    assert told["kappa"] == pytest.approx((8 / 9 - 40 / 81) / (1 - 40 / 81))


def test_three_readers_of_the_same_embryos_get_fleiss_kappa(cast: Cast, run: Run, compare: Any) -> None:
    said = {"A1": "AAA", "A2": "BBA", "A3": "CCC"}
    for place, grades in said.items():
        for reader, grade in zip((cast.embryologist, cast.colleague, cast.lab_admin), grades, strict=True):
            have_it_read_by(reader, run.stack, place, icm=grade)
    told = compare(cast.embryologist).json()["fleiss"]
    assert told["icm"] == {"n": 3, "readers": 3, "kappa": pytest.approx(fleiss([[3, 0, 0, 0], [1, 2, 0, 0], [0, 0, 3, 0]]))}
    assert told["te"] == {"n": 0, "readers": 0, "kappa": None}


def test_everybody_has_a_line_against_the_reference(cast: Cast, run: Run, compare: Any) -> None:
    have_it_read_by(cast.embryologist, run.stack, "A1", t2=58)
    have_it_read_by(cast.colleague, run.stack, "A1", t2=64)
    told = compare(cast.embryologist).json()
    assert [(one["reader"]["name"], one["pairs"], one["overall"]["mean_signed_hours"]) for one in told["by_reader"]] == [
        ("colleague", 1, pytest.approx(1.0, abs=1e-4)),
        ("embryologist", 1, pytest.approx(0.0, abs=1e-4)),
    ]
    assert [one["name"] for one in told["readers"]] == ["colleague", "embryologist"]


def test_drafts_do_not_count(cast: Cast, run: Run, compare: Any) -> None:
    have_it_read_by(cast.embryologist, run.stack, "A1", t2=60)
    Reading.objects.update(state=Reading.State.DRAFT)
    assert compare(cast.embryologist).json()["pairs"] == 0


def test_embryos_that_the_asker_reads_blind_are_left_out_of_every_figure(cast: Cast, run: Run, compare: Any) -> None:
    for place in ("A1", "A2"):
        have_it_read_by(cast.colleague, run.stack, place, t2=60, icm="A")
    Assignment.objects.create(stack=run.stack, row=0, column=0, reader=cast.embryologist, is_blind=True, by_name="x")
    told = compare(cast.colleague, by=cast.embryologist).json()
    assert (told["pairs"], told["overall"]["n"], told["by_reader"][0]["pairs"]) == (1, 1, 1)
    assert compare(cast.colleague).json()["pairs"] == 2


def test_a_comparison_is_narrowed_to_a_dish_to_later_readings_and_to_blind_ones(cast: Cast, run: Run, compare: Any) -> None:
    have_it_read_by(cast.embryologist, run.stack, "A1", t2=60)
    Assignment.objects.create(stack=run.stack, row=0, column=1, reader=cast.embryologist, is_blind=True, by_name="x")
    have_it_read_by(cast.embryologist, run.stack, "A2", t2=60)
    pairs = {
        "all": compare(cast.embryologist).json()["pairs"],
        "dish": compare(cast.embryologist, dish=run.stack.dish_id).json()["pairs"],
        "other dish": compare(cast.embryologist, dish=cast.lab.id).json()["pairs"],
        "later": compare(cast.embryologist, since=(timezone.now() + timedelta(hours=1)).isoformat()).json()["pairs"],
        "blind": compare(cast.embryologist, only_blind="true").json()["pairs"],
    }
    assert pairs == {"all": 2, "dish": 2, "other dish": 0, "later": 0, "blind": 1}


def test_the_asker_and_the_machine_are_compared_where_nobody_is_named(cast: Cast, run: Run, client_of: Any) -> None:
    told = client_of(cast.embryologist).get(f"/api/labs/{cast.lab.id}/agreement/").json()
    assert (told["a"], told["b"]) == ({"id": str(cast.embryologist.id), "name": "embryologist"}, {"id": "machine", "name": ""})


def test_another_labs_readers_and_readings_do_not_appear(cast: Cast, run: Run, compare: Any) -> None:
    answer = compare(cast.outsider)
    assert (answer.status_code, answer.json()["code"]) == (404, "no_such_reader")


@pytest.mark.parametrize(("a", "code"), [("machine", "same_reader"), ("nobody", "invalid")])
def test_readers_that_cannot_be_compared_are_refused(compare: Any, a: str, code: str) -> None:
    answer = compare(a)
    assert (answer.status_code, answer.json()["code"]) == (400, code)


def test_many_readings_cost_no_more_queries_than_one(cast: Cast, run: Run, client_of: Any, django_assert_max_num_queries: Any) -> None:
    browser, address = client_of(cast.viewer), f"/api/labs/{cast.lab.id}/agreement/"
    query = {"a": str(cast.embryologist.id), "b": str(cast.colleague.id)}
    counts = []
    for place in ("A1", "A2", "A3"):
        have_it_read_by(cast.embryologist, run.stack, place, t2=60)
        have_it_read_by(cast.colleague, run.stack, place, t2=61)
        with django_assert_max_num_queries(20) as asked:
            assert browser.get(address, query).json()["pairs"] == len(counts) + 1
        counts.append(len(asked))
    assert len(set(counts)) == 1
