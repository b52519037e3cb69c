"""Naming: from one frame's sighting to named wells with exact boxes, or to the reason why there are none."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from detector.types import Box, Candidate, Content, FrameResult, Image, Layout, Sighting, Well
from detector.wells.ellipse import POOR_SUPPORT, Floats, Rims, fit_rims
from detector.wells.lattice import MINIMUM_WELLS, FittedLattice, complete, fit_lattice

GAS_OUTSIDE = 0.5
RIM_FOUND = 0.55
"""Share of a rim that must be there to believe in a well the finder did not see: on renderings, 99 of 100 wells have more than .77,
and no place between wells had more than .37."""
RIM_CONFIDENCE = 0.2
UNSEEN_CONFIDENCE = 0.05
"""Filled-in wells: their place is known from the others, their content is not, so nothing should trust it."""


@dataclass(frozen=True, slots=True)
class NamedFrame:
    """A frame's wells and what following them from here needs to know."""

    result: FrameResult
    seen_centres: Floats
    """(wells, 2) where the finder would see each well: the outlines' centres, moved by what the finder is off in common."""
    half_size: tuple[float, float]
    pitch_px: float
    strays: tuple[Box, ...]
    """Wells that belong to no place of the dish."""


def read_frame(image: Image, sighting: Sighting, *, frame_index: int = 0, layout: Layout | None = None) -> FrameResult:
    """Name and outline the wells of one frame; an unusable frame and an unsure grid say why in `reason`."""
    return name_frame(image, sighting, frame_index=frame_index, layout=layout).result


def name_frame(image: Image, sighting: Sighting, *, frame_index: int = 0, layout: Layout | None = None) -> NamedFrame:
    """`read_frame` with what a tracker needs besides."""
    height, width = image.shape
    candidates = sighting.candidates
    lattice = fit_lattice(candidates, width, height, layout)
    if lattice is None:
        return _unusable(image, sighting, frame_index)
    outlined, was_searched = _outline(image, candidates, lattice)
    # Exact outlines give an exact grid, and rims that the finder missed may settle which layout it is.
    lattice = fit_lattice(outlined, width, height, layout, was_searched=was_searched) or lattice
    wells, centres = _wells(lattice, outlined, candidates, width, height)
    result = FrameResult(
        frame_index=frame_index,
        width=width,
        height=height,
        layout=lattice.layout,
        wells=wells,
        is_usable=True,
        gas_outside_wells=sighting.gas_outside_wells > GAS_OUTSIDE,
        reason=lattice.reason,
        lattice_residual_px=round(lattice.residual_px, 3),
        is_lattice_consistent=lattice.is_consistent,
    )
    strays = tuple(outlined[k].box for k in lattice.strays if k < len(candidates))
    return NamedFrame(result, centres, lattice.half_size, float(np.hypot(*lattice.along_row)), strays)


def _unusable(image: Image, sighting: Sighting, frame_index: int) -> NamedFrame:
    height, width = image.shape
    count = len(sighting.candidates)
    if float(np.percentile(image, 99)) - float(np.percentile(image, 1)) < 6:
        reason = "the picture is blank"
    elif count == 0:
        reason = "no wells are seen"
    elif count < MINIMUM_WELLS:
        reason = f"only {count} well{'s are' if count > 1 else ' is'} seen, too few to name"
    else:
        reason = f"the {count} wells seen form no grid"
    gas = sighting.gas_outside_wells > GAS_OUTSIDE
    result = FrameResult(frame_index, width, height, None, (), False, gas, reason, None, False)
    return NamedFrame(result, np.zeros((0, 2)), (0.0, 0.0), 0.0, ())


def _outline(image: Image, candidates: tuple[Candidate, ...], lattice: FittedLattice) -> tuple[tuple[Candidate, ...], bool]:
    """The candidates with exact boxes, then the wells whose rims lie where the finder missed one; and whether rims can be seen at all."""
    height, width = image.shape
    half = np.array(lattice.half_size)
    whole = complete(candidates, width, height)
    known = list(lattice.assigned.values())
    indices = [*known, *(k for k in lattice.strays if whole.fits_size[k])]
    guesses = [np.array(lattice.centre(*cell)) for cell in lattice.doubtful]
    places = np.array([*(whole.centres[k] for k in indices), *guesses])
    for n, cell in enumerate(lattice.assigned):
        grid_place = np.array(lattice.centre(*cell))
        if np.abs((places[n] - grid_place) / half).max() > 0.25:
            places[n] = grid_place
    rims = fit_rims(image, places, half, len(known))
    if float(np.median(rims.support[: len(known)])) < POOR_SUPPORT:
        return candidates, False
    outlined = list(candidates)
    for n, k in enumerate(indices):
        outlined[k] = replace(candidates[k], box=_clipped(rims.centres[n], rims.half_sizes[n], width, height))
    for n, guess in enumerate(guesses, start=len(indices)):
        if _is_well(rims, n, guess, half):
            box = _clipped(rims.centres[n], rims.half_sizes[n], width, height)
            outlined.append(Candidate(box, Content.EMPTY, float(rims.support[n])))
    return tuple(outlined), True


def _is_well(rims: Rims, n: int, guess: Floats, half: Floats) -> bool:
    moved = np.abs((rims.centres[n] - guess) / half).max()
    return bool(rims.support[n] > RIM_FOUND and rims.visible[n] > 0.4 and moved < 0.2)


def _clipped(centre: Floats, half: Floats, width: int, height: int) -> Box:
    (x0, y0), (x1, y1) = centre - half, centre + half
    return Box(max(float(x0), 0.0), max(float(y0), 0.0), min(float(x1), float(width)), min(float(y1), float(height)))


def _wells(
    lattice: FittedLattice, outlined: tuple[Candidate, ...], candidates: tuple[Candidate, ...], width: int, height: int
) -> tuple[tuple[Well, ...], Floats]:
    """The wells in row-major order, and where the finder would see their centres."""
    exact = complete(outlined, width, height).centres
    seen = len(candidates)
    known = [k for k in lattice.assigned.values() if k < seen]
    in_common = np.median(complete(candidates, width, height).centres[known] - exact[known], axis=0) if known else np.zeros(2)
    wells, centres = [], []
    for row in range(lattice.layout.rows):
        for column in range(lattice.layout.columns):
            place = np.array(lattice.centre(row, column))
            k = lattice.assigned.get((row, column))
            if k is not None:
                one, is_new = outlined[k], k >= seen
                # The support of a rim says that there is a well, nothing about what it holds.
                confidence = RIM_CONFIDENCE if is_new else one.confidence
                wells.append(Well(row, column, one.box, one.content, confidence, one.content_probabilities, filled_in=is_new))
                centres.append(exact[k] + in_common)
            elif 0 <= place[0] <= width and 0 <= place[1] <= height:
                box = _clipped(place, np.array(lattice.half_size), width, height)
                wells.append(Well(row, column, box, Content.EMPTY, UNSEEN_CONFIDENCE, {}, filled_in=True))
                centres.append(place + in_common)
    return tuple(wells), np.array(centres).reshape(-1, 2)
