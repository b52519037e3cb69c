"""Pictures made smaller by whole factors: arithmetic on pixels, whatever they show."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Raw = npt.NDArray[Any]


def smaller(shape: tuple[int, ...], shrink: int) -> tuple[int, int]:
    """Height and width of a picture of `shape` once it is so many times smaller."""
    return -(-shape[0] // shrink), -(-shape[1] // shrink)


def reduced(picture: Raw, shrink: int) -> Raw:
    """The means of blocks of `shrink` pixels a side; the last row and column go on where a block reaches beyond them."""
    # Only here: a decoder process is waited for, and this would slow its start.
    import cv2

    height, width = smaller(picture.shape, shrink)
    below, beside = height * shrink - picture.shape[0], width * shrink - picture.shape[1]
    whole = cv2.copyMakeBorder(picture, 0, below, 0, beside, cv2.BORDER_REPLICATE)
    return np.asarray(cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA), dtype=picture.dtype)
