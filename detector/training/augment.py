"""Changes a rendering meets anew in every epoch: mirrored, moved, scaled, relit."""

from __future__ import annotations

import cv2
import numpy as np

from detector.training.renderings import Labels
from detector.types import Image
from detector.wells.preprocess import PADDING

_LEAST_LEFT = 0.45


def augmented(image: Image, labels: Labels, rng: np.random.Generator) -> tuple[Image, Labels]:
    """A changed copy of a canonical rendering; boxes follow exactly, those cut to less than 45 % are dropped."""
    height, width = image.shape
    labels = labels.copy()
    if rng.random() < 0.5:
        image, labels[:, [1, 3]] = image[:, ::-1], width - labels[:, [3, 1]]
    if rng.random() < 0.5:
        image, labels[:, [2, 4]] = image[::-1], height - labels[:, [4, 2]]
    image = np.ascontiguousarray(image)
    if rng.random() < 0.6:
        image, labels = _moved(image, labels, rng)
    return _relit(image, rng), labels


def _moved(image: Image, labels: Labels, rng: np.random.Generator) -> tuple[Image, Labels]:
    height, width = image.shape
    scale = rng.uniform(0.78, 1.25)
    stretch = rng.uniform(0.95, 1.05)
    x_scale, y_scale = scale * stretch, scale / stretch
    x_shift = width * ((1 - x_scale) / 2 + rng.uniform(-0.08, 0.08))
    y_shift = height * ((1 - y_scale) / 2 + rng.uniform(-0.08, 0.08))
    matrix = np.array([[x_scale, 0, x_shift], [0, y_scale, y_shift]])
    border = int(rng.choice([PADDING, PADDING, 0, 255, int(image.mean())]))
    moved = cv2.warpAffine(image, matrix, (width, height), flags=cv2.INTER_LINEAR, borderValue=border)
    boxes = labels.copy()
    # Pixel centres move by the half pixel that box edges do not.
    boxes[:, [1, 3]] = (labels[:, [1, 3]] - 0.5) * x_scale + x_shift + 0.5
    boxes[:, [2, 4]] = (labels[:, [2, 4]] - 0.5) * y_scale + y_shift + 0.5
    whole = (boxes[:, 3] - boxes[:, 1]) * (boxes[:, 4] - boxes[:, 2])
    boxes[:, [1, 3]] = boxes[:, [1, 3]].clip(0, width)
    boxes[:, [2, 4]] = boxes[:, [2, 4]].clip(0, height)
    left = (boxes[:, 3] - boxes[:, 1]) * (boxes[:, 4] - boxes[:, 2])
    return np.asarray(moved, dtype=np.uint8), boxes[left > _LEAST_LEFT * whole]


def _relit(image: Image, rng: np.random.Generator) -> Image:
    table = np.arange(256, dtype=np.float64) / 255
    table = table ** rng.uniform(0.75, 1.33)
    table = (table - 0.5) * rng.uniform(0.7, 1.15) + 0.5 + rng.uniform(-0.1, 0.1)
    lit = cv2.LUT(image, np.clip(255 * table, 0, 255).astype(np.uint8))
    if rng.random() < 0.12:
        lit = cv2.GaussianBlur(lit, (0, 0), rng.uniform(0.4, 1.0))
    if rng.random() < 0.25:
        noisy = lit.astype(np.float32) + rng.uniform(1, 6) * rng.standard_normal(lit.shape, dtype=np.float32)
        lit = np.clip(noisy, 0, 255).astype(np.uint8)
    return np.asarray(lit, dtype=np.uint8)
