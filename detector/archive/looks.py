"""A picture's look in sixty-four bits: near for pictures that look alike, whatever their size, code or brightness."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image as Pillow

BITS = 64
LEAST_RANGE = 6.0
"""In grey values: a picture without so much contrast in its large parts looks like any other such picture."""


def look_of(original: bytes) -> int | None:
    """Whether brightness rises from each of 8x8 places to its right neighbour; None for what is no picture, or shows nothing."""
    try:
        with Pillow.open(io.BytesIO(original), formats=("PNG", "JPEG", "TIFF", "BMP")) as picture:
            # A JPEG is read at an eighth of its size where it is large enough.
            picture.draft("L", (72, 64))
            small = np.asarray(picture.convert("L").resize((9, 8), Pillow.Resampling.BOX), dtype=np.float64)
    except (OSError, ValueError, SyntaxError, EOFError, MemoryError, Pillow.DecompressionBombError):
        return None
    if float(small.max() - small.min()) < LEAST_RANGE:
        return None
    bits = 0
    for rises in (small[:, 1:] > small[:, :-1]).ravel():
        bits = bits << 1 | int(rises)
    return bits


def distance(one: int, other: int) -> int:
    """In how many of the 64 places two looks differ."""
    return (one ^ other).bit_count()
