"""Hough circles: the classical baseline behind the same protocol; no weights, and contents from three simple statistics."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from detector.types import Box, Candidate, Content, Image, Sighting

WORKING_SIDE = 384
RADII = (0.08, 0.17)
"""Outer radius of a well as a share of the picture's height, over all layouts."""
FLOOR = 0.45
"""The floor that is surely free of wall, in outer radii."""


class HoughFinder:
    """Finds wells as dark rings; content is a guess from the floor's grey values and gas outside wells is never reported."""

    name = "hough"
    weights_hash = ""

    def find(self, images: Sequence[Image]) -> list[Sighting]:
        return [Sighting(_circles(image), gas_outside_wells=0.0) for image in images]


def _circles(image: Image) -> tuple[Candidate, ...]:
    scale = WORKING_SIDE / max(image.shape)
    size = (max(round(image.shape[1] * scale), 16), max(round(image.shape[0] * scale), 16))
    small: Image = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR), np.uint8)
    # A dim or flat exposure has the same circles: grey values are stretched before gradients are compared with a threshold.
    low, high = np.percentile(small, (1, 99))
    stretched = np.clip((small.astype(np.float32) - low) * (255 / max(high - low, 8)), 0, 255).astype(np.uint8)
    smooth = cv2.GaussianBlur(stretched, (0, 0), 2.0)
    smallest, largest = int(RADII[0] * size[1]), int(RADII[1] * size[1]) + 1
    circles = cv2.HoughCircles(
        smooth, cv2.HOUGH_GRADIENT, dp=1.0, minDist=2 * smallest, param1=90, param2=16, minRadius=smallest, maxRadius=largest
    )
    if circles is None:
        return ()
    rings = [(x, y, r, _ring_contrast(smooth, x, y, r)) for x, y, r in np.asarray(circles, dtype=np.float64).reshape(-1, 3)[:60]]
    rings = [ring for ring in rings if ring[3] > 0.15]
    ratio = np.array([image.shape[1] / size[0], image.shape[0] / size[1]])
    found = []
    for x, y, r, contrast in rings:
        content, sureness = _content(stretched, x, y, r)
        (x0, y0), (x1, y1) = np.array([x - r, y - r]) * ratio, np.array([x + r, y + r]) * ratio
        box = Box(max(x0, 0.0), max(y0, 0.0), min(x1, float(image.shape[1])), min(y1, float(image.shape[0])))
        found.append(Candidate(box, content, round(min(contrast, 1.0), 4), _probabilities(content, sureness)))
    return tuple(found)


def _ring_contrast(picture: Image, x: float, y: float, r: float) -> float:
    """How much darker the wall is than what lies just outside it, as a share of the full range."""
    inner, outer = (_ring(picture, x, y, r * k) for k in (0.85, 1.1))
    return float(np.median(outer) - np.median(inner)) / 255 if len(inner) and len(outer) else 0.0


def _ring(picture: Image, x: float, y: float, r: float) -> npt.NDArray[np.float64]:
    angle = np.linspace(0, 2 * np.pi, 64, endpoint=False)
    u, v = np.round(x + r * np.cos(angle)).astype(int), np.round(y + r * np.sin(angle)).astype(int)
    inside = (u >= 0) & (v >= 0) & (u < picture.shape[1]) & (v < picture.shape[0])
    values: npt.NDArray[np.float64] = picture[v[inside], u[inside]].astype(np.float64)
    return values


def _content(picture: Image, x: float, y: float, r: float) -> tuple[Content, float]:
    """Gas where part of the floor is as dark as the wall, an embryo where the rest is rough; and how sure that is."""
    rows, columns = np.ogrid[: picture.shape[0], : picture.shape[1]]
    floor = (columns + 0.5 - x) ** 2 + (rows + 0.5 - y) ** 2 < (FLOOR * r) ** 2
    grey = picture[floor].astype(np.float64)
    if len(grey) < 20:
        return Content.EMPTY, 0.3
    bright, dark = float(np.percentile(grey, 80)), float(np.median(_ring(picture, x, y, 0.8 * r)))
    gas = float((grey < (bright + dark) / 2).mean())
    rough = float(np.abs(cv2.Laplacian(cv2.GaussianBlur(picture, (0, 0), 1.0), cv2.CV_64F)[floor]).mean()) / max(bright - dark, 8.0)
    has_gas, has_embryo = gas > 0.06, rough > 0.03
    content = (Content.EMBRYO_GAS if has_embryo else Content.GAS) if has_gas else (Content.EMBRYO if has_embryo else Content.EMPTY)
    return content, 0.6


def _probabilities(content: Content, sureness: float) -> dict[Content, float]:
    return {one: sureness if one is content else (1 - sureness) / 3 for one in Content}
