"""Hough circles: a baseline that finds wells, guesses contents, and needs no weights."""

from __future__ import annotations

import numpy as np

from detector.protocols import WellFinder
from detector.wells.hough import HoughFinder
from detector.wells.naming import read_frame
from tests.detector.exact import dish


def test_it_is_a_finder_without_weights() -> None:
    finder = HoughFinder()
    assert isinstance(finder, WellFinder)
    assert (finder.name, finder.weights_hash) == ("hough", "")


def test_most_wells_of_clean_dishes_are_found() -> None:
    shown = [dish(seed) for seed in (31, 32, 33)]
    found = 0
    for one, sighting in zip(shown, HoughFinder().find([s.image for s in shown]), strict=True):
        found += sum(any(c.box.iou(w.box) > 0.5 for c in sighting.candidates) for w in one.truth.wells)
    assert found >= 24


def test_its_circles_can_be_named() -> None:
    shown = dish(34)
    result = read_frame(shown.image, HoughFinder().find([shown.image])[0])
    assert result.is_usable
    assert result.layout == shown.truth.layout


def test_a_blank_picture_holds_no_wells() -> None:
    assert HoughFinder().find([np.full((60, 80), 7, np.uint8)])[0].candidates == ()


def test_the_same_picture_gives_the_same_answer() -> None:
    image = dish(35).image
    finder = HoughFinder()
    assert finder.find([image]) == finder.find([image])
