"""Finding the embryo in its well, and the crop that every encoder sees."""

from __future__ import annotations

import csv
from pathlib import Path

import cv2
import numpy as np
import pytest

from detector.stages.crops import SIZE, Circle, crop_embryo, find_embryo
from tests.detector.stages_frames.drawn import well
from tests.honesty import REAL_DATA


@pytest.mark.parametrize("place", [(128, 128), (80, 100), (170, 165)])
@pytest.mark.parametrize("cells", [1, 4, 12])
def test_an_embryo_is_found_wherever_it_lies_in_its_well(place: tuple[int, int], cells: int) -> None:
    circle = find_embryo(well(x=place[0], y=place[1], cells=cells))
    assert circle is not None
    assert np.hypot(circle.x - place[0], circle.y - place[1]) < 12
    assert 0.75 * 45 < circle.radius_px < 1.5 * 45
    assert 0 < circle.confidence <= 1


def test_a_nearly_black_picture_still_shows_its_embryo() -> None:
    circle = find_embryo(well(x=90, y=150, cells=4, light=0.15))
    assert circle is not None
    assert np.hypot(circle.x - 90, circle.y - 150) < 15


def test_an_embryo_in_a_plain_field_without_a_well_is_found() -> None:
    circle = find_embryo(well(x=150, y=110, cells=2, wall=False))
    assert circle is not None
    assert np.hypot(circle.x - 150, circle.y - 110) < 12


@pytest.mark.parametrize("has_wall", [True, False])
def test_an_empty_well_holds_no_embryo_and_still_gives_a_crop(has_wall: bool) -> None:
    picture = well(cells=0, wall=has_wall)
    assert find_embryo(picture) is None
    crop = crop_embryo(picture, None)
    assert crop.shape == (SIZE, SIZE)
    assert crop.dtype == np.float32


@pytest.mark.parametrize("picture", [np.zeros((40, 40), np.uint8), np.full((300, 17), 255, np.uint8), np.zeros((1, 1), np.uint8)])
def test_pictures_of_nothing_are_answered_and_not_failed_on(picture: np.ndarray) -> None:
    assert find_embryo(picture) is None
    assert np.isfinite(crop_embryo(picture, None)).all()


def test_exposure_leaves_the_crop_as_it_was() -> None:
    bright, dark = (crop_embryo(well(cells=4, light=light), Circle(128, 128, 45, 1)) for light in (1.0, 0.5))
    assert np.corrcoef(bright.ravel(), dark.ravel())[0, 1] > 0.97


def test_size_of_the_picture_leaves_the_crop_as_it_was() -> None:
    picture = well(cells=4)
    larger = np.asarray(cv2.resize(picture, (512, 512), interpolation=cv2.INTER_CUBIC), dtype=np.uint8)
    crop, again = crop_embryo(picture, Circle(128, 128, 45, 1)), crop_embryo(larger, Circle(256, 256, 90, 1))
    assert np.corrcoef(crop.ravel(), again.ravel())[0, 1] > 0.95


def test_the_wall_of_the_well_is_blanked_out() -> None:
    crop = crop_embryo(well(x=60, cells=4), Circle(60, 128, 45, 1))
    assert np.abs(crop[:, :8]).mean() < 0.2


@pytest.mark.real_data
def test_nearly_all_real_embryos_are_found() -> None:
    home = REAL_DATA / "wow_wells"
    with Path(home / "labels.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["split"] == "train"][::10]
    found = [find_embryo(np.asarray(cv2.imread(str(home / row["file"]), cv2.IMREAD_GRAYSCALE), dtype=np.uint8)) for row in rows]
    assert sum(circle is not None for circle in found) >= 0.97 * len(rows)
