"""The lattice: an affine grid through the candidates, found by consensus; it names wells, drops strays and says when it is not sure.

Wells are worked on in units of their common half size, where every dish is nearly square with a pitch of 2.3: neither scale nor the
camera's stretch matters. Rows and columns count from the upper left of the picture as it is seen, also when the dish lies on its side
(a 4x3 dish is then reported as 3x4) or is mirrored.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from detector.types import KNOWN_LAYOUTS, Candidate, Layout
from detector.wells.windows import Cell, Visible, Window, choose_window

Floats = npt.NDArray[np.float64]

MINIMUM_WELLS = 4
"""Three wells span a lattice but nothing checks it."""
PITCH_RANGE = (1.9, 3.4)
"""Well to well, in half sizes: walls cannot overlap, and the widest dish seen has 2.4."""
TURN_LIMIT_DEG = 25.0
"""A neighbour further off the axis than this is a diagonal; dishes are turned by 15 degrees at most."""
LEAST_CELL = 3.2
"""Area of a grid cell in squared half sizes: touching wells would need 4, and half sizes are known to a tenth."""
ON_GRID = 0.15
"""A well lies on the grid when it is this close to a node, in pitches."""
RESIDUAL_LIMIT = 0.08
"""Real dishes leave .01 of a pitch; what leaves more is no dish of one mould."""
TURN_DOUBT_DEG = 20.0
"""A dish turned further than this may as well lie on its other side."""


@dataclass(frozen=True, slots=True)
class WholeWells:
    """Candidates as whole ellipses, those cut by the border completed by the size the others share."""

    centres: Floats
    """(n, 2) x, y in full-frame pixels."""
    half_size: Floats
    """(2,) the half width and height that the wells have in common."""
    fits_size: npt.NDArray[np.bool_]
    """(n,) whether a candidate has the common size: a floor or a lone circle has not."""


@dataclass(frozen=True, slots=True)
class FittedLattice:
    """Where the wells of a dish lie and which candidate is which."""

    layout: Layout
    origin: tuple[float, float]
    """Centre of the upper left well in full-frame pixels."""
    along_row: tuple[float, float]
    """From a well to its right neighbour, in pixels."""
    along_column: tuple[float, float]
    """From a well to the one below, in pixels."""
    half_size: tuple[float, float]
    """Half width and height of a well, in pixels."""
    assigned: dict[Cell, int]
    """(row, column) to the candidate's index; wells that nobody saw are missing."""
    strays: tuple[int, ...]
    """Candidates that are no well of this dish."""
    doubtful: tuple[Cell, ...]
    """Places, counted from the upper left well, that a closer look should check: missed wells and the ring around the dish."""
    residual_px: float
    is_consistent: bool
    reason: str

    def centre(self, row: int, column: int) -> tuple[float, float]:
        """Where the well's centre should lie, in full-frame pixels."""
        return (
            self.origin[0] + column * self.along_row[0] + row * self.along_column[0],
            self.origin[1] + column * self.along_row[1] + row * self.along_column[1],
        )


def complete(candidates: Sequence[Candidate], width: int, height: int, known_half_size: tuple[float, float] | None = None) -> WholeWells:
    """Undo the clipping of candidates at the image border, by the size the wells are known to have or have in common."""
    boxes = np.array([(c.box.x0, c.box.y0, c.box.x1, c.box.y1) for c in candidates], dtype=np.float64).reshape(-1, 4)
    low, high = boxes[:, :2], boxes[:, 2:]
    extent = np.array([width, height], dtype=np.float64)
    margin = 0.006 * extent.max()
    cut_low, cut_high = low <= margin, high >= extent - margin
    whole = ~(cut_low | cut_high).any(axis=1)
    sizes = (high - low) / 2
    common: Floats
    if known_half_size is not None:
        common = np.array(known_half_size)
    elif whole.sum() >= 3:
        common = np.median(sizes[whole], axis=0)
    else:
        common = np.quantile(sizes, 0.75, axis=0)
    short = sizes < 0.97 * common
    centres = (low + high) / 2
    centres = np.where(cut_low & ~cut_high & short, high - common, centres)
    centres = np.where(cut_high & ~cut_low & short, low + common, centres)
    ratio = sizes / common
    fits = (((ratio > 0.75) | cut_low | cut_high) & (ratio < 1.3)).all(axis=1)
    return WholeWells(centres, common, fits)


