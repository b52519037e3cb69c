"""Alerts: what a person should look at, once each, dated to where it began."""

from __future__ import annotations

from dataclasses import replace

import pytest

from detector.types import AlertRaised, Box, Content, ContentChanged, FrameResult, Layout, Well
from detector.wells.alerts import Alarms

WELL = Well(0, 1, Box(0, 0, 10, 10), Content.EMBRYO, 0.9)
GOOD = FrameResult(0, 100, 100, Layout(3, 3), (WELL,), is_usable=True, gas_outside_wells=False)
BAD = replace(GOOD, wells=(), is_usable=False, is_lattice_consistent=False, reason="no wells are seen")
GASSY = replace(GOOD, wells=(replace(WELL, content=Content.EMBRYO_GAS),))


def raised(frames: list[FrameResult], hours_a_frame: float | None = None) -> list[AlertRaised]:
    alarms = Alarms()
    found = []
    for index, one in enumerate(frames):
        hours = None if hours_a_frame is None else index * hours_a_frame
        found += alarms.check(replace(one, frame_index=index), [], (), hours)
    return found + list(alarms.finish(len(frames) - 1))


def told(alerts: list[AlertRaised]) -> list[tuple[str, int]]:
    return [(alert.kind, alert.frame_index) for alert in alerts]


def test_a_bubble_in_the_first_frame_is_told_at_once_and_once() -> None:
    alerts = raised([GASSY] * 8)
    assert told(alerts) == [("gas_in_well", 0)]
    assert (alerts[0].row, alerts[0].column, alerts[0].detail) == (0, 1, "a gas bubble lies in A2")


@pytest.mark.parametrize(("hours_a_frame", "is_told"), [(0.5, True), (0.65, False), (None, False)])
def test_a_bubble_counts_in_the_first_six_hours_or_ten_frames(hours_a_frame: float | None, is_told: bool) -> None:
    alerts = raised([GOOD] * 10 + [GASSY] * 2, hours_a_frame)
    assert told(alerts) == ([("gas_in_well", 10)] if is_told else [])


def test_a_guess_about_a_well_nobody_saw_is_no_bubble() -> None:
    guessed = replace(GOOD, wells=(replace(WELL, content=Content.GAS, filled_in=True),))
    assert raised([guessed]) == []


def test_gas_outside_has_to_last_unless_it_is_there_from_the_start() -> None:
    outside = replace(GOOD, gas_outside_wells=True)
    assert told(raised([outside, outside, outside, outside])) == [("gas_outside_wells", 0)]
    assert told(raised([GOOD, outside, outside, GOOD, outside])) == []
    assert told(raised([GOOD, GOOD, outside, outside, outside, outside])) == [("gas_outside_wells", 2)]


def test_a_run_of_unusable_frames_is_told_with_its_length() -> None:
    alerts = raised([GOOD, BAD, BAD, BAD, BAD, GOOD])
    assert told(alerts) == [("frames_unusable", 1)]
    assert alerts[0].detail == "frames 1 to 4 show no dish that can be read"


def test_a_run_that_lasts_to_the_end_is_told_at_the_end() -> None:
    assert told(raised([GOOD, BAD, BAD, BAD])) == [("frames_unusable", 1)]


def test_two_unusable_frames_are_a_flicker() -> None:
    assert raised([GOOD, BAD, BAD, GOOD]) == []


def test_a_recording_of_one_unusable_frame_says_so() -> None:
    assert raised([BAD])[0].detail == "frame 0 shows no dish that can be read"


def test_an_unsure_grid_is_told_with_its_reason() -> None:
    unsure = replace(GOOD, is_lattice_consistent=False, reason="two grids fit")
    assert [(a.kind, a.detail) for a in raised([unsure] * 5)] == [("lattice_inconsistent", "two grids fit")]


def test_an_emptied_well_is_told_from_the_change() -> None:
    change = ContentChanged(12, replace(WELL, content=Content.EMPTY), Content.EMBRYO)
    alerts = list(Alarms().check(GOOD, [change], (), None))
    assert [(a.kind, a.frame_index, a.detail) for a in alerts] == [("well_emptied", 12, "A2 held an embryo until frame 11")]


def test_a_vanished_bubble_is_no_emptied_well() -> None:
    change = ContentChanged(12, WELL, Content.EMBRYO_GAS)
    assert list(Alarms().check(GOOD, [change], (), None)) == []


def test_one_stray_is_told_once_though_it_drifts() -> None:
    alarms = Alarms()
    first = list(alarms.check(GOOD, [], (Box(0, 0, 30, 30),), None))
    again = list(alarms.check(replace(GOOD, frame_index=1), [], (Box(3, 2, 33, 32),), None))
    other = list(alarms.check(replace(GOOD, frame_index=2), [], (Box(200, 0, 230, 30),), None))
    assert [len(first), len(again), len(other)] == [1, 0, 1]
