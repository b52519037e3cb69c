"""One well: halo, dark wall with tangential streaks, light floor and what lies on it."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from detector.synth.bubbles import paint_bubble
from detector.synth.embryos import embryo_map
from detector.synth.grain import window
from detector.synth.scene import Canvas, Embryo, Optics, Scene, Speck, WellScene

_LOOKUP = 512
HALO_REACH = 1.5


def half_extents(matrix: tuple[float, float, float, float], radius: float) -> tuple[float, float]:
    """Half width and half height of the box round the ellipse that `matrix` makes of a circle."""
    a, b, c, d = matrix
    return radius * float(np.hypot(a, b)), radius * float(np.hypot(c, d))


class WellPainter:
    """Draws the wells of one scene on one canvas; `unit` is the canvas pixels of a canonical pixel."""

    def __init__(self, scene: Scene, canvas: Canvas, unit: float, pool: Canvas, streak: Canvas) -> None:
        self._optics: Optics = scene.optics
        self._matrix = scene.matrix
        self._inverse: npt.NDArray[np.float64] = np.linalg.inv(np.array(scene.matrix).reshape(2, 2))
        self._canvas = canvas
        self._unit = unit
        self._pool = pool
        self._lens_blur = float(np.hypot(scene.camera.blur, 0.4 / scene.camera.resample))
        self._streak = streak
        radii = np.arange(int(_LOOKUP * 2.6), dtype=np.float32) / _LOOKUP
        optics = self._optics
        beyond = np.exp(-(((radii - optics.halo_at) / np.where(radii < optics.halo_at, optics.halo_width, 1.4 * optics.halo_width)) ** 2))
        dip = -0.06 * np.exp(-(((radii - optics.halo_at - 2.6 * optics.halo_width) / optics.halo_width) ** 2))
        self._halo = (optics.field * ((optics.halo - 1.0) * beyond + dip)).astype(np.float32)
        slope = 1.0 + optics.wall_slope * (radii - 0.8)
        self._wall = (optics.wall * np.clip(slope, 0.3, 3.0)).astype(np.float32)

    def halo(self, well: WellScene) -> None:
        """Add the light ring; all rings come before any wall, since neighbours overlap."""
        piece = self._piece(well, HALO_REACH)
        if piece is not None:
            rows, columns, _, _, index = piece
            self._canvas[rows, columns] = np.maximum(self._canvas[rows, columns], self._canvas[rows, columns] + self._halo[index])

    def well(self, well: WellScene) -> None:
        """Draw wall and floor over what is there."""
        optics = self._optics
        piece = self._piece(well, 1.0 + optics.edge)
        if piece is None:
            return
        rows, columns, u, v, index = piece
        rng = np.random.default_rng(well.seed)
        pixel = 1.0 / (self._unit * well.radius)
        radii = index.astype(np.float32) / _LOOKUP
        wall = self._wall[index]
        if optics.streaks > 0:
            angle = cv2.phase(u, v) * (256.0 / (2 * np.pi))
            turned = np.roll(self._streak, int(rng.integers(256)), axis=1)
            depth = (radii * 63.0).astype(np.float32)
            wall = wall + optics.streaks * cv2.remap(turned, angle, depth, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)
        inside = _smooth(np.asarray((1.0 - radii) / max(optics.edge, 1.5 * pixel) + 0.5, dtype=np.float32))
        target = self._canvas[rows, columns]
        target += (wall - target) * inside
        self._floor(well, target, u, v, pixel, rng)

    def _floor(self, well: WellScene, target: Canvas, u: Canvas, v: Canvas, pixel: float, rng: np.random.Generator) -> None:
        """Draw the floor into `target`, the canvas under the whole well; only the rows and columns it covers are touched."""
        optics = self._optics
        x, y = (u - well.floor_x) / well.floor_ratio, (v - well.floor_y) / well.floor_ratio
        unit = pixel / well.floor_ratio
        near = np.maximum(np.abs(x), np.abs(y)) < 1.15
        used_rows, used_columns = np.flatnonzero(near.any(1)), np.flatnonzero(near.any(0))
        if not len(used_rows):
            return
        cut = (slice(used_rows[0], used_rows[-1] + 1), slice(used_columns[0], used_columns[-1] + 1))
        x, y = np.ascontiguousarray(x[cut]), np.ascontiguousarray(y[cut])
        distance = cv2.magnitude(x, y)
        angle = rng.uniform(0, 2 * np.pi)
        floor = optics.floor * (1.0 + rng.uniform(0.0, 0.05) * (np.cos(angle) * x + np.sin(angle) * y))
        floor += optics.floor * optics.floor_rim * np.exp(-(((distance - 0.97) / 0.07) ** 2))
        floor += optics.grain_floor * window(self._pool, rng, *x.shape)
        for speck in well.specks:
            floor *= 1.0 + _speck(speck, x, y, unit)
        if well.embryo is not None:
            self.embryo(well, well.embryo, floor, x, y, unit)
        for bubble in well.bubbles:
            floor = paint_bubble(floor, bubble, x, y, unit, dark=optics.wall, light=optics.floor)
        inside = _smooth((1.0 - distance) / max(optics.floor_edge, 1.5 * unit) + 0.5)
        view = target[cut]
        view += (floor - view) * inside

    def embryo(self, well: WellScene, embryo: Embryo, floor: Canvas, x: Canvas, y: Canvas, unit: float) -> None:
        """Draw the embryo into `floor`, whose pixels lie at `x`, `y` in floor radii; `unit` is a pixel's size in them."""
        near = np.maximum(np.abs(x - embryo.x), np.abs(y - embryo.y)) < 1.7 * embryo.radius
        rows, columns = np.flatnonzero(near.any(1)), np.flatnonzero(near.any(0))
        if len(rows) < 3 or len(columns) < 3:
            return
        cut = (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))
        local_x, local_y = (x[cut] - embryo.x) / embryo.radius, (y[cut] - embryo.y) / embryo.radius
        blur = self._lens_blur / (well.radius * well.floor_ratio * embryo.radius)
        contrast = embryo_map(embryo, local_x, local_y, unit / embryo.radius, self._pool, blur)
        # Only gas is as dark as the wall; an embryo lets light through.
        darkest = 1.0 - 0.75 * (1.0 - self._optics.wall / self._optics.floor)
        floor[cut] *= np.clip(1.0 + contrast, darkest, 1.8)

    def _piece(self, well: WellScene, reach: float) -> tuple[slice, slice, Canvas, Canvas, npt.NDArray[np.int32]] | None:
        """The canvas under the well as rows and columns, its coordinates in well radii and the radius as a lookup index."""
        height, width = self._canvas.shape
        half_w, half_h = half_extents(self._matrix, well.radius * reach)
        x0, x1 = max(int((well.x - half_w) * self._unit), 0), min(int((well.x + half_w) * self._unit) + 2, width)
        y0, y1 = max(int((well.y - half_h) * self._unit), 0), min(int((well.y + half_h) * self._unit) + 2, height)
        if x1 - x0 < 2 or y1 - y0 < 2:
            return None
        dx = ((np.arange(x0, x1) + 0.5) / self._unit - well.x) / well.radius
        dy = ((np.arange(y0, y1) + 0.5) / self._unit - well.y) / well.radius
        inverse = self._inverse
        u = (inverse[0, 0] * dx[None, :] + inverse[0, 1] * dy[:, None]).astype(np.float32)
        v = (inverse[1, 0] * dx[None, :] + inverse[1, 1] * dy[:, None]).astype(np.float32)
        index = (cv2.magnitude(u, v) * _LOOKUP).astype(np.int32)
        return slice(y0, y1), slice(x0, x1), u, v, index


def _smooth(value: Canvas) -> Canvas:
    clipped = np.clip(value, 0.0, 1.0)
    return np.asarray(clipped * clipped * (3.0 - 2.0 * clipped), dtype=np.float32)


def _speck(speck: Speck, x: Canvas, y: Canvas, unit: float) -> Canvas:
    """Relative contrast of one speck: soft or sharp, dark or light, perhaps with a ring."""
    distance = np.hypot(x - speck.x, y - speck.y).astype(np.float32) / max(speck.radius, 0.8 * unit)
    edge = max(speck.softness, 1.2 * unit / max(speck.radius, 0.8 * unit))
    body = _smooth((1.0 - distance) / edge + 0.5) if speck.softness < 1.5 else np.exp(-(distance**2))
    ring = np.exp(-(((distance - 1.0) / 0.3) ** 2)) * speck.ring
    return np.asarray(np.maximum(speck.contrast * body + ring, -0.95), dtype=np.float32)
