"""The figures epochs are chosen by."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from detector.training.judging import judge, macro_f1
from detector.training.renderings import Renderings
from detector.wells.decoding import decode

TRUTH = np.array([[1, 50, 50, 110, 110], [0, 150, 50, 210, 110]], np.float32)


def answers(*wells: tuple[int, float, float]) -> npt.NDArray[np.float32]:
    """A raw answer with one anchor a well of (class, x, y), all 60 pixels wide."""
    raw = np.zeros((9, max(len(wells), 1)), np.float32)
    for k, (content, x, y) in enumerate(wells):
        raw[:4, k] = x, y, 60, 60
        raw[4 + content, k] = 0.9
    return raw


def judged(raw: npt.NDArray[np.float32]) -> dict[str, object]:
    held_out = Renderings(np.zeros((1, 288, 384), np.uint8), [TRUTH])
    return judge(lambda pictures: [decode(raw)] * len(pictures), held_out).as_dict()


def test_all_found_and_right_is_a_perfect_score() -> None:
    result = judged(answers((1, 80, 80), (0, 180, 80)))
    assert (result["recall"], result["false_alarms"], result["content_f1"], result["mean_iou"]) == (1.0, 0, 1.0, 1.0)


def test_a_missed_and_an_invented_well_are_counted() -> None:
    result = judged(answers((1, 80, 80), (0, 300, 200)))
    assert (result["recall"], result["false_alarms"]) == (0.5, 1)


def test_a_wrong_content_costs_content_and_not_recall() -> None:
    result = judged(answers((3, 80, 80), (0, 180, 80)))
    assert result["recall"] == 1.0
    assert result["content_accuracy"] == 0.5


def test_seeing_nothing_is_no_error_of_the_judge() -> None:
    assert judged(answers())["recall"] == 0.0


def test_macro_f1_leaves_out_classes_that_do_not_occur() -> None:
    assert macro_f1(np.array([[3, 1], [0, 0]])) == pytest.approx(6 / 7)
