"""Brush masks by the codec of Label Studio's own SDK; loaded on first use, because the SDK takes seconds to import."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from backend.labels.formats.values import Brush, Json
from backend.labels.formats.writing.sdk import part_of_sdk

Mask = npt.NDArray[np.uint8]


def mask_of(brush: Brush) -> Mask:
    """(height, width), 0 where nothing was painted: the fourth channel of what the code holds."""
    decoded: npt.NDArray[np.uint8] = part_of_sdk("converter.brush").decode_rle(list(brush.rle))
    return decoded.reshape(brush.height, brush.width, 4)[:, :, 3]


def rle_of(mask: Mask) -> list[int]:
    """Label Studio's code of a mask; painted is what is not 0."""
    painted = np.where(mask > 0, 255, 0).astype(np.uint8)
    return [int(byte) for byte in part_of_sdk("converter.brush").mask2rle(painted)]


def brush_result(mask: Mask, *, region: str, label: str, from_name: str, to_name: str) -> dict[str, Json]:
    """A `brushlabels` result of this mask."""
    height, width = mask.shape
    return {
        "id": region,
        "type": "brushlabels",
        "from_name": from_name,
        "to_name": to_name,
        "origin": "manual",
        "original_width": width,
        "original_height": height,
        "image_rotation": 0,
        "value": {"format": "rle", "rle": rle_of(mask), "brushlabels": [label]},
    }


def bounds_of(mask: Mask) -> tuple[float, float, float, float] | None:
    """x0, y0, x1, y1 around what is painted; None where nothing is."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return None
    return (float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1))


def coco_counts(mask: Mask) -> list[int]:
    """COCO's uncompressed run lengths: down the columns, beginning with how many are not painted."""
    flat: npt.NDArray[Any] = (mask > 0).ravel(order="F")
    edges = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    runs = np.diff(np.concatenate(([0], edges, [flat.size])))
    return ([0] if flat.size and flat[0] else []) + [int(run) for run in runs]
