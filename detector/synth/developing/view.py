"""How one well looks to one microscope: its walls and light, the lens, the camera; drawn at random and wide."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from detector.synth.developing.optics import Lens
from detector.synth.scene import Bubble, Camera


@dataclass(frozen=True, slots=True)
class WellLook:
    """A well and its light; lengths in micrometres, levels 0-255, places relative to the picture's middle."""

    has_wall: bool
    x_um: float
    y_um: float
    floor_um: float
    """Radius of the floor."""
    wall_um: float
    """Radius beyond which the plastic is light again."""
    floor_level: float
    wall_level: float
    field_level: float
    edge_um: float
    wall_edge_um: float
    rim: float
    """Brightness of the floor's edge over the floor's own; negative where it is darker."""
    rim_um: float
    rim_side: float
    """0 for a rim that is even all round, 1 for one that is bright on one side only."""
    side_angle: float
    streaks: float
    streak_reach_um: float
    tilt_x: float
    tilt_y: float
    """Fall of the light across the picture, as a share of it."""
    grain: float
    grain_um: float
    wobble: float
    specks: int
    lines: bool
    seed: int


@dataclass(frozen=True, slots=True)
class View:
    """Everything between an embryo and its picture; `at_um` is the embryo's place from the picture's middle."""

    look: WellLook
    lens: Lens
    camera: Camera
    at_um: tuple[float, float]
    bubble: Bubble | None = None
    """In micrometres from the picture's middle."""


def draw_view(rng: np.random.Generator, reach_um: float, side_um: float, *, has_gas: bool = False) -> View:
    """A view of a well in a picture `side_um` across, with room for an embryo of `reach_um`."""
    scope = rng.random() < 0.22
    look = _scope_look(rng, side_um) if scope else _wow_look(rng, side_um)
    lens = draw_lens(rng, oblique=0.85 if scope else 0.12)
    room = max(look.floor_um * rng.uniform(0.9, 1.04) - reach_um, 0.0) if look.has_wall else 0.15 * side_um
    angle, far = rng.uniform(0, 2 * np.pi), room * np.sqrt(rng.random()) * (0.5 if scope else 1.0)
    at = np.array([look.x_um + far * np.cos(angle), look.y_um + far * np.sin(angle)])
    bubble = draw_bubble(rng, look, at, reach_um) if has_gas else None
    return View(look, lens, draw_camera(rng), (float(at[0]), float(at[1])), bubble)


def draw_lens(rng: np.random.Generator, *, oblique: float) -> Lens:
    """A microscope; `oblique` is the chance of oblique shading."""
    relief = float(rng.uniform(0.2, 1.1)) if rng.random() < oblique else (float(rng.uniform(0.0, 0.12)) if rng.random() < 0.4 else 0.0)
    far = rng.random() < 0.12
    return Lens(
        focus_um=float(rng.normal(-3.0, 32.0 if far else 11.0)), wavelength_um=float(rng.uniform(0.36, 0.5)),
        condenser=float(rng.uniform(0.03, 0.13)), finest_um=float(rng.uniform(0.9, 2.2)),
        phase_gain=float(np.clip(rng.lognormal(np.log(0.11 if relief < 0.15 else 0.06), 0.45), 0.03, 0.3)), relief=relief,
        relief_angle=float(rng.uniform(0, 2 * np.pi)), edge_loss=float(rng.uniform(0.1, 0.6)), absorption=float(rng.uniform(0.5, 1.9)),
        offset_um=float(rng.uniform(3.0, 10.0)),
    )  # fmt: skip


def _wow_look(rng: np.random.Generator, side_um: float) -> WellLook:
    floor = float(np.clip(side_um * rng.uniform(0.33, 0.5), 105.0, 190.0))
    floor_level = float(rng.uniform(110, 215) if rng.random() < 0.85 else rng.uniform(35, 110))
    spare = max(side_um / 2 - floor, 0.0)
    return WellLook(
        has_wall=True,
        x_um=float(rng.normal(0, 0.35) * spare + rng.normal(0, 4)),
        y_um=float(rng.normal(0, 0.35) * spare + rng.normal(0, 4)),
        floor_um=floor,
        wall_um=floor * float(rng.uniform(1.4, 1.95)),
        floor_level=floor_level,
        wall_level=floor_level * float(rng.uniform(0.01, 0.12) if rng.random() < 0.88 else rng.uniform(0.12, 0.5)),
        field_level=floor_level * float(rng.uniform(0.9, 1.5)),
        edge_um=float(rng.uniform(2.0, 22.0)),
        wall_edge_um=float(rng.uniform(10.0, 50.0)),
        rim=float(rng.uniform(0.05, 0.4)) if rng.random() < 0.45 else float(rng.uniform(-0.12, 0.05)),
        rim_um=float(rng.uniform(2.0, 16.0)),
        rim_side=float(rng.random() < 0.3) * float(rng.random()),
        side_angle=float(rng.uniform(0, 6.28)),
        streaks=float(rng.uniform(0.02, 0.22)) if rng.random() < 0.85 else 0.0,
        streak_reach_um=float(rng.uniform(25.0, 160.0)),
        tilt_x=float(rng.normal(0, 0.12)),
        tilt_y=float(rng.normal(0, 0.12)),
        grain=float(np.clip(rng.lognormal(np.log(0.02), 0.7), 0.003, 0.09)),
        grain_um=float(rng.uniform(0.4, 1.6)),
        wobble=float(rng.uniform(0.0, 0.8)),
        specks=int(rng.integers(2, 28)) if rng.random() < 0.55 else int(rng.integers(0, 3)),
        lines=False,
        seed=int(rng.integers(2**31)),
    )


