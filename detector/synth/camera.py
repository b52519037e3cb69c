"""From light to file: blur, exposure, veil, sharpening, noise, turn and JPEG."""

from __future__ import annotations

import cv2
import numpy as np

from detector.synth.filters import blurred, resized
from detector.synth.grain import correlated
from detector.synth.scene import Camera, Canvas
from detector.types import Image


def take(light: Canvas, camera: Camera, width: int, height: int, rng: np.random.Generator) -> Image:
    """The picture a camera writes of `light` (levels 0-255), `width` by `height` pixels."""
    unit = light.shape[1] / 384.0
    if camera.blur > 0:
        light = blurred(light, max(camera.blur * unit, 0.1))
    if camera.motion > 0:
        light = _shaken(light, camera.motion * unit, rng)
    if camera.resample < 1.0:
        small = (max(32, round(width * camera.resample)), max(32, round(height * camera.resample)))
        light = resized(light, *small, cv2.INTER_AREA)
        light = resized(light, width, height, cv2.INTER_LINEAR)
    elif light.shape != (height, width):
        light = resized(light, width, height, cv2.INTER_AREA)
    pixel = width / 384.0
    if camera.veil > 0:
        cloud = correlated(rng, height, width, 40.0 * pixel)
        light = np.asarray(light * (1.0 - 0.6 * camera.veil) + camera.veil * (90.0 + 40.0 * cloud), np.float32)
    if camera.sharpen > 0:
        light = np.asarray(light + camera.sharpen * (light - blurred(light, max(1.2 * pixel, 0.5))), np.float32)
    light = np.asarray(255.0 * np.clip(light / 255.0, 0.0, 1.0) ** camera.gamma, np.float32)
    light = light * camera.contrast + camera.lift
    if camera.noise > 0:
        light = light + camera.noise * rng.standard_normal(light.shape, dtype=np.float32)
    picture = np.clip(light + 0.5, 0, 255).astype(np.uint8)
    return _compressed(picture, camera.jpeg) if camera.jpeg < 100 else picture


def turn_matrix(degrees: float, width: float, height: float) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """The 2x3 matrix that turns a picture about its middle."""
    return np.asarray(cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0), dtype=np.float64)


def turned(light: Canvas, degrees: float, corner: int) -> Canvas:
    """`light` turned about its middle, the corners filled plainly."""
    height, width = light.shape
    matrix = turn_matrix(degrees, width, height)
    return np.asarray(cv2.warpAffine(light, matrix, (width, height), flags=cv2.INTER_LINEAR, borderValue=float(corner)), dtype=np.float32)


def _shaken(light: Canvas, length: float, rng: np.random.Generator) -> Canvas:
    size = max(3, 2 * round(length) + 1)
    kernel = np.zeros((size, size), dtype=np.float32)
    angle, middle = rng.uniform(0, np.pi), size // 2
    reach = length / 2 * np.array([np.cos(angle), np.sin(angle)])
    start, end = np.round(middle - reach).astype(int), np.round(middle + reach).astype(int)
    cv2.line(kernel, (int(start[0]), int(start[1])), (int(end[0]), int(end[1])), 1.0, 1)
    return np.asarray(cv2.filter2D(light, -1, kernel / max(float(kernel.sum()), 1e-6)), dtype=np.float32)


def _compressed(picture: Image, quality: int) -> Image:
    written, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not written:
        raise RuntimeError(f"JPEG at quality {quality} could not be written")
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE), dtype=np.uint8)
