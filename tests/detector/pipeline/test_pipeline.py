"""The way of a recording: what is told, in which order, and how little of it waits."""

from __future__ import annotations

import json
import math
import time
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import pytest

from detector.loading import load_finder, load_reader
from detector.pipeline import analyse
from detector.protocols import DishReader
from detector.stacks import open_stack
from detector.synth import RecordingSettings, RenderedDish
from detector.synth.recording import render_recording
from detector.types import (
    AlertRaised,
    Box,
    Content,
    ContentChanged,
    DishSettled,
    Finding,
    FramesFollowed,
    Layout,
    Progress,
    Sighting,
    WellsFound,
)
from tests.detector.exact import Change, ExactFinder, MemoryStack, dish, drifting, shifted, sighting_of

Kind = TypeVar("Kind")


@pytest.fixture(scope="module")
def wandering() -> list[RenderedDish]:
    """A dish with bubbles that are gone after half of the recording."""
    return drifting(26, contents=(Content.EMBRYO_GAS, Content.EMBRYO, Content.EMPTY), gas_lasts=0.5)


def read(frames: list[RenderedDish], *, change: Change = lambda _, seen: seen, hours: tuple[float, ...] | None = None) -> list[Finding]:
    return list(analyse(MemoryStack(frames, hours), finder=ExactFinder(frames, change), reader=load_reader()))


def of(kind: type[Kind], findings: list[Finding]) -> list[Kind]:
    return [finding for finding in findings if isinstance(finding, kind)]


def test_the_first_frames_wells_are_told_before_the_second_frame_is_read(wandering: list[RenderedDish]) -> None:
    stack = MemoryStack(wandering)
    findings = analyse(stack, finder=ExactFinder(wandering), reader=load_reader())
    first = next(findings)
    assert isinstance(first, WellsFound)
    assert first.result.frame_index == 0
    assert stack.read_so_far == 1
    assert [w.name for w in first.result.wells] == ["A1", "A2", "A3", "B1", "B2", "B3", "C1", "C2", "C3"]


def test_every_frame_is_seen_once_the_first_alone_then_eight_at_a_time(wandering: list[RenderedDish]) -> None:
    finder = ExactFinder(wandering)
    stack = MemoryStack(wandering)
    findings = list(analyse(stack, finder=finder, reader=load_reader()))
    assert finder.batches == [1, 8, 8, 8, 1]
    assert stack.read_so_far == len(wandering)
    assert [p.frames_done for p in of(Progress, findings)] == [1, 9, 17, 25, 26]
    assert {p.frames_total for p in of(Progress, findings)} == {26}


def test_every_frame_gets_one_placement_in_order_and_before_its_progress(wandering: list[RenderedDish]) -> None:
    findings = read(wandering)
    followed = [p.frame_index for f in of(FramesFollowed, findings) for p in f.placements]
    assert followed == list(range(26))
    kinds = [type(f) for f in findings if isinstance(f, FramesFollowed | Progress)]
    assert kinds == [FramesFollowed, Progress] * 5


def test_placements_carry_the_last_outlines_onto_every_frame(wandering: list[RenderedDish]) -> None:
    keys: dict[int, WellsFound] = {}
    for finding in read(wandering):
        if isinstance(finding, WellsFound):
            keys[finding.result.frame_index] = finding
        if isinstance(finding, FramesFollowed):
            for p in finding.placements:
                key = keys[max(k for k in keys if k <= p.frame_index)].result
                turn = math.cos(p.rotation_rad), math.sin(p.rotation_rad)
                for well, truth in zip(key.wells, wandering[p.frame_index].truth.wells, strict=True):
                    x, y = well.box.centre
                    moved = (
                        p.scale * (turn[0] * x - turn[1] * y) + p.dx_px,
                        p.scale * (turn[1] * x + turn[0] * y) + p.dy_px,
                    )
                    assert moved == pytest.approx(truth.box.centre, abs=1.5)


def test_vanished_bubbles_are_told_with_the_frame_they_vanished_in(wandering: list[RenderedDish]) -> None:
    held = {(w.row, w.column): w.content for w in wandering[0].truth.wells}
    gone = next(k for k, shown in enumerate(wandering) if all(w.content is not Content.EMBRYO_GAS for w in shown.truth.wells))
    changes = of(ContentChanged, read(wandering))
    assert {(c.well.row, c.well.column) for c in changes} == {place for place, content in held.items() if content is Content.EMBRYO_GAS}
    assert {(c.frame_index, c.previous, c.well.content) for c in changes} == {(gone, Content.EMBRYO_GAS, Content.EMBRYO)}


def test_bubbles_of_the_first_hours_raise_an_alert_each(wandering: list[RenderedDish]) -> None:
    alerts = [a for a in of(AlertRaised, read(wandering, hours=tuple(0.2 * k for k in range(26)))) if a.kind == "gas_in_well"]
    gassy = {(w.row, w.column) for w in wandering[0].truth.wells if w.content is Content.EMBRYO_GAS}
    assert {(a.row, a.column) for a in alerts} == gassy
    assert {a.frame_index for a in alerts} == {0}


def test_flicker_of_the_finder_is_not_told(wandering: list[RenderedDish]) -> None:
    def flicker(index: int, seen: Sighting) -> Sighting:
        odd = tuple(replace(c, content=Content.GAS, content_probabilities={Content.GAS: 0.97}) for c in seen.candidates)
        return replace(seen, candidates=odd) if index in (5, 9, 17) else seen

    assert of(ContentChanged, read(wandering, change=flicker)) == of(ContentChanged, read(wandering))


