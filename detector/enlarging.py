"""From findings about pictures that were read smaller to findings about the frames themselves, and pictures made as small as others."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from detector.reducing import reduced
from detector.types import Box, ContentChanged, DishSettled, Finding, FramesFollowed, Image, StackInfo, Well, WellsFound

LEAST_WIDTH, LEAST_HEIGHT = 384, 288
"""Finders look at no more than this; below it outlines would lose precision."""
_MOST = 8


def shrink_for(info: StackInfo) -> int:
    """By how much frames may be read smaller without a finder seeing less: 1, 2, 4 or 8."""
    shrink = 1
    while shrink < _MOST and info.width_px >= 2 * shrink * LEAST_WIDTH and info.height_px >= 2 * shrink * LEAST_HEIGHT:
        shrink *= 2
    return shrink


def lessened(picture: Image, shrink: int, info: StackInfo) -> Image:
    """A picture of the whole frame that was read closer, as it would have come `shrink` times smaller."""
    times = round(info.width_px / picture.shape[1])
    return picture if times >= shrink else np.asarray(reduced(picture, shrink // times), dtype=np.uint8)


def enlarged(finding: Finding, shrink: int, info: StackInfo) -> Finding:
    """The same finding in pixels of the whole frame."""
    if shrink == 1:
        return finding
    match finding:
        case WellsFound():
            result, residual = finding.result, finding.result.lattice_residual_px
            return WellsFound(
                replace(
                    result,
                    width=info.width_px,
                    height=info.height_px,
                    wells=tuple(_well(well, shrink, info) for well in result.wells),
                    lattice_residual_px=None if residual is None else residual * shrink,
                )
            )
        case ContentChanged():
            return replace(finding, well=_well(finding.well, shrink, info))
        case DishSettled():
            return replace(finding, wells=tuple(_well(well, shrink, info) for well in finding.wells))
        case FramesFollowed():
            return FramesFollowed(tuple(replace(p, dx_px=p.dx_px * shrink, dy_px=p.dy_px * shrink) for p in finding.placements))
        case _:
            return finding


def _well(well: Well, shrink: int, info: StackInfo) -> Well:
    box, width, height = well.box, float(info.width_px), float(info.height_px)
    # A picture's last column stands for fewer pixels where its width is no multiple.
    return replace(
        well, box=Box(min(box.x0 * shrink, width), min(box.y0 * shrink, height), min(box.x1 * shrink, width), min(box.y1 * shrink, height))
    )
