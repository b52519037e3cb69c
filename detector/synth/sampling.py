"""Draws a whole dish: where its wells lie and how it is lit and photographed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from detector.synth.contents import draw_mixture, draw_outside, draw_well
from detector.synth.scene import Camera, Clutter, Optics, Scene, WellScene
from detector.synth.settings import DishSettings
from detector.types import Layout

CANONICAL = (384.0, 288.0)
_CAPTIONS = ("", "T 34.2h", "2021-03-14 10:22", "F0 WELL", "100 um", "Z 3/7", "D12 #4")


def sample_scene(rng: np.random.Generator, settings: DishSettings) -> Scene:
    """A dish drawn from `settings`; the same generator state gives the same dish."""
    width, height = _shape(rng, settings)
    weights = np.array(settings.layout_weights, dtype=float)
    layout = settings.layouts[int(rng.choice(len(settings.layouts), p=weights / weights.sum()))]
    matrix = _matrix(rng, settings)
    hard = bool(rng.random() < settings.hardness)
    optics, camera = _optics(rng, hard), _camera(rng, settings, hard)
    places, radius = _places(rng, settings, layout, np.array(matrix).reshape(2, 2), width, height)
    optics = _lit(optics, places, width)
    mixture = draw_mixture(rng, settings)
    floor_ratio = float(np.clip(rng.normal(0.565, 0.06), 0.42, 0.76))
    pull = rng.uniform(0.02, 0.14)
    style = int(rng.integers(2**31))
    camera = _readable(camera, optics, radius)
    # Below the noise of the floor nobody sees an embryo, so nothing may be called one there.
    noise = np.hypot(optics.grain_floor, camera.noise / _kept(camera)) + 0.5 / _kept(camera)
    least = float(0.045 + 1.1 * noise / optics.floor)
    haze = float(np.clip((1.0 - optics.wall / optics.floor) / 0.87, 0.45, 1.0))
    wells: list[WellScene] = []
    for row, column, x, y in places:
        pulled = pull * (np.array([optics.light_x, optics.light_y * 1.0]) * width - np.array([x, y])) / (0.5 * width)
        wells.append(
            draw_well(
                rng,
                row,
                column,
                x,
                y,
                radius,
                floor_ratio * float(rng.normal(1.0, 0.01)),
                pulled,
                mixture,
                style,
                least,
                haze,
                settings,
            )
        )
    outside = draw_outside(rng, settings, tuple(wells), radius, (width, height), optics)
    usable, reason = True, ""
    if rng.random() < settings.unusable_rate:
        usable = False
        reason, optics, camera, wells, outside = _ruined(rng, optics, camera, wells)
    clutter = _clutter(rng, radius)
    return Scene(width, height, layout, matrix, tuple(wells), outside, optics, clutter, camera, usable, reason)


def _shape(rng: np.random.Generator, settings: DishSettings) -> tuple[float, float]:
    """Canonical width and height of the picture; the height follows from the asked-for or a drawn aspect ratio."""
    if settings.width and settings.height:
        return CANONICAL[0], CANONICAL[0] * settings.height / settings.width
    ratio = float(rng.choice([384 / 275, 4 / 3, 5 / 4, 1.0, 16 / 10, 16 / 9], p=[0.42, 0.32, 0.1, 0.06, 0.06, 0.04]))
    return CANONICAL[0], round(CANONICAL[0] / ratio)


def _matrix(rng: np.random.Generator, settings: DishSettings) -> tuple[float, float, float, float]:
    """Turn first, then the stretch of the picture's axes."""
    wide = rng.random() < 0.35
    degrees = rng.uniform(-1, 1) * settings.turn_degrees if wide else rng.normal(0, min(2.0, settings.turn_degrees))
    angle = np.deg2rad(float(np.clip(degrees, -settings.turn_degrees, settings.turn_degrees)))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    shear = np.array([[1.0, rng.normal(0, 0.008)], [0.0, 1.0]])
    stretch = float(np.sqrt(np.clip(rng.normal(1.045, 0.035), 0.93, 1.15)))
    matrix = np.diag([stretch, 1 / stretch]) @ shear @ turn
    return float(matrix[0, 0]), float(matrix[0, 1]), float(matrix[1, 0]), float(matrix[1, 1])


