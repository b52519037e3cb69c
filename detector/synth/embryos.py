"""Embryos as maps of relative contrast: how much darker or lighter than the floor each pixel is."""

from __future__ import annotations

import numpy as np

from detector.synth.filters import blurred
from detector.synth.grain import window
from detector.synth.scene import Canvas, Embryo


def _ring(distance: Canvas, at: float, width: float) -> Canvas:
    return np.asarray(np.exp(-(((distance - at) / width) ** 2)), dtype=np.float32)


def _disc(distance: Canvas, radius: float, edge: float) -> Canvas:
    return np.asarray(np.clip((radius - distance) / edge + 0.5, 0.0, 1.0), dtype=np.float32)


def embryo_map(embryo: Embryo, x: Canvas, y: Canvas, pixel: float, pool: Canvas, lens_blur: float = 0.0) -> Canvas:
    """Relative contrast at coordinates `x`, `y` (embryo radii from its centre); `pixel` is a pixel's size in embryo radii.

    The embryo's contrast is the root mean square over its disc that is left after `lens_blur` (embryo radii), so that a
    blurred picture still shows it.
    """
    rng = np.random.default_rng(embryo.seed)
    cos, sin = np.cos(embryo.turn), np.sin(embryo.turn)
    oval = rng.uniform(0.92, 1.0)
    u, v = (cos * x + sin * y), (cos * y - sin * x) / oval
    distance = np.sqrt(u * u + v * v).astype(np.float32)
    line = max(float(rng.uniform(0.035, 0.09)), 0.9 * pixel)
    contrast = _zona(embryo, rng, distance, line)
    body = 1.0 - embryo.zona - float(rng.uniform(0.0, 0.12))
    texture = window(pool, rng, x.shape[0], x.shape[1])
    if embryo.kind == "disc":
        contrast += _one_cell(rng, distance, u, v, body, line, texture)
    elif embryo.kind == "cells":
        contrast += _cells(embryo.cells, rng, u, v, body, line, texture)
    elif embryo.kind == "morula":
        contrast += _morula(rng, distance, u, v, body, line, texture)
    else:
        contrast += _blastocyst(rng, distance, u, v, body, line, texture)
    if embryo.defocus > 0:
        sigma = embryo.defocus / pixel
        soft = blurred(contrast, sigma) if sigma > 0.3 else contrast
        # Out of focus, edges show diffraction fringes: the difference of two blurs brings a few of them.
        contrast = soft + rng.uniform(0.0, 0.9) * (soft - blurred(soft, max(1.2 * sigma, 0.8)))
    if embryo.relief > 0:
        slope_y, slope_x = np.gradient(blurred(contrast, max(0.06 / pixel, 0.6)))
        angle = rng.uniform(0, 2 * np.pi)
        contrast = contrast + (embryo.relief * 0.12 / pixel) * (np.cos(angle) * slope_x + np.sin(angle) * slope_y)
    left = blurred(contrast, lens_blur / pixel) if lens_blur > 0.3 * pixel else contrast
    within = distance < 1.05
    strength = float(np.sqrt((left[within] ** 2).mean())) if bool(within.any()) else 1.0
    return np.asarray(contrast * (embryo.contrast / max(strength, 0.02)), dtype=np.float32)


def _zona(embryo: Embryo, rng: np.random.Generator, distance: Canvas, line: float) -> Canvas:
    outer, inner, fill = rng.uniform(-0.5, 0.25), rng.uniform(-0.5, 0.1), rng.uniform(-0.02, 0.16)
    zona = outer * _ring(distance, 1.0, line) + inner * _ring(distance, 1.0 - embryo.zona, line)
    zona += fill * _disc(distance, 1.0, 2 * line) * (1.0 - _disc(distance, 1.0 - embryo.zona, 2 * line))
    if rng.random() < 0.6:
        wave, reach = rng.uniform(0.14, 0.34), rng.uniform(0.08, 0.3)
        beyond = np.clip(distance - 1.0, 0.0, None)
        zona += rng.uniform(-0.3, 0.3) * np.cos(2 * np.pi * beyond / wave) * np.exp(-beyond / reach) * (distance > 1.0)
    return np.asarray(zona, dtype=np.float32)


def _one_cell(rng: np.random.Generator, distance: Canvas, u: Canvas, v: Canvas, body: float, line: float, texture: Canvas) -> Canvas:
    inside = _disc(distance, body, 2 * line)
    cell = inside * (rng.uniform(-0.4, 0.04) + rng.uniform(0.0, 0.14) * texture)
    cell += rng.uniform(-0.6, -0.05) * _ring(distance, body, line)
    for _ in range(int(rng.integers(0, 4))):
        angle, far = rng.uniform(0, 2 * np.pi), rng.uniform(0.0, 0.45) * body
        spot = np.hypot(u - far * np.cos(angle), v - far * np.sin(angle))
        size = rng.uniform(0.06, 0.24)
        cell += rng.uniform(-0.35, 0.25) * _ring(spot.astype(np.float32), size, line) * inside
    return np.asarray(cell, dtype=np.float32)


