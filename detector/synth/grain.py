"""Noise with the correlation of real pictures, drawn once a dish and cut up for its parts."""

from __future__ import annotations

import cv2
import numpy as np

from detector.synth.scene import Canvas


def correlated(rng: np.random.Generator, height: int, width: int, sigma_px: float) -> Canvas:
    """Normal noise of SD 1, smoothed by a Gaussian of `sigma_px`; coarse noise is drawn small and enlarged."""
    shrink = max(1.0, sigma_px / 1.2)
    small_h, small_w = max(4, round(height / shrink)), max(4, round(width / shrink))
    noise = rng.standard_normal((small_h, small_w), dtype=np.float32)
    noise = cv2.GaussianBlur(noise, (0, 0), max(sigma_px / shrink, 0.05)) if sigma_px > 0.2 else noise
    if shrink > 1.0:
        noise = cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.asarray(noise / max(float(noise.std()), 1e-6), dtype=np.float32)


def streaks(rng: np.random.Generator) -> Canvas:
    """A polar texture (64 radii x 256 angles) of tangential streaks, non-negative, for the walls; wraps around in angle."""
    noise = rng.standard_normal((64, 256), dtype=np.float32)
    wide = np.concatenate([noise[:, -32:], noise, noise[:, :32]], axis=1)
    smooth = cv2.GaussianBlur(wide, (0, 0), sigmaX=float(rng.uniform(2.0, 6.0)), sigmaY=float(rng.uniform(0.6, 1.4)))[:, 32:-32]
    smooth /= max(float(smooth.std()), 1e-6)
    return np.ascontiguousarray(np.maximum(smooth - rng.uniform(0.0, 1.0), 0.0), dtype=np.float32)


def window(pool: Canvas, rng: np.random.Generator, height: int, width: int) -> Canvas:
    """A random piece of a noise field, repeated at its borders where the field is smaller."""
    rows = (int(rng.integers(pool.shape[0])) + np.arange(height)) % pool.shape[0]
    columns = (int(rng.integers(pool.shape[1])) + np.arange(width)) % pool.shape[1]
    return np.asarray(pool[np.ix_(rows, columns)], dtype=np.float32)
