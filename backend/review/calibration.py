"""How many micrometres a pixel is, from how far the wells of the recording lie apart and what the lab entered of its dishes."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, Literal

from backend.analysis.models import KeyFrame, Run
from backend.analysis.values import place_name
from backend.imaging.models import Stack
from backend.review.machine import latest_finished
from backend.review.models import Correction, DishGeometry
from backend.review.values import place_of

Cell = tuple[int, int]
Box = Sequence[float]
Lattice = Mapping[Cell, Box]
Missing = Literal["", "no_layout", "no_pitch", "no_wells"]
MOST_KEY_FRAMES = 40
"""Searched frames to measure in; one lattice tells it already, and a camera does not change its enlargement."""
EVEN = 0.1
"""Neighbours' distances that differ by more than this share are no lattice to measure by."""
SHEAR = 0.25
"""Below this, rows and columns point so much alike that across and down cannot be told apart."""


@dataclass(frozen=True)
class Calibration:
    """Micrometres a pixel across and down with where they come from; None with the reason where they are not known."""

    layout: str
    missing: Missing
    pitch_um: float | None = None
    well_um: float | None = None
    entered_by: str = ""
    entered_at: str | None = None
    um_per_px_x: float | None = None
    um_per_px_y: float | None = None
    basis: Literal["", "pitch", "well"] = ""
    """well: one well alone was seen, so its own diameter is what was measured."""
    px_per_pitch_x: float | None = None
    """Along a row; `y` along a column."""
    px_per_pitch_y: float | None = None
    pairs_x: int = 0
    pairs_y: int = 0
    between: tuple[str, ...] = ()
    """The pairs of neighbours, such as A1-A2."""
    is_even: bool = True
    """False: neighbours lie so unevenly that the wells should be looked at first."""
    well_um_found: float | None = None
    """The wells' mean diameter by this calibration, to hold against what the lab entered."""
    run: str | None = None
    """None: from boxes that people drew."""

    @property
    def scale(self) -> tuple[float, float] | None:
        return None if self.um_per_px_x is None or self.um_per_px_y is None else (self.um_per_px_x, self.um_per_px_y)

    def as_kept(self) -> dict[str, Any] | None:
        """What a measurement keeps of it, so that it can be checked years later."""
        if self.scale is None:
            return None
        return {
            "um_per_px_x": self.um_per_px_x,
            "um_per_px_y": self.um_per_px_y,
            "basis": self.basis,
            "layout": self.layout,
            "pitch_um": self.pitch_um if self.basis == "pitch" else None,
            "well_um": self.well_um if self.basis == "well" else None,
            "pairs": self.pairs_x + self.pairs_y,
            "run": self.run,
        }


def calibration_of(stack: Stack) -> Calibration:
    """The same figures until wells are searched or corrected anew, or the lab enters other ones."""
    run = latest_finished([stack.id]).get(stack.id)
    correction = Correction.objects.filter(stack=stack).first()
    layout = (correction.layout if correction else "") or (run.layout if run else "") or (stack.dish.layout if stack.dish else "")
    if not layout:
        return Calibration("", "no_layout")
    geometry = DishGeometry.objects.filter(lab_id=stack.lab_id).first()
    entered = (geometry.layouts if geometry else {}).get(layout)
    if entered is None:
        return Calibration(layout, "no_pitch")
    said: dict[str, Any] = {
        "pitch_um": entered["pitch_um"],
        "well_um": entered["well_um"],
        "entered_by": entered["by_name"],
        "entered_at": entered["at"],
    }
    lattices = _lattices(run, correction)
    if found := _by_pitch(lattices, entered["pitch_um"]):
        return Calibration(layout, "", **said, **found, run=str(run.id) if run else None)
    diameters = _diameters(lattices)
    if diameters and entered["well_um"]:
        um_per_px = _figure(entered["well_um"] / median(diameters))
        found = {"um_per_px_x": um_per_px, "um_per_px_y": um_per_px, "basis": "well", "well_um_found": entered["well_um"]}
        return Calibration(layout, "", **said, **found, run=str(run.id) if run else None)
    return Calibration(layout, "no_wells", **said)


