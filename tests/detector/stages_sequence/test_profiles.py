"""Profiles: onsets with bounds, hours only where they are known, events with their frames, intervals between onsets."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from detector.stages.calibration import Calibration
from detector.stages.decoding import Clock
from detector.stages.events import EVENT_KINDS, gas_events, runs
from detector.stages.profiles import Built, ProfileBuilder
from detector.types import Content, EmbryoEvent, Onset, Phase, Stage, Unphased
from tests.detector.stages_sequence.embryos import USUAL, looks, stages_at

HOURS = np.arange(3.0, 116.0, 0.25)


def built(onsets: dict[Phase, float], hours: np.ndarray = HOURS, *, seed: int = 0, start: float | None = 0.0) -> Built:  # type: ignore[type-arg]
    stages = stages_at(hours.tolist(), onsets)
    return ProfileBuilder().build(looks(stages, np.random.default_rng(seed), 0.85), range(len(hours)), Clock(hours * 60.0, start))


def onset(profile_of: Built, phase: Phase) -> Onset:
    return next(one for one in profile_of.profile.onsets if one.phase is phase)


def event(profile_of: Built, kind: str) -> EmbryoEvent | None:
    return next((one for one in profile_of.profile.events if one.kind == kind), None)


def test_onsets_are_found_within_their_bounds() -> None:
    found = built(USUAL)
    assert [one.phase for one in found.profile.onsets] == list(USUAL)
    for one in found.profile.onsets[1:]:
        assert one.hours_post_insemination is not None
        assert abs(one.hours_post_insemination - USUAL[one.phase]) <= 1.0
        assert one.low <= one.hours_post_insemination <= one.high
        assert one.low - 0.5 <= USUAL[one.phase] <= one.high + 0.5
        assert HOURS[one.frame_index] == pytest.approx(one.hours_post_insemination)


def test_the_phase_under_way_at_the_start_is_marked_and_began_before() -> None:
    found = built(USUAL, np.arange(18.0, 60.0, 0.25))
    first = found.profile.onsets[0]
    assert (first.phase, first.is_censored, first.frame_index) == (Phase.TPNA, True, 0)
    assert first.low < 12 < first.high == 18.0
    assert not any(one.is_censored for one in found.profile.onsets[1:])


def test_hours_are_told_only_where_the_start_is_known() -> None:
    found = built(USUAL, start=None)
    assert {call.hours_post_insemination for call in found.profile.calls} == {None}
    one = onset(found, Phase.T2)
    assert one.hours_post_insemination is None
    assert one.low <= one.frame_index <= one.high
    assert one.high - one.low < 40


def test_without_times_no_interval_and_no_event_that_needs_them_is_told() -> None:
    stages = stages_at(HOURS.tolist(), USUAL)
    stages[-60:] = [Unphased.EMPTY] * 60
    found = ProfileBuilder().build(looks(stages, np.random.default_rng(0)), range(len(stages)), None)
    assert found.profile.intervals == ()
    assert {one.kind for one in found.profile.events} == {"well_emptied"}


def test_bounds_in_a_gap_reach_back_into_it() -> None:
    hours = np.array([10.0, 20.0, 33.0, 36.0, 60.0, 75.0, 98.0])
    found = built(USUAL, hours, seed=3)
    two = onset(found, Phase.T2)
    assert two.hours_post_insemination == 33.0
    assert 20.0 < two.low < 26.6 < two.high


def test_small_pictures_get_coarse_onsets_only() -> None:
    stages = stages_at(HOURS.tolist(), USUAL)
    clock = Clock(HOURS * 60.0, 0.0)
    found = ProfileBuilder().build(looks(stages, np.random.default_rng(0)), range(len(stages)), clock, is_coarse=True)
    assert found.profile.is_coarse
    assert [one.phase for one in found.profile.onsets] == [Phase.TPB2, Phase.T2, Phase.T9_PLUS, Phase.TEB]
    assert found.profile.intervals == ()


def test_intervals_hold_the_truth_within_their_bounds() -> None:
    found = {one.name: one for one in built(USUAL).profile.intervals}
    truth = {"VP": 16.5, "cc2": 11.4, "s2": 1.0, "cc3": 13.5, "s3": 5.0, "CS2-8": (11.4 + 12.5) / 29.9}
    assert set(found) == set(truth)  # polar bodies came out before the first frame, so ECC1 has no beginning
    for name, value in truth.items():
        assert found[name].low - 0.3 <= value <= found[name].high + 0.3
        assert found[name].value == pytest.approx(value, abs=0.8)


def test_an_ordinary_embryo_has_no_event() -> None:
    for seed in range(5):
        assert built(USUAL, seed=seed).profile.events == ()


def test_a_direct_cleavage_is_told_with_its_frames() -> None:
    direct = USUAL | {Phase.T2: 26.6, Phase.T3: 28.1, Phase.T4: 38.0}
    told = event(built(direct), "direct_cleavage_1_3")
    assert told is not None
    assert HOURS[told.first_frame] <= 26.6 <= 28.1 <= HOURS[told.last_frame]
    assert told.confidence > 0.8


def test_three_cells_at_once_are_a_direct_cleavage_too() -> None:
    at_once = {phase: hour for phase, hour in USUAL.items() if phase is not Phase.T2} | {Phase.T3: 26.6}
    assert event(built(at_once), "direct_cleavage_1_3") is not None


def test_a_missing_three_cell_stage_is_no_direct_cleavage() -> None:
    without = {phase: hour for phase, hour in USUAL.items() if phase is not Phase.T3}
    for seed in range(5):
        assert event(built(without, seed=seed), "direct_cleavage_1_3") is None


def test_four_cells_soon_after_two_are_no_direct_cleavage_while_nobody_saw_three() -> None:
    hasty = {phase: hour for phase, hour in USUAL.items() if phase is not Phase.T3} | {Phase.T4: 30.0}
    stages = stages_at(HOURS.tolist(), hasty)
    sure = looks(stages, np.random.default_rng(0), 0.999)
    found = ProfileBuilder(Calibration(hours_apart=0.1)).build(sure, range(len(stages)), Clock(HOURS * 60.0, 0.0))
    assert Phase.T3 not in {one.phase for one in found.profile.onsets}
    assert event(found, "direct_cleavage_1_3") is None


def test_a_division_that_was_not_filmed_is_no_direct_cleavage() -> None:
    hours = np.concatenate([np.arange(3.0, 24.0, 0.5), np.arange(38.2, 60.0, 0.2)])
    assert event(built(USUAL, hours), "direct_cleavage_1_3") is None


def test_two_cells_that_become_five_at_once_are_told() -> None:
    later = USUAL | {Phase.T4: 39.5, Phase.T5: 40.5, Phase.T6: 52.0}
    told = event(built(later), "direct_cleavage_2_5")
    assert told is not None
    assert HOURS[told.first_frame] <= 38.0 <= 40.5 <= HOURS[told.last_frame]


def test_cells_that_merge_again_are_told() -> None:
    stages = stages_at(HOURS.tolist(), USUAL)
    seen = looks(stages, np.random.default_rng(0))
    merged = (HOURS > 43) & (HOURS < 56)
    counts = np.where(merged, seen.cell_count - 2, seen.cell_count)
    found = ProfileBuilder().build(replace(seen, cell_count=counts), range(len(stages)), Clock(HOURS * 60.0, 0.0))
    told = event(found, "reverse_cleavage")
    assert told is not None
    assert HOURS[told.first_frame] <= 43.25 <= HOURS[told.last_frame]


def test_a_cavity_that_collapses_and_comes_back_is_told_twice() -> None:
    stages = stages_at(HOURS.tolist(), USUAL)
    seen = looks(stages, np.random.default_rng(0))
    fallen = (HOURS > 111.5) & (HOURS < 113.5)
    cavity = np.where(fallen, 0.1, seen.cavity)
    found = ProfileBuilder().build(replace(seen, cavity=cavity.astype(np.float32)), range(len(stages)), Clock(HOURS * 60.0, 0.0))
    assert [one.kind for one in found.profile.events] == ["collapse", "reexpansion"]
    collapse = found.profile.events[0]
    assert HOURS[collapse.first_frame] <= 112.0 <= HOURS[collapse.last_frame] + 1


def test_compaction_before_eight_cells_is_told() -> None:
    stages = stages_at(HOURS.tolist(), USUAL)
    seen = looks(stages, np.random.default_rng(0))
    compaction = np.where((HOURS > 46) & (HOURS < 55), 0.9, seen.compaction).astype(np.float32)
    found = ProfileBuilder().build(replace(seen, compaction=compaction), range(len(stages)), Clock(HOURS * 60.0, 0.0))
    told = event(found, "early_compaction")
    assert told is not None
    assert 46 <= HOURS[told.first_frame] <= 48


def test_an_embryo_without_a_new_phase_for_a_day_has_arrested() -> None:
    stopped = {phase: hour for phase, hour in USUAL.items() if hour < 45}
    told = event(built(stopped), "arrest")
    assert told is not None
    assert HOURS[told.first_frame] == pytest.approx(39.0, abs=1)
    assert "t4" in told.detail


def test_frames_that_cannot_be_read_and_a_well_that_was_emptied_are_told() -> None:
    stages: list[Stage] = stages_at(HOURS.tolist(), USUAL)
    stages[100:112] = [Unphased.NOT_SEEN] * 12
    stages[-30:] = [Unphased.EMPTY] * 30
    found = ProfileBuilder().build(looks(stages, np.random.default_rng(0), 0.95), range(len(stages)), Clock(HOURS * 60.0, 0.0))
    told = {one.kind: (one.first_frame, one.last_frame) for one in found.profile.events}
    assert told == {"out_of_focus": (100, 111), "well_emptied": (len(stages) - 30, len(stages) - 1)}


def test_a_recording_that_begins_late_says_that_pronuclei_were_not_observed() -> None:
    told = event(built(USUAL, np.arange(27.0, 60.0, 0.25)), "pronuclei_not_observed")
    assert told is not None
    assert told.detail.startswith("pronuclei not observed")


def test_gas_is_told_in_runs() -> None:
    contents = [Content.EMBRYO_GAS, Content.EMBRYO_GAS, Content.EMBRYO, Content.GAS]
    assert [(e.first_frame, e.last_frame) for e in gas_events(list(zip([3, 5, 8, 9], contents, strict=True)))] == [(3, 5), (9, 9)]


def test_every_event_that_is_told_is_of_a_known_kind() -> None:
    assert len(set(EVENT_KINDS)) == len(EVENT_KINDS)
    for kind in {e.kind for hours in (HOURS, HOURS[HOURS > 30]) for e in built(USUAL, hours).profile.events}:
        assert kind in EVENT_KINDS


def test_runs_are_bridged_over_short_gaps() -> None:
    flags = np.array([0, 1, 1, 0, 1, 0, 0, 1], dtype=bool)
    assert runs(flags) == [(1, 2), (4, 4), (7, 7)]
    assert runs(flags, bridge=1) == [(1, 4), (7, 7)]
    assert runs(np.zeros(3, dtype=bool)) == []


def test_no_frame_at_all_is_refused() -> None:
    nothing = looks([], np.random.default_rng(0))
    with pytest.raises(ValueError, match="got 0"):
        ProfileBuilder().build(nothing, [], None)
