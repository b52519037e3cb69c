"""render_dish: one picture of a dish together with everything that is true of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from detector.synth.bubbles import paint_outside
from detector.synth.camera import take, turn_matrix, turned
from detector.synth.field import grooves, illumination, paint_field
from detector.synth.grain import correlated, streaks
from detector.synth.sampling import sample_scene
from detector.synth.scene import DishTruth, Scene, WellScene, WellTruth
from detector.synth.settings import DishSettings
from detector.synth.wells import WellPainter, half_extents
from detector.types import Box, Image


@dataclass(frozen=True, slots=True)
class RenderedDish:
    """A grey picture and its truth."""

    image: Image
    truth: DishTruth
    scene: Scene


def render_dish(seed: int, settings: DishSettings | None = None) -> RenderedDish:
    """The dish of `seed`: the same seed and settings always give the same bytes."""
    chosen = settings or DishSettings()
    rng = np.random.default_rng([seed, 71])
    scene = sample_scene(rng, chosen)
    width = chosen.width or round(scene.width)
    height = chosen.height or round(scene.height)
    return draw_scene(scene, width, height, rng)


def draw_scene(
    scene: Scene, width: int, height: int, rng: np.random.Generator, paints: Callable[..., WellPainter] = WellPainter
) -> RenderedDish:
    """`scene` photographed at `width` by `height` pixels; `rng` draws the grain and noise of this one picture, `paints` its wells."""
    # Twice the pixels up to a canonical picture; large pictures have pixels enough for smooth edges.
    over = 2 if width <= 512 else 1
    canvas_w, canvas_h = width * over, height * over
    unit = canvas_w / scene.width
    pool = correlated(rng, canvas_h, canvas_w, scene.optics.grain_px * unit)
    canvas = paint_field(scene, canvas_h, canvas_w, unit, pool)
    painter = paints(scene, canvas, unit, pool, streaks(np.random.default_rng(scene.clutter.seed)))
    for well in scene.wells:
        painter.halo(well)
    channels = grooves(scene, canvas_h, canvas_w, unit)
    if channels is not None:
        canvas *= np.clip(1.0 + channels, 0.1, 1.6)
    for well in scene.wells:
        painter.well(well)
    paint_outside(canvas, scene.outside, unit, dark=scene.optics.wall, light=scene.optics.field)
    canvas *= illumination(scene.optics, canvas_h, canvas_w)
    if scene.camera.turn:
        canvas = turned(canvas, scene.camera.turn, scene.camera.corner)
    if scene.clutter.caption:
        place = (round(6 * unit), round((scene.height - 8 if scene.clutter.seed % 2 else 16) * unit))
        cv2.putText(
            canvas, scene.clutter.caption, place, cv2.FONT_HERSHEY_SIMPLEX, 0.42 * unit, 250.0, max(1, round(0.6 * unit)), cv2.LINE_AA
        )
    image = take(canvas, scene.camera, width, height, rng)
    return RenderedDish(image, truth_of(scene, width, height), scene)


def truth_of(scene: Scene, width: int, height: int) -> DishTruth:
    """What is true of `scene` at this size, in its pixels."""
    scale = width / scene.width
    if not scene.usable:
        return DishTruth(width, height, None, False, scene.reason, ())
    matrix, centre_of = _final(scene)
    seen = [_well_truth(w, matrix, centre_of(w.x, w.y), scale, width, height) for w in scene.wells]
    wells = tuple(t for w, t in zip(scene.wells, seen, strict=True) if not w.is_stray)
    strays = tuple(t for w, t in zip(scene.wells, seen, strict=True) if w.is_stray)
    gas = []
    for bubble in scene.outside:
        x, y = centre_of(bubble.x, bubble.y)
        r = bubble.radius
        box, visible = _clipped((x - r) * scale, (y - r) * scale, (x + r) * scale, (y + r) * scale, width, height)
        if visible > 0.3:
            gas.append(box)
    return DishTruth(width, height, scene.layout, True, "", wells, strays, tuple(gas))


def _final(scene: Scene):  # type: ignore[no-untyped-def]
    """The matrix from a unit circle to a well's outline in the finished picture, and the function that places centres."""
    matrix = np.array(scene.matrix).reshape(2, 2)
    if not scene.camera.turn:
        return scene.matrix, lambda x, y: (x, y)
    turn = turn_matrix(scene.camera.turn, scene.width, scene.height)
    joined = turn[:, :2] @ matrix
    return tuple(float(v) for v in joined.ravel()), lambda x, y: tuple(float(v) for v in turn @ np.array([x, y, 1.0]))


def _well_truth(
    well: WellScene, matrix: tuple[float, float, float, float], centre: tuple[float, float], scale: float, width: int, height: int
) -> WellTruth:
    half_w, half_h = half_extents(matrix, well.radius * scale)
    x, y = centre[0] * scale, centre[1] * scale
    box, visible = _clipped(x - half_w, y - half_h, x + half_w, y + half_h, width, height)
    return WellTruth(well.row, well.column, box, well.content, visible)


def _clipped(x0: float, y0: float, x1: float, y1: float, width: int, height: int) -> tuple[Box, float]:
    """The box inside the picture and the share of its area that is left."""
    box = Box(float(np.clip(x0, 0, width)), float(np.clip(y0, 0, height)), float(np.clip(x1, 0, width)), float(np.clip(y1, 0, height)))
    return box, box.area / max((x1 - x0) * (y1 - y0), 1e-9)
