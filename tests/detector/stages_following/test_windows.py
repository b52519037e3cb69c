"""What is cut out of a frame for one embryo."""

from __future__ import annotations

import numpy as np
import pytest

from detector.following.windows import cut, shrink_for_stages
from detector.stages.crops import find_embryo
from detector.types import Box
from tests.detector.stages_following.dishes import WHOLE, ZYGOTE, Dish, picture_of

PICTURE = picture_of(Dish((ZYGOTE,) * 9), WHOLE)
FIRST = Box(WHOLE // 2, WHOLE // 12, WHOLE // 2 + WHOLE, WHOLE // 12 + WHOLE)


def test_a_window_is_the_floor_with_some_of_the_wall_as_in_pictures_of_single_wells() -> None:
    window = cut(PICTURE, FIRST, PICTURE.shape[1])
    assert window is not None
    floor = np.count_nonzero(window.image > 80) / window.image.size
    assert 2 * np.sqrt(floor / np.pi) == pytest.approx(0.71, abs=0.08)
    found = find_embryo(window.image)
    assert found is not None
    assert (window.corner[0] + found.x, window.corner[1] + found.y) == pytest.approx((WHOLE / 2, WHOLE / 2), abs=6)
    assert not window.is_cut_off
    assert not window.is_dark


def test_a_well_partly_beyond_the_picture_says_so_and_one_mostly_beyond_it_is_left_out() -> None:
    partly = cut(PICTURE[:, WHOLE // 2 + 60 :], Box(-60, FIRST.y0, WHOLE - 60, FIRST.y1), PICTURE.shape[1] - WHOLE // 2 - 60)
    assert partly is not None
    assert partly.is_cut_off
    assert cut(PICTURE, Box(-200, 0, 56, 256), PICTURE.shape[1]) is None


def test_a_black_well_is_dark() -> None:
    window = cut(np.zeros_like(PICTURE), FIRST, PICTURE.shape[1])
    assert window is not None
    assert window.is_dark


def test_frames_are_read_as_small_as_leaves_an_embryo_sixty_pixels() -> None:
    assert [shrink_for_stages(px) for px in (20, 60, 119, 120, 250, 2000)] == [1, 1, 1, 2, 4, 8]
