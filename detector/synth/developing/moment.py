"""One embryo at one hour: everything a picture of it needs, and nothing about the camera."""

from __future__ import annotations

from dataclasses import dataclass

from detector.synth.developing.lineage import Cells, Points
from detector.types import Stage

MERGED = 0.40
"""Cavity's share of the volume from which on the cells are a thin shell and no longer told apart one by one."""


@dataclass(frozen=True, slots=True)
class Traits:
    """What stays the same through an embryo's life; the seeds draw its textures."""

    radius_um: float
    """Radius of the fertilised egg."""
    zona_gap: float
    """Space between egg and zona, in egg radii."""
    zona_um: float
    """Thickness of the zona before it stretches."""
    zona_oval: float
    body_oval: float
    """Stretch of the cells' own outline against the zona's."""
    granules: float
    """How grainy the cytoplasm is, 0-1."""
    droplets: int
    """Bright vacuoles and refractile bodies."""
    lumpiness: float
    """How far outlines stray from circles, in micrometres."""
    gap_um: float
    """Space between cells that touch, before they compact."""
    smoothness: float
    """0 for a morula of distinct bulging cells, 1 for one whose cells have all but merged."""
    mural_cells: int
    """Cells of the trophectoderm."""
    rounded_cells: int
    """Cells of the blastocyst that have rounded up."""
    patchiness: float
    """How much cells of its wall differ in thickness."""
    inner_mass: float
    """Radius of the inner cell mass in egg radii."""
    debris: int
    """Specks and cumulus cells about the zona."""
    seed: int


@dataclass(frozen=True, slots=True)
class Fragments:
    """Pieces without a nucleus: middles (n, 3) and radii (n,) in egg radii."""

    places: Points
    radii: Points


@dataclass(frozen=True, slots=True)
class Moment:
    """The embryo and its well at `hours`; lengths in egg radii unless named, turned as the camera sees them."""

    hours: float
    stage: Stage
    cell_count: int
    traits: Traits
    cells: Cells
    """None once they have merged into a shell around the cavity."""
    turn: Points
    """3x3: carries the embryo's own directions into the picture's."""
    spin: float
    """How far it has turned about the line of sight, in radians."""
    shift_um: tuple[float, float]
    """Where the embryo has drifted from its first place."""
    compaction: float
    """0 separate cells, 1 morula."""
    cavity: float
    """Share of the embryo's volume that is cavity."""
    expansion: float
    """0 unstretched zona, 1 fully expanded."""
    hatching: float
    """Share of the embryo that has left the zona."""
    body: float
    """Radius of the whole blastocyst, cavity and all."""
    zona_inner: float
    fragmentation: float
    fragments: Fragments
    polar_bodies: float
    """How far polar bodies are out: 1 one, 2 both."""
    pronuclei: int
    pronuclei_seen: float
    """0 not there or faded, 1 fully visible."""
    nuclei_seen: float
    is_multinucleated: bool
    decay: float
    """0 alive, 1 fully degenerate."""
    has_gas: bool
    """True while a gas bubble lies in the well."""
    is_empty: bool
    is_hidden: bool
    """True where the camera's focus is lost beyond use."""

    @property
    def zona_outer(self) -> float:
        """Outer radius of the zona, which thins as it stretches."""
        rest = 1.0 + self.traits.zona_gap
        shell = (rest + self.traits.zona_um / self.traits.radius_um) ** 3 - rest**3
        return float((self.zona_inner**3 + shell) ** (1 / 3))

    @property
    def reach_um(self) -> float:
        """Radius of the whole embryo with its zona, and with what has hatched, in micrometres."""
        out = 0.0 if self.hatching <= 0 else 1.9 * self.body * self.hatching ** (1 / 3)
        return float((self.zona_outer + out) * self.traits.radius_um)
