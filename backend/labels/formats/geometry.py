"""Percent of a picture and its pixels, both ways; turning is done in pixels, because percent are not square."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, TypeGuard

from backend.labels.formats.values import Ellipse, Json, Keypoint, Point, Polygon, RotatedBox

Size = tuple[int, int]


class NoGeometry(Exception):
    """A value that names a shape and lacks one of its numbers."""


def box_px(value: Mapping[str, Json], size: Size) -> RotatedBox:
    """A rectangle; `rotation` turns it clockwise about its own top-left corner, and may be missing."""
    width, height = size
    x, y, w, h = (_number(value, key) for key in ("x", "y", "width", "height"))
    return RotatedBox(x * width / 100, y * height / 100, w * width / 100, h * height / 100, _rotation(value))


def ellipse_px(value: Mapping[str, Json], size: Size) -> Ellipse:
    """An ellipse; radiusX is in percent of the width, radiusY of the height."""
    width, height = size
    x, y, rx, ry = (_number(value, key) for key in ("x", "y", "radiusX", "radiusY"))
    return Ellipse(x * width / 100, y * height / 100, rx * width / 100, ry * height / 100, _rotation(value))


def keypoint_px(value: Mapping[str, Json], size: Size) -> Keypoint:
    """A point; its `width` is the size of the drawn dot in percent of the picture's width."""
    width, height = size
    dot = value.get("width")
    return Keypoint(_number(value, "x") * width / 100, _number(value, "y") * height / 100, dot * width / 100 if _is_number(dot) else 0.0)


def polygon_px(value: Mapping[str, Json], size: Size) -> Polygon:
    """A closed outline, or an open one where it says `closed: false`."""
    points = value.get("points", value.get("vertices"))
    if not isinstance(points, list) or not points:
        raise NoGeometry("points")
    return Polygon(tuple(_points(points, size)), closed=value.get("closed") is not False)


def box_percent(box: RotatedBox, size: Size) -> dict[str, float]:
    """The value of a rectangle as Label Studio writes it."""
    width, height = size
    return {
        "x": box.x * 100 / width,
        "y": box.y * 100 / height,
        "width": box.width * 100 / width,
        "height": box.height * 100 / height,
        "rotation": box.rotation,
    }


def ellipse_percent(ellipse: Ellipse, size: Size) -> dict[str, float]:
    """The value of an ellipse as Label Studio writes it."""
    width, height = size
    return {
        "x": ellipse.x * 100 / width,
        "y": ellipse.y * 100 / height,
        "radiusX": ellipse.radius_x * 100 / width,
        "radiusY": ellipse.radius_y * 100 / height,
        "rotation": ellipse.rotation,
    }


def polygon_percent(polygon: Polygon, size: Size) -> dict[str, Any]:
    """The value of an outline as Label Studio writes it."""
    width, height = size
    return {"points": [[x * 100 / width, y * 100 / height] for x, y in polygon.points], "closed": polygon.closed}


def turned_size(size: Size, degrees: int) -> Size:
    """How large a picture is after it was turned by a multiple of 90 degrees."""
    return (size[1], size[0]) if degrees % 180 else size


def unturned(shape: RotatedBox | Ellipse | Polygon | Keypoint, size: Size, degrees: int) -> RotatedBox | Ellipse | Polygon | Keypoint:
    """A shape drawn on the picture turned clockwise by `degrees`, as it lies on the picture itself, whose size is given."""

    def back(x: float, y: float) -> Point:
        width, height = size
        return {0: (x, y), 90: (y, height - x), 180: (width - x, height - y), 270: (width - y, x)}[degrees % 360]

    if isinstance(shape, Polygon):
        return Polygon(tuple(back(x, y) for x, y in shape.points), shape.closed)
    x, y = back(shape.x, shape.y)
    if isinstance(shape, Keypoint):
        return Keypoint(x, y, shape.dot_px)
    if isinstance(shape, Ellipse):
        return Ellipse(x, y, shape.radius_x, shape.radius_y, (shape.rotation - degrees) % 360)
    return RotatedBox(x, y, shape.width, shape.height, (shape.rotation - degrees) % 360)


def _points(points: Iterable[Json], size: Size) -> Iterable[Point]:
    width, height = size
    for point in points:
        pair = (point.get("x"), point.get("y")) if isinstance(point, dict) else point
        if not isinstance(pair, list | tuple) or len(pair) < 2 or not _is_number(pair[0]) or not _is_number(pair[1]):
            raise NoGeometry("points")
        yield (pair[0] * width / 100, pair[1] * height / 100)


def _rotation(value: Mapping[str, Json]) -> float:
    rotation = value.get("rotation")
    return float(rotation) if _is_number(rotation) else 0.0


def _number(value: Mapping[str, Json], key: str) -> float:
    number = value.get(key)
    if not _is_number(number):
        raise NoGeometry(key)
    return float(number)


def _is_number(value: Json) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
