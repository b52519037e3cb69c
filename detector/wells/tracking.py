"""Tracking: wells keep their names while the dish drifts, turns a little or jumps; where that breaks, they are searched again.

Between key frames a similarity transform carries the outlines: it is estimated from the centres the finder saw then and now, so an
offset that the finder always makes cancels out, and nothing accumulates from frame to frame.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from detector.types import Box, Candidate, Content, FrameResult, Image, Layout, Sighting, Well
from detector.wells.ellipse import Floats, fit_rims
from detector.wells.lattice import complete
from detector.wells.naming import GAS_OUTSIDE, RIM_FOUND, UNSEEN_CONFIDENCE, NamedFrame, name_frame
from detector.wells.windows import TOO_MANY_STRAYS

Complexes = npt.NDArray[np.complex128]

SAME_WELL = 0.35
"""A well is the one followed when it lies this close to where it should be, in pitches: half way to its neighbour it could be either."""
MISFIT_LIMIT = 0.06
"""What a rigid dish may be off the transform, in pitches."""
SCALE_RANGE = (0.9, 1.1)
SAME_SCALE = 0.015
"""Focusing changes sizes by less than this and cameras do not zoom, so a smaller difference is the finder's noise."""
NEW_OUTLINES = 0.5
"""Wells are outlined afresh when the dish has moved this far since, in half sizes: lenses bend a dish differently at each place."""
MOST_PATIENCE = 16


@dataclass(frozen=True, slots=True)
class Followed:
    """One frame's wells and how they got their names."""

    result: FrameResult
    is_key: bool
    """The wells were outlined in this very frame."""
    keeps_names: bool
    """The names mean the same wells as in the last key frame."""
    strays: tuple[Box, ...]
    motion: tuple[complex, complex] = (1 + 0j, 0j)
    """Scale with rotation and shift that carry places (x + iy) of the last key frame here."""


