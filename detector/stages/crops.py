"""Where the embryo lies inside its well, and the normalised crop around it that every frame encoder sees."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt

from detector.types import Image

SIZE = 112
"""Side of a crop in pixels."""
NAME = "embryo-crop-112-log-ratio-2"
EMBRYO_SHARE = 0.68
"""The embryo's diameter as a share of the crop's side: one and a half diameters are seen, of which a jittered circle takes some."""
CENTRE_SHARE = 0.20
"""Radius, as a share of the picture's longer side, of the disc that stands in where no embryo is found."""

Crop = npt.NDArray[np.float32]
Plane = npt.NDArray[np.float32]
_FINE, _COARSE = 160, 64
_RADII = tuple(float(r) for r in np.geomspace(0.125, 0.36, 12))
"""Radii looked for, as shares of the longer side: an embryo in a wide well, up to a hatching blastocyst in a narrow one."""
_RIM_SHARE = 0.05
"""How far the wall's halo reaches into the floor, as a share of the longer side."""
_NARROW, _WIDE = 0.8, 2.0
"""Blurs whose difference is texture, in pixels of the finer picture: wider ones take the halo for an embryo."""
_MISS = 0.40
"""What a pixel without any sign of an embryo costs a disc that holds it."""
_OUTSIDE = 0.22
"""The same beyond the floor, where an embryo at the wall reaches under the mask: neither free, nor as dear as bare floor."""
_SPREAD = 1.8
"""How far texture is smeared beyond the embryo's rim by what measures it, in pixels of the small picture."""
_REACH = 1.15
"""Largest log-ratio to the embryo's own level that can still be embryo or floor."""
_SHINING, _SHINING_SHARE = 1.45, 0.02
"""Over the floor's level, from which a bright ring is its rim, where it takes at least that share of all that is bright."""
_BLACK, _LEAST_BUBBLE = 0.3, 14
"""Share of the floor's level below which no embryo is, and pixels of the small picture from which that is a bubble."""
_LEAST_FLOOR = 200
"""Pixels of the small picture, below which nothing can be told from its surroundings."""
_LEAST_RATIO = 1.9
"""Strongest texture over the floor's grain, below which a well counts as empty."""


@dataclass(frozen=True, slots=True)
class Circle:
    """An embryo's place and size in pixels of its well's picture; `confidence`, 0 to 1, is how much of the disc looks like an embryo."""

    x: float
    y: float
    radius_px: float
    confidence: float


def find_embryo(well: Image) -> Circle | None:
    """The disc that best holds texture unlike the floor's, or None where nothing stands out of the grain.

    `well` is a grey picture (height, width) of one well, or of a plain field that holds one embryo.
    """
    signs, inside, scale = _signs(well)
    if signs is None:
        return None
    worth = np.where(inside > 0, signs - _MISS, -_OUTSIDE).astype(np.float32)
    best, x, y, step = max(_best_disc(worth, inside, k) for k in range(0, len(_RADII), 2))
    beside = [k for k in (step - 1, step + 1) if 0 <= k < len(_RADII)]
    best, x, y, step = max((best, x, y, step), *(_best_disc(worth, inside, k) for k in beside))
    reach = _RADII[step] * _COARSE
    if best <= 0:
        return None
    confidence = float(np.clip(best / (np.pi * reach**2) / (1 - _MISS), 0.0, 1.0))
    return Circle((x + 0.5) * scale, (y + 0.5) * scale, max(reach - _SPREAD, 1.0) * scale, confidence)


def crop_embryo(well: Image, circle: Circle | None) -> Crop:
    """Float32 (SIZE, SIZE): the embryo filling EMBRYO_SHARE of the side, log-ratio to its surroundings, in units of its own contrast.

    Where `circle` is None the middle of the well is shown, so that an empty well can be seen to be empty.
    """
    return normalised(window(well, *placed(well, circle)))


def placed(well: Image, circle: Circle | None) -> tuple[float, float, float]:
    """Centre and side of the square that is cropped; the middle of the well where no embryo was found."""
    height, width = well.shape
    x, y, radius = (width / 2, height / 2, CENTRE_SHARE * max(width, height)) if circle is None else (circle.x, circle.y, circle.radius_px)
    return x, y, 2 * radius / EMBRYO_SHARE


