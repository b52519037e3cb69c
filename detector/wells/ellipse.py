"""Rims: the ellipse where a well's dark wall meets the bright halo, fitted for all wells of a dish at once.

Everything happens in units of the dish's common half size, so neither scale nor the camera's stretch matters, and only ratios of
gradients are compared, so contrast does not matter either.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from detector.types import Image

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

ANGLES = 96
STEP = 0.0125
"""Radial sampling, in radii: half a pixel of a well of 40 px radius."""
WORKING_RADIUS_PX = 40.0
"""Larger wells are reduced to this first: finer pixels hold no more of a rim that is blurred over 2 % of its radius."""
EDGE_SIGMA = 0.025
AGREE = 0.04
"""A piece of rim agrees with the ellipse when it lies this close to it, in radii."""
CHECK_WINDOW = 0.22
"""How far a ray may look when rims are checked: to the middle of the gap between two wells."""
POOR_SUPPORT = 0.4
"""Below this the fit is no better than chance edges and the well keeps its place, in the common shape."""

_ROUNDS = (
    # window, centre sigma, radius sigma, second-harmonic sigma; later rounds start from the shape all wells share
    (0.32, 0.15, 0.08, 0.03),
    (0.18, 0.08, 0.03, 0.012),
    (0.09, 0.05, 0.015, 0.006),
)
_NOISE = 0.02
_CORRELATION = 4.0
"""Neighbouring angles see the same grain, so four of them count as one."""

_theta = np.arange(ANGLES) * (2 * np.pi / ANGLES)
_COS, _SIN = np.cos(_theta), np.sin(_theta)
_BASIS = np.stack([np.ones(ANGLES), _COS, _SIN, np.cos(2 * _theta), np.sin(2 * _theta)], axis=1)
_offsets = np.arange(-int(3 * EDGE_SIGMA / STEP), int(3 * EDGE_SIGMA / STEP) + 1) * STEP
_SLOPE = (_offsets * np.exp(-0.5 * (_offsets / EDGE_SIGMA) ** 2)).astype(np.float32)
_SLOPE /= np.abs(_SLOPE).sum()
_PAD = len(_SLOPE) // 2


@dataclass(frozen=True, slots=True)
class Rims:
    """Fitted rims of n wells in full-frame pixels."""

    centres: Floats
    """(n, 2) x, y."""
    half_sizes: Floats
    """(n, 2) half width and half height of the box around the rim."""
    support: Floats
    """(n,) share of the visible rim that agrees with the ellipse and is about as strong as the other wells' rims."""
    visible: Floats
    """(n,) share of the rim that lies inside the image."""


def fit_rims(image: Image, centres: Floats, half_size: Floats, known: int | None = None, *, is_near: bool = False) -> Rims:
    """Fit the rims near `centres` (n, 2), given the half width and height that the wells have in common (2,).

    Only the first `known` centres are taken for wells; the others are guesses that have to look like them. `is_near` says that the
    places come from rims fitted before, so the wide search is left out.
    """
    count = len(centres)
    known = count if known is None else known
    if count == 0:
        return Rims(np.zeros((0, 2)), np.zeros((0, 2)), np.zeros(0), np.zeros(0))
    picture, ratio = _reduced(image, half_size)
    half = half_size * ratio
    start = centres * ratio
    middle = start.copy()
    shape = np.tile(np.array([1.0, 0.0, 0.0]), (count, 1))
    shared = shape[0]
    for window, centre_sigma, radius_sigma, harmonic_sigma in _ROUNDS[is_near:]:
        offset, strength, inside = _strongest_edges(picture, middle, half, shape, window)
        prior = np.array([radius_sigma, centre_sigma, centre_sigma, harmonic_sigma, harmonic_sigma]) ** -2.0
        change, residual = _robust_fit(offset, strength, inside, prior)
        middle = middle + change[:, 1:3] * half
        shape = shape + change[:, [0, 3, 4]]
        agreement = _support(residual, strength, inside, known)[:known]
        shared = _shared_shape(shape[:known], agreement, inside[:known].mean(axis=1))
        if window != _ROUNDS[-1][0]:
            shape = np.tile(shared, (count, 1))
    # A narrow window finds an edge in any grain: whether it is a rim shows when each ray may choose from afar.
    offset, strength, inside = _strongest_edges(picture, middle, half, shape, CHECK_WINDOW, near_first=False)
    support = _support(offset, strength, inside, known)
    poor = support < POOR_SUPPORT
    middle[poor], shape[poor] = start[poor], shared
    half_sizes = np.stack([shape[:, 0] + shape[:, 1], shape[:, 0] - shape[:, 1]], axis=1) * half
    return Rims(middle / ratio, half_sizes / ratio, support, inside.mean(axis=1))