class DishTracker:
    """Follows one dish through one recording; frames come in order."""

    def __init__(self, layout: Layout | None = None) -> None:
        self._layout = layout
        self._key: NamedFrame | None = None
        self._motion = (1 + 0j, 0j)
        self._patience = 1
        self._next_search = 0

    def follow(self, frame_index: int, image: Image, sighting: Sighting) -> Followed:
        """The wells of the next frame, named as in the frames before it wherever that is certain."""
        key = self._key
        carried = self._carry(key, frame_index, image, sighting) if key is not None else None
        if key is not None and carried is not None and carried.result.is_lattice_consistent:
            return self._outline_again(key, image, carried) if self._has_moved(key) else carried
        if frame_index < self._next_search:
            return carried or self._lost(frame_index, image, sighting)
        return self._search(frame_index, image, sighting, carried)

    def _search(self, frame_index: int, image: Image, sighting: Sighting, carried: Followed | None) -> Followed:
        """Name the frame from nothing; names known so far are only given up for a grid that is sure of itself."""
        named = name_frame(image, sighting, frame_index=frame_index, layout=self._layout)
        is_sure = named.result.is_lattice_consistent
        if is_sure:
            self._patience = 1
        elif named.result.is_usable:
            # A grid that stays unsure is searched ever more rarely: outlining costs as much as ten frames.
            self._next_search = frame_index + self._patience
            self._patience = min(2 * self._patience, MOST_PATIENCE)
        if not is_sure and carried is not None:
            return carried
        was_sure = self._key is not None and self._key.result.is_lattice_consistent
        if not named.result.is_usable or (was_sure and not is_sure):
            return Followed(named.result, is_key=False, keeps_names=False, strays=named.strays)
        keeps_names = was_sure and self._key is not None and self._key.result.layout == named.result.layout
        self._key, self._motion = named, (1 + 0j, 0j)
        return Followed(named.result, is_key=True, keeps_names=keeps_names, strays=named.strays)

    def _lost(self, frame_index: int, image: Image, sighting: Sighting) -> Followed:
        height, width = image.shape
        gas = sighting.gas_outside_wells > GAS_OUTSIDE
        reason = f"the {len(sighting.candidates)} wells seen are not the dish seen before"
        result = FrameResult(frame_index, width, height, None, (), False, gas, reason, None, False)
        return Followed(result, is_key=False, keeps_names=False, strays=())

    def _carry(self, key: NamedFrame, frame_index: int, image: Image, sighting: Sighting) -> Followed | None:
        """The key frame's wells moved to this frame, or None where no transform explains what is seen."""
        height, width = image.shape
        if len(sighting.candidates) < 3:
            return None
        then = _as_complex(key.seen_centres)
        now = _as_complex(complete(sighting.candidates, width, height, key.half_size).centres)
        match = _matched(then * self._motion[0] + self._motion[1], now, SAME_WELL * key.pitch_px)
        pairs = np.flatnonzero(match >= 0)
        if len(pairs) < max(3, len(then) // 3):
            return None
        scale, shift, misfit = _similarity(then[pairs], now[match[pairs]])
        if misfit > MISFIT_LIMIT * key.pitch_px or not SCALE_RANGE[0] < abs(scale) < SCALE_RANGE[1]:
            return None
        self._motion = (scale, shift)
        doubt = _doubt(key, match, then * scale + shift, sighting, width, height)
        result = FrameResult(
            frame_index=frame_index,
            width=width,
            height=height,
            layout=key.result.layout,
            wells=_moved_wells(key, match, sighting.candidates, (scale, shift), width, height),
            is_usable=True,
            gas_outside_wells=sighting.gas_outside_wells > GAS_OUTSIDE,
            reason=key.result.reason or doubt,
            lattice_residual_px=round(misfit, 3),
            is_lattice_consistent=key.result.is_lattice_consistent and not doubt,
        )
        return Followed(result, is_key=False, keeps_names=not doubt, strays=(), motion=self._motion)

    def _has_moved(self, key: NamedFrame) -> bool:
        scale, shift = self._motion
        then = _as_complex(key.seen_centres)
        return float(np.abs(then * scale + shift - then).max()) > NEW_OUTLINES * min(key.half_size)

    def _outline_again(self, key: NamedFrame, image: Image, carried: Followed) -> Followed:
        """Make this frame the key frame: same names, outlines fitted where the dish is now."""
        height, width = image.shape
        scale, shift = self._motion
        half = np.array(key.half_size) * abs(scale)
        kept = {(well.row, well.column): centre for well, centre in zip(key.result.wells, key.seen_centres, strict=True)}
        wells = carried.result.wells
        moved = _as_complex(np.array([kept[well.row, well.column] for well in wells])) * scale + shift
        rims = fit_rims(image, np.stack([moved.real, moved.imag], axis=1), half, is_near=True)
        low = np.maximum(rims.centres - rims.half_sizes, 0.0)
        high = np.minimum(rims.centres + rims.half_sizes, [float(width), float(height)])
        outlined = tuple(
            replace(well, box=Box(*low[n].tolist(), *high[n].tolist())) if rims.support[n] > RIM_FOUND else well
            for n, well in enumerate(wells)
        )
        result = replace(carried.result, wells=outlined)
        centres = np.stack([moved.real, moved.imag], axis=1)
        self._key = NamedFrame(result, centres, (float(half[0]), float(half[1])), key.pitch_px * abs(scale), key.strays)
        self._motion = (1 + 0j, 0j)
        return Followed(result, is_key=True, keeps_names=True, strays=())


def _as_complex(points: Floats) -> Complexes:
    return np.ascontiguousarray(points, dtype=np.float64).view(np.complex128)[:, 0]


def _matched(expected: Complexes, seen: Complexes, limit: float) -> npt.NDArray[np.intp]:
    """For each expected place the index of what is seen there, or -1; both must be each other's nearest."""
    distance = np.abs(expected[:, None] - seen[None, :])
    nearest = distance.argmin(axis=1)
    rows = np.arange(len(expected))
    is_mutual = (distance.argmin(axis=0)[nearest] == rows) & (distance[rows, nearest] < limit)
    return np.where(is_mutual, nearest, -1)


def _doubt(key: NamedFrame, match: npt.NDArray[np.intp], place: Complexes, sighting: Sighting, width: int, height: int) -> str:
    """Why the names may have slipped: a dish that jumped by a whole pitch fits its old places but for the row it left."""
    in_view = (place.real > 0) & (place.real < width) & (place.imag > 0) & (place.imag < height)
    missed = int((in_view & (match < 0)).sum()) - sum(well.filled_in for well in key.result.wells)
    if missed > max(1, int(0.15 * len(place))):
        return f"{missed} wells are not where the dish should have them"
    taken = set(match.tolist())
    more = sum(one.confidence >= 0.5 for k, one in enumerate(sighting.candidates) if k not in taken) - len(key.strays)
    return f"{more} more wells are seen than the dish has" if more >= TOO_MANY_STRAYS else ""


def _similarity(then: Complexes, now: Complexes) -> tuple[complex, complex, float]:
    """Scale with rotation, shift, and the remaining misfit; points far off the first fit are left out of the second."""
    keep: npt.NDArray[np.bool_] = np.ones(len(then), dtype=bool)
    off: Floats = np.zeros(len(then))
    scale, shift = 1 + 0j, 0j
    for _ in range(2):
        a, b = then[keep], now[keep]
        centre_a, centre_b = a.mean(), b.mean()
        spread = float((np.abs(a - centre_a) ** 2).sum())
        scale = complex((np.conj(a - centre_a) * (b - centre_b)).sum() / max(spread, 1e-9))
        if 0 < abs(abs(scale) - 1) < SAME_SCALE:
            scale /= abs(scale)
        shift = complex(centre_b - scale * centre_a)
        off = np.abs(then * scale + shift - now)
        keep = off <= max(3 * float(np.sort(off)[len(off) // 2]), 0.5)
    return scale, shift, float(np.sqrt((off[keep] ** 2).mean()))


def _moved_wells(
    key: NamedFrame,
    match: npt.NDArray[np.intp],
    candidates: tuple[Candidate, ...],
    motion: tuple[complex, complex],
    width: int,
    height: int,
) -> tuple[Well, ...]:
    scale, shift = motion
    boxes = np.array([(w.box.x0, w.box.y0, w.box.x1, w.box.y1) for w in key.result.wells])
    # Only the place is turned with the dish; an outline keeps its upright box.
    seen = _as_complex(key.seen_centres)
    step = seen * scale + shift - seen
    grown = abs(scale)
    anchor = key.seen_centres
    moved = np.concatenate([anchor + (boxes[:, :2] - anchor) * grown, anchor + (boxes[:, 2:] - anchor) * grown], axis=1)
    moved += np.stack([step.real, step.imag, step.real, step.imag], axis=1)
    moved = np.clip(moved, 0.0, np.array([width, height, width, height], dtype=np.float64))
    least = 0.1 * boxes[:, 2:] - 0.1 * boxes[:, :2]
    wells = []
    for well, (x0, y0, x1, y1), (w, h), k in zip(key.result.wells, moved.tolist(), least.tolist(), match.tolist(), strict=True):
        if x1 - x0 < w or y1 - y0 < h:
            continue
        box = Box(x0, y0, x1, y1)
        if k < 0:
            wells.append(Well(well.row, well.column, box, Content.EMPTY, UNSEEN_CONFIDENCE, {}, True))
        else:
            one = candidates[k]
            wells.append(Well(well.row, well.column, box, one.content, one.confidence, one.content_probabilities, False))
    return tuple(wells)
