"""Augmentation: boxes go where the pixels go."""

from __future__ import annotations

import numpy as np

from detector.training.augment import augmented
from detector.wells.preprocess import HEIGHT, WIDTH


def test_boxes_follow_the_pixels_through_every_change() -> None:
    picture = np.full((HEIGHT, WIDTH), 200, np.uint8)
    picture[100:150, 60:140] = 10
    labels = np.array([[1, 60, 100, 140, 150]], np.float32)
    for seed in range(60):
        changed, moved = augmented(picture, labels, np.random.default_rng(seed))
        _, x0, y0, x1, y1 = moved[0]
        x, y = (x0 + x1) / 2, (y0 + y1) / 2
        middle, edges = changed[int(y), int(x)], [(x0 - 6, y), (x1 + 6, y), (x, y0 - 6), (x, y1 + 6)]
        for px, py in edges:
            if 2 < px < WIDTH - 3 and 2 < py < HEIGHT - 3:
                assert changed[int(py), int(px)] > middle + 50
        for px, py in [(x0 + 5, y), (x1 - 5, y), (x, y0 + 5), (x, y1 - 5)]:
            assert changed[int(py), int(px)] < middle + 50


def test_the_same_random_numbers_change_a_picture_the_same_way_and_leave_the_original_alone() -> None:
    picture = np.random.default_rng(1).integers(0, 256, (HEIGHT, WIDTH)).astype(np.uint8)
    labels = np.array([[0, 10, 20, 60, 70]], np.float32)
    kept = picture.copy(), labels.copy()
    first, second = (augmented(picture, labels, np.random.default_rng(4)) for _ in range(2))
    assert np.array_equal(first[0], second[0])
    assert np.array_equal(first[1], second[1])
    assert np.array_equal(picture, kept[0])
    assert np.array_equal(labels, kept[1])


def test_a_picture_without_labels_stays_without() -> None:
    picture = np.zeros((HEIGHT, WIDTH), np.uint8)
    for seed in range(10):
        assert augmented(picture, np.empty((0, 5), np.float32), np.random.default_rng(seed))[1].shape == (0, 5)
