"""Gas: dark discs with a light core, inside wells where the floor's edge cuts the core, and outside."""

from __future__ import annotations

import numpy as np

from detector.synth.filters import blurred
from detector.synth.scene import Bubble, Canvas


def _step(value: Canvas, edge: float) -> Canvas:
    return np.asarray(np.clip(value / edge + 0.5, 0.0, 1.0), dtype=np.float32)


def paint_bubble(picture: Canvas, bubble: Bubble, x: Canvas, y: Canvas, pixel: float, *, dark: float, light: float) -> Canvas:
    """`picture` with the bubble over it; `x`, `y` and `pixel` are in units of the bubble's coordinates."""
    distance = (np.hypot(x - bubble.x, y - bubble.y) / bubble.radius).astype(np.float32)
    unit = pixel / bubble.radius
    edge = max(bubble.edge, 1.2 * unit)
    centre_x, centre_y = bubble.x + bubble.core_x * bubble.radius, bubble.y + bubble.core_y * bubble.radius
    to_core = (np.hypot(x - centre_x, y - centre_y) / bubble.radius).astype(np.float32)
    core = _step(bubble.core - to_core, max(2.0 * bubble.edge, 1.5 * unit))
    rim = np.exp(-(((to_core - bubble.core) / max(0.09, 1.5 * unit)) ** 2)) * bubble.rim
    spot = np.exp(-((to_core / max(0.16, 1.5 * unit)) ** 2)) * bubble.spot
    painted = np.maximum(dark * bubble.darkness, light * (bubble.core_level * core + rim + spot))
    body = _step(1.0 - distance, edge)
    return np.asarray(picture * (1.0 - body) + painted * body, dtype=np.float32)


def paint_outside(canvas: Canvas, bubbles: tuple[Bubble, ...], unit: float, *, dark: float, light: float) -> None:
    """Draw bubbles that lie between or beside the wells; `unit` is the canvas pixels of a canonical pixel."""
    height, width = canvas.shape
    for bubble in bubbles:
        reach = bubble.radius * 1.15
        x0, x1 = max(int((bubble.x - reach) * unit), 0), min(int((bubble.x + reach) * unit) + 2, width)
        y0, y1 = max(int((bubble.y - reach) * unit), 0), min(int((bubble.y + reach) * unit) + 2, height)
        if x1 <= x0 or y1 <= y0:
            continue
        x = np.asarray((np.arange(x0, x1) + 0.5) / unit, dtype=np.float32)[None, :].repeat(y1 - y0, 0)
        y = np.asarray((np.arange(y0, y1) + 0.5) / unit, dtype=np.float32)[:, None].repeat(x1 - x0, 1)
        piece = paint_bubble(canvas[y0:y1, x0:x1], bubble, x, y, 1.0 / unit, dark=dark, light=light)
        canvas[y0:y1, x0:x1] = blurred(piece, 0.6)
