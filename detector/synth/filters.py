"""OpenCV's filters with the types of this package."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from detector.synth.scene import Canvas


def blurred(picture: npt.NDArray[Any], sigma: float, sigma_y: float = 0.0) -> Canvas:
    """`picture` smoothed by a Gaussian of `sigma` pixels; uint8 is rounded as OpenCV does and then made float."""
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), sigma, sigmaY=sigma_y), dtype=np.float32)


def resized(picture: Canvas, width: int, height: int, interpolation: int) -> Canvas:
    """`picture` at another size."""
    return np.asarray(cv2.resize(picture, (width, height), interpolation=interpolation), dtype=np.float32)
