"""Windows: which rows and columns of an endless grid are the dish, and whether the wells seen leave any doubt about it.

A grid gives every well a place relative to the others; a name needs to know where the dish begins. Every known layout is laid over the
grid at every offset and pays for wells that should be seen and are not, for wells it leaves out, and for wells outside the picture.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from detector.types import Layout

Cell = tuple[int, int]
"""Row and column on the grid, from an arbitrary node."""
Visible = Callable[[int, int], float]
"""The share of a cell's well that lies inside the picture."""

OUT_OF_VIEW_COST = 0.85
"""Cameras are aimed at the whole dish, so a well outside the picture is nearly as unlikely as a missed one."""
MISS_COST = {False: 1.0, True: 1.5}
CLEAR_MARGIN = {False: 2.5, True: 1.5}
"""What a well missed inside the picture costs, and how much dearer the second best window must be: first on the finder's word alone,
then after the picture itself was searched for rims where wells are missing. A lone well beside a 3x3 grid is a stray after a search;
before it, it may be all that was seen of a fourth row."""
HALF = 0.5
CUT_INSIDE_COST, CUT_OUTSIDE_COST = 0.5, 0.2
"""Wells cut by more than half: a row of nothing else is rather the neighbouring dish than this one, aimed badly."""
SEEN_SHARE = 0.6
TOO_MANY_STRAYS = 3


@dataclass(frozen=True, slots=True)
class Window:
    """A layout laid over the grid with its upper left well at (row, column)."""

    layout: Layout
    row: int
    column: int

    def holds(self, row: int, column: int) -> bool:
        return 0 <= row - self.row < self.layout.rows and 0 <= column - self.column < self.layout.columns

    def cells(self) -> list[Cell]:
        return [(self.row + r, self.column + c) for r in range(self.layout.rows) for c in range(self.layout.columns)]


def choose_window(seen: Mapping[Cell, float], visible: Visible, options: Collection[Layout], was_searched: bool) -> tuple[Window, str]:
    """The cheapest window over the cells seen (with their confidence), and the doubt that is left, in words."""
    top, bottom = min(r for r, _ in seen), max(r for r, _ in seen)
    left, right = min(c for _, c in seen), max(c for _, c in seen)
    windows = [
        Window(layout, row, column)
        for layout in options
        for row in range(min(top, bottom - layout.rows + 1), max(top, bottom - layout.rows + 1) + 1)
        for column in range(min(left, right - layout.columns + 1), max(left, right - layout.columns + 1) + 1)
    ]
    ranked = sorted(((_cost(window, seen, visible, MISS_COST[was_searched]), k) for k, window in enumerate(windows)))
    best_cost, first = ranked[0]
    best = windows[first]
    rivals = [windows[k] for cost, k in ranked[1:] if cost < best_cost + CLEAR_MARGIN[was_searched]]
    return best, _doubt(best, rivals, seen, visible, is_layout_given=len({frozenset((o.rows, o.columns)) for o in options}) == 1)


def _cost(window: Window, seen: Mapping[Cell, float], visible: Visible, miss_cost: float) -> float:
    cost = 0.0
    for cell in window.cells():
        if cell not in seen:
            cost += miss_cost if visible(*cell) >= 0.6 else OUT_OF_VIEW_COST
        elif visible(*cell) < HALF:
            cost += CUT_INSIDE_COST
    for cell, confidence in seen.items():
        if not window.holds(*cell):
            cost += min(1.0, confidence / 0.5) if visible(*cell) >= HALF else CUT_OUTSIDE_COST
    return cost


def _doubt(best: Window, rivals: list[Window], seen: Mapping[Cell, float], visible: Visible, *, is_layout_given: bool) -> str:
    if rivals:
        rival = rivals[0]
        if rival.layout == best.layout:
            return f"the {best.layout} grid fits the wells seen in more than one place"
        return f"the wells seen fit a {best.layout} dish about as well as a {rival.layout} one"
    inside = {cell for cell in seen if best.holds(*cell)}
    rows, columns = {r for r, _ in inside}, {c for _, c in inside}
    ends = ({best.row, best.row + best.layout.rows - 1} - rows, {best.column, best.column + best.layout.columns - 1} - columns)
    if any(ends) and not is_layout_given:
        return f"no well of an outer {'row' if ends[0] else 'column'} of the {best.layout} dish is seen"
    expected = sum(visible(*cell) >= 0.6 for cell in best.cells())
    if len(inside) < SEEN_SHARE * expected:
        return f"only {len(inside)} of {expected} wells of the {best.layout} dish are seen"
    strays = sum(visible(*cell) >= HALF for cell in seen if cell not in inside)
    if strays >= TOO_MANY_STRAYS:
        return f"{strays} more wells lie on the grid than a {best.layout} dish has"
    return ""
