"""What the net sees: any size, any contrast, and the way back to the frame's pixels."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from detector.synth import HARD, render_dish
from detector.types import Box, Image
from detector.wells.preprocess import HEIGHT, PADDING, WIDTH, prepare


@pytest.fixture(scope="module")
def picture() -> Image:
    return cv2.resize(render_dish(21, HARD).image, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA).astype(np.uint8)


def test_preparing_a_prepared_picture_changes_nothing_to_speak_of(picture: Image) -> None:
    once = prepare(picture).pixels
    twice = prepare(once).pixels
    assert np.abs(once.astype(int) - twice).max() <= 2


@pytest.mark.parametrize(("gain", "lift"), [(0.34, 0), (0.34, 60), (0.34, 165), (0.7, 20)])
def test_a_cut_in_contrast_is_undone(picture: Image, gain: float, lift: float) -> None:
    dim = np.clip(picture * gain + lift, 0, 255).round().astype(np.uint8)
    assert np.abs(prepare(dim).pixels.astype(int) - prepare(picture).pixels).mean() < 4


@pytest.mark.parametrize("size", [(384, 275), (2048, 1536), (192, 138), (500, 500), (300, 800), (1920, 1080)])
def test_boxes_find_their_way_there_and_back(size: tuple[int, int]) -> None:
    width, height = size
    prepared = prepare(np.full((height, width), 90, dtype=np.uint8))
    box = Box(0.1 * width, 0.2 * height, 0.4 * width, 0.6 * height)
    there = prepared.from_frame(box)
    back = prepared.to_frame(*there)
    assert prepared.pixels.shape == (HEIGHT, WIDTH)
    assert 0 <= there[0] < there[2] <= WIDTH
    assert 0 <= there[1] < there[3] <= HEIGHT
    assert np.allclose(back.as_list(), box.as_list(), atol=0.02)


def test_boxes_beyond_the_frame_are_cut_to_it() -> None:
    prepared = prepare(np.zeros((100, 200), dtype=np.uint8))
    assert prepared.to_frame(-50, -50, 1000, 1000) == Box(0, 0, 200, 100)


def test_a_black_frame_is_not_blown_up_to_noise() -> None:
    noise = np.random.default_rng(0).integers(0, 4, (275, 384)).astype(np.uint8)
    assert prepare(noise).pixels[20:260].astype(float).std() < 40


def test_what_lies_beside_a_narrow_picture_is_plain() -> None:
    pixels = prepare(np.random.default_rng(0).integers(0, 255, (400, 100)).astype(np.uint8)).pixels
    assert (pixels[:, :100] == PADDING).all()
    assert (pixels[:, -100:] == PADDING).all()
