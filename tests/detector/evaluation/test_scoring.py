"""Scoring: figures that can be worked out by hand, and that agree with an independent scorer on real dishes."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from detector.commands.wells import as_dict
from detector.evaluation.scoring import Tally, macro_f1, table
from detector.evaluation.truth import Picture, TrueWell, read_folder
from detector.types import Box, Candidate, Content, FrameResult, Layout, Sighting, Well
from detector.wells.hough import HoughFinder
from detector.wells.naming import read_frame

EMPTY, EMBRYO = Content.EMPTY, Content.EMBRYO


def box(column: int, *, off: float = 0.0) -> Box:
    return Box(20 * column + off, 0, 20 * column + 10 + off, 10)


def picture(*contents: Content) -> Picture:
    wells = tuple(TrueWell(0, k, box(k), content) for k, content in enumerate(contents))
    return Picture("p", np.zeros((10, 100), np.uint8), wells, (), Layout(3, 3), is_usable=True, gas_outside_wells=False)


def result(*wells: Well, is_sure: bool = True, layout: Layout | None = Layout(3, 3)) -> FrameResult:
    return FrameResult(0, 100, 10, layout, wells, True, False, "", 0.1, is_sure)


def figures(truth: Picture, found: FrameResult) -> dict[str, Any]:
    tally = Tally()
    tally.add_frame(truth, found)
    return tally.figures()


def test_all_right_is_one_everywhere() -> None:
    said = [Well(0, k, box(k), content, 0.9) for k, content in enumerate((EMPTY, EMBRYO))]
    scored = figures(picture(EMPTY, EMBRYO), result(*said))
    for name in ("recall", "ap50", "ap50_95", "content", "content_macro_f1", "place", "layout", "usable", "gas_outside"):
        assert scored[name] == 1.0, name
    assert (scored["false_alarms"], scored["flagged"], scored["silently_wrong_places"]) == (0, 0, 0)


def test_a_missed_well_costs_recall_and_precision_area() -> None:
    scored = figures(picture(EMPTY, EMPTY), result(Well(0, 0, box(0), EMPTY, 0.9)))
    assert (scored["recall"], scored["ap50"]) == (0.5, 0.5)


def test_a_false_alarm_costs_more_the_surer_it_is() -> None:
    true, false = Well(0, 0, box(0), EMPTY, 0.5), Well(0, 1, box(4), EMPTY, 0.4)
    assert figures(picture(EMPTY), result(true, false))["ap50"] == 1.0
    assert figures(picture(EMPTY), result(true, replace(false, confidence=0.9)))["ap50"] == 0.5
    assert figures(picture(EMPTY), result(true, false))["false_alarms"] == 1


def test_a_loose_box_counts_at_loose_thresholds_only() -> None:
    # Off by 2 of 10: IoU 8/12, which passes .50, .55, .60 and .65.
    scored = figures(picture(EMPTY), result(Well(0, 0, box(0, off=2), EMPTY, 0.9)))
    assert (scored["ap50"], scored["ap50_95"]) == (1.0, 0.4)


def test_a_well_found_twice_is_a_false_alarm() -> None:
    twice = result(Well(0, 0, box(0), EMPTY, 0.9), Well(0, 1, box(0, off=1), EMPTY, 0.8))
    assert figures(picture(EMPTY), twice)["false_alarms"] == 1


def test_wrong_names_are_counted_apart_from_those_that_were_flagged() -> None:
    wrong = Well(0, 1, box(0), EMPTY, 0.9)
    assert figures(picture(EMPTY), result(wrong))["silently_wrong_places"] == 1
    flagged = figures(picture(EMPTY), result(wrong, is_sure=False))
    assert (flagged["silently_wrong_places"], flagged["flagged"], flagged["place"]) == (0, 1, 0.0)


def test_wells_in_ignored_places_are_neither_right_nor_wrong() -> None:
    truth = replace(picture(EMPTY), ignored=(box(3),))
    scored = figures(truth, result(Well(0, 0, box(0), EMPTY, 0.9), Well(0, 1, box(3), EMPTY, 0.99)))
    assert (scored["false_alarms"], scored["ap50"]) == (0, 1.0)


def test_contents_nobody_is_sure_about_are_not_judged() -> None:
    truth = replace(picture(EMPTY), wells=(TrueWell(0, 0, box(0), EMPTY, is_content_sure=False),))
    assert figures(truth, result(Well(0, 0, box(0), EMBRYO, 0.9)))["content"] is None


def test_each_content_has_its_own_precision() -> None:
    said = [Well(0, 0, box(0), EMPTY, 0.9), Well(0, 1, box(1), EMPTY, 0.8)]
    scored = figures(picture(EMPTY, EMBRYO), result(*said))
    assert scored["per_content"]["empty"]["ap50"] == 1.0
    assert scored["per_content"]["embryo"]["ap50"] == 0.0
    assert scored["per_content"]["gas"]["ap50"] is None
    assert scored["content"] == 0.5


def test_macro_f1_weighs_every_content_alike() -> None:
    confusion = np.array([[8, 0, 0, 0], [2, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]])
    assert macro_f1(confusion) == pytest.approx(16 / 18 / 2, abs=1e-4)


def test_a_finder_by_itself_is_judged_without_names() -> None:
    tally = Tally()
    tally.add_sighting(picture(EMPTY), Sighting((Candidate(box(0), EMPTY, 0.9),), 0.0))
    assert "place" not in tally.figures()
    assert tally.figures()["recall"] == 1.0


def test_the_table_has_a_row_a_name() -> None:
    scored = figures(picture(EMPTY), result(Well(0, 0, box(0), EMPTY, 0.9)))
    rows = table({"one": scored, "two": scored}).splitlines()
    assert len(rows) == 4
    assert len({row.count("|") for row in rows}) == 1


@pytest.mark.real_data
def test_figures_agree_with_the_independent_scorer(real_data: Path, tmp_path: Path) -> None:
    pictures = list(read_folder(real_data / "wow_dishes"))
    tally = Tally()
    entries: Sequence[dict[str, Any]] = []
    for shown in pictures:
        found = read_frame(shown.image, HoughFinder().find([shown.image])[0])
        tally.add_frame(shown, found)
        entries = [*entries, as_dict(shown.name, found)]
    predictions = tmp_path / "predictions.json"
    predictions.write_text(json.dumps(entries))
    scorer = real_data.parent / "tools" / "score_wells.py"
    truth = real_data / "wow_dishes" / "truth.json"
    independent = json.loads(subprocess.run([sys.executable, scorer, truth, predictions], capture_output=True, timeout=60).stdout)
    ours = tally.figures()
    for name, theirs in (("recall", "recall"), ("ap50_95", "map"), ("content", "content"), ("place", "place"), ("iou", "iou")):
        assert ours[name] == pytest.approx(independent[theirs], abs=2e-3), name
