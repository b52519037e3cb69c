"""What a measurement measures: lengths and areas of its points, in pixels and by a calibration in micrometres; plain arithmetic."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Point = Sequence[float]
Scale = tuple[float, float]
PIXELS: Scale = (1.0, 1.0)


@dataclass(frozen=True)
class Size:
    """A line's length; a circle's diameter and area; a polygon's outline and area."""

    length: float
    area: float | None


def size_of(measurement: Mapping[str, Any], scale: Scale = PIXELS) -> Size:
    """In the unit of `scale`, which is what one pixel is long across and down."""
    points = [(x * scale[0], y * scale[1]) for x, y in measurement["points"]]
    if measurement["kind"] == "line":
        return Size(_rounded(math.dist(points[0], points[1])), None)
    if measurement["kind"] == "circle":
        radius = math.dist(points[0], points[1])
        return Size(_rounded(2 * radius), _rounded(math.pi * radius**2))
    sides = list(zip(points, [*points[1:], points[0]], strict=True))
    outline = sum(math.dist(start, end) for start, end in sides)
    # The shoelace formula: half the sum of the cross products of the sides.
    area = abs(sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in sides)) / 2
    return Size(_rounded(outline), _rounded(area))


def crosses_itself(points: Sequence[Point]) -> bool:
    """Whether two sides of the polygon that do not meet in a corner meet all the same."""
    count = len(points)
    sides = [(points[place], points[(place + 1) % count]) for place in range(count)]
    return any(
        _cross(*sides[one], *sides[other])
        for one in range(count)
        for other in range(one + 2, count)
        # The last side ends where the first begins.
        if not (one == 0 and other == count - 1)
    )


def _cross(a: Point, b: Point, c: Point, d: Point) -> bool:
    return _turn(a, b, c) * _turn(a, b, d) < 0 and _turn(c, d, a) * _turn(c, d, b) < 0


def _turn(a: Point, b: Point, c: Point) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def _rounded(value: float) -> float:
    """A hundredth is finer than anybody can point."""
    return round(value, 2)