def _places(
    rng: np.random.Generator,
    settings: DishSettings,
    layout: Layout,
    matrix: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
    width: float,
    height: float,
) -> tuple[list[tuple[int, int, float, float]], float]:
    """(row, column, x, y) of every well, stray ones with row -1, and the wells' radius."""
    pitch = float(np.clip(rng.normal(2.32, 0.1), 2.14, 2.8))
    grid = np.array([(c - (layout.columns - 1) / 2, r - (layout.rows - 1) / 2) for r in range(layout.rows) for c in range(layout.columns)])
    offsets = pitch * grid @ matrix.T
    reach_x = float(np.abs(offsets[:, 0]).max()) + float(np.hypot(*matrix[0]))
    reach_y = float(np.abs(offsets[:, 1]).max()) + float(np.hypot(*matrix[1]))
    cut = rng.random() < settings.border_rate
    fill = rng.uniform(1.0, 1.16) if cut else (rng.uniform(0.88, 1.02) if rng.random() < 0.7 else rng.uniform(0.55, 0.9))
    radius = max(fill * min(width / 2 / reach_x, height / 2 / reach_y), 15.0)
    spare_x, spare_y = width / 2 - radius * reach_x, height / 2 - radius * reach_y
    slack = 0.25 * radius if cut else 0.05 * radius
    x = width / 2 + rng.uniform(-1, 1) * (max(spare_x, 0.0) + slack)
    y = height / 2 + rng.uniform(-1, 1) * (max(spare_y, 0.0) + slack)
    jitter = rng.normal(0, 0.012, offsets.shape)
    centres = np.array([x, y]) + radius * (offsets + jitter)
    places = [(k // layout.columns, k % layout.columns, float(cx), float(cy)) for k, (cx, cy) in enumerate(centres)]
    if rng.random() < settings.stray_rate:
        places += _strays(rng, layout, matrix, pitch, np.array([x, y]), radius, width, height)
    return places, float(radius)


def _strays(
    rng: np.random.Generator,
    layout: Layout,
    matrix: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
    pitch: float,
    centre: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
    radius: float,
    width: float,
    height: float,
) -> list[tuple[int, int, float, float]]:
    """Up to two wells of a neighbouring array that show at the picture's border, off the lattice."""
    found: list[tuple[int, int, float, float]] = []
    for _ in range(12):
        side = int(rng.integers(4))
        along, away = rng.uniform(-1, 1), rng.uniform(1.15, 1.6)
        half_c, half_r = (layout.columns - 1) / 2, (layout.rows - 1) / 2
        spot = [
            (along * half_c, -half_r - away),
            (along * half_c, half_r + away),
            (-half_c - away, along * half_r),
            (half_c + away, along * half_r),
        ][side]
        x, y = centre + radius * pitch * (matrix @ np.array(spot))
        if 0.0 < x < width and 0.0 < y < height:
            found.append((-1, -1, float(x), float(y)))
        if len(found) == (2 if rng.random() < 0.3 else 1):
            break
    return found[:2] if len(found) < 2 or np.hypot(found[0][2] - found[1][2], found[0][3] - found[1][3]) > 2.3 * radius else found[:1]


def _optics(rng: np.random.Generator, hard: bool) -> Optics:
    field = rng.uniform(85, 215)
    wall = rng.uniform(4, 34) if rng.random() < (0.7 if hard else 0.85) else rng.uniform(30, 0.66 * field)
    floor = field * rng.uniform(0.68, 1.02) if rng.random() < 0.85 else field * rng.uniform(0.95, 1.3)
    floor = max(floor, wall * 1.3 + 12)
    sharp = rng.random() < 0.5
    grain = rng.uniform(0.5, 9.0) if rng.random() < 0.8 else rng.uniform(8, 17)
    return Optics(
        field=field,
        wall=wall,
        floor=floor,
        floor_rim=rng.uniform(0.05, 0.3) if rng.random() < 0.18 else 0.0,
        halo=rng.uniform(1.02, 1.3) if rng.random() < 0.6 else rng.uniform(1.2, 1.75),
        halo_at=rng.uniform(1.03, 1.12),
        halo_width=rng.uniform(0.025, 0.075),
        edge=rng.uniform(0.02, 0.09),
        floor_edge=rng.uniform(0.02, 0.08) if sharp else rng.uniform(0.06, 0.24),
        wall_slope=rng.uniform(-0.3, 1.4) if rng.random() < 0.7 else rng.uniform(-1.0, 3.0),
        streaks=rng.uniform(0.0, 5.0) if rng.random() < 0.7 else rng.uniform(4.0, 16.0),
        grain_field=grain,
        grain_floor=grain * rng.uniform(0.08, 0.6),
        grain_px=rng.uniform(0.5, 1.3),
        light_x=rng.uniform(0.3, 0.7),
        light_y=rng.uniform(0.2, 0.55),
        light_radius=rng.uniform(0.45, 0.85) if rng.random() < 0.6 else rng.uniform(0.8, 1.4),
        light_softness=rng.uniform(0.05, 0.6),
        light_least=rng.uniform(0.04, 0.6) if rng.random() < 0.7 else 1.0,
        tilt_x=rng.normal(0, 0.15),
        tilt_y=rng.normal(0, 0.15),
    )


def _kept(camera: Camera) -> float:
    """The share of the light's contrast that reaches the file."""
    return camera.contrast * (1.0 - 0.6 * camera.veil)


def _readable(camera: Camera, optics: Optics, radius: float) -> Camera:
    """`camera` with its faults limited to what leaves wells of this size readable for a person."""
    span = _kept(camera) * (optics.floor - optics.wall)
    rough = camera.contrast < 0.5 or radius < 20
    return replace(
        camera,
        blur=min(camera.blur, 0.07 * radius),
        motion=min(camera.motion, 0.1 * radius),
        resample=max(camera.resample, min(1.0, 14.0 / radius)),
        noise=min(camera.noise, 0.22 * span),
        jpeg=max(camera.jpeg, 72) if rough else camera.jpeg,
    )


def _lit(optics: Optics, places: list[tuple[int, int, float, float]], width: float) -> Optics:
    """`optics` with the lit disc wide enough that no well of the dish lies in the dark."""
    far = max(float(np.hypot(x / width - optics.light_x, y / width - optics.light_y)) for row, _, x, y in places if row >= 0)
    return replace(optics, light_radius=max(optics.light_radius, far))


def _camera(rng: np.random.Generator, settings: DishSettings, hard: bool) -> Camera:
    dim = hard and rng.random() < 0.5
    contrast = rng.uniform(0.16, 0.55) if dim else rng.uniform(0.7, 1.12)
    corners = rng.random() < 0.08
    return Camera(
        blur=rng.uniform(0, settings.blur_px) if hard and rng.random() < 0.6 else rng.uniform(0, min(0.8, settings.blur_px)),
        motion=rng.uniform(1, 3.5) if hard and rng.random() < 0.12 else 0.0,
        resample=rng.uniform(0.45, 0.95) if rng.random() < 0.22 else 1.0,
        gamma=rng.uniform(0.7, 1.45),
        contrast=contrast,
        lift=rng.uniform(0, 235 * (1 - contrast)) if dim else rng.uniform(-6, 22),
        veil=rng.uniform(0.05, 0.5) if hard and rng.random() < 0.3 else 0.0,
        sharpen=rng.uniform(0.2, 1.6) if rng.random() < 0.25 else 0.0,
        noise=rng.uniform(1.5, 7.0) * (0.5 if dim else 1.0) if hard and rng.random() < 0.5 else rng.uniform(0.0, 1.8),
        jpeg=100 if rng.random() < 0.15 else int(rng.integers(38, 98)),
        turn=rng.uniform(-1, 1) * min(12.0, settings.turn_degrees) if corners else 0.0,
        corner=int(rng.choice([0, 0, 0, 255, 114, 127])),
    )


def _clutter(rng: np.random.Generator, radius: float) -> Clutter:
    return Clutter(
        grooves=str(rng.choice(["none", "columns", "rows"], p=[0.35, 0.45, 0.2])),
        groove_width=rng.uniform(0.02, 0.08),
        groove_depth=rng.uniform(0.05, 0.85),
        numerals=str(rng.choice(["none", "left", "right", "top", "bottom"], p=[0.5, 0.22, 0.1, 0.12, 0.06])),
        numeral_size=radius * rng.uniform(0.4, 1.3),
        numeral_depth=rng.uniform(0.08, 0.7),
        ridges=rng.uniform(0.02, 0.14) if rng.random() < 0.25 else 0.0,
        scratches=int(rng.integers(1, 9)) if rng.random() < 0.3 else 0,
        blots=int(rng.integers(1, 14)) if rng.random() < 0.35 else 0,
        caption=str(rng.choice(_CAPTIONS)) if rng.random() < 0.15 else "",
        seed=int(rng.integers(2**31)),
    )


def _ruined(
    rng: np.random.Generator, optics: Optics, camera: Camera, wells: list[WellScene]
) -> tuple[str, Optics, Camera, list[WellScene], tuple[()]]:
    """A frame nobody can use: black, blown out, empty of wells, or so far out of focus that the wells are gone."""
    kind = str(rng.choice(["dark", "no dish", "out of focus", "blown out"], p=[0.3, 0.35, 0.2, 0.15]))
    change = {name: getattr(camera, name) for name in Camera.__slots__}
    if kind == "dark":
        change |= {"contrast": float(rng.uniform(0.0, 0.012)), "lift": float(rng.uniform(0, 14)), "sharpen": 0.0, "veil": 0.0}
    elif kind == "blown out":
        change |= {"contrast": float(rng.uniform(0.0, 0.012)), "lift": float(rng.uniform(242, 255)), "sharpen": 0.0, "veil": 0.0}
    elif kind == "out of focus":
        largest = max((w.radius for w in wells), default=30.0)
        change |= {"blur": float(largest * rng.uniform(1.3, 2.2)), "sharpen": 0.0, "resample": 1.0}
    else:
        wells = []
    return kind, optics, Camera(**change), wells, ()