def test_the_recording_ends_with_the_dish_as_a_whole(wandering: list[RenderedDish]) -> None:
    last = read(wandering)[-1]
    assert isinstance(last, DishSettled)
    assert (last.layout, last.frames, last.usable_frames) == (Layout(3, 3), 26, 26)
    assert len(last.wells) == 9
    assert not any(w.filled_in for w in last.wells)


def test_unusable_frames_are_counted_told_and_survived(wandering: list[RenderedDish]) -> None:
    def blind(index: int, seen: Sighting) -> Sighting:
        return Sighting((), 0.0) if 10 <= index < 15 else seen

    findings = read(wandering, change=blind)
    last = findings[-1]
    assert isinstance(last, DishSettled)
    assert last.usable_frames == 21
    assert [(a.kind, a.frame_index) for a in of(AlertRaised, findings) if a.kind == "frames_unusable"] == [("frames_unusable", 10)]
    usable = {p.frame_index: p.is_usable for f in of(FramesFollowed, findings) for p in f.placements}
    assert [k for k, is_usable in usable.items() if not is_usable] == [10, 11, 12, 13, 14]


def test_a_recording_that_begins_blind_is_named_from_its_first_good_frame(wandering: list[RenderedDish]) -> None:
    findings = read(wandering, change=lambda index, seen: seen if index >= 4 else Sighting((), 0.0))
    found = of(WellsFound, findings)
    assert [(f.result.frame_index, f.result.is_usable) for f in found[:2]] == [(0, False), (4, True)]
    assert len(found[1].result.wells) == 9


def test_a_recording_without_any_dish_still_ends() -> None:
    shown = dish(61)
    frames = [shown] * 5
    findings = list(analyse(MemoryStack(frames), finder=ExactFinder([shown], lambda _i, _s: Sighting((), 0.0)), reader=load_reader()))
    (settled,) = of(DishSettled, findings)
    assert replace(settled, looks=None) == DishSettled(None, (), 0, 5)
    assert settled.looks is not None
    assert [a.kind for a in of(AlertRaised, findings)] == ["frames_unusable"]


def test_an_emptied_well_raises_an_alert(wandering: list[RenderedDish]) -> None:
    def emptied(index: int, seen: Sighting) -> Sighting:
        shares = {one: 0.97 if one is Content.EMPTY else 0.01 for one in Content}
        first = replace(seen.candidates[1], content=Content.EMPTY, content_probabilities=shares)
        return seen if index < 12 else replace(seen, candidates=(seen.candidates[0], first, *seen.candidates[2:]))

    held = wandering[0].truth.wells[1].content
    alerts = [a for a in of(AlertRaised, read(wandering, change=emptied)) if a.kind == "well_emptied"]
    expected = [(12, 0, 1)] if held in (Content.EMBRYO, Content.EMBRYO_GAS) else []
    assert [(a.frame_index, a.row, a.column) for a in alerts] == expected


def test_outlines_told_later_hold_the_smoothed_contents() -> None:
    shown = dish(62, border_rate=0.0)
    reader = load_reader()
    for index in range(5):
        list(reader.read(index, shown.image, sighting_of(shown), None))
    image, seen = shifted(shown.image, sighting_of(shown), 24, 0)
    odd = tuple(replace(c, content=Content.GAS, content_probabilities={Content.GAS: 1.0}) for c in seen.candidates)
    (found,) = of(WellsFound, list(reader.read(5, image, replace(seen, candidates=odd), None)))
    held = {(w.row, w.column): w.content for w in shown.truth.wells}
    assert {(w.row, w.column): w.content for w in found.result.wells} == held


def test_a_large_recording_is_read_smaller_and_told_in_its_own_pixels(tmp_path: Path) -> None:
    render_recording(63, 10, tmp_path, RecordingSettings(width=1648, height=1180, layout=Layout(3, 3), drift_px=3))
    truth = json.loads((tmp_path / "truth.json").read_text())
    with open_stack(tmp_path) as stack:
        findings = list(analyse(stack, finder=load_finder("yolo"), reader=load_reader()))
    first = of(WellsFound, findings)[0].result
    assert (first.width, first.height) == (1648, 1180)
    last = findings[-1]
    assert isinstance(last, DishSettled)
    for frame, wells in ((0, first.wells), (9, last.wells)):
        told = {(well.row, well.column): well.box for well in wells}
        for well in truth[frame]["wells"]:
            assert told[well["row"], well["column"]].iou(Box(*well["box"])) > 0.9
    (moved,) = [p for f in of(FramesFollowed, findings) for p in f.placements if p.frame_index == 9]
    centre = first.wells[0].box.centre
    (here,) = [Box(*well["box"]).centre for well in truth[9]["wells"] if (well["row"], well["column"]) == (0, 0)]
    assert (centre[0] + moved.dx_px, centre[1] + moved.dy_px) == pytest.approx(here, abs=12)


def test_the_reader_keeps_its_promise() -> None:
    assert isinstance(load_reader(), DishReader)


def test_the_pipeline_costs_less_than_a_millisecond_a_frame(wandering: list[RenderedDish]) -> None:
    frames = wandering * 8
    finder = ExactFinder(wandering)
    best = min(_cpu_seconds(frames, finder) for _ in range(3)) / len(frames)
    assert best < 0.0015


def _cpu_seconds(frames: list[RenderedDish], finder: ExactFinder) -> float:
    found = {id(shown.image): finder.find([shown.image])[0] for shown in frames}
    reader = load_reader()
    start = time.process_time()
    for index, shown in enumerate(frames):
        for _ in reader.read(index, shown.image, found[id(shown.image)], None):
            pass
    return time.process_time() - start
