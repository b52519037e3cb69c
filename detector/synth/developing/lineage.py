"""Who came from whom: the tree of cells, their sizes, and where each lies at any hour.

Lengths are in radii of the fertilised egg, whose middle is the origin; the egg's volume is 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Points = npt.NDArray[np.float64]
_BEFORE_H, _AFTER_H = 0.22, 0.3
"""How long before and after the hour of a division its daughters move apart."""
_FUSING_H = 0.6
_UNSEEN_H = 0.002
"""Daughters are drawn apart from here on; before, they would lie exactly in one another."""
_FATTER = 1.13
"""Cells are drawn as spheres cut flat where they touch; what the cut takes, a larger sphere gives back."""


@dataclass(frozen=True, slots=True)
class Division:
    """Cells that each become two at an hour, with the shares of volume their daughters take; or two that become one again."""

    hours: float
    parents: tuple[int, ...]
    daughters: tuple[int, ...]
    shares: tuple[float, ...]

    @property
    def is_undone(self) -> bool:
        return len(self.daughters) < len(self.parents)


@dataclass(frozen=True, slots=True)
class Cells:
    """The cells of one moment: middles (n, 3), radii and volumes (n,), and how clearly each is set off from the others, 0-1."""

    identities: tuple[int, ...]
    places: Points
    radii: Points
    parting: Points

    def __len__(self) -> int:
        return len(self.identities)


NO_CELLS = Cells((), np.zeros((0, 3)), np.zeros(0), np.zeros(0))


@dataclass(slots=True)
class Lineage:
    """The divisions of one embryo in order of time; arrangements are worked out once they are asked for."""

    divisions: tuple[Division, ...]
    room: float
    """Radius within which cells find place."""
    seed: int
    closeness: float
    """How near cells come to one another as a share of their radii's sum."""
    _living: list[tuple[int, ...]] = field(default_factory=lambda: [(0,)])
    _places: list[dict[int, Points]] = field(default_factory=lambda: [{0: np.zeros(3)}])
    _volumes: dict[int, float] = field(default_factory=lambda: {0: 1.0})
    _mother: dict[int, int] = field(default_factory=dict)

    def count(self, hours: float) -> int:
        """How many separate cells there are."""
        return 1 + sum(len(d.daughters) - len(d.parents) for d in self.divisions if d.hours <= hours)

    def at(self, hours: float) -> Cells:
        """The cells to be drawn; a cell about to divide is drawn as its daughters, still lying in one another."""
        begun = sum(1 for d in self.divisions if d.hours - _lead(d) + _UNSEEN_H <= hours)
        while len(self._living) <= begun:
            self._divide(self.divisions[len(self._living) - 1])
        living = list(self._living[begun])
        for undone in self.divisions[:begun]:
            if undone.is_undone and hours < undone.hours:
                living = [c for c in living if c not in undone.daughters] + list(undone.parents)
        drawn = [self._drawn(cell, begun, hours) for cell in living]
        places, radii, parting = (np.array([d[k] for d in drawn]) for k in range(3))
        return Cells(tuple(living), places, radii, parting)

    def _radius(self, cell: int) -> float:
        return float(_FATTER ** (cell > 0) * np.cbrt(self._volumes[cell]))

    def _drawn(self, cell: int, begun: int, hours: float) -> tuple[Points, float, float]:
        """Place, radius and parting of a cell: each division moves all cells from one arrangement to the next."""
        before = self._places[0][0]
        at, radius, apart = before, self._radius(cell), 1.0
        for step in range(1, begun + 1):
            known, division = self._places[step], self.divisions[step - 1]
            ancestor = cell
            while ancestor not in known:
                ancestor = self._mother[ancestor]
            share = _share(division, hours)
            at = at + (known[ancestor] - before) * share
            before = known[ancestor]
            if cell in division.daughters:
                mother = self._radius(self._mother[cell])
                radius, apart = (radius, 1.0) if division.is_undone else (mother + (radius - mother) * share, share)
            elif cell in division.parents:
                radius += (self._radius(division.daughters[0]) - radius) * share
                apart = 1.0 - share
        return at, radius, apart

    def _divide(self, division: Division) -> None:
        rng = np.random.default_rng([self.seed, len(self._living)])
        places = dict(self._places[-1])
        if division.is_undone:
            (daughter,) = division.daughters
            self._volumes[daughter] = sum(self._volumes[parent] for parent in division.parents)
            self._mother[daughter] = division.parents[0]
            places[daughter] = np.mean([places[parent] for parent in division.parents], axis=0)
        for k, parent in enumerate(division.parents if not division.is_undone else ()):
            volume = self._volumes[parent]
            # Cells divide along the picture's plane more often than through it: embryos lie flat rather than upright.
            axis = rng.normal(size=3) * np.array([1.0, 1.0, 0.5])
            axis *= 0.5 * np.cbrt(volume) / max(float(np.linalg.norm(axis)), 1e-9)
            for daughter, side in zip(division.daughters[2 * k : 2 * k + 2], (1.0, -1.0), strict=True):
                self._volumes[daughter] = volume * division.shares[division.daughters.index(daughter)]
                self._mother[daughter] = parent
                places[daughter] = places[parent] + side * axis
        living = tuple(c for c in self._living[-1] if c not in division.parents) + division.daughters
        radii = np.array([self._radius(c) for c in living])
        settled = packed(np.array([places[c] for c in living]), radii, self.room, self.closeness)
        self._living.append(living)
        arrangement = dict(zip(living, settled, strict=True))
        if division.is_undone:
            # Two cells that fuse both move to where the one will be.
            arrangement |= dict.fromkeys(division.parents, arrangement[division.daughters[0]])
        self._places.append(arrangement)