def window(well: Image, x: float, y: float, side: float, pixels: int = SIZE) -> Image:
    """The square of `side` around (x, y), resampled to `pixels` a side; beyond the picture all is black."""
    step = side / pixels
    matrix = np.array([[step, 0, x - 0.5 - step * (pixels - 1) / 2], [0, step, y - 0.5 - step * (pixels - 1) / 2]])
    source = well
    if step > 1.5:
        # Linear sampling would skip pixels and turn grain into texture.
        source = np.asarray(cv2.GaussianBlur(well, (0, 0), 0.45 * (step - 0.5)), dtype=np.uint8)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(source, matrix, (pixels, pixels), flags=flags, borderMode=cv2.BORDER_CONSTANT), dtype=np.uint8)


def normalised(square: npt.NDArray[np.uint8] | Plane) -> Crop:
    """A grey square as the encoder sees it, whatever its exposure: log-ratio to the local background over the embryo's contrast."""
    logs = np.log(square.astype(np.float32) + 2.0)
    level = np.float32(np.median(logs[_middle()]))
    # The wall, and the bright plastic beyond it, would be all that is seen otherwise.
    shown = _within_reach(np.abs(cv2.GaussianBlur(logs, (7, 7), 1.5) - level) < _REACH)
    logs = np.clip(logs - level, -_REACH, _REACH)
    surround = _wide_blur(logs * shown) / np.maximum(_wide_blur(shown), 0.02)
    ratio = (logs - surround) * cv2.GaussianBlur(cv2.erode(shown, _rim()), (5, 5), 1.0)
    spread = float(np.sqrt(np.mean(ratio[_middle()] ** 2)))
    return np.asarray(np.clip(ratio / max(spread, 0.02), -5.0, 5.0), dtype=np.float32)


def _within_reach(near: npt.NDArray[np.bool_]) -> Plane:
    """1 where embryo and floor are shown: all that is near their level, and what is not but lies amid them, such as a deep shadow."""
    count, labels = cv2.connectedComponents(np.asarray(~near, dtype=np.uint8))
    outer = np.zeros(count, dtype=np.float32)
    outer[np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])] = 1.0
    outer[0] = 0.0
    return np.asarray(1.0 - outer[labels], dtype=np.float32)


