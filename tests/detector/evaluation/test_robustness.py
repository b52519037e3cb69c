"""Robustness: truth is changed exactly as its picture is, and wells are found and named all the same."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from detector.commands.evaluate import robustness
from detector.evaluation.robustness import mirrored, scaled, turned, variations
from detector.evaluation.truth import Picture, from_dict, read_folder
from detector.loading import load_finder
from tests.detector.exact import dish


@pytest.fixture(scope="module")
def picture() -> Picture:
    shown = dish(81)
    return from_dict(shown.truth.as_dict("dish"), shown.image)


def wells_darker_than_their_surroundings(shown: Picture) -> int:
    """How many true boxes lie on the dark walls of the picture."""
    count = 0
    for well in shown.wells:
        x, y = well.box.centre
        half = well.box.width / 2, well.box.height / 2
        ring = np.array([(x + 0.85 * half[0] * np.cos(a), y + 0.85 * half[1] * np.sin(a)) for a in np.linspace(0, 6.2, 40)])
        inside = ring.astype(int).clip(0, [shown.image.shape[1] - 1, shown.image.shape[0] - 1])
        count += bool(np.median(shown.image[inside[:, 1], inside[:, 0]]) < np.median(shown.image) - 20)
    return count


@pytest.mark.parametrize("degrees", [-10.0, 10.0])
def test_boxes_turn_with_the_picture(picture: Picture, degrees: float) -> None:
    changed = turned(picture, degrees, cv2.BORDER_REPLICATE)
    assert wells_darker_than_their_surroundings(changed) == len(changed.wells) >= 8
    # A round outline's box does not grow when it turns.
    assert changed.wells[0].box.width == pytest.approx(picture.wells[0].box.width, rel=0.02)


@pytest.mark.parametrize("factor", [0.5, 5.0])
def test_boxes_grow_with_the_picture(picture: Picture, factor: float) -> None:
    changed = scaled(picture, factor)
    assert changed.image.shape == (round(276 * factor), round(384 * factor))
    assert wells_darker_than_their_surroundings(changed) == 9
    assert changed.wells[4].box.width == pytest.approx(picture.wells[4].box.width * factor)


@pytest.mark.parametrize("horizontally", [True, False])
def test_mirrored_wells_are_named_as_they_are_seen(picture: Picture, horizontally: bool) -> None:
    changed = mirrored(picture, horizontally=horizontally)
    places = {(w.row, w.column): w.box.centre for w in changed.wells}
    assert all(places[r, 0][0] < places[r, 2][0] and places[0, r][1] < places[2, r][1] for r in range(3))
    assert wells_darker_than_their_surroundings(changed) == 9


def test_mirroring_twice_changes_nothing(picture: Picture) -> None:
    again = mirrored(mirrored(picture, horizontally=True), horizontally=True)
    assert (again.image == picture.image).all()
    assert {(w.row, w.column): w.box.as_list() for w in again.wells} == {(w.row, w.column): w.box.as_list() for w in picture.wells}


def test_a_well_turned_out_of_the_picture_is_not_judged(picture: Picture) -> None:
    changed = turned(picture, 45.0, cv2.BORDER_CONSTANT)
    assert len(changed.wells) + len(changed.ignored) == 9
    assert changed.ignored


def test_every_change_has_its_own_name(picture: Picture) -> None:
    names = [name for name, _ in variations(picture)]
    assert len(names) == len(set(names)) == 16
    assert names[0] == "as it is"


@pytest.mark.real_data
def test_real_dishes_keep_recall_and_places_under_every_change(real_data: Path) -> None:
    pictures = list(read_folder(real_data / "wow_dishes"))
    for change, figures in robustness(pictures, {"shipped": load_finder()})["shipped"].items():
        assert (figures["recall"], figures["false_alarms"], figures["place"]) == (1.0, 0, 1.0), change
        assert figures["silently_wrong_places"] == 0, change
        assert figures["ap50_95"] > 0.93, change
