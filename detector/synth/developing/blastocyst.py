"""A hollow embryo: trophectoderm as a mosaic of flat cells about the cavity, thick and scalloped where it is seen edge on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from detector.synth.developing.lineage import Points
from detector.synth.developing.sheet import Sheet
from detector.synth.scene import Canvas


@dataclass(frozen=True, slots=True)
class Hollow:
    """A shell of cells in micrometres; `seeds` are directions (n, 3) of its cells in the picture's frame."""

    x: float
    y: float
    z: float
    radius: float
    cavity: float
    """Radius of the cavity."""
    cavity_at: Points
    """Middle of the cavity from the shell's middle (3,)."""
    seeds: Points
    bulge: float
    """How much thicker cells are in their middle than at their borders, 0-1."""
    thinnest: float
    roughness: float
    """Strength of the cells' own differences."""


def spread_over_sphere(rng: np.random.Generator, count: int, jitter: float = 0.7) -> Points:
    """`count` directions, evenly spread but for some jitter."""
    k = np.arange(count) + 0.5
    height = 1.0 - 2.0 * k / count
    around = np.pi * (1 + 5**0.5) * k
    level = np.sqrt(1.0 - height**2)
    points = np.stack([level * np.cos(around), level * np.sin(around), height], axis=1)
    points += rng.normal(0, jitter / np.sqrt(count), points.shape) * 1.6
    return np.asarray(points / np.linalg.norm(points, axis=1, keepdims=True))


def draw_hollow(sheet: Sheet, hollow: Hollow, strengths: Points, grain: Canvas, weight: float = 1.0) -> Canvas:
    """Add the shell and return the thickness of its walls; `strengths` (n,) says how strongly each cell bends light."""
    window = sheet.around(hollow.x, hollow.y, hollow.radius)
    total = np.zeros((sheet.size, sheet.size), dtype=np.float32)
    if window is None:
        return total
    dx, dy = sheet.x[window] - np.float32(hollow.x), sheet.y[window] - np.float32(hollow.y)
    squared = dx * dx + dy * dy
    inside = squared < hollow.radius**2
    if not bool(inside.any()):
        return total
    half = np.sqrt(np.maximum(hollow.radius**2 - squared, 0.0))
    cx, cy, cz = (np.float32(v) for v in hollow.cavity_at)
    away_x, away_y = dx - cx, dy - cy
    scallop = _scallops(hollow, strengths, away_x, away_y)
    hole = np.sqrt(np.maximum(hollow.cavity**2 - (away_x**2 + away_y**2) * scallop, 0.0))
    grainy = 1.0 + 0.05 * grain[window]
    for side, depth in ((1.0, 2), (-1.0, 0)):
        edge, bump, cell = _mosaic(hollow, strengths, dx, dy, half, side, inside)
        wall = np.maximum(half - np.maximum(side * cz + hole, 0.0) * (hole > 0), 0.0)
        # Seen along the wall the cells merge into a band; seen from above each is a lens with its own nucleus.
        steep = np.clip(half / hollow.radius, 0.0, 1.0)
        lens = wall * (1.0 - hollow.bulge * steep + hollow.bulge * steep * 1.5 * bump) + 1.6 * bump * steep * hollow.bulge
        path = weight * lens * (1.0 + hollow.roughness * cell) * grainy
        outer = weight * (1.0 - steep) ** 2
        sheet.path[depth][window] += path * (1.0 - outer)
        sheet.path[1][window] += path * outer
        sheet.dark[depth][window] += weight * 0.05 * edge * steep * inside
        total[window] += weight * wall
    return total


def _scallops(hollow: Hollow, strengths: Points, away_x: Canvas, away_y: Canvas) -> Canvas:
    """Squared stretch of the cavity's outline by direction: cells at the rim bulge into the cavity."""
    steps = 96
    angle = np.arange(steps) * (2 * np.pi / steps)
    rim = np.stack([np.cos(angle), np.sin(angle), np.zeros(steps)], axis=1)
    near = np.sort(rim @ hollow.seeds.T, axis=1)
    apart = np.arccos(np.clip(near[:, -2], -1, 1)) - np.arccos(np.clip(near[:, -1], -1, 1))
    width = 1.6 / np.sqrt(len(hollow.seeds))
    bump = np.sqrt(1.0 - (1.0 - np.clip(apart / width, 0.0, 1.0)) ** 2)
    # Some cells are flat, some round up.
    bump *= np.clip(0.75 + 0.45 * strengths[(rim @ hollow.seeds.T).argmax(axis=1)], 0.15, 1.5)
    inward = hollow.bulge * 1.7 * min(hollow.radius - hollow.cavity + 4.0, 12.0) / max(hollow.cavity, 6.0)
    table = (1.0 + inward * (bump - 0.45)).astype(np.float32)
    index = (np.arctan2(away_y, away_x) * (steps / (2 * np.pi))).astype(np.float32) % steps
    low = index.astype(np.int32) % steps
    share = index - np.floor(index)
    value = table[low] * (1 - share) + table[(low + 1) % steps] * share
    return np.asarray(value * value, dtype=np.float32)


def _mosaic(
    hollow: Hollow, strengths: Points, dx: Canvas, dy: Canvas, half: Canvas, side: float, inside: npt.NDArray[np.bool_]
) -> tuple[Canvas, Canvas, Canvas]:
    """Of each pixel on one side of the shell: how near a border it is, how far up its cell's bulge, its cell's own strength."""
    facing = hollow.seeds[:, 2] * side > -0.75
    seeds, own = hollow.seeds[facing], strengths[facing]
    places = np.stack([dx[inside], dy[inside], side * half[inside]], axis=1).astype(np.float32) / np.float32(hollow.radius)
    near = places @ seeds.T.astype(np.float32)
    rows = np.arange(len(near))
    nearest = near.argmax(axis=1)
    first = near[rows, nearest]
    near[rows, nearest] = -2.0
    second = near.max(axis=1)
    apart = np.arccos(np.clip(second, -1, 1)) - np.arccos(np.clip(first, -1, 1))
    width = np.float32(1.6 / np.sqrt(len(hollow.seeds)))
    bump = np.zeros_like(dx)
    bump[inside] = np.clip(apart / width, 0.0, 1.0) ** np.float32(0.7)
    edge = np.zeros_like(dx)
    edge[inside] = np.exp(-((apart / (0.22 * width)) ** 2))
    cell = np.zeros_like(dx)
    cell[inside] = own[nearest]
    return edge, bump, cell
