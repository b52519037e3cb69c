"""Grain of cytoplasm, zona and plastic: drawn once, then cut out turned and scaled to any picture."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

from detector.synth.grain import correlated
from detector.synth.scene import Canvas

_SIDE = 768
_POOL_UM = 0.8
FINE, MEDIUM, COARSE, BROAD = 0.9, 2.2, 5.0, 13.0
"""Correlation lengths in micrometres."""


@lru_cache(maxsize=8)
def _pool(length_um: float) -> Canvas:
    rng = np.random.default_rng([77, round(100 * length_um)])
    pool = correlated(rng, _SIDE, _SIDE, length_um / _POOL_UM)
    pool.setflags(write=False)
    return pool


def texture(
    length_um: float, seed: int, shape: tuple[int, int], um_per_px: float, centre: tuple[float, float], turn: float = 0.0
) -> Canvas:
    """Normal noise of SD 1 that is fixed to an object: `centre` is the object's place in the picture (x, y), `turn` its rotation."""
    rng = np.random.default_rng(seed)
    reach = 0.72 * max(shape) * um_per_px / _POOL_UM
    spare = max(_SIDE / 2 - reach, 1.0)
    x, y = _SIDE / 2 + rng.uniform(-spare, spare, 2)
    step = um_per_px / _POOL_UM
    cos, sin = step * np.cos(turn), step * np.sin(turn)
    matrix = np.array([[cos, sin, x - cos * centre[0] - sin * centre[1]], [-sin, cos, y + sin * centre[0] - cos * centre[1]]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(_pool(length_um), matrix, shape[::-1], flags=flags, borderMode=cv2.BORDER_REFLECT), dtype=np.float32)
