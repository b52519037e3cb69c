"""Rims: fitted to a fraction of a pixel, whatever the size and contrast, also where the picture ends or something lies over them."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from detector.types import Box, Image
from detector.wells.ellipse import Rims, fit_rims
from tests.detector.exact import dish

CENTRES = np.array([[80.0, 70.0], [180.0, 72.0], [280.0, 74.0], [82.0, 190.0], [182.0, 192.0], [282.0, 194.0]])
HALF = np.array([41.0, 39.0])


def painted(
    centres: npt.NDArray[np.float64] = CENTRES, half: npt.NDArray[np.float64] = HALF, contrast: float = 1.0, scale: int = 1
) -> Image:
    """Dark ellipses with a bright halo, drawn four times as large and reduced, so that edges lie between pixels too."""
    over = 4
    image = np.full((264 * over * scale, 364 * over * scale), 140, np.uint8)
    for grey, growth in ((220, 1.12), (20, 1.0), (120, 0.55)):
        for centre in centres:
            # Pixel k covers k to k + 1, OpenCV draws at pixel middles.
            x, y = (int((v * over * scale - 0.5) * 16) for v in centre)
            axes = tuple(int(v * over * scale * growth * 16) for v in half)
            cv2.ellipse(image, (x, y), axes, 0, 0, 360, grey, -1, cv2.LINE_AA, 4)
    small = cv2.resize(image, (364 * scale, 264 * scale), interpolation=cv2.INTER_AREA)
    soft = cv2.GaussianBlur(small, (0, 0), 1.2 * scale).astype(np.float64)
    grain = np.random.default_rng(3).normal(0, 3, soft.shape)
    return np.clip(128 + (soft + grain - 128) * contrast, 0, 255).astype(np.uint8)


def overlaps(rims: Rims, centres: npt.NDArray[np.float64], half: npt.NDArray[np.float64]) -> list[float]:
    found = [Box(*(c - h).tolist(), *(c + h).tolist()) for c, h in zip(rims.centres, rims.half_sizes, strict=True)]
    return [Box(*(c - half).tolist(), *(c + half).tolist()).iou(one) for c, one in zip(centres, found, strict=True)]


@pytest.mark.parametrize("contrast", [1.0, 0.3, 0.12])
@pytest.mark.parametrize("off", [0.0, 0.15])
def test_rims_are_found_to_a_fraction_of_a_pixel(contrast: float, off: float) -> None:
    start = CENTRES + np.random.default_rng(1).uniform(-off, off, CENTRES.shape) * HALF
    rims = fit_rims(painted(contrast=contrast), start, HALF * (1 + off / 2))
    assert min(overlaps(rims, CENTRES, HALF)) > 0.975
    assert rims.support.min() > 0.9


@pytest.mark.parametrize("scale", [1, 4])
def test_the_size_of_the_picture_does_not_matter(scale: int) -> None:
    rims = fit_rims(painted(scale=scale), CENTRES * scale, HALF * scale)
    assert min(overlaps(rims, CENTRES * scale, HALF * scale)) > 0.98


def test_a_well_cut_by_the_border_keeps_the_common_shape() -> None:
    centres = CENTRES - [0.0, 55.0]
    rims = fit_rims(painted(centres), centres + 3, HALF)
    assert min(overlaps(rims, centres, HALF)) > 0.96
    assert rims.visible[0] < 0.8


def test_something_bright_over_a_rim_does_not_move_it() -> None:
    image = painted()
    cv2.circle(image, (120, 70), 14, 250, -1)
    cv2.line(image, (180, 105), (180, 160), 10, 5)
    rims = fit_rims(image, CENTRES, HALF)
    assert min(overlaps(rims, CENTRES, HALF)) > 0.97


def test_where_there_is_no_rim_the_place_stays_and_support_is_low() -> None:
    grain = np.random.default_rng(2).normal(128, 6, (264, 364)).astype(np.uint8)
    rims = fit_rims(grain, CENTRES, HALF)
    assert rims.support.max() < 0.4
    assert rims.centres == pytest.approx(CENTRES)


def test_a_guess_beside_the_wells_finds_no_support() -> None:
    guess = np.array([[230.0, 132.0], [130.0, 130.0]])
    rims = fit_rims(painted(), np.concatenate([CENTRES, guess]), HALF, known=len(CENTRES))
    assert rims.support[: len(CENTRES)].min() > 0.9
    assert rims.support[len(CENTRES) :].max() < 0.4


def test_no_wells_give_no_rims() -> None:
    assert len(fit_rims(painted(), np.zeros((0, 2)), HALF).centres) == 0


@pytest.mark.parametrize("seed", [11, 12, 13])
def test_rendered_wells_are_outlined_better_than_people_agree(seed: int) -> None:
    shown = dish(seed)
    boxes = [w.box for w in shown.truth.wells if w.visible == 1.0]
    centres = np.array([box.centre for box in boxes])
    half = np.array([np.median([b.width for b in boxes]), np.median([b.height for b in boxes])]) / 2
    rims = fit_rims(shown.image, centres + 2.0, half * 1.05)
    found = [Box(*(c - h).tolist(), *(c + h).tolist()) for c, h in zip(rims.centres, rims.half_sizes, strict=True)]
    # Two people's labels of the same wells overlap by .967.
    assert np.mean([a.iou(b) for a, b in zip(boxes, found, strict=True)]) > 0.967