def _cells(count: int, rng: np.random.Generator, u: Canvas, v: Canvas, body: float, line: float, texture: Canvas) -> Canvas:
    packed = {1: 0.95, 2: 0.62, 3: 0.56, 4: 0.52}.get(count, max(0.26, 1.05 / np.sqrt(count)))
    fill, edge, bump = rng.uniform(-0.34, 0.02), rng.uniform(-0.6, -0.15), rng.uniform(-0.05, 0.25)
    grain = rng.uniform(0.0, 0.14)
    start = rng.uniform(0, 2 * np.pi)
    total = np.zeros_like(u)
    for k in range(count):
        size = packed * body * rng.uniform(0.85, 1.1)
        if k < 7 or count < 8:
            ring = max(min(count, 7), 1)
            angle, far = start + 2 * np.pi * k / ring + rng.normal(0, 0.12), (body - size) * rng.uniform(0.85, 1.0)
        else:
            angle, far = rng.uniform(0, 2 * np.pi), (body - size) * rng.uniform(0.0, 0.5)
        distance = np.hypot(u - far * np.cos(angle), (v - far * np.sin(angle)) / rng.uniform(0.88, 1.0)).astype(np.float32)
        inside = _disc(distance, size, 2 * line)
        cell = inside * (fill + bump * (1.0 - (distance / size) ** 2)) + edge * _ring(distance, size, line)
        # A nearer cell partly hides what lies below it.
        total = total * (1.0 - rng.uniform(0.35, 0.95) * inside) + cell
    for _ in range(int(rng.integers(0, 6)) if rng.random() < 0.4 else 0):
        angle, far, size = rng.uniform(0, 2 * np.pi), rng.uniform(0.3, 0.95) * body, rng.uniform(0.06, 0.16)
        distance = np.hypot(u - far * np.cos(angle), v - far * np.sin(angle)).astype(np.float32)
        total += rng.uniform(-0.5, -0.1) * _ring(distance, size, line)
    covered = (np.abs(total) > 0.03).astype(np.float32)
    return np.asarray(total + grain * texture * covered, dtype=np.float32)


def _morula(rng: np.random.Generator, distance: Canvas, u: Canvas, v: Canvas, body: float, line: float, texture: Canvas) -> Canvas:
    wobble = 1.0 + rng.uniform(0.0, 0.07) * np.cos(int(rng.integers(4, 9)) * np.arctan2(v, u) + rng.uniform(0, 6))
    inside = _disc((distance / wobble).astype(np.float32), body * rng.uniform(0.85, 1.0), 2 * line)
    coarse = blurred(texture, 1.2)
    morula = inside * (rng.uniform(-0.4, -0.08) + rng.uniform(0.1, 0.3) * texture + rng.uniform(0.0, 0.3) * coarse)
    return np.asarray(morula + _lines(rng, u, v, int(rng.integers(6, 18)), line) * inside * rng.uniform(-0.35, 0.0), dtype=np.float32)


def _blastocyst(rng: np.random.Generator, distance: Canvas, u: Canvas, v: Canvas, body: float, line: float, texture: Canvas) -> Canvas:
    radius = min(body * rng.uniform(1.0, 1.15), 1.0)
    inside = _disc(distance, radius, 2 * line)
    blastocyst = inside * rng.uniform(-0.22, 0.12) + rng.uniform(-0.6, -0.2) * _ring(distance, radius, line * 1.3)
    blastocyst += _lines(rng, u, v, int(rng.integers(12, 34)), line) * inside * rng.uniform(-0.5, -0.12)
    angle, far, size = rng.uniform(0, 2 * np.pi), rng.uniform(0.2, 0.7) * radius, rng.uniform(0.2, 0.45)
    mass = _disc(np.hypot(u - far * np.cos(angle), v - far * np.sin(angle)).astype(np.float32), size, 0.15) * inside
    blastocyst += mass * (rng.uniform(-0.35, -0.05) + rng.uniform(0.05, 0.2) * texture)
    if rng.random() < 0.25:
        angle, size = rng.uniform(0, 2 * np.pi), rng.uniform(0.2, 0.5)
        bud = np.hypot(u - 1.1 * np.cos(angle), v - 1.1 * np.sin(angle)).astype(np.float32)
        blastocyst += rng.uniform(-0.5, -0.2) * _ring(bud, size, line) + rng.uniform(-0.2, 0.1) * _disc(bud, size, 2 * line)
    return np.asarray(blastocyst + 0.06 * texture * inside, dtype=np.float32)


def _lines(rng: np.random.Generator, u: Canvas, v: Canvas, count: int, line: float) -> Canvas:
    """A net of cell borders: light where two of `count` random centres are equally near."""
    angle, far = rng.uniform(0, 2 * np.pi, count), np.sqrt(rng.uniform(0, 1, count))
    first = np.full_like(u, 9.0)
    second = np.full_like(u, 9.0)
    for a, f in zip(angle, far, strict=True):
        distance = np.hypot(u - f * np.cos(a), v - f * np.sin(a)).astype(np.float32)
        second = np.minimum(second, np.maximum(first, distance))
        first = np.minimum(first, distance)
    return np.asarray(np.exp(-(((second - first) / (1.6 * line)) ** 2)), dtype=np.float32)
