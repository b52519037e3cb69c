"""Noise with the correlation of real pictures, drawn once a dish and cut up for its parts."""

from __future__ import annotations

import cv2
import numpy as np

from detector.synth.filters import blurred, resized
from detector.synth.scene import Canvas


def correlated(rng: np.random.Generator, height: int, width: int, sigma_px: float) -> Canvas:
    """Normal noise of SD 1, smoothed by a Gaussian of `sigma_px`; coarse noise is drawn small and enlarged."""
    shrink = max(1.0, sigma_px / 1.2)
    small_h, small_w = max(4, round(height / shrink)), max(4, round(width / shrink))
    noise = rng.standard_normal((small_h, small_w), dtype=np.float32)
    noise = blurred(noise, max(sigma_px / shrink, 0.05)) if sigma_px > 0.2 else noise
    if shrink > 1.0:
        noise = resized(noise, width, height, cv2.INTER_CUBIC)
    return np.asarray(noise / max(float(noise.std()), 1e-6), dtype=np.float32)


def streaks(rng: np.random.Generator) -> Canvas:
    """A polar texture (64 radii x 256 angles) of tangential streaks, non-negative, for the walls; wraps around in angle."""
    noise = rng.standard_normal((64, 256), dtype=np.float32)
    wide = np.concatenate([noise[:, -32:], noise, noise[:, :32]], axis=1)
    smooth = blurred(wide, float(rng.uniform(2.0, 6.0)), float(rng.uniform(0.6, 1.4)))[:, 32:-32]
    smooth = smooth / max(float(smooth.std()), 1e-6)
    return np.ascontiguousarray(np.maximum(smooth - rng.uniform(0.0, 1.0), 0.0), dtype=np.float32)


def window(pool: Canvas, rng: np.random.Generator, height: int, width: int) -> Canvas:
    """A random piece of a noise field that is at least as large."""
    top, left = int(rng.integers(pool.shape[0] - height + 1)), int(rng.integers(pool.shape[1] - width + 1))
    return pool[top : top + height, left : left + width]
