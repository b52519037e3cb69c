"""Smoothing: one odd frame changes nothing, a lasting change is told with the frame where it began."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.types import Box, Content, ContentChanged, FrameResult, Layout, Well
from detector.wells.smoothing import ContentJudge

EMPTY, EMBRYO, GAS, BOTH = Content.EMPTY, Content.EMBRYO, Content.GAS, Content.EMBRYO_GAS


def well(content: Content, sureness: float = 0.9, *, column: int = 0, filled_in: bool = False) -> Well:
    rest = (1 - sureness) / 3
    shares = {} if filled_in else {one: sureness if one is content else rest for one in Content}
    return Well(0, column, Box(0, 0, 10, 10), content, sureness, shares, filled_in)


def frame(index: int, *wells: Well) -> FrameResult:
    return FrameResult(index, 100, 100, Layout(3, 3), wells, is_usable=True, gas_outside_wells=False)


def judged(contents: list[Well]) -> tuple[ContentJudge, list[ContentChanged]]:
    judge = ContentJudge()
    return judge, [change for index, one in enumerate(contents) for change in judge.weigh(frame(index, one))]


@given(st.lists(st.sampled_from(Content), max_size=1), st.integers(1, 18))
def test_a_single_odd_frame_changes_nothing(odd: list[Content], where: int) -> None:
    contents = [EMBRYO] * 20
    contents[where : where + len(odd)] = odd
    judge, changes = judged([well(one, 0.999) for one in contents])
    assert changes == []
    assert judge.content(0, 0) is EMBRYO


def test_two_frames_of_every_five_wrong_change_nothing() -> None:
    judge, changes = judged([well(GAS if k % 5 in (2, 3) else EMBRYO) for k in range(60)])
    assert changes == []
    assert judge.content(0, 0) is EMBRYO


@pytest.mark.parametrize("began", [1, 7, 30])
def test_a_lasting_change_is_dated_to_where_it_began(began: int) -> None:
    _, changes = judged([well(BOTH if k < began else EMBRYO) for k in range(began + 10)])
    assert [(c.frame_index, c.previous, c.well.content) for c in changes] == [(began, BOTH, EMBRYO)]


def test_an_unsure_change_takes_longer_but_is_dated_alike() -> None:
    judge, changes = judged([well(EMBRYO, 0.9)] * 5 + [well(EMPTY, 0.45)] * 6)
    assert changes == []
    later = [change for k in range(11, 40) for change in judge.weigh(frame(k, well(EMPTY, 0.45)))]
    assert [(c.frame_index, c.well.content) for c in later] == [(5, EMPTY)]


def test_a_well_is_told_about_once_it_is_seen_into() -> None:
    _, changes = judged([well(EMPTY, 0.05, filled_in=True)] * 3 + [well(EMBRYO)] * 3)
    assert [(c.frame_index, c.previous, c.well.content) for c in changes] == [(3, None, EMBRYO)]


def test_filled_in_frames_say_nothing_about_the_content() -> None:
    judge, changes = judged([well(EMBRYO)] * 3 + [well(EMPTY, 0.05, filled_in=True)] * 30)
    assert changes == []
    assert judge.settled()[0].content is EMBRYO


def test_wells_do_not_mix() -> None:
    judge = ContentJudge()
    for index in range(12):
        judge.weigh(frame(index, well(EMBRYO), well(GAS, column=1)))
    assert (judge.content(0, 0), judge.content(0, 1), judge.content(0, 2)) == (EMBRYO, GAS, None)


def test_the_whole_recording_decides_by_most_of_its_evidence() -> None:
    judge, _ = judged([well(BOTH)] * 10 + [well(EMBRYO)] * 40)
    settled = judge.settled()[0]
    assert settled.content is EMBRYO
    assert settled.confidence == pytest.approx(0.8 * 0.9 + 0.2 * 0.1 / 3, abs=0.02)
    assert sum(settled.content_probabilities.values()) == pytest.approx(1.0)


def test_a_well_never_seen_into_stays_filled_in() -> None:
    judge, _ = judged([well(EMPTY, 0.05, filled_in=True)] * 4)
    assert judge.settled()[0].filled_in


def test_a_finder_without_probabilities_is_smoothed_by_its_confidence() -> None:
    plain = [Well(0, 0, Box(0, 0, 9, 9), EMBRYO, 0.9)] * 5 + [Well(0, 0, Box(0, 0, 9, 9), EMPTY, 0.9)] * 8
    _, changes = judged(plain)
    assert [(c.frame_index, c.well.content) for c in changes] == [(5, EMPTY)]
