"""Naming: from what a finder saw in one frame to named, outlined wells, or to the reason why not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from detector.synth import RenderedDish
from detector.types import Box, FrameResult, Layout, Sighting
from detector.wells.naming import name_frame, read_frame
from tests.detector.exact import candidate, dish, sighting_of


def overlaps(shown: RenderedDish, result: FrameResult) -> dict[tuple[int, int], float]:
    """How well the box of each name fits the well of that name."""
    named = {(well.row, well.column): well.box for well in result.wells}
    return {(t.row, t.column): named[t.row, t.column].iou(t.box) for t in shown.truth.wells if (t.row, t.column) in named}


@pytest.mark.parametrize("layout", [Layout(3, 3), Layout(4, 3), Layout(4, 4), Layout(5, 5)])
def test_coarse_boxes_become_exact_and_named(layout: Layout) -> None:
    shown = dish(21, layout)
    result = read_frame(shown.image, sighting_of(shown, jitter=0.06), frame_index=7)
    assert result.frame_index == 7
    assert result.is_lattice_consistent, result.reason
    assert result.layout == layout
    assert min(overlaps(shown, result).values()) > 0.93
    assert [(w.row, w.column) for w in result.wells] == sorted((w.row, w.column) for w in result.wells)


def test_contents_stay_with_their_wells() -> None:
    shown = dish(22)
    result = read_frame(shown.image, sighting_of(shown, jitter=0.05))
    assert {(w.row, w.column): w.content for w in result.wells} == {(w.row, w.column): w.content for w in shown.truth.wells}


@pytest.mark.parametrize("missing", [(0,), (4,), (0, 1, 2), (0, 4, 8)])
def test_missed_wells_are_found_by_their_rims_and_marked(missing: tuple[int, ...]) -> None:
    shown = dish(23)
    result = read_frame(shown.image, sighting_of(shown, jitter=0.03, missing=missing))
    assert result.is_lattice_consistent, result.reason
    assert result.layout == Layout(3, 3)
    filled = [number for number, well in enumerate(result.wells) if well.filled_in]
    assert filled == list(missing)
    assert min(overlaps(shown, result).values()) > 0.93
    assert max(result.wells[n].confidence for n in missing) < 0.5


def test_a_whole_row_that_the_finder_missed_keeps_the_layout_right() -> None:
    shown = dish(24, Layout(4, 3))
    result = read_frame(shown.image, sighting_of(shown, missing=(0, 1, 2)))
    assert (result.layout, result.is_lattice_consistent) == (Layout(4, 3), True)
    assert len(result.wells) == 12


def test_a_stray_well_gets_no_name() -> None:
    shown = dish(25)
    stray = candidate(Box(0, 100, 30, 160))
    seen = sighting_of(shown)
    named = name_frame(shown.image, replace(seen, candidates=(*seen.candidates, stray)))
    assert len(named.result.wells) == 9
    assert len(named.strays) == 1


def test_too_few_wells_are_unusable_with_the_count_in_words() -> None:
    shown = dish(26)
    result = read_frame(shown.image, sighting_of(shown, missing=range(7)))
    assert not result.is_usable
    assert result.wells == ()
    assert result.reason == "only 2 wells are seen, too few to name"


def test_a_black_frame_says_so() -> None:
    result = read_frame(np.zeros((100, 120), np.uint8), Sighting((), 0.0))
    assert (result.is_usable, result.reason) == (False, "the picture is blank")


def test_a_picture_without_wells_says_so() -> None:
    grain = np.random.default_rng(1).integers(0, 255, (100, 120)).astype(np.uint8)
    assert read_frame(grain, Sighting((), 0.0)).reason == "no wells are seen"


def test_gas_outside_the_wells_is_passed_on() -> None:
    shown = dish(27)
    assert read_frame(shown.image, sighting_of(shown, gas=0.8)).gas_outside_wells
    assert not read_frame(shown.image, sighting_of(shown, gas=0.2)).gas_outside_wells


def test_out_of_focus_wells_keep_the_finders_boxes() -> None:
    shown = dish(28)
    flat = np.full_like(shown.image, 90)
    seen = sighting_of(shown)
    result = read_frame(flat, seen)
    assert [w.box for w in result.wells] == [c.box for c in seen.candidates]


def test_boxes_stay_inside_the_picture() -> None:
    shown = dish(29)
    cut = shown.image[30:, 10:]
    height, width = cut.shape
    seen = sighting_of(shown)
    moved = tuple(replace(c, box=Box(max(c.box.x0 - 10, 0), max(c.box.y0 - 30, 0), c.box.x1 - 10, c.box.y1 - 30)) for c in seen.candidates)
    result = read_frame(np.ascontiguousarray(cut), replace(seen, candidates=moved))
    assert all(0 <= w.box.x0 < w.box.x1 <= width and 0 <= w.box.y0 < w.box.y1 <= height for w in result.wells)
