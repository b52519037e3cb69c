"""Robustness: the same picture turned, scaled, mirrored or flattened must give the same wells; truth is changed along with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import cv2
import numpy as np

from detector.evaluation.truth import Picture, TrueWell
from detector.types import Box, Image, Layout

ANGLES = (-10.0, -5.0, 5.0, 10.0)
SCALES = (0.5, 0.75, 2.0, 5.0)
LEAST_VISIBLE = 0.5
"""A well that a turn pushes further out of the picture than this is no longer judged."""


def variations(picture: Picture) -> Iterator[tuple[str, Picture]]:
    """(name, changed picture) for every change, the unchanged picture first."""
    yield "as it is", picture
    for angle in ANGLES:
        yield f"turned by {angle:+.0f} degrees", turned(picture, angle, cv2.BORDER_REPLICATE)
        yield f"turned by {angle:+.0f} degrees on black", turned(picture, angle, cv2.BORDER_CONSTANT)
    for factor in SCALES:
        yield f"scaled by {factor:g}", scaled(picture, factor)
    yield "mirrored left to right", mirrored(picture, horizontally=True)
    yield "mirrored top to bottom", mirrored(picture, horizontally=False)
    yield "contrast cut to a third", replace(picture, image=_flattened(picture.image, 1 / 3))


def turned(picture: Picture, degrees: float, border: int) -> Picture:
    """Turned about its middle, the size kept; names stay, as the grid is still seen upright."""
    height, width = picture.image.shape
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), degrees, 1.0)
    image = cv2.warpAffine(picture.image, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=border)
    angle = np.radians(degrees)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    middle = np.array([width, height]) / 2

    def moved(box: Box) -> Box:
        centre = turn @ (np.array(box.centre) - middle) + middle
        # The outline is an ellipse, so its box grows less than a turned rectangle's would.
        half = np.sqrt((turn * np.array([box.width / 2, box.height / 2])) ** 2 @ np.ones(2))
        return Box(*(centre - half).tolist(), *(centre + half).tolist())

    return _with_boxes(picture, np.asarray(image, dtype=np.uint8), moved)


def scaled(picture: Picture, factor: float) -> Picture:
    """Every side times `factor`."""
    height, width = picture.image.shape
    size = (max(round(width * factor), 1), max(round(height * factor), 1))
    image = cv2.resize(picture.image, size, interpolation=cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC)
    x, y = size[0] / width, size[1] / height
    return _with_boxes(picture, np.asarray(image, dtype=np.uint8), lambda b: Box(b.x0 * x, b.y0 * y, b.x1 * x, b.y1 * y))


def mirrored(picture: Picture, *, horizontally: bool) -> Picture:
    """Mirrored; names are those of the grid as it is now seen."""
    height, width = picture.image.shape
    image = np.ascontiguousarray(picture.image[:, ::-1] if horizontally else picture.image[::-1])
    layout = picture.layout or _layout_of(picture.wells)

    def moved(box: Box) -> Box:
        return (
            Box(width - box.x1, box.y0, width - box.x0, box.y1) if horizontally else Box(box.x0, height - box.y1, box.x1, height - box.y0)
        )

    def renamed(well: TrueWell) -> TrueWell:
        if horizontally:
            return replace(well, column=layout.columns - 1 - well.column)
        return replace(well, row=layout.rows - 1 - well.row)

    changed = _with_boxes(picture, image, moved)
    return replace(changed, wells=tuple(renamed(well) for well in changed.wells))


def _layout_of(wells: tuple[TrueWell, ...]) -> Layout:
    return Layout(max((w.row for w in wells), default=0) + 1, max((w.column for w in wells), default=0) + 1)


def _flattened(image: Image, share: float) -> Image:
    """The same picture with its grey values drawn together round their mean."""
    mean = float(image.mean())
    return np.clip(np.round(mean + (image.astype(np.float32) - mean) * share), 0, 255).astype(np.uint8)


def _with_boxes(picture: Picture, image: Image, moved: Callable[[Box], Box]) -> Picture:
    height, width = image.shape
    wells, ignored = [], [_inside(moved(box), width, height) for box in picture.ignored]
    for well in picture.wells:
        whole = moved(well.box)
        shown = _inside(whole, width, height)
        if shown.area >= LEAST_VISIBLE * whole.area:
            wells.append(replace(well, box=shown))
        else:
            ignored.append(shown)
    return replace(picture, image=image, wells=tuple(wells), ignored=tuple(ignored))


def _inside(box: Box, width: int, height: int) -> Box:
    x = np.clip([box.x0, box.x1], 0, width)
    y = np.clip([box.y0, box.y1], 0, height)
    return Box(float(x[0]), float(y[0]), float(x[1]), float(y[1]))
