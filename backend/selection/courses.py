"""Courses an embryo may have taken, drawn from what is known of its onsets; pure arithmetic, the same for the same input."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from backend.selection.fields import DIVISIONS, PHASES, SEEN_BY_MACHINE

if TYPE_CHECKING:
    import numpy as np

DRAWS = 2000
SEED = 140872
"""The same random numbers for every embryo, so that two are compared with less noise than either has."""
Z90 = 1.6448536269514722
"""Standard deviations from the middle to a bound that holds 90 %."""
_GRID_HOURS = 0.05
_LEAST_SPREAD = 0.05
_MOST_POINTS = 8000


@dataclass(frozen=True, slots=True)
class Onset:
    """When a phase began, in hours post insemination, between `low` and `high` nine times in ten."""

    hours: float
    low: float
    high: float
    seen: float = 1.0
    """How likely the phase was seen at all."""
    is_censored: bool = False
    """Under way when the recording began: it began at that hour or before."""


@dataclass(frozen=True, slots=True)
class Embryo:
    """What is known of one embryo; times in hours post insemination."""

    onsets: Mapping[str, Onset] = field(default_factory=dict)
    events: Mapping[str, float] = field(default_factory=dict)
    """How likely each happened; what people rejected is 0."""
    grades: Mapping[str, float] = field(default_factory=dict)
    absent: frozenset[str] = frozenset()
    """Phases that a person says there were none of."""
    end_hour: float | None = None
    """The last hour that was filmed."""
    step_hours: float = 0.0
    """Between two frames."""
    is_followed: bool = False
    """Every frame was read for single phases: what was not seen by `end_hour` had not begun, and a division that was skipped was short."""


@dataclass(frozen=True)
class Span:
    """One quantity in every draw, known to lie between `low` and `high`; equal where it is known exactly."""

    low: np.ndarray[Any, np.dtype[np.float64]]
    high: np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True)
class Courses:
    """`onsets` and `seen` by phase, `events` by kind (absent where nobody looked for it), one value a draw."""

    count: int
    onsets: Mapping[str, Span]
    seen: Mapping[str, np.ndarray[Any, np.dtype[np.bool_]]]
    events: Mapping[str, np.ndarray[Any, np.dtype[np.bool_]]]
    grades: Mapping[str, float]
    assumed: tuple[str, ...]
    """Phases that were not seen and are taken as passed between the two frames before the next."""
    end_hour: float = float("inf")
    """The last hour filmed; infinite where nobody knows."""


def draw(embryo: Embryo, count: int = DRAWS) -> Courses:
    """`count` courses with onsets in order, as likely as what is known of each makes them."""
    import numpy as np

    rng = np.random.default_rng(SEED)
    uniform = rng.random((len(PHASES), 3, count))
    told = [phase for phase in PHASES if phase in embryo.onsets and not embryo.onsets[phase].is_censored]
    values = dict(zip(told, _ordered([embryo.onsets[phase] for phase in told], uniform[[PHASES.index(p) for p in told], 0]), strict=True))
    seen = {
        phase: (uniform[k, 1] < embryo.onsets[phase].seen) if phase in embryo.onsets else np.zeros(count, dtype=bool)
        for k, phase in enumerate(PHASES)
    }
    onsets = _spans(embryo, values, seen, uniform[:, 2])
    filmed = float("inf") if embryo.end_hour is None else embryo.end_hour
    events = _events(embryo, rng.random((len(SEEN_BY_MACHINE), count)), count)
    return Courses(count, onsets, seen, events, embryo.grades, _assumed(embryo, told), filmed)


def _ordered(onsets: list[Onset], uniform: Any) -> list[Any]:
    """Draws of onsets that keep their order: sampled backwards and forwards along the chain, exactly on a fine grid."""
    import numpy as np

    if not onsets:
        return []
    middles = np.array([onset.hours for onset in onsets])
    below = np.array([max((o.hours - o.low) / Z90, _LEAST_SPREAD) for o in onsets])
    above = np.array([max((o.high - o.hours) / Z90, _LEAST_SPREAD) for o in onsets])
    first, last = float((middles - 5 * below).min()), float((middles + 5 * above).max())
    grid = np.linspace(first, last, min(int((last - first) / _GRID_HOURS) + 2, _MOST_POINTS))
    away = grid - middles[:, None]
    # Half of the mass on either side of the middle, so that the bounds hold what they say they hold.
    spread = np.where(away < 0, below[:, None], above[:, None])
    density = np.exp(-0.5 * (away / spread) ** 2) / spread
    density /= density.sum(axis=1, keepdims=True)
    weighted = density.copy()
    for k in range(len(onsets) - 2, -1, -1):
        rest = np.cumsum(weighted[k + 1, ::-1])[::-1]
        weighted[k] *= rest
        total = weighted[k].sum()
        if total < 1e-9:
            # What people told out of order stays as they told it.
            return _unordered(grid, density, uniform)
        weighted[k] /= total
    return _forwards(grid, weighted, uniform)


def _forwards(grid: Any, weighted: Any, uniform: Any) -> list[Any]:
    import numpy as np

    at = np.zeros(uniform.shape[1], dtype=int)
    drawn = []
    for k in range(len(weighted)):
        mass = np.concatenate([[0.0], np.cumsum(weighted[k])])
        target = mass[at] + uniform[k] * (mass[-1] - mass[at])
        at = np.maximum(np.searchsorted(mass, target, side="right") - 1, at).clip(max=len(grid) - 1)
        drawn.append(grid[at])
    return drawn


def _unordered(grid: Any, density: Any, uniform: Any) -> list[Any]:
    import numpy as np

    return [grid[np.searchsorted(np.cumsum(share), u).clip(max=len(grid) - 1)] for share, u in zip(density, uniform, strict=True)]


def _spans(embryo: Embryo, values: Mapping[str, Any], seen: Mapping[str, Any], within: Any) -> dict[str, Span]:
    """Every phase's bounds in every draw: told, passed between two frames, begun before the first frame, or not begun by the last."""
    import numpy as np

    count = within.shape[1]
    before = _latest_before(values, seen, count)
    filmed = embryo.end_hour if embryo.end_hour is not None else -np.inf
    next_low, next_high = np.full(count, filmed if embryo.is_followed else -np.inf), np.full(count, np.inf)
    has_next = np.zeros(count, dtype=bool)
    room = np.full(count, embryo.step_hours)
    spans = {}
    for k in range(len(PHASES) - 1, -1, -1):
        phase = PHASES[k]
        told = embryo.onsets.get(phase)
        is_none = embryo.is_followed or phase in embryo.absent
        if phase in embryo.absent:
            next_low = np.where(has_next, next_low, filmed)
        # Nothing begins before what was seen to begin earlier.
        low, high = np.where(has_next, before[k], np.maximum(next_low, before[k])), next_high.copy()
        is_short = has_next & is_none & (phase in DIVISIONS) & np.isfinite(next_low) & (next_low == next_high)
        taken = within[k] * room
        passed = np.maximum(next_low - taken, np.where(np.isfinite(before[k]), before[k], -np.inf), where=is_short, out=next_low.copy())
        low, high = np.where(is_short, passed, low), np.where(is_short, passed, high)
        room = np.where(is_short, room - taken, room)
        if told is not None:
            here = seen[phase]
            low = np.where(here, -np.inf if told.is_censored else values[phase], low)
            high = np.where(here, told.hours if told.is_censored else values[phase], high)
            has_next = has_next | here
            room = np.where(here, embryo.step_hours, room)
        spans[phase] = Span(low, high)
        next_low, next_high = np.where(has_next, low, next_low), np.where(has_next, high, next_high)
    return spans


