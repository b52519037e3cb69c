"""The dish beside its wells: plastic with grain, grooves, numerals, ridges, scratches and dust."""

from __future__ import annotations

import cv2
import numpy as np

from detector.synth.filters import blurred
from detector.synth.grain import correlated
from detector.synth.scene import Canvas, Clutter, Optics, Scene


def paint_field(scene: Scene, height: int, width: int, unit: float, pool: Canvas) -> Canvas:
    """The empty plastic at light levels 0-255; `unit` is the canvas pixels of a canonical pixel."""
    optics, clutter = scene.optics, scene.clutter
    canvas = np.full((height, width), optics.field, dtype=np.float32)
    canvas += optics.grain_field * pool
    draw = np.random.default_rng(clutter.seed)
    if clutter.ridges > 0:
        canvas += _ridges(draw, height, width, unit) * (clutter.ridges * optics.field)
    if clutter.scratches or clutter.blots:
        canvas *= 1.0 + _dirt(clutter, draw, height, width, unit)
    if clutter.numerals != "none":
        canvas *= 1.0 + _numerals(scene, draw, height, width, unit)
    return canvas


def grooves(scene: Scene, height: int, width: int, unit: float) -> Canvas | None:
    """Relative contrast of the grooves that join neighbouring wells, None where the dish has none."""
    clutter = scene.clutter
    if clutter.grooves == "none":
        return None
    step = (1, 0) if clutter.grooves == "columns" else (0, 1)
    places = {(w.row, w.column): w for w in scene.wells if not w.is_stray}
    mask = np.zeros((height, width), dtype=np.uint8)
    radius = 1.0
    for (row, column), well in places.items():
        radius = well.radius
        other = places.get((row + step[0], column + step[1]))
        start = (round(well.x * unit), round(well.y * unit))
        if other is not None:
            cv2.line(mask, start, (round(other.x * unit), round(other.y * unit)), 255, 1, cv2.LINE_AA)
    thick = max(clutter.groove_width * radius * unit, 0.8)
    spread = blurred(mask, thick) / 255.0
    wide = blurred(mask, thick * 2.6) / 255.0
    peak = 1.0 / (thick * 2.507)
    return np.asarray((spread / peak) * -clutter.groove_depth + (wide * 2.6 / peak) * clutter.groove_depth * 0.35, dtype=np.float32)


def illumination(optics: Optics, height: int, width: int) -> Canvas:
    """How much light reaches each pixel: a soft-edged disc with a tilt."""
    y = ((np.arange(height, dtype=np.float32) + 0.5) / width)[:, None]
    x = ((np.arange(width, dtype=np.float32) + 0.5) / width)[None, :]
    distance = np.hypot(x - optics.light_x, y - optics.light_y)
    inside = np.clip((optics.light_radius - distance) / optics.light_softness + 0.5, 0.0, 1.0)
    inside = inside * inside * (3.0 - 2.0 * inside)
    tilt = 1.0 + optics.tilt_x * (x - 0.5) + optics.tilt_y * (y - 0.4)
    return np.asarray((optics.light_least + (1.0 - optics.light_least) * inside) * np.clip(tilt, 0.2, 2.0), dtype=np.float32)


def _ridges(rng: np.random.Generator, height: int, width: int, unit: float) -> Canvas:
    """Parallel mould marks over one side of the picture."""
    across = blurred(rng.standard_normal((1, width), dtype=np.float32), 1.6 * unit)
    across = across / max(float(across.std()), 1e-6)
    side = np.clip((rng.uniform(0.1, 0.35) - np.linspace(0, 1, width, dtype=np.float32)) / 0.06, 0.0, 1.0)
    rows = (across * side)[:, :: int(rng.choice([-1, 1]))].repeat(height, 0)
    return np.asarray(rows * (1.0 + 0.5 * correlated(rng, height, width, 3.0 * unit)), dtype=np.float32)


def _dirt(clutter: Clutter, rng: np.random.Generator, height: int, width: int, unit: float) -> Canvas:
    """Scratches, hairs, dust and soft blots, as relative contrast."""
    lines = np.zeros((height, width), dtype=np.uint8)
    for _ in range(clutter.scratches):
        start = np.array([rng.uniform(0, width), rng.uniform(0, height)])
        heading, points = rng.uniform(0, 2 * np.pi), [start]
        for _ in range(int(rng.integers(2, 8))):
            heading += rng.normal(0, 0.25)
            points.append(points[-1] + rng.uniform(4, 26) * unit * np.array([np.cos(heading), np.sin(heading)]))
        path = np.round(np.array(points)).astype(np.int32)
        cv2.polylines(lines, [path], False, int(rng.integers(90, 255)), max(1, round(rng.uniform(0.5, 1.6) * unit)), cv2.LINE_AA)
    spots = np.zeros((height, width), dtype=np.uint8)
    for _ in range(clutter.blots):
        size = (rng.uniform(0.6, 3.0) if rng.random() < 0.7 else rng.uniform(3.0, 16.0)) * unit
        centre = (int(rng.uniform(0, width)), int(rng.uniform(0, height)))
        axes = (max(1, round(size)), max(1, round(size * rng.uniform(0.4, 1.0))))
        cv2.ellipse(spots, centre, axes, rng.uniform(0, 180), 0, 360, int(rng.integers(60, 255)), -1, cv2.LINE_AA)
    soft = blurred(lines, 0.5 * unit) * (rng.uniform(-0.5, 0.35) / 255.0)
    soft += blurred(spots, rng.uniform(0.5, 2.5) * unit) * (rng.uniform(-0.6, 0.15) / 255.0)
    return np.asarray(soft, dtype=np.float32)


def _numerals(scene: Scene, rng: np.random.Generator, height: int, width: int, unit: float) -> Canvas:
    """Embossed signs beside the rows or above the columns: dark outlines round a lighter core."""
    clutter = scene.clutter
    mask = np.zeros((height, width), dtype=np.uint8)
    by_row = clutter.numerals in ("left", "right")
    size = clutter.numeral_size * unit
    font = int(rng.choice([cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_PLAIN]))
    scale = size / float(cv2.getTextSize("8", font, 1.0, 1)[0][1])
    letters = rng.random() < 0.35
    gap = rng.uniform(1.35, 2.1)
    first = {"left": 0, "right": scene.layout.columns - 1, "top": 0, "bottom": scene.layout.rows - 1}[clutter.numerals]
    sign = -1.0 if clutter.numerals in ("left", "top") else 1.0
    for well in scene.wells:
        if well.is_stray or (well.column if by_row else well.row) != first:
            continue
        index = well.row if by_row else well.column
        text = chr(ord("A") + index) if letters else str(index + 1)
        shift = sign * gap * well.radius
        x, y = (well.x + shift, well.y) if by_row else (well.x, well.y + shift)
        place = (round(x * unit - size / 2), round(y * unit + size / 2))
        cv2.putText(mask, text, place, font, scale, 255, max(1, round(0.16 * size)), cv2.LINE_AA)
    inner = blurred(mask, max(0.06 * size, 0.6)) / 255.0
    outer = blurred(cv2.dilate(mask, np.ones((3, 3), np.uint8), iterations=max(1, round(0.05 * size))), max(0.07 * size, 0.6))
    outline = np.clip(outer / 255.0 - rng.uniform(0.5, 1.0) * inner, 0.0, 1.0)
    return np.asarray(clutter.numeral_depth * (rng.uniform(0.0, 0.6) * inner - 1.4 * outline), dtype=np.float32)