def _scope_look(rng: np.random.Generator, side_um: float) -> WellLook:
    """A smooth well of a culture slide under oblique light."""
    look = _wow_look(rng, side_um)
    level = float(rng.uniform(50, 160))
    dark = rng.random() < 0.7
    return replace(
        look,
        has_wall=bool(rng.random() < 0.8),
        floor_um=side_um * float(rng.uniform(0.38, 0.62)),
        floor_level=level,
        wall_level=level * float(rng.uniform(0.02, 0.4) if dark else rng.uniform(0.4, 0.95)),
        field_level=level * float(rng.uniform(0.1, 1.0)),
        edge_um=float(rng.uniform(1.5, 8.0)),
        rim=float(rng.uniform(0.3, 2.4)),
        rim_um=float(rng.uniform(1.5, 8.0)),
        rim_side=float(rng.uniform(0.6, 1.0)),
        streaks=0.0,
        grain=look.grain * 0.6,
        specks=look.specks // 4,
        lines=bool(rng.random() < 0.6),
        wall_um=side_um * 2.0,
    )


def draw_camera(rng: np.random.Generator) -> Camera:
    """Faults of a camera, in pixels of a picture 384 wide."""
    dim = rng.random() < 0.1
    contrast = float(rng.uniform(0.1, 0.5)) if dim else float(rng.uniform(0.75, 1.15))
    return Camera(
        blur=float(rng.uniform(0.0, 0.7)) if rng.random() < 0.85 else float(rng.uniform(0.7, 2.2)),
        motion=float(rng.uniform(1.0, 4.0)) if rng.random() < 0.03 else 0.0,
        resample=float(rng.uniform(0.5, 0.95)) if rng.random() < 0.12 else 1.0,
        gamma=float(rng.uniform(0.75, 1.35)),
        contrast=contrast,
        lift=float(rng.uniform(0, 40)) if dim else float(rng.uniform(-6, 14)),
        veil=float(rng.uniform(0.05, 0.4)) if rng.random() < 0.06 else 0.0,
        sharpen=float(rng.uniform(0.2, 1.5)) if rng.random() < 0.3 else 0.0,
        noise=float(rng.uniform(0.2, 2.0)) if rng.random() < 0.75 else float(rng.uniform(2.0, 7.0)),
        jpeg=100 if rng.random() < 0.35 else int(rng.integers(45, 98)),
        turn=0.0,
        corner=0,
    )


def draw_bubble(
    rng: np.random.Generator, look: WellLook, embryo_at: np.ndarray[tuple[int, ...], np.dtype[np.float64]], reach_um: float
) -> Bubble:
    """A gas bubble at the floor's edge, away from the embryo."""
    radius = look.floor_um * float(rng.uniform(0.16, 0.5))
    away = np.array([look.x_um, look.y_um]) - embryo_at
    angle = np.arctan2(away[1], away[0]) + rng.normal(0, 0.7)
    far = max(look.floor_um - 0.7 * radius, reach_um * 0.5)
    return Bubble(
        x=float(look.x_um + far * np.cos(angle)),
        y=float(look.y_um + far * np.sin(angle)),
        radius=radius,
        core=float(rng.uniform(0.3, 0.75)),
        core_level=float(rng.uniform(0.25, 0.95)),
        core_x=float(rng.normal(0, 0.08)),
        core_y=float(rng.normal(0, 0.08)),
        rim=float(rng.uniform(0.0, 0.5)),
        spot=float(rng.uniform(0.2, 0.9)) if rng.random() < 0.4 else 0.0,
        darkness=float(rng.uniform(0.7, 1.35)),
        edge=float(rng.uniform(0.02, 0.12)),
    )


def moved(view: View, across_um: float, down_um: float) -> View:
    """The same well elsewhere in the picture."""
    look = replace(view.look, x_um=view.look.x_um + across_um, y_um=view.look.y_um + down_um)
    bubble = view.bubble and replace(view.bubble, x=view.bubble.x + across_um, y=view.bubble.y + down_um)
    return replace(view, look=look, at_um=(view.at_um[0] + across_um, view.at_um[1] + down_um), bubble=bubble)