def _latest_before(values: Mapping[str, Any], seen: Mapping[str, Any], count: int) -> list[Any]:
    """For every phase, the latest onset seen of an earlier one; minus infinity where there is none."""
    import numpy as np

    latest: Any = np.full(count, -np.inf)
    found = []
    for phase in PHASES:
        found.append(latest)
        if phase in values:
            latest = np.where(seen[phase], np.maximum(latest, values[phase]), latest)
    return found


def _events(embryo: Embryo, uniform: Any, count: int) -> dict[str, Any]:
    import numpy as np

    shares = dict.fromkeys(SEEN_BY_MACHINE, 0.0) if embryo.is_followed else {}
    shares |= embryo.events
    rows = {kind: uniform[k] for k, kind in enumerate(SEEN_BY_MACHINE)}
    # People are sure of what they add: no draw is needed for kinds that only they tell.
    return {kind: rows.get(kind, np.full(count, 0.5)) < share for kind, share in shares.items()}


def _assumed(embryo: Embryo, told: list[str]) -> tuple[str, ...]:
    last = PHASES.index(told[-1]) if told else 0
    skipped = (phase for phase in DIVISIONS[: max(0, last - PHASES.index(DIVISIONS[0]))] if phase not in embryo.onsets)
    return tuple(phase for phase in skipped if embryo.is_followed or phase in embryo.absent)