def fit_lattice(
    candidates: Sequence[Candidate], width: int, height: int, layout: Layout | None = None, *, was_searched: bool = False
) -> FittedLattice | None:
    """Fit a grid to the candidates of one frame, or None where fewer than four of them form one.

    `was_searched` says that the image itself was looked at where wells are missing, so a missed well weighs more against a layout.
    """
    if len(candidates) < MINIMUM_WELLS:
        return None
    wells = complete(candidates, width, height)
    points = wells.centres / wells.half_size
    usable = np.flatnonzero(wells.fits_size)
    grid = _grid(points[usable]) if len(usable) >= MINIMUM_WELLS else None
    if grid is None:
        return None
    origin, basis = grid
    cells = _one_a_node(points, usable, origin, basis, [c.confidence for c in candidates])
    if len(cells) < MINIMUM_WELLS:
        return None
    extent = np.array([width, height]) / wells.half_size
    node = {cell: origin + np.array([cell[1], cell[0]]) @ basis for cell in cells}
    residual = _residual_px(cells, points, node, wells.half_size)

    @cache
    def visible(row: int, column: int) -> float:
        x, y = origin + np.array([column, row]) @ basis
        shown_x, shown_y = min(x + 1, extent[0]) - max(x - 1, 0.0), min(y + 1, extent[1]) - max(y - 1, 0.0)
        return float(max(shown_x, 0.0) * max(shown_y, 0.0) / 4)

    window, doubt = choose_window({cell: candidates[k].confidence for cell, k in cells.items()}, visible, _options(layout), was_searched)
    first = origin + np.array([window.column, window.row]) @ basis
    assigned = {(r - window.row, c - window.column): k for (r, c), k in cells.items() if window.holds(r, c)}
    duplicates = _duplicates(candidates, assigned)
    strays = tuple(k for k in range(len(candidates)) if k not in assigned.values() and k not in duplicates)
    reason = doubt or _misfit(residual, basis * wells.half_size)
    scale = wells.half_size
    return FittedLattice(
        layout=window.layout,
        origin=_pair(first * scale),
        along_row=_pair(basis[0] * scale),
        along_column=_pair(basis[1] * scale),
        half_size=_pair(scale),
        assigned=assigned,
        strays=strays,
        doubtful=_doubtful(window, cells, visible),
        residual_px=residual,
        is_consistent=not reason,
        reason=reason,
    )


def _pair(values: Floats) -> tuple[float, float]:
    return float(values[0]), float(values[1])


def _options(layout: Layout | None) -> tuple[Layout, ...]:
    """The layouts a dish may show, each also lying on its side."""
    known = KNOWN_LAYOUTS if layout is None else (layout,)
    return tuple(dict.fromkeys([*known, *(Layout(one.columns, one.rows) for one in known)]))


def _grid(points: Floats) -> tuple[Floats, Floats] | None:
    """Origin and basis (right, down) of the grid most points agree on; every corner that three neighbours form is tried."""
    step = points[None, :, :] - points[:, None, :]
    length = np.hypot(step[..., 0], step[..., 1])
    near = (length > PITCH_RANGE[0]) & (length < PITCH_RANGE[1])
    limit = np.tan(np.radians(TURN_LIMIT_DEG))
    sideways = near & (np.abs(step[..., 1]) < limit * np.abs(step[..., 0]))
    upright = near & (np.abs(step[..., 0]) < limit * np.abs(step[..., 1]))
    corners = [
        (points[i], np.stack([step[i, j] * np.sign(step[i, j, 0]), step[i, k] * np.sign(step[i, k, 1])]))
        for i in range(len(points))
        for j in np.flatnonzero(sideways[i])
        for k in np.flatnonzero(upright[i])
    ]
    corners = [c for c in corners if 0.75 < np.hypot(*c[1][0]) / np.hypot(*c[1][1]) < 1.33 and abs(np.linalg.det(c[1])) > LEAST_CELL]
    if not corners:
        return None
    starts, bases = np.stack([c[0] for c in corners]), np.stack([c[1] for c in corners])
    place = (points[None] - starts[:, None]) @ np.linalg.inv(bases)
    agreement = np.clip(1 - (np.linalg.norm(place - np.round(place), axis=2) / 0.35) ** 2, 0.0, None).sum(axis=1)
    # Corners of one dish tell the same; the strays' own corners are few, so a handful of the best is enough.
    tried = [_refined(points, starts[k], bases[k]) for k in np.argsort(-agreement)[:6]]
    fitted = [one for one in tried if one is not None]
    return max(fitted, key=lambda one: one[0])[1:] if fitted else None