def _lattices(run: Run | None, correction: Correction | None) -> list[Lattice]:
    """The wells of each searched frame as they were seen; what people moved or removed is theirs to say."""
    said = correction.wells if correction else {}
    lattices: list[Lattice] = []
    if run is not None:
        kept = KeyFrame.objects.filter(run=run, is_lattice_consistent=True).order_by("frame_index")
        for wells in kept.values_list("wells", flat=True)[:MOST_KEY_FRAMES]:
            judged = {place for place, one in said.items() if one.get("box") or one.get("is_removed")}
            lattices.append(
                {(one["row"], one["column"]): one["box"] for one in wells if not one.get("is_filled_in") and one["name"] not in judged}
            )
    drawn = {place_of(place): one["box"]["box"] for place, one in said.items() if one.get("box") and not one.get("is_removed")}
    return [*lattices, drawn]


def _by_pitch(lattices: Iterable[Lattice], pitch_um: float) -> dict[str, Any] | None:
    """Across and down from the median step to the next well of a row and of a column."""
    lattices = list(lattices)
    along_rows, along_columns = _steps(lattices, (0, 1)), _steps(lattices, (1, 0))
    steps = [list(found.values()) for found in (along_rows, along_columns)]
    if not any(steps):
        return None
    row, column = (_middle(one) for one in steps)
    x, y = _um_per_px(row, column, pitch_um)
    pairs = [f"{place_name(*one)}-{place_name(*other)}" for one, other in [*along_rows, *along_columns]]
    return {
        "um_per_px_x": _figure(x),
        "um_per_px_y": _figure(y),
        "basis": "pitch",
        "px_per_pitch_x": round(math.hypot(*row), 2) if row else None,
        "px_per_pitch_y": round(math.hypot(*column), 2) if column else None,
        "pairs_x": len(along_rows),
        "pairs_y": len(along_columns),
        "between": tuple(pairs),
        "is_even": all(_is_even(one) for one in steps if one),
        "well_um_found": round(median(diameters) * (x + y) / 2, 1) if (diameters := _diameters(lattices)) else None,
    }


def _steps(lattices: Iterable[Lattice], by: Cell) -> dict[tuple[Cell, Cell], tuple[float, float]]:
    """The step between the centres of each two neighbours, in pixels across and down: the median over the frames that show both."""
    found: dict[tuple[Cell, Cell], list[tuple[float, float]]] = {}
    for lattice in lattices:
        for cell, box in lattice.items():
            other = (cell[0] + by[0], cell[1] + by[1])
            if other in lattice:
                (x0, y0), (x1, y1) = _centre(box), _centre(lattice[other])
                found.setdefault((cell, other), []).append((abs(x1 - x0), abs(y1 - y0)))
    return {pair: (median(dx for dx, _ in steps), median(dy for _, dy in steps)) for pair, steps in sorted(found.items())}


def _um_per_px(row: tuple[float, float] | None, column: tuple[float, float] | None, pitch_um: float) -> tuple[float, float]:
    """Solve |step|, each part in micrometres, = pitch for both axes; square pixels where only one axis is known or both look alike."""
    if row and column:
        (rx, ry), (cx, cy) = ((x * x, y * y) for x, y in (row, column))
        determinant = rx * cy - ry * cx
        if abs(determinant) > SHEAR * (rx + ry) * (cx + cy):
            x2, y2 = pitch_um**2 * (cy - ry) / determinant, pitch_um**2 * (rx - cx) / determinant
            if x2 > 0 and y2 > 0:
                return math.sqrt(x2), math.sqrt(y2)
    known = [math.hypot(*step) for step in (row, column) if step]
    return (pitch_um / (sum(known) / len(known)),) * 2


def _middle(steps: Sequence[tuple[float, float]]) -> tuple[float, float] | None:
    return (median(dx for dx, _ in steps), median(dy for _, dy in steps)) if steps else None


def _is_even(steps: Sequence[tuple[float, float]]) -> bool:
    lengths = [math.hypot(*step) for step in steps]
    return median(abs(length - median(lengths)) for length in lengths) <= EVEN * median(lengths)


def _diameters(lattices: Iterable[Lattice]) -> list[float]:
    return [((box[2] - box[0]) + (box[3] - box[1])) / 2 for lattice in lattices for box in lattice.values()]


def _centre(box: Box) -> tuple[float, float]:
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2


def _figure(um_per_px: float) -> float:
    """Six digits after the point: what is kept, shown and reckoned with is one and the same figure."""
    return round(um_per_px, 6)
