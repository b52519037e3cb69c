"""One well cut out of a canonical picture, as the content net sees it; training and serving share it."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from detector.types import Image

SIDE = 64
_MARGIN = 1.04


def crop_well(picture: Image, x0: float, y0: float, x1: float, y1: float) -> Image:
    """The square round a box of `picture`, 64x64; beyond the picture's edge its last pixels go on."""
    reach = max(x1 - x0, y1 - y0) * _MARGIN
    scale = SIDE / max(reach, 1.0)
    # Centres of pixels lie half a pixel inside their edges, in the picture as in the crop.
    shift_x, shift_y = SIDE / 2 - scale * ((x0 + x1) / 2 - 0.5) - 0.5, SIDE / 2 - scale * ((y0 + y1) / 2 - 0.5) - 0.5
    matrix = np.array([[scale, 0.0, shift_x], [0.0, scale, shift_y]])
    return np.asarray(
        cv2.warpAffine(picture, matrix, (SIDE, SIDE), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), dtype=np.uint8
    )


def as_input(crops: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """Crops (n, 64, 64) with mean 0 and SD 1 each, (n, 1, 64, 64): light differs over a dish, contents do not."""
    values = crops[:, None].astype(np.float32)
    mean = values.mean(axis=(2, 3), keepdims=True)
    spread = values.std(axis=(2, 3), keepdims=True)
    return np.asarray((values - mean) / np.maximum(spread, 4.0), dtype=np.float32)
