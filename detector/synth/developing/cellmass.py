"""Cells as spheres cut flat where they touch: blastomeres, morulae and inner cell masses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from detector.synth.developing.lineage import Points
from detector.synth.developing.sheet import Sheet, chord
from detector.synth.scene import Canvas


@dataclass(frozen=True, slots=True)
class Mass:
    """Cells in micrometres about the sheet's middle."""

    places: Points
    radii: Points
    gaps: Points
    """Space each cell leaves where it touches others; none makes borders vanish."""
    indices: Points
    """How strongly each bends light, 1 on average."""
    nuclei: Points
    """Radius of each cell's nucleus as a share of its own, 0 for none."""
    several: bool = False
    """True where cells have three nuclei."""
    within: float | None = None
    """Radius of a ball that no cell leaves."""
    hollow: tuple[float, float, float, float] | None = None
    """A ball (x, y, z, radius) that no cell enters."""


def draw_mass(sheet: Sheet, mass: Mass, grain: Canvas, grain_strength: float) -> Canvas:
    """Add all cells to the sheet, each grainy by `grain`, and return how much matter lies over each pixel, in micrometres."""
    total = np.zeros((sheet.size, sheet.size), dtype=np.float32)
    for k in range(len(mass.radii)):
        x, y, z = (float(v) for v in mass.places[k])
        radius = float(mass.radii[k])
        window = sheet.around(x, y, radius)
        if window is None:
            continue
        thick = _thickness(sheet, mass, k, window)
        total[window] += thick
        sheet.lay(window, float(mass.indices[k]) * thick * (1.0 + grain_strength * grain[window]), z)
        if mass.nuclei[k] > 0:
            _nuclei(sheet, mass, k, thick > 0.3 * radius)
    return total


def _thickness(sheet: Sheet, mass: Mass, k: int, window: tuple[slice, slice]) -> Canvas:
    """Way through cell `k`: from below to above, bounded by its own sphere and by the plane it shares with each neighbour."""
    x, y, z = mass.places[k]
    dx, dy = sheet.x[window] - np.float32(x), sheet.y[window] - np.float32(y)
    half = np.sqrt(np.maximum(np.float32(mass.radii[k]) ** 2 - dx * dx - dy * dy, 0.0))
    low, high = -half, half.copy()
    fade: Canvas | None = None
    apart = np.sqrt(((mass.places - mass.places[k]) ** 2).sum(axis=1))
    # Cells that have only begun to part lie in one another, and the plane between them already halves them.
    near = np.flatnonzero((apart < mass.radii + mass.radii[k]) & (apart > 1e-7))
    for other in near[np.argsort(apart[near])][:9]:
        distance = apart[other]
        nx, ny, nz = (np.float32(v) for v in (mass.places[other] - mass.places[k]) / distance)
        shared = (distance**2 + mass.radii[k] ** 2 - mass.radii[other] ** 2) / (2 * distance)
        bound = np.float32(shared - 0.25 * (mass.gaps[k] + mass.gaps[other])) - nx * dx - ny * dy
        if nz > 0.08:
            np.minimum(high, bound / nz, out=high)
        elif nz < -0.08:
            np.maximum(low, bound / nz, out=low)
        else:
            inside = np.asarray(np.clip(bound / np.float32(sheet.um) + 0.5, 0.0, 1.0), dtype=np.float32)
            fade = inside if fade is None else fade * inside
    if mass.within is not None:
        cap = chord(sheet.x[window] ** 2 + sheet.y[window] ** 2, mass.within) / 2
        np.minimum(high, cap - np.float32(z), out=high)
        np.maximum(low, -cap - np.float32(z), out=low)
    thick = np.maximum(high - low, 0.0)
    if mass.hollow is not None:
        hx, hy, hz, reach = mass.hollow
        cut = chord((sheet.x[window] - hx) ** 2 + (sheet.y[window] - hy) ** 2, reach) / 2
        thick = thick - np.maximum(np.minimum(high, hz - z + cut) - np.maximum(low, hz - z - cut), 0.0) * (cut > 0)
        thick = np.maximum(thick, 0.0)
    return np.asarray(thick if fade is None else thick * fade, dtype=np.float32)


def _nuclei(sheet: Sheet, mass: Mass, k: int, inside: npt.NDArray[np.bool_]) -> None:
    """One nucleus, or three smaller ones: clear discs with a dot or two inside."""
    x, y, z = (float(v) for v in mass.places[k])
    radius, size = float(mass.radii[k]), float(mass.nuclei[k] * mass.radii[k])
    if not bool(inside.any()):
        return
    places = [(0.0, 0.0)] if not mass.several else [(0.8, 0.2), (-0.7, 0.6), (-0.1, -0.9)]
    size *= 0.68 if mass.several else 1.0
    for across, down in places:
        at = (x + across * size * 1.15, y + down * size * 1.15)
        sheet.ball(*at, z, size, -0.30)
        sheet.ball(at[0] + 0.3 * size, at[1] - 0.2 * size, z, 0.1 * radius, 0.7)