def _wide_blur(plane: Plane) -> Plane:
    """A blur as wide as an embryo's inside; on a quarter of the side it costs a twentieth and looks the same."""
    small = cv2.resize(plane, (SIZE // 4, SIZE // 4), interpolation=cv2.INTER_AREA)
    soft = cv2.GaussianBlur(small, (0, 0), 0.30 * SIZE / 4 * EMBRYO_SHARE)
    return np.asarray(cv2.resize(soft, (SIZE, SIZE), interpolation=cv2.INTER_LINEAR), dtype=np.float32)


def _signs(well: Image) -> tuple[Plane | None, npt.NDArray[np.uint8], float]:
    """Where the picture has texture beyond its grain (0 to 1, small), the floor as a mask, and pixels of `well` per pixel of these."""
    height, width = well.shape
    scale = max(height, width) / _COARSE
    small = (max(round(width / scale), 1), max(round(height / scale), 1))
    fine = cv2.resize(well, (small[0] * _FINE // _COARSE, small[1] * _FINE // _COARSE), interpolation=cv2.INTER_AREA)
    logs = np.log(fine.astype(np.float32) + 2.0)
    detail = cv2.GaussianBlur(logs, (0, 0), _NARROW) - cv2.GaussianBlur(logs, (0, 0), _WIDE)
    energy = np.sqrt(cv2.GaussianBlur(cv2.resize(detail * detail, small, interpolation=cv2.INTER_AREA), (0, 0), 1.2))
    inside = floor_of(np.asarray(cv2.resize(fine, small, interpolation=cv2.INTER_AREA), dtype=np.uint8))
    values = energy[inside > 0]
    if values.size < _LEAST_FLOOR:
        return None, inside, scale
    grain, strong = np.percentile(values, 20), np.percentile(values, 95)
    if strong < _LEAST_RATIO * grain or strong < 0.004:
        return None, inside, scale
    signs = np.clip((energy - 1.25 * grain) / (0.45 * (strong - 1.25 * grain)), 0.0, 1.0) * (inside > 0)
    signs = cv2.morphologyEx(signs.astype(np.float32), cv2.MORPH_CLOSE, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (7, 7)))
    return np.asarray(signs, dtype=np.float32), inside, scale


def _best_disc(worth: Plane, inside: npt.NDArray[np.uint8], step: int) -> tuple[float, int, int, int]:
    """(sum of what lies under it, x, y, step) of the best disc of one radius."""
    score = cv2.filter2D(worth, cv2.CV_32F, _disc(_RADII[step] * _COARSE), borderType=cv2.BORDER_CONSTANT)
    _, highest, _, (x, y) = cv2.minMaxLoc(score, inside)
    return highest, x, y, step


def floor_of(small: Image) -> npt.NDArray[np.uint8]:
    """The well's bright floor without its rim as a mask (1 inside), or all of the picture where no dark wall is seen."""
    height, width = small.shape
    soft = np.asarray(cv2.GaussianBlur(small, (0, 0), 1.5), dtype=np.uint8)
    whole = np.zeros((height, width), np.uint8)
    margin = max(round(_RIM_SHARE * max(height, width)), 1)
    whole[margin:-margin, margin:-margin] = 1
    _, bright = cv2.threshold(soft, 0, 1, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    light, dark = soft[bright > 0], soft[bright == 0]
    if not light.size or not dark.size or float(np.median(light)) + 4 < 1.9 * (float(np.median(dark)) + 4):
        return whole
    # A rim that shines far brighter than the floor is no floor, and would join it to what lies beyond.
    middle = np.zeros((height, width), dtype=bool)
    middle[height // 4 : height - height // 4, width // 4 : width - width // 4] = True
    level = float(np.median(soft[middle & (bright > 0)])) if (middle & (bright > 0)).any() else 255.0
    ring = small > _SHINING * level
    if ring[bright > 0].mean() > _SHINING_SHARE:
        bright = np.asarray(bright * ~ring * (soft >= level / _SHINING), dtype=np.uint8)
        # The ring's own slopes are as bright as the floor and lead around it.
        bright = np.asarray(cv2.morphologyEx(bright, cv2.MORPH_OPEN, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (7, 7))), dtype=np.uint8)
    count, labels, stats, centres = cv2.connectedComponentsWithStats(bright)
    off = np.hypot(centres[1:, 0] - width / 2, centres[1:, 1] - height / 2) / max(height, width)
    worth = stats[1:, cv2.CC_STAT_AREA] * np.exp(-((off / 0.3) ** 2))
    chosen = 1 + int(np.argmax(worth)) if count > 1 else 0
    if count < 2 or stats[chosen, cv2.CC_STAT_AREA] < 0.08 * height * width:
        return whole
    outline = cv2.convexHull(np.argwhere(labels == chosen)[:, ::-1].astype(np.int32))
    floor = np.zeros((height, width), np.uint8)
    cv2.fillConvexPoly(floor, outline, 1)
    floor[_bubbles(small, floor, level) > 0] = 0
    erosion = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * margin + 1, 2 * margin + 1))
    return np.asarray(cv2.erode(floor, erosion, borderType=cv2.BORDER_CONSTANT, borderValue=1), dtype=np.uint8)


def _bubbles(small: Image, floor: npt.NDArray[np.uint8], level: float) -> npt.NDArray[np.uint8]:
    """1 where gas lies: far darker than any embryo, with the bright spot that it holds and its edge."""
    black = np.asarray((small < _BLACK * level) * floor, dtype=np.uint8)
    black = np.asarray(cv2.morphologyEx(black, cv2.MORPH_OPEN, _square()), dtype=np.uint8)
    # Where it merges with the wall only the closed outline shows what it holds.
    black = np.asarray(cv2.morphologyEx(black, cv2.MORPH_CLOSE, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (9, 9))), dtype=np.uint8)
    outlines, _ = cv2.findContours(black, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    gas = np.zeros_like(floor)
    for outline in outlines:
        if cv2.contourArea(outline) >= _LEAST_BUBBLE:
            cv2.drawContours(gas, [outline], -1, 1, cv2.FILLED)
    return np.asarray(cv2.dilate(gas, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))), dtype=np.uint8)


def _square() -> npt.NDArray[np.uint8]:
    return np.ones((2, 2), np.uint8)


@lru_cache(maxsize=64)
def _disc(radius: float) -> Plane:
    """A disc of ones with a soft edge, summing what lies under it."""
    reach = int(np.ceil(radius))
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    return np.asarray(np.clip(radius - np.hypot(x, y) + 0.5, 0.0, 1.0), dtype=np.float32)


@lru_cache(maxsize=1)
def _rim() -> npt.NDArray[np.uint8]:
    """How far the wall's own shading reaches into what is shown."""
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (7, 7)), dtype=np.uint8)


@lru_cache(maxsize=1)
def _middle() -> npt.NDArray[np.bool_]:
    """The disc an embryo fills in a crop."""
    y, x = np.mgrid[0:SIZE, 0:SIZE] - (SIZE - 1) / 2
    return np.asarray(np.hypot(x, y) < 0.5 * EMBRYO_SHARE * SIZE)
