"""A well cut out of a frame, how well its embryo can be seen there, and how closely frames must be read for it."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from detector.stages.crops import EMBRYO_SHARE, SIZE, Circle, Crop, floor_of
from detector.types import Box, Image

LEAST_PX = 60.0
"""Frames are read no smaller than leaves an embryo this many pixels across; crops show it with 76."""
LEAST_FINE_PX = 40.0
"""An embryo that is smaller than this in the frame itself shows no single cells."""
EMBRYO_OF_WELL = 0.25
"""An embryo's diameter as a share of its well's longer outer side: 18 to 24 of 86 pixels in real dishes, .25 in renderings."""
MOST_SHRINK = 8
_DARK = 24
"""Grey level that the brightest tenth of a lit well always exceeds."""
_RIM_SHARE = 0.05
"""What floors found in small pictures lack of their rim, as a share of the longer side."""
_BEYOND = 0.04
"""Share of a well's side that may be cut off by the picture's edge without a loss."""


FLOOR_SHARE = 0.71
"""The floor's diameter as a share of a single-well picture's side, as embryos are searched in them: .64 to .77 in real ones."""
_FLOOR_OF_WELL = 0.55
"""The same of the well's outer side, where the floor cannot be told from its wall."""
_FLOORS = (0.4, 0.8)
"""What of the well's outer side can be its floor."""
_SMALL = 64


@dataclass(frozen=True, slots=True)
class WellWindow:
    """One well's part of a picture, its floor with some of the wall around; it shares the picture's memory."""

    image: Image
    shrink: float
    """Pixels of the frame per pixel of this."""
    corner: tuple[int, int]
    """Where it begins, from the upper left of the well's outer box."""
    well_side: float
    """The longer side of the well's outer box, in pixels of this."""
    is_cut_off: bool
    is_dark: bool


def cut(picture: Image, box: Box, width_px: int) -> WellWindow | None:
    """The middle of a well whose outer box is in pixels of the frame, `width_px` wide; None where hardly any of it is in the picture."""
    height, width = picture.shape
    shrink = width_px / width
    x0, y0, x1, y1 = (round(value / shrink) for value in (box.x0, box.y0, box.x1, box.y1))
    left, top, right, bottom = max(x0, 0), max(y0, 0), min(x1, width), min(y1, height)
    if right - left < 0.5 * (x1 - x0) or bottom - top < 0.5 * (y1 - y0) or min(right - left, bottom - top) < 8:
        return None
    well_side = float(max(x1 - x0, y1 - y0))
    x, y, side = _floor(picture[top:bottom, left:right], x0 - left, y0 - top, x1 - x0, y1 - y0)
    near = side / FLOOR_SHARE / 2
    low_x, low_y = max(round(left + x - near), left), max(round(top + y - near), top)
    image = picture[low_y : min(round(top + y + near), bottom), low_x : min(round(left + x + near), right)]
    is_cut_off = right - left < (1 - _BEYOND) * (x1 - x0) or bottom - top < (1 - _BEYOND) * (y1 - y0)
    is_dark = bool(np.percentile(image[::8, ::8], 90) < _DARK)
    return WellWindow(image, shrink, (low_x - x0, low_y - y0), well_side, is_cut_off, is_dark)


def _floor(outer: Image, left: int, top: int, width: int, height: int) -> tuple[float, float, float]:
    """Centre and diameter of the bright floor; the last four are the whole well's, of which `outer` may lack a part."""
    usual = left + width / 2, top + height / 2, _FLOOR_OF_WELL * max(width, height)
    scale = max(outer.shape) / _SMALL
    # Every so many pixels are enough for a floor, and averaging all of them took longer than finding the embryo.
    every = max(int(scale / 2), 1)
    some = np.ascontiguousarray(outer[::every, ::every])
    small = cv2.resize(some, (max(round(outer.shape[1] / scale), 1), max(round(outer.shape[0] / scale), 1)), interpolation=cv2.INTER_AREA)
    mask = floor_of(np.asarray(small, dtype=np.uint8))
    across, down = np.flatnonzero(mask.any(axis=0)), np.flatnonzero(mask.any(axis=1))
    if not len(across):
        return usual
    # The mask leaves out the rim on each side.
    rims = 2 * round(_RIM_SHARE * _SMALL)
    side = scale * (max(across[-1] - across[0], down[-1] - down[0]) + 1 + rims)
    x, y = scale * (across[0] + across[-1] + 1) / 2, scale * (down[0] + down[-1] + 1) / 2
    is_floor = _FLOORS[0] < side / max(width, height) < _FLOORS[1] and max(abs(x - usual[0]), abs(y - usual[1])) < 0.2 * max(width, height)
    return (x, y, side) if is_floor else usual


def shrink_for_stages(embryo_px: float) -> int:
    """By how much frames may be read smaller while an embryo of `embryo_px` keeps enough pixels: 1, 2, 4 or 8."""
    shrink = 1
    while shrink < MOST_SHRINK and embryo_px / (2 * shrink) >= LEAST_PX:
        shrink *= 2
    return shrink


def shrink_unseen(width_px: int) -> int:
    """The same before any well was seen: enough for the smallest embryos that a dish as wide as the picture shows."""
    shrink = 1
    while shrink < MOST_SHRINK and width_px // (2 * shrink) >= 2048:
        shrink *= 2
    return shrink


def sharpness(crop: Crop) -> float:
    """Energy of the edges inside the embryo's disc; crops have one contrast, so blurred ones have less of it."""
    soft = cv2.GaussianBlur(crop, (0, 0), 1.0)
    low, high = (round(SIZE * (0.5 + sign * EMBRYO_SHARE / 2)) for sign in (-1, 1))
    across, down = np.diff(soft[low:high, low:high], axis=1), np.diff(soft[low:high, low:high], axis=0)
    return float(np.mean(across * across) + np.mean(down * down))


def between(before: Circle, after: Circle) -> Circle | None:
    """The embryo's place between two looks that agree on it, None where it moved or changed; in shares of the well's longer side."""
    reach = min(before.radius_px, after.radius_px)
    if max(abs(before.x - after.x), abs(before.y - after.y)) > 0.12 * reach or abs(before.radius_px - after.radius_px) > 0.10 * reach:
        return None
    return Circle(
        (before.x + after.x) / 2,
        (before.y + after.y) / 2,
        (before.radius_px + after.radius_px) / 2,
        min(before.confidence, after.confidence),
    )
