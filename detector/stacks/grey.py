"""Grey values: colour to luminance, and deep or signed values to 8 bits by one scale for a whole recording."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from detector.types import Image

Raw = npt.NDArray[Any]
"""A picture as stored, shape (height, width), any integer or 32-bit float type."""

_LOW_PERCENT, _HIGH_PERCENT = 0.1, 99.9
# Percentiles of a regular half-million of pixels move by less than a grey level against all of them.
_PIXELS_A_SAMPLE = 500_000


def luminance(pixels: Raw) -> Raw:
    """Rec. 601 luma of (height, width, 3 or 4) in the same type; whole-number arithmetic so that every machine agrees."""
    if pixels.dtype.kind == "f":
        weights = np.array([0.299, 0.587, 0.114], dtype=np.float32)
        return np.asarray((pixels[..., :3] @ weights).astype(pixels.dtype))
    # 32 bits hold 16-bit channels times weights of 16 bits.
    kind = np.dtype(np.uint32 if pixels.dtype.itemsize <= 2 else np.int64)
    total = np.full(pixels.shape[:2], 0x8000, kind)
    for channel, weight in enumerate((19595, 38470, 7471)):
        total += pixels[..., channel].astype(kind) * kind.type(weight)
    grey = np.right_shift(total, 16)
    return np.asarray(grey.astype(pixels.dtype))


@dataclass(frozen=True, slots=True)
class GreyScale:
    """The one mapping to 0..255 of a recording whose values are not 8 bits."""

    low: float
    high: float

    @classmethod
    def of(cls, samples: Iterable[Raw]) -> GreyScale:
        """The scale that spans nearly all values of the sample pictures."""
        lows, highs = [], []
        for sample in samples:
            flat = sample.reshape(-1)[:: max(1, sample.size // _PIXELS_A_SAMPLE)]
            flat = flat[np.isfinite(flat)] if flat.dtype.kind == "f" else flat
            if flat.size:
                low, high = np.percentile(flat, (_LOW_PERCENT, _HIGH_PERCENT))
                lows.append(float(low))
                highs.append(float(high))
        low, high = (min(lows), max(highs)) if lows else (0.0, 1.0)
        return cls(low, high if high > low else low + 1.0)

    def apply(self, picture: Raw) -> Image:
        """Values at or below `low` become 0, at or above `high` 255."""
        if picture.dtype.kind in "ui" and picture.dtype.itemsize <= 2:
            table = _table(self, picture.dtype.newbyteorder("=").str)
            return np.asarray(table[picture.view(np.dtype(f"u{picture.dtype.itemsize}"))])
        return self.map(np.nan_to_num(picture.astype(np.float64), nan=self.low))

    def map(self, values: npt.NDArray[np.float64]) -> Image:
        scaled = (values - self.low) * (255.0 / (self.high - self.low))
        return np.clip(np.rint(scaled), 0, 255).astype(np.uint8)


@lru_cache(maxsize=4)
def _table(scale: GreyScale, kind: str) -> Image:
    """Every value of an integer type mapped once, in the order of its unsigned bit patterns."""
    dtype = np.dtype(kind)
    patterns = np.arange(256**dtype.itemsize, dtype=f"u{dtype.itemsize}")
    return scale.map(patterns.view(dtype).astype(np.float64))
