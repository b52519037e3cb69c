from __future__ import annotations

from typing import Any

import pytest

from backend.analysis.compact import Called
from backend.worklist.scoring import Doubt, Embryo, doubt_of_embryo, doubt_of_well
from backend.worklist.usual import LEAST_EMBRYOS, PUBLISHED, usual_of
from tests.backend.worklist.rows import FRAMES, calls, event, onset, shares


def doubt(
    *,
    onsets: list[dict[str, Any]] | None = None,
    events: list[dict[str, Any]] | None = None,
    alone: list[Called] | None = None,
    decoded: list[Called] | None = None,
    content: float = 0.95,
) -> Doubt:
    decoded = calls() if decoded is None else decoded
    seen = {call.frame_index: call for call in (decoded if alone is None else alone)}
    embryo = Embryo([onset()] if onsets is None else onsets, events or [], decoded, seen)
    return doubt_of_embryo(embryo, content_confidence=content, usual=PUBLISHED, frames=FRAMES)


def codes(found: Doubt) -> list[str]:
    return [reason.code for reason in found.reasons]


def test_an_ordinary_embryo_gives_no_reason() -> None:
    found = doubt()
    assert found.reasons == []
    assert found.uncertainty == pytest.approx(0, abs=0.02)


def test_frames_that_cannot_decide_make_an_embryo_uncertain() -> None:
    vague = doubt(alone=calls(sure=0.3))
    assert codes(vague) == ["entropy"]
    assert vague.uncertainty > 0.3


def test_dark_frames_and_those_out_of_view_are_not_held_against_an_embryo() -> None:
    hidden = [call._replace(probabilities=shares("t2", 0.1), is_dark=True) for call in calls()[:20]]
    lost = [call._replace(stage="tB", is_out_of_view=True) for call in calls()[20:30]]
    assert doubt(alone=[*hidden, *lost, *calls()[30:]]).reasons == []


def test_frames_that_contradict_the_profile_are_a_reason_that_names_the_first_of_them() -> None:
    alone = [call._replace(stage="t8") if call.frame_index % 2 else call for call in calls()]
    found = doubt(alone=alone)
    assert [(reason.code, reason.frame_index) for reason in found.reasons] == [("disagreement", 1)]


def test_seven_cells_for_eight_weigh_half_of_two_cells_for_eight() -> None:
    apart, near = (
        doubt(decoded=calls("t8"), alone=[call._replace(stage=stage) for call in calls("t8")]).reasons[0].weight for stage in ("t2", "t7")
    )
    assert near < apart


def test_a_wide_onset_and_one_that_was_hardly_seen_are_reasons_and_name_their_phase() -> None:
    wide, hardly = doubt(onsets=[onset(width=9.0)]), doubt(onsets=[onset(confidence=0.4)])
    assert [(reason.code, reason.phase) for reason in wide.reasons + hardly.reasons] == [("onset", "t2"), ("onset", "t2")]


def test_where_no_hours_are_known_bounds_are_judged_by_the_length_of_the_recording_and_nothing_is_novel() -> None:
    narrow, wide = (doubt(onsets=[onset(hours=None, width=width)]) for width in (1.0, 4.0))
    assert (narrow.distance, wide.distance) == (None, None)
    assert codes(wide) == ["onset"]
    assert codes(narrow) == []
    assert "frames" in wide.reasons[0].detail


def test_abnormal_events_count_as_much_as_they_are_sure_and_each_kind_once() -> None:
    one, other = doubt(events=[event("direct_cleavage_1_3", 0.9)]), doubt(events=[event("direct_cleavage_1_3", 0.4)])
    assert one.uncertainty > other.uncertainty > doubt().uncertainty
    twice = doubt(events=[event("collapse", 0.5, 3), event("collapse", 0.8, 9)])
    assert [(reason.kind, reason.frame_index) for reason in twice.reasons] == [("collapse", 9)]


def test_coming_back_after_a_collapse_and_a_late_start_are_nothing_abnormal() -> None:
    assert doubt(events=[event("reexpansion", 0.8), event("pronuclei_not_observed", 0.99)]).reasons == []


def test_onsets_far_from_usual_hours_make_an_embryo_novel() -> None:
    late = doubt(onsets=[onset(hours=27.2 + 3 * 3.4)])
    assert late.distance == pytest.approx(3, abs=0.01)
    assert [(reason.code, reason.phase) for reason in late.reasons] == [("novelty", "t2")]


def test_a_phase_under_way_at_the_start_counts_only_where_it_is_early_already() -> None:
    early, late = (doubt(onsets=[onset(hours=hours, is_censored=True)]) for hours in (20.0, 40.0))
    assert early.distance == pytest.approx(7.2 / 3.4, abs=0.01)
    assert late.distance is None


def test_reasons_come_weightiest_first_and_each_adds_to_the_others() -> None:
    found = doubt(events=[event("arrest", 1.0)], content=0.6, alone=calls(sure=0.4))
    assert [reason.weight for reason in found.reasons] == sorted((reason.weight for reason in found.reasons), reverse=True)
    assert max(reason.weight for reason in found.reasons) < found.uncertainty < 1
    assert found.frame_index == 5


def test_a_well_is_as_unsure_as_its_content() -> None:
    assert doubt_of_well(0.95).uncertainty == 0
    assert doubt_of_well(0.5).uncertainty > doubt_of_well(0.7).uncertainty > 0


def test_a_labs_own_hours_take_the_place_of_published_ones_once_there_are_enough() -> None:
    slow = [[onset(hours=33.0 + number / 10)] for number in range(LEAST_EMBRYOS)]
    assert usual_of(slow[1:]) == dict(PUBLISHED)
    own = usual_of(slow)
    assert own["t2"].median_h == pytest.approx(33.95)
    assert own["t2"].spread_h >= PUBLISHED["t2"].spread_h / 2
    assert own["t3"] == PUBLISHED["t3"]


def test_one_odd_embryo_does_not_make_the_odd_usual_in_a_lab() -> None:
    usual = usual_of([*([[onset(hours=27.0 + number / 10)] for number in range(30)]), [onset(hours=200.0)]])
    assert usual["t2"].spread_h < 4
