"""Tracking: names stay with their wells while the dish drifts, flickers, jumps and comes back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from detector.synth import RenderedDish
from detector.types import Box, Layout, Sighting
from detector.wells.tracking import DishTracker, Followed
from tests.detector.exact import candidate, dish, drifting, shifted, sighting_of


def follow(frames: Sequence[RenderedDish], *, jitter: float = 0.02) -> list[Followed]:
    tracker = DishTracker()
    return [tracker.follow(n, shown.image, sighting_of(shown, jitter=jitter, seed=n)) for n, shown in enumerate(frames)]


def least_overlap(shown: RenderedDish, followed: Followed) -> float:
    named = {(w.row, w.column): w.box for w in followed.result.wells}
    return min(named[t.row, t.column].iou(t.box) for t in shown.truth.wells)


def test_names_and_outlines_stay_with_a_drifting_turning_dish() -> None:
    frames = drifting(25, drift_px=16.0, turn_degrees=3.0)
    for shown, followed in zip(frames, follow(frames), strict=True):
        assert followed.keeps_names or followed.is_key
        assert least_overlap(shown, followed) > 0.9


def test_a_dish_that_lies_still_is_outlined_once() -> None:
    shown = dish(41)
    assert [f.is_key for f in follow([shown] * 6)] == [True, False, False, False, False, False]


def test_a_dish_that_moved_far_is_outlined_again_under_the_same_names() -> None:
    shown = dish(41)
    tracker = DishTracker()
    keys = []
    for step in range(0, 40, 4):
        image, sighting = shifted(shown.image, sighting_of(shown), step, 0)
        followed = tracker.follow(step, image, sighting)
        assert followed.keeps_names or step == 0
        keys.append(followed.is_key)
    assert 2 <= sum(keys) <= 4
    b2 = next(w for w in followed.result.wells if w.name == "B2")
    truth = next(t for t in shown.truth.wells if (t.row, t.column) == (1, 1))
    assert b2.box.centre[0] == pytest.approx(truth.box.centre[0] + 36, abs=1.0)


def test_wells_missed_in_one_frame_are_carried_and_marked() -> None:
    shown = dish(42)
    tracker = DishTracker()
    tracker.follow(0, shown.image, sighting_of(shown))
    followed = tracker.follow(1, shown.image, sighting_of(shown, missing=(4,)))
    assert [w.name for w in followed.result.wells if w.filled_in] == ["B2"]
    assert followed.keeps_names
    assert least_overlap(shown, followed) > 0.9


def test_many_wells_missed_in_one_frame_cost_no_name() -> None:
    shown = dish(42)
    tracker = DishTracker()
    tracker.follow(0, shown.image, sighting_of(shown))
    followed = tracker.follow(1, shown.image, sighting_of(shown, missing=(0, 1, 2, 5)))
    assert least_overlap(shown, followed) > 0.9


def test_a_dish_that_jumped_by_a_whole_pitch_keeps_its_names() -> None:
    shown = dish(43, border_rate=0.0)
    left, right = shown.truth.wells[0].box.centre[0], shown.truth.wells[1].box.centre[0]
    tracker = DishTracker()
    tracker.follow(0, shown.image, sighting_of(shown))
    followed = tracker.follow(1, *shifted(shown.image, sighting_of(shown), round(right - left), 0))
    assert followed.keeps_names
    assert followed.result.wells[0].box.centre[0] == pytest.approx(right, abs=2)


def test_a_dish_that_jumped_half_out_of_the_picture_gives_no_well_its_neighbours_name() -> None:
    shown = dish(43, border_rate=0.0)
    pitch = round(shown.truth.wells[1].box.centre[0] - shown.truth.wells[0].box.centre[0])
    edge = round(shown.truth.wells[2].box.x1) + 12
    image, sighting = np.ascontiguousarray(shown.image[:, :edge]), sighting_of(shown)
    tracker = DishTracker()
    tracker.follow(0, image, sighting)
    followed = tracker.follow(1, *shifted(image, sighting, pitch, 0))
    # Six wells lie where six wells lay before; only the empty column tells that they are others.
    assert not followed.keeps_names
    assert not followed.result.is_lattice_consistent
    assert followed.result.reason


def test_a_jump_within_the_picture_keeps_all_names() -> None:
    shown = dish(44, border_rate=0.0)
    tracker = DishTracker()
    tracker.follow(0, shown.image, sighting_of(shown))
    image, sighting = shifted(shown.image, sighting_of(shown), 9, -7)
    followed = tracker.follow(1, image, sighting)
    b2 = next(w for w in followed.result.wells if w.name == "B2")
    x, y = shown.truth.wells[4].box.centre
    assert b2.box.centre == pytest.approx((x + 9, y - 7), abs=1.5)


def test_dark_frames_do_not_cost_the_names() -> None:
    shown = dish(45)
    tracker = DishTracker()
    tracker.follow(0, shown.image, sighting_of(shown))
    for frame in (1, 2, 3):
        dark = tracker.follow(frame, np.zeros_like(shown.image), Sighting((), 0.0))
        assert not dark.result.is_usable
        assert not dark.keeps_names
    back = tracker.follow(4, shown.image, sighting_of(shown))
    assert back.keeps_names
    assert least_overlap(shown, back) > 0.9


def test_a_first_frame_that_showed_a_smaller_dish_is_corrected() -> None:
    shown = dish(46, Layout(4, 3))
    blurred = np.full_like(shown.image, 128)
    tracker = DishTracker()
    first = tracker.follow(0, blurred, sighting_of(shown, missing=(9, 10, 11)))
    assert first.result.layout == Layout(3, 3)
    for frame in range(1, 4):
        followed = tracker.follow(frame, shown.image, sighting_of(shown))
    assert followed.result.layout == Layout(4, 3)
    assert least_overlap(shown, followed) > 0.9


def test_another_dish_put_in_its_place_is_not_followed_in_silence() -> None:
    shown, other = dish(47, Layout(3, 3)), dish(48, Layout(5, 5))
    tracker = DishTracker()
    tracker.follow(0, shown.image, sighting_of(shown))
    followed = tracker.follow(1, other.image, sighting_of(other))
    assert not followed.keeps_names
    assert followed.result.layout != Layout(3, 3) or not followed.result.is_lattice_consistent


def test_the_motion_carries_outlines_of_the_key_frame() -> None:
    frames = drifting(12, drift_px=8.0)
    followed = follow(frames, jitter=0.0)
    key = followed[0]
    scale, shift = followed[-1].motion
    assert not followed[-1].is_key
    for well, truth in zip(key.result.wells, frames[-1].truth.wells, strict=True):
        moved = complex(*well.box.centre) * scale + shift
        assert (moved.real, moved.imag) == pytest.approx(truth.box.centre, abs=1.0)


def test_strays_are_told_with_the_key_frame() -> None:
    shown = dish(49)
    seen = sighting_of(shown)
    stray = candidate(Box(0, 110, 26, 150))
    followed = DishTracker().follow(0, shown.image, replace(seen, candidates=(*seen.candidates, stray)))
    assert len(followed.strays) == 1
