"""What a recording's pictures look like as a whole, in four figures that change when a lamp ages, a lens fogs or a camera is set anew."""

from __future__ import annotations

import cv2
import numpy as np

from detector.types import Image

NAMES = ("brightness", "contrast", "sharpness", "evenness")
"""The middle grey value and the range from the 5th to the 95th percentile, both 0 to 1; fine detail as a share of that range; the darkest
corner as a share of the brightest."""

SIDE = 288
"""Pictures are compared at this height, whatever they were taken at."""
EVERY = 12
"""Every so many-th picture is looked at; a drift takes days, not minutes."""
_CORNER = 0.2


class LooksGathered:
    """The median over the pictures of one recording."""

    def __init__(self) -> None:
        self._seen: list[tuple[float, ...]] = []
        self._shown = 0

    def show(self, image: Image) -> None:
        if self._shown % EVERY == 0:
            self._seen.append(_figures(image))
        self._shown += 1

    def settled(self) -> dict[str, float] | None:
        """By NAMES; None where no picture was shown."""
        if not self._seen:
            return None
        return dict(zip(NAMES, (round(float(value), 4) for value in np.median(self._seen, axis=0)), strict=True))


def _figures(image: Image) -> tuple[float, ...]:
    height, width = image.shape
    size = (max(round(width * SIDE / height), 8), SIDE)
    picture = cv2.resize(image, size, interpolation=cv2.INTER_AREA if height > SIDE else cv2.INTER_LINEAR).astype(np.float32)
    dark, middle, bright = np.percentile(picture, (5, 50, 95))
    # Fine detail against all detail: blur lowers it, more light or contrast does not.
    fine = float(np.asarray(cv2.Laplacian(cv2.GaussianBlur(picture, (0, 0), 1.0), cv2.CV_32F)).std())
    rows, columns = round(_CORNER * picture.shape[0]), round(_CORNER * picture.shape[1])
    corners = [picture[r, c] for r in (slice(rows), slice(-rows, None)) for c in (slice(columns), slice(-columns, None))]
    lit = [float(np.percentile(corner, 75)) for corner in corners]
    return middle / 255, (bright - dark) / 255, fine / max(float(bright - dark), 4.0), min(lit) / max(*lit, 1.0)
