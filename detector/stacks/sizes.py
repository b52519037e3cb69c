"""The size of a picture against the limits, asked before any memory is taken for it, and pictures made smaller."""

from __future__ import annotations

import numpy as np

from detector.stacks.grey import Raw
from detector.stacks.limits import Limits
from detector.stacks.refusals import Code, refusal


def check_size(width: int, height: int, name: str, limits: Limits) -> None:
    """Refuse pictures without pixels and pictures larger than the limits."""
    if width < 1 or height < 1:
        raise refusal(Code.PICTURE_DAMAGED, f"{name} declares {width}x{height} pixels.")
    if width > limits.side_px or height > limits.side_px or width * height > limits.picture_px:
        raise refusal(
            Code.PICTURE_TOO_LARGE,
            f"{name} declares {width}x{height} pixels, more than {limits.side_px} a side or {limits.picture_px} in all.",
        )


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