def _reduced(image: Image, half_size: Floats) -> tuple[npt.NDArray[np.float32], Floats]:
    """The picture no finer than rims need it, and its size relative to the frame."""
    scale = WORKING_RADIUS_PX / float(np.sqrt(half_size[0] * half_size[1]))
    if scale >= 1:
        return image.astype(np.float32), np.ones(2)
    height, width = image.shape
    small = cv2.resize(image, (max(round(width * scale), 2), max(round(height * scale), 2)), interpolation=cv2.INTER_AREA)
    return small.astype(np.float32), np.array([small.shape[1] / width, small.shape[0] / height])


def _strongest_edges(
    picture: npt.NDArray[np.float32], middle: Floats, half: Floats, shape: Floats, window: float, *, near_first: bool = True
) -> tuple[Floats, Floats, Flags]:
    """Where each ray of each well brightens most, in radii from the expected rim; how much; and whether the ray's rim is in view."""
    count = len(middle)
    reach = int(window / STEP)
    steps = np.arange(-reach - _PAD, reach + _PAD + 1) * STEP
    expected = shape @ _BASIS[:, [0, 3, 4]].T
    radius = expected[:, :, None] + steps
    x = middle[:, 0, None, None] + half[0] * radius * _COS[:, None]
    y = middle[:, 1, None, None] + half[1] * radius * _SIN[:, None]
    flat = (count * ANGLES, len(steps))
    # Box edges count from the pixel's corner, samples from its middle.
    rays = cv2.remap(
        picture,
        (x - 0.5).reshape(flat).astype(np.float32),
        (y - 0.5).reshape(flat).astype(np.float32),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    rises = cv2.filter2D(rays, cv2.CV_32F, _SLOPE[None, :])
    slope: npt.NDArray[np.floating] = np.asarray(rises, np.float32).reshape(count, ANGLES, len(steps))[:, :, _PAD:-_PAD]
    slope = np.asarray((np.roll(slope, 1, axis=1) + 2 * slope + np.roll(slope, -1, axis=1)) / 4, np.float32)
    inner = slice(_PAD, -_PAD)
    height, width = picture.shape
    margin = 1.0
    in_view = (x[:, :, inner] > margin) & (x[:, :, inner] < width - margin) & (y[:, :, inner] > margin) & (y[:, :, inner] < height - margin)
    middle_step = reach
    inside = in_view[:, :, middle_step]
    nearness = np.exp(-0.5 * (steps[inner] / (0.7 * window)) ** 2) if near_first else 1.0
    weighed = np.where(in_view, slope * nearness, 0.0)
    best = np.clip(weighed.argmax(axis=2), 1, 2 * reach - 1)
    rows, columns = np.ogrid[:count, :ANGLES]
    before, at, after = (slope[rows, columns, best + k].astype(np.float64) for k in (-1, 0, 1))
    bend = before - 2 * at + after
    fraction = np.where(bend < -1e-6, 0.5 * (before - after) / np.where(bend < -1e-6, bend, 1.0), 0.0)
    offset = (best - reach + np.clip(fraction, -0.5, 0.5)) * STEP
    return offset, np.maximum(at, 0.0), inside


def _robust_fit(offset: Floats, strength: Floats, inside: Flags, prior: Floats) -> tuple[Floats, Floats]:
    """Coefficients (n, 5) of the ellipse's offset from the expected rim, by reweighted least squares, and what is left over."""
    typical = np.array([np.median(s[i]) if i.any() else 1.0 for s, i in zip(strength, inside, strict=True)])[:, None]
    base = np.where(inside, np.clip(strength / np.maximum(typical, 1e-6), 0.0, 1.0), 0.0)
    precision = base / (_NOISE**2 * _CORRELATION)
    weight = precision
    residual = offset
    coefficients: Floats = np.zeros((len(offset), 5))
    outer = _BASIS[:, :, None] * _BASIS[:, None, :]
    for cut in (0.25, 0.15, 0.1, 0.06, 0.06, 0.06):
        normal = np.tensordot(weight, outer, axes=(1, 0)) + np.diag(prior)
        right = (weight * offset) @ _BASIS
        coefficients = np.linalg.solve(normal, right[:, :, None])[:, :, 0]
        residual = offset - coefficients @ _BASIS.T
        weight = precision * np.clip(1 - (residual / cut) ** 2, 0.0, None) ** 2
    return coefficients, residual


def _support(residual: Floats, strength: Floats, inside: Flags, known: int) -> Floats:
    sure = strength[:known][inside[:known]]
    typical = np.median(sure) if len(sure) else 1.0
    agrees = inside & (np.abs(residual) < AGREE) & (strength > 0.3 * typical)
    support: Floats = agrees.sum(axis=1) / np.maximum(inside.sum(axis=1), 1)
    return support


def _shared_shape(shape: Floats, support: Floats, visible: Floats) -> Floats:
    """The median shape of the wells seen best: all wells of a dish share size and tilt."""
    good = (support > 0.5) & (visible > 0.8)
    if good.sum() < 3:
        good = support >= np.sort(support)[-min(3, len(support))]
    shared: Floats = np.median(shape[good], axis=0)
    return shared