def _refined(points: Floats, origin: Floats, basis: Floats) -> tuple[float, Floats, Floats] | None:
    """Grow a corner to the affine grid of all points on it; its score counts the points, less their misfit."""
    score = 0.0
    for limit in (0.35, 0.3, 0.25, ON_GRID, ON_GRID):
        place = (points - origin) @ np.linalg.inv(basis)
        node = np.round(place)
        off = np.hypot(*(place - node).T)
        # Points near the limit hardly count: a stray that lies almost on the grid must not bend it.
        weight = np.clip(1 - (off / limit) ** 2, 0.0, None)
        if (weight > 0).sum() < MINIMUM_WELLS:
            return None
        design = np.column_stack([np.ones(len(node)), node]) * weight[:, None]
        normal = design.T @ design
        if np.linalg.det(normal) < 1e-3:
            return None
        solution = np.linalg.solve(normal, design.T @ (points * weight[:, None]))
        origin, basis = solution[0], solution[1:]
        if abs(np.linalg.det(basis)) < LEAST_CELL:
            return None
        score = float(weight.sum())
    return score, origin, basis


def _one_a_node(
    points: Floats, usable: npt.NDArray[np.intp], origin: Floats, basis: Floats, confidence: Sequence[float]
) -> dict[Cell, int]:
    """(row, column) on the unshifted grid to the best candidate there."""
    place = (points - origin) @ np.linalg.inv(basis)
    node = np.round(place).astype(int)
    off = np.hypot(*(place - node).T)
    cells: dict[Cell, int] = {}
    for k in sorted(usable, key=lambda k: float(off[k]) - 0.2 * confidence[k]):
        if off[k] < ON_GRID:
            cells.setdefault((int(node[k, 1]), int(node[k, 0])), int(k))
    return cells


def _residual_px(cells: dict[Cell, int], points: Floats, node: dict[Cell, Floats], half_size: Floats) -> float:
    misfit = np.array([(points[k] - node[cell]) * half_size for cell, k in cells.items()])
    return float(np.sqrt((misfit**2).sum(axis=1).mean()))


def _duplicates(candidates: Sequence[Candidate], assigned: dict[Cell, int]) -> set[int]:
    """Candidates that say once more what a named well already says."""
    named = [candidates[k].box for k in assigned.values()]
    taken = set(assigned.values())
    return {k for k, c in enumerate(candidates) if k not in taken and any(c.box.iou(box) > 0.2 for box in named)}


def _misfit(residual_px: float, basis_px: Floats) -> str:
    pitch = float(np.sqrt(abs(np.linalg.det(basis_px))))
    if residual_px > RESIDUAL_LIMIT * pitch:
        return f"the wells lie {residual_px:.1f} px off the grid on average, more than {RESIDUAL_LIMIT:.0%} of their distance"
    turn = np.degrees((np.arctan2(basis_px[0, 1], basis_px[0, 0]) - np.arctan2(basis_px[1, 0], basis_px[1, 1])) / 2)
    if abs(turn) > TURN_DOUBT_DEG:
        return f"the dish is turned by {abs(turn):.0f} degrees, so its first row cannot be told from its first column"
    return ""


def _doubtful(window: Window, cells: dict[Cell, int], visible: Visible) -> tuple[Cell, ...]:
    return tuple(
        (row - window.row, column - window.column)
        for row in range(window.row - 1, window.row + window.layout.rows + 1)
        for column in range(window.column - 1, window.column + window.layout.columns + 1)
        if (row, column) not in cells and visible(row, column) >= 0.5
    )