def packed(places: Points, radii: Points, room: float, closeness: float) -> Points:
    """`places` moved until spheres keep their distance and stay within `room`, as far as both are possible."""
    places = places.copy()
    reach = radii[:, None] + radii[None, :]
    np.fill_diagonal(reach, 0.0)
    # The more cells there are, the less each division moves the others.
    for _ in range(14 if len(places) <= 9 else 6):
        between = places[:, None, :] - places[None, :, :]
        apart = np.sqrt((between**2).sum(axis=2)) + 1e-6
        overlap = np.maximum(closeness * reach - apart, 0.0)
        places += 0.36 * ((overlap / apart)[:, :, None] * between).sum(axis=1) / max(len(places) ** 0.35, 1.0)
        far = np.sqrt((places**2).sum(axis=1)) + 1e-9
        # Beyond the room cells are squeezed rather than stopped.
        excess = np.maximum(far + 0.88 * radii - room, 0.0)
        places -= places * (np.minimum(0.75 * excess, far) / far)[:, None]
    return np.asarray(places - places.mean(axis=0) * (len(places) > 1))


def grow_tree(
    rng: np.random.Generator,
    hours: Sequence[float],
    *,
    waves: Sequence[tuple[float, int]] = (),
    uneven: float = 0.0,
    uneven_at: int = 0,
    fusing: float | None = None,
    roughness: float = 0.025,
) -> tuple[Division, ...]:
    """One division at each of `hours`, of the least often divided and largest cells first.

    `waves` are later hours at which so many cells divide at once. `uneven` skews the division that makes cell number `uneven_at`;
    at the hour `fusing`, two sisters become one again.
    """
    ages = {0: 0}
    volumes = {0: 1.0}
    sisters: list[tuple[int, int]] = []
    divisions: list[Division] = []
    steps = sorted([(h, False) for h in hours] + ([(fusing, True)] if fusing is not None else []))
    for at, is_fusion in steps:
        fresh = len(volumes)
        if is_fusion:
            pair = next((p for p in reversed(sisters) if p[0] in ages and p[1] in ages), None)
            if pair is not None:
                age = ages.pop(pair[0])
                ages.pop(pair[1])
                ages[fresh] = age
                volumes[fresh] = volumes[pair[0]] + volumes[pair[1]]
                divisions.append(Division(at, pair, (fresh,), (1.0,)))
            continue
        mothers = _next(rng, ages, volumes, 1)
        half = 0.5 + uneven if len(ages) + 1 == uneven_at else float(np.clip(rng.normal(0.5, roughness), 0.2, 0.8))
        divisions.append(_divided(at, mothers, (half,), ages, volumes))
        sisters.append((fresh, fresh + 1))
    for at, many in waves:
        mothers = _next(rng, ages, volumes, many)
        divisions.append(_divided(at, mothers, tuple(rng.uniform(0.42, 0.58, len(mothers))), ages, volumes))
    return tuple(divisions)


def _next(rng: np.random.Generator, ages: dict[int, int], volumes: dict[int, float], many: int) -> tuple[int, ...]:
    """The cells whose turn it is to divide: those that divided least often, large ones first."""
    youngest = min(ages.values())
    ready = [cell for cell, age in ages.items() if age == youngest]
    weights = np.array([volumes[cell] ** 2 for cell in ready])
    chosen = rng.choice(len(ready), min(many, len(ready)), replace=False, p=weights / weights.sum())
    return tuple(ready[int(k)] for k in chosen)


def _divided(at: float, mothers: tuple[int, ...], halves: tuple[float, ...], ages: dict[int, int], volumes: dict[int, float]) -> Division:
    """The division of `mothers`, entered into ages and volumes."""
    daughters: list[int] = []
    shares: list[float] = []
    for mother, half in zip(mothers, halves, strict=True):
        age = ages.pop(mother) + 1
        for share in (float(half), 1.0 - float(half)):
            daughter = len(volumes)
            ages[daughter], volumes[daughter] = age, volumes[mother] * share
            daughters.append(daughter)
            shares.append(share)
    return Division(at, mothers, tuple(daughters), tuple(shares))


def _lead(division: Division) -> float:
    return _FUSING_H if division.is_undone else _BEFORE_H


def _share(division: Division, hours: float) -> float:
    """How far a division has gone; one that is undone is over at its hour."""
    since = hours - division.hours
    return _eased(since / _FUSING_H + 1.0) if division.is_undone else _eased((since + _BEFORE_H) / (_BEFORE_H + _AFTER_H))


def _eased(share: float) -> float:
    clipped = min(max(share, 0.0), 1.0)
    return clipped * clipped * (3.0 - 2.0 * clipped)
