"""One way from any picture to what the net sees; training and serving share it, so they cannot drift apart."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from detector.types import Box, Image

WIDTH, HEIGHT = 384, 288
PADDING = 114
NAME = "fit-384x288-stretch-1-99"
"""Written into manifests: weights made with another preprocessing are refused."""
_LOW, _HIGH = 12.0, 243.0
_LEAST_RANGE = 14.0


@dataclass(frozen=True, slots=True)
class Prepared:
    """A canonical picture (288 x 384, uint8) and how to find its places in the one it was made from."""

    pixels: Image
    scale_x: float
    scale_y: float
    left: int
    top: int
    width: int
    height: int

    def to_frame(self, x0: float, y0: float, x1: float, y1: float) -> Box:
        """A box of the canonical picture in pixels of the frame, clipped to it."""
        return Box(
            min(max((x0 - self.left) / self.scale_x, 0.0), self.width),
            min(max((y0 - self.top) / self.scale_y, 0.0), self.height),
            min(max((x1 - self.left) / self.scale_x, 0.0), self.width),
            min(max((y1 - self.top) / self.scale_y, 0.0), self.height),
        )

    def from_frame(self, box: Box) -> tuple[float, float, float, float]:
        """A box of the frame in pixels of the canonical picture."""
        return (
            box.x0 * self.scale_x + self.left,
            box.y0 * self.scale_y + self.top,
            box.x1 * self.scale_x + self.left,
            box.y1 * self.scale_y + self.top,
        )


def prepare(image: Image) -> Prepared:
    """Fit a grey picture of any size into 384x288 and stretch its contrast between the 1st and 99th percentile.

    A picture without contrast is not blown up to noise: the range is taken to be at least 14 grey levels.
    """
    height, width = image.shape
    scale = min(WIDTH / width, HEIGHT / height)
    new_w, new_h = max(1, round(width * scale)), max(1, round(height * scale))
    if (new_w, new_h) != (width, height):
        image = np.asarray(
            cv2.resize(image, (new_w, new_h), interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR), dtype=np.uint8
        )
    pixels = np.full((HEIGHT, WIDTH), PADDING, dtype=np.uint8)
    left, top = (WIDTH - new_w) // 2, (HEIGHT - new_h) // 2
    pixels[top : top + new_h, left : left + new_w] = _stretched(image)
    return Prepared(pixels, new_w / width, new_h / height, left, top, width, height)


def _stretched(image: Image) -> Image:
    """`image` with its 1st percentile at 12 and its 99th at 243, through a table of 256 entries."""
    counts = np.cumsum(cv2.calcHist([image], [0], None, [256], [0, 256]).ravel().astype(np.int64))
    low = float(np.searchsorted(counts, 0.01 * counts[-1]))
    high = float(np.searchsorted(counts, 0.99 * counts[-1]))
    if high - low < _LEAST_RANGE:
        middle = (low + high) / 2
        low, high = middle - _LEAST_RANGE / 2, middle + _LEAST_RANGE / 2
    table = _LOW + (np.arange(256, dtype=np.float64) - low) * ((_HIGH - _LOW) / (high - low))
    return np.asarray(cv2.LUT(image, np.clip(np.round(table), 0, 255).astype(np.uint8)), dtype=np.uint8)
