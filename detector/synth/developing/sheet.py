"""How long light travels through an embryo's parts, pixel by pixel and at three depths: what optics make a picture of."""

from __future__ import annotations

import numpy as np

from detector.synth.scene import Canvas

DEPTHS = 3


class Sheet:
    """Optical path (micrometres of glassy matter, signed) and darkness around one embryo; x, y, z in micrometres from its middle."""

    def __init__(self, size: int, um_per_px: float, depth_um: float) -> None:
        self.um = um_per_px
        self.depth_um = depth_um
        self.path = np.zeros((DEPTHS, size, size), dtype=np.float32)
        self.dark = np.zeros((DEPTHS, size, size), dtype=np.float32)
        self.size = size
        axis = ((np.arange(size, dtype=np.float32) - (size - 1) / 2) * um_per_px).astype(np.float32)
        self.x = np.broadcast_to(axis[None, :], (size, size)).copy()
        self.y = np.broadcast_to(axis[:, None], (size, size)).copy()

    @property
    def middle(self) -> tuple[float, float]:
        """The embryo's middle in pixels of the sheet."""
        return (self.size - 1) / 2, (self.size - 1) / 2

    def bent(self, across: Canvas, down: Canvas) -> None:
        """Shift what is drawn from now on by these micrometres, so that no outline stays a circle."""
        self.x = self.x + across
        self.y = self.y + down

    def around(self, x: float, y: float, reach: float) -> tuple[slice, slice] | None:
        """Rows and columns within `reach` of a place, with room for bent outlines; None where none are."""
        middle, reach = (self.size - 1) / 2, reach + 5.0
        left, right = int(middle + (x - reach) / self.um), int(middle + (x + reach) / self.um) + 2
        top, bottom = int(middle + (y - reach) / self.um), int(middle + (y + reach) / self.um) + 2
        left, top, right, bottom = max(left, 0), max(top, 0), min(right, self.size), min(bottom, self.size)
        return (slice(top, bottom), slice(left, right)) if right - left > 1 and bottom - top > 1 else None

    def lay(self, window: tuple[slice, slice], path: Canvas, z: float, dark: Canvas | None = None) -> None:
        """Add a path (and darkness) at height `z`, shared by the two nearest depths so that nothing jumps as it moves."""
        for depth, share in self.shares(z):
            self.path[depth][window] += share * path
            if dark is not None:
                self.dark[depth][window] += share * dark

    def shares(self, z: float) -> list[tuple[int, float]]:
        """Depths and how much of something at height `z` each holds."""
        place = float(np.clip(z / self.depth_um, -1.0, 1.0)) + 1.0
        below = min(int(place), DEPTHS - 2)
        return [(k, s) for k, s in ((below, 1.0 - (place - below)), (below + 1, place - below)) if s > 1e-3]

    def ball(self, x: float, y: float, z: float, radius: float, index: float, darkness: float = 0.0) -> None:
        """A sphere whose matter bends light `index` times as much as cytoplasm."""
        window = self.around(x, y, radius)
        if window is None:
            return
        squared = radius * radius - (self.x[window] - x) ** 2 - (self.y[window] - y) ** 2
        chord = 2.0 * np.sqrt(np.maximum(squared, 0.0))
        self.lay(window, index * chord, z, darkness / (2.0 * radius) * chord if darkness else None)


def chord(squared_distance: Canvas, radius: float) -> Canvas:
    """Length of the way through a ball."""
    return np.asarray(2.0 * np.sqrt(np.maximum(radius * radius - squared_distance, 0.0)), dtype=np.float32)
