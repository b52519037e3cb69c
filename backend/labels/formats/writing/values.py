"""What the box writers take: pictures by name and size, and what is marked in them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from backend.labels.formats.values import Brush, Point, Remark

Member = tuple[str, Iterator[bytes]]
"""A file of an archive: its name, and its bytes as they come."""


@dataclass(frozen=True, slots=True)
class Mark:
    """One thing marked in a picture, in its pixels; the outline or the mask says more than the box where there is one."""

    label: str
    box_px: tuple[float, float, float, float]
    """x0, y0, x1, y1."""
    outline: tuple[Point, ...] = ()
    mask: Brush | None = None


@dataclass(frozen=True, slots=True)
class MarkedPicture:
    """A picture under the name it has in the archive, with everything marked in it; no marks means that there is nothing to find."""

    name: str
    width: int
    height: int
    marks: tuple[Mark, ...] = ()


def clipped(mark: Mark, picture: MarkedPicture) -> tuple[float, float, float, float] | None:
    """The part of the box that lies inside the picture; None where nothing does."""
    x0, y0, x1, y1 = mark.box_px
    inside = (max(x0, 0.0), max(y0, 0.0), min(x1, float(picture.width)), min(y1, float(picture.height)))
    return inside if inside[0] < inside[2] and inside[1] < inside[3] else None


def left_out(mark: Mark, picture: MarkedPicture) -> Remark:
    """Says that a mark has no area inside its picture."""
    box = ", ".join(f"{edge:.1f}" for edge in mark.box_px)
    return Remark(picture.name, "no_area", f'"{mark.label}" at {box} covers nothing of {picture.width} x {picture.height} pixels.')
