"""Embryos followed through a recording: which frames are read for them, which are theirs, and what is told of them when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import TypeVar

import numpy as np
import pytest

from detector.errors import DetectorError
from detector.following.follower import DishFollower, times_of
from detector.loading import load_reader
from detector.pipeline import analyse
from detector.stages.gating import first_frames
from detector.stages.looks import Looks, Values
from detector.stages.profiles import ProfileBuilder
from detector.types import Coarse, DishSettled, Finding, Phase, ProfileDecoded, StagesCalled, WellsFound
from tests.detector.stages_following.dishes import MANY, NOBODY, ZYGOTE, Dish, EdgeStager, Film, Finder

Kind = TypeVar("Kind")
BUILDER = ProfileBuilder()
EVERY_20_MINUTES = tuple(k / 3 for k in range(49))
CHANGE = 21


def dishes(frames: int = 49, change: int = CHANGE, who: int = 4) -> list[Dish]:
    """Nine zygotes of which one has divided from a frame on."""
    before = Dish()
    after = Dish(tuple(MANY if number == who else ZYGOTE for number in range(9)))
    return [before if frame < change else after for frame in range(frames)]


def followed(
    film: Film, stager: EdgeStager | None = None, *, shrink: int = 2, start_hpi: float | None = 20.0, interval: float | None = None,
    plane: int = 0,
) -> list[Finding]:  # fmt: skip
    follower = DishFollower(stager or EdgeStager(), BUILDER, film.info, times_of(film.info, start_hpi, interval), stride=8)
    return list(analyse(film, finder=Finder(film, shrink), reader=load_reader(), stages=follower, plane=plane))


def of(kind: type[Kind], findings: Sequence[Finding]) -> list[Kind]:
    return [finding for finding in findings if isinstance(finding, kind)]


def finals(findings: Sequence[Finding]) -> dict[tuple[int, int], ProfileDecoded]:
    return {(one.row, one.column): one for one in of(ProfileDecoded, findings) if one.is_final}


def called(findings: Sequence[Finding], row: int, column: int) -> list[int]:
    return sorted(call.frame_index for one in of(StagesCalled, findings) if (one.row, one.column) == (row, column) for call in one.calls)


@pytest.fixture(scope="module")
def film() -> Film:
    return Film(dishes(), hours=EVERY_20_MINUTES)


@pytest.fixture(scope="module")
def told(film: Film) -> list[Finding]:
    return followed(film)


def test_only_chosen_frames_are_read_from_near_and_each_of_them_once(film: Film, told: list[Finding]) -> None:
    near = [frame for frame, shrink in film.reads if shrink == 1]
    assert set(first_frames(49)) <= set(near)
    assert len(near) == len(set(near))
    assert len(near) < 20
    passed_over = [frame for frame, shrink in film.reads if shrink == 2]
    assert sorted({*passed_over, *first_frames(49)}) == list(range(49))


def test_frames_are_added_around_a_change_until_its_very_frame_is_found(told: list[Finding]) -> None:
    profile = finals(told)[1, 1].profile
    assert next(onset.frame_index for onset in profile.onsets if onset.phase is Phase.T8) == CHANGE
    assert {CHANGE - 1, CHANGE} <= {call.frame_index for call in profile.calls}


def test_a_video_is_gone_through_once_more_only_for_whole_gaps(told: list[Finding]) -> None:
    film = Film(dishes(), hours=EVERY_20_MINUTES, format="mp4")
    profile = finals(followed(film))[1, 1].profile
    assert {call.frame_index for call in profile.calls} >= set(range(16, 25))
    passes = sum(later[0] < before[0] for before, later in pairwise(film.reads))
    assert passes == 1
    assert profile.onsets[-1].frame_index == CHANGE


def test_an_embryo_that_does_not_change_is_not_looked_at_again_for_one_that_does(told: list[Finding]) -> None:
    assert called(told, 0, 0) == list(first_frames(49))
    assert len(called(told, 1, 1)) > len(first_frames(49))


def test_every_embryo_gets_one_final_profile_after_all_its_calls_and_before_the_settled_dish(told: list[Finding]) -> None:
    assert sorted(finals(told)) == [(row, column) for row in range(3) for column in range(3)]
    kinds = [(type(one), isinstance(one, ProfileDecoded) and one.is_final) for one in told]
    assert kinds[-10:] == [(ProfileDecoded, True)] * 9 + [(DishSettled, False)]
    assert kinds[0] == (WellsFound, False)
    assert not any(is_final for _, is_final in kinds[:-10])


def test_every_call_is_told_once_with_how_well_the_embryo_was_seen(told: list[Finding]) -> None:
    for finding in of(StagesCalled, told):
        assert [one.frame_index for one in finding.seeing] == [call.frame_index for call in finding.calls]
        assert all(0 < one.focus <= 1 and not one.is_dark and not one.is_out_of_view for one in finding.seeing)
    for place, final in finals(told).items():
        frames = called(told, *place)
        assert len(frames) == len(set(frames))
        assert frames == [call.frame_index for call in final.profile.calls]


def test_hours_are_those_of_the_recording_and_its_start(told: list[Finding]) -> None:
    for call in finals(told)[0, 0].profile.calls:
        assert call.hours_post_insemination == pytest.approx(20.0 + call.frame_index / 3, abs=0.001)
    for finding in of(StagesCalled, told):
        assert all(call.hours_post_insemination == pytest.approx(20.0 + call.frame_index / 3, abs=0.001) for call in finding.calls)


@pytest.mark.parametrize("start_hpi", [None, 20.0])
def test_without_times_no_hours_are_told_even_where_the_start_is_known(start_hpi: float | None) -> None:
    findings = followed(Film(dishes(17, 9)), start_hpi=start_hpi)
    profiles = [one.profile for one in finals(findings).values()]
    calls = [call for one in of(StagesCalled, findings) for call in one.calls] + [call for profile in profiles for call in profile.calls]
    assert {call.hours_post_insemination for call in calls} == {None}
    assert all(onset.hours_post_insemination is None for profile in profiles for onset in profile.onsets)
    assert not any(profile.intervals for profile in profiles)


def test_an_interval_that_somebody_gave_stands_in_for_missing_times_only(film: Film) -> None:
    assert times_of(film.info, 20.0, 600.0).hours_at(3) == 21.0
    assert times_of(replace(film.info, hours_since_start=None), 20.0, 600.0).hours_at(3) == 50.0


def test_calls_stay_with_their_well_while_the_dish_wanders() -> None:
    moving = [replace(dish, shift=(2 * frame, frame // 2)) for frame, dish in enumerate(dishes(25, 9))]
    found = finals(followed(Film(moving, hours=EVERY_20_MINUTES[:25])))
    last = {place: one.profile.calls[-1].stage for place, one in found.items()}
    assert [place for place, stage in last.items() if stage is Phase.T8] == [(1, 1)]
    assert len(last) == 9


def test_an_emptied_well_is_looked_at_no_more_and_its_profile_says_so() -> None:
    left = tuple(NOBODY if number == 2 else ZYGOTE for number in range(9))
    film = Film([Dish() if frame < 20 else Dish(left) for frame in range(41)], hours=EVERY_20_MINUTES[:41])
    findings = followed(film)
    profile = finals(findings)[0, 2].profile
    assert max(call.frame_index for call in profile.calls) == 19
    assert [(e.first_frame, e.last_frame) for e in profile.events if e.kind == "well_emptied"] == [(20, 40)]
    assert not any(frame > 32 for frame in called(findings, 0, 2))


def test_empty_wells_are_never_looked_at() -> None:
    held = tuple(ZYGOTE if number < 4 else NOBODY for number in range(9))
    stager = EdgeStager()
    findings = followed(Film([Dish(held)] * 9), stager)
    assert sorted(finals(findings)) == [(0, 0), (0, 1), (0, 2), (1, 0)]
    assert stager.looked == 8


def test_frames_that_show_no_dish_are_not_looked_at() -> None:
    film = Film([replace(dish, is_blind=6 <= frame <= 9) for frame, dish in enumerate(dishes(25, 30))], hours=EVERY_20_MINUTES[:25])
    frames = called(followed(film), 0, 0)
    assert not {6, 7, 8, 9} & set(frames)
    assert {0, 16, 24} <= set(frames)


def test_embryos_too_small_for_cells_get_coarse_stages_only() -> None:
    film = Film(dishes(17, 9), side=70, hours=EVERY_20_MINUTES[:17])
    findings = followed(film, shrink=1)
    openings = {Phase.TPB2, Phase.T2, Phase.T9_PLUS, Phase.TEB}
    for final in finals(findings).values():
        assert final.profile.is_coarse
        assert {call.stage for call in final.profile.calls} <= openings
        assert {onset.phase for onset in final.profile.onsets} <= openings
        assert not final.profile.intervals
    calls = [call for one in of(StagesCalled, findings) for call in one.calls]
    assert {call.stage for call in calls} <= openings
    assert {call.coarse for call in calls} <= {Coarse.PRONUCLEAR, Coarse.CLEAVAGE}
    assert all(np.count_nonzero(np.array(call.probabilities) > 0.01) == 1 for call in calls)


class _Broken(EdgeStager):
    def look(self, crops: Values) -> Looks:
        raise DetectorError("broken", "no answer", "none")


def test_what_fails_while_looking_ends_the_analysis_with_its_reason() -> None:
    with pytest.raises(DetectorError, match="no answer"):
        followed(Film(dishes(17, 9)), _Broken())


def test_wells_are_told_alike_with_and_without_stages(film: Film, told: list[Finding]) -> None:
    alone = list(analyse(film, finder=Finder(film, 2), reader=load_reader()))
    assert [one for one in told if not isinstance(one, StagesCalled | ProfileDecoded)] == alone


def test_three_focal_planes_are_read_together() -> None:
    zygotes, many = [Dish()] * 9, [Dish((MANY,) * 9)] * 9
    film = Film(zygotes, hours=EVERY_20_MINUTES[:9], beside=(many, many))
    stager = EdgeStager()
    told = followed(film, stager, plane=1)
    assert stager.looked == 3 * 9 * len(set(called(told, 0, 0)))
    last = {call.frame_index: call.stage for one in of(StagesCalled, told) if (one.row, one.column) == (0, 0) for call in one.calls}
    assert set(last.values()) == {Phase.T8}


def test_a_plane_that_lacks_frames_is_not_read_beside_the_first() -> None:
    zygotes, many = [Dish()] * 9, [Dish((MANY,) * 9)] * 9
    film = Film(zygotes, hours=EVERY_20_MINUTES[:9], beside=(many, many), lacking=(0,))
    stager = EdgeStager()
    told = followed(film, stager, plane=1)
    assert stager.looked == 2 * 9 * len(set(called(told, 0, 0)))
