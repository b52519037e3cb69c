"""The well without its embryo: floor, wall with streaks, the plastic beyond, grain and specks."""

from __future__ import annotations

import cv2
import numpy as np

from detector.synth.developing.textures import BROAD, texture
from detector.synth.developing.view import WellLook
from detector.synth.filters import blurred
from detector.synth.grain import streaks
from detector.synth.scene import Canvas


def paint_well(look: WellLook, size: int, um_per_px: float) -> Canvas:
    """Brightness of the empty well, without its grain."""
    axis = ((np.arange(size, dtype=np.float32) - (size - 1) / 2) * um_per_px).astype(np.float32)
    x, y = np.broadcast_to(axis[None, :], (size, size)), np.broadcast_to(axis[:, None], (size, size))
    rng = np.random.default_rng(look.seed)
    light = 1.0 + (look.tilt_x * x + look.tilt_y * y) / np.float32(0.5 * size * um_per_px)
    canvas = _walled(look, rng, x, y, size, um_per_px) if look.has_wall else np.full((size, size), look.floor_level, dtype=np.float32)
    if look.lines:
        canvas = canvas + _scratches(rng, size) * np.float32(0.3 * look.floor_level)
    if look.specks:
        canvas = canvas * (1.0 + _specks(look, rng, size, um_per_px))
    return np.asarray(canvas * np.clip(light, 0.05, 2.0), dtype=np.float32)


def _walled(look: WellLook, rng: np.random.Generator, x: Canvas, y: Canvas, size: int, um: float) -> Canvas:
    dx, dy = x - np.float32(look.x_um), y - np.float32(look.y_um)
    distance = cv2.magnitude(np.ascontiguousarray(dx), np.ascontiguousarray(dy))
    if look.wobble > 0.3:
        distance = distance + np.float32(look.wobble) * texture(BROAD, look.seed, (size, size), um, ((size - 1) / 2, (size - 1) / 2))
    inside = _step((look.floor_um - distance) / max(look.edge_um, 1.5 * um))
    beyond = _step((distance - look.wall_um) / max(look.wall_edge_um, 1.5 * um))
    wall: Canvas = np.full((size, size), look.wall_level, dtype=np.float32)
    if look.streaks > 0:
        angle = cv2.phase(np.ascontiguousarray(dx), np.ascontiguousarray(dy)) * np.float32(256.0 / (2 * np.pi))
        depth = distance * np.float32(64.0 / (2.0 * look.floor_um))
        dashes = cv2.remap(streaks(rng), angle, depth, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)
        # Streaks gather near the floor and fade outwards.
        wall = wall + np.float32(look.streaks * look.floor_level) * dashes * np.exp(
            -np.maximum(distance - look.floor_um, 0) / np.float32(45.0)
        )
    side = 1.0
    if look.rim_side > 0:
        toward = (dx * np.float32(np.cos(look.side_angle)) + dy * np.float32(np.sin(look.side_angle))) / np.maximum(distance, 1.0)
        side = (1.0 - look.rim_side) + look.rim_side * np.clip(toward, 0.0, 1.0)
    at = look.floor_um - 0.9 * look.rim_um - 0.4 * look.edge_um
    floor = look.floor_level * (1.0 + look.rim * side * np.exp(-(((distance - at) / np.float32(look.rim_um)) ** 2)))
    wall = wall + beyond * (look.field_level - wall)
    return np.asarray(wall + (floor - wall) * inside, dtype=np.float32)


def _specks(look: WellLook, rng: np.random.Generator, size: int, um: float) -> Canvas:
    """Dust and droplets on the floor, mostly out of focus; a few as rings."""
    spots = np.zeros((size, size), dtype=np.float32)
    middle = (size - 1) / 2
    for _ in range(look.specks):
        angle, far = rng.uniform(0, 2 * np.pi), np.sqrt(rng.random()) * 0.98 * look.floor_um
        x, y = middle + (look.x_um + far * np.cos(angle)) / um, middle + (look.y_um + far * np.sin(angle)) / um
        radius = float(np.clip(rng.lognormal(0.9, 0.6), 0.8, 12.0)) / um
        tone = float(rng.uniform(-0.45, 0.2))
        axes = (max(radius, 0.6), max(radius * rng.uniform(0.6, 1.0), 0.6))
        ellipse = ((float(x), float(y)), (2 * axes[0], 2 * axes[1]), float(rng.uniform(0, 180)))
        cv2.ellipse(spots, ellipse, tone, -1, cv2.LINE_AA)
        if rng.random() < 0.4:
            cv2.ellipse(spots, ellipse, -0.8 * tone, max(1, round(1.2 / um)), cv2.LINE_AA)
    return blurred(spots, float(rng.uniform(0.5, 3.5)) / um)


def _scratches(rng: np.random.Generator, size: int) -> Canvas:
    """Mould marks and long scratches of a culture slide."""
    lines = np.zeros((size, size), dtype=np.uint8)
    middle = rng.uniform(-1.5, 2.5, 2) * size
    for _ in range(int(rng.integers(2, 9))):
        cv2.circle(lines, (int(middle[0]), int(middle[1])), int(rng.uniform(0.8, 3.0) * size), int(rng.integers(40, 160)), 1, cv2.LINE_AA)
    start, end = rng.uniform(0, size, (2, 2)).astype(int)
    cv2.line(lines, (int(start[0]), int(start[1])), (int(end[0]), int(end[1])), int(rng.integers(40, 160)), 1, cv2.LINE_AA)
    return blurred(lines, 0.8) / np.float32(255.0) * np.float32(rng.choice([-1.0, 1.0]))


def _step(value: Canvas) -> Canvas:
    clipped = np.clip(value + 0.5, 0.0, 1.0)
    return np.asarray(clipped * clipped * (3.0 - 2.0 * clipped), dtype=np.float32)
