"""Changes a window meets anew each time it is seen: turned, scaled, moved, blurred, relit from another side."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from detector.stages.crops import SIZE, Crop, normalised
from detector.training.stages_lessons import WINDOW


def augmented(window: npt.NDArray[np.uint8], rng: np.random.Generator) -> Crop:
    """A changed crop (SIZE, SIZE) of a window (WINDOW, WINDOW)."""
    crop = _relit(normalised(_moved(window, rng)), rng)
    if rng.random() < 0.3:
        height, width = rng.integers(SIZE // 6, SIZE // 3, 2)
        top, left = rng.integers(0, SIZE - height), rng.integers(0, SIZE - width)
        crop[top : top + height, left : left + width] = 0
    return crop


def plain(window: npt.NDArray[np.uint8]) -> Crop:
    """The crop of a window as it is served."""
    edge = (WINDOW - SIZE) // 2
    return normalised(window[edge : edge + SIZE, edge : edge + SIZE])


def _moved(window: npt.NDArray[np.uint8], rng: np.random.Generator) -> npt.NDArray[np.uint8]:
    """Turned by any angle, mirrored, scaled and stretched about a centre that misses the embryo's a little, as its finder does."""
    angle, scale = rng.uniform(0, 2 * np.pi), np.exp(rng.normal(0, 0.13))
    stretch = np.exp(rng.normal(0, 0.04))
    mirror = rng.choice([-1.0, 1.0])
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    matrix = turn @ np.diag([mirror * scale * stretch, scale / stretch])
    centre = (WINDOW - 1) / 2 + rng.normal(0, 0.035 * SIZE, 2)
    offset = centre - matrix @ np.full(2, (SIZE - 1) / 2)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    moved = cv2.warpAffine(window, np.column_stack([matrix, offset]), (SIZE, SIZE), flags=flags, borderMode=cv2.BORDER_CONSTANT)
    return np.asarray(moved, dtype=np.uint8)


def _relit(crop: Crop, rng: np.random.Generator) -> Crop:
    """Another focus, another illumination, another camera."""
    if rng.random() < 0.35:
        crop = np.asarray(cv2.GaussianBlur(crop, (0, 0), rng.uniform(0.4, 1.5)), dtype=np.float32)
    if rng.random() < 0.3:
        # Light from one side draws relief: a slope along one direction is added.
        angle, depth = rng.uniform(0, 2 * np.pi), rng.uniform(0.1, 0.9)
        across, down = cv2.Sobel(crop, cv2.CV_32F, 1, 0, scale=0.25), cv2.Sobel(crop, cv2.CV_32F, 0, 1, scale=0.25)
        slope = np.cos(angle) * across + np.sin(angle) * down
        crop = crop + np.float32(depth) * slope
    if rng.random() < 0.3:
        crop = np.sign(crop) * np.abs(crop) ** np.float32(rng.uniform(0.8, 1.25))
    if rng.random() < 0.4:
        crop = crop + np.float32(rng.uniform(0.05, 0.45)) * rng.standard_normal(crop.shape, dtype=np.float32)
    if rng.random() < 0.3:
        ramp = np.linspace(-1, 1, SIZE, dtype=np.float32)
        across, down = rng.normal(0, 0.25, 2).astype(np.float32)
        crop = crop + across * ramp[None] + down * ramp[:, None]
    return np.asarray(np.clip(crop * np.float32(np.exp(rng.normal(0, 0.15))), -5, 5), dtype=np.float32)
