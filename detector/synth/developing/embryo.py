"""draw_embryo: all parts of an embryo at one moment, laid on one sheet."""

from __future__ import annotations

import numpy as np

from detector.synth.developing.blastocyst import Hollow, draw_hollow, spread_over_sphere
from detector.synth.developing.cellmass import Mass, draw_mass
from detector.synth.developing.lineage import Points, packed
from detector.synth.developing.moment import MERGED, Moment
from detector.synth.developing.sheet import Sheet, chord
from detector.synth.developing.textures import BROAD, COARSE, FINE, MEDIUM, texture
from detector.synth.scene import Canvas

_MOSAIC_FROM = 0.16
"""Cavity's share of the volume from which single cells flatten into a shell."""


def draw_embryo(moment: Moment, size: int, um_per_px: float) -> Sheet:
    """A square sheet of `size` pixels about the embryo's middle."""
    traits = moment.traits
    sheet = Sheet(size, um_per_px, 0.55 * traits.radius_um * max(moment.body, 1.0))
    grain = _Grain(moment, sheet)
    _zona(sheet, moment, grain)
    _bend(sheet, moment, grain)
    total = np.zeros((size, size), dtype=np.float32)
    mosaic = _ease((moment.cavity - _MOSAIC_FROM) / (MERGED - _MOSAIC_FROM))
    if mosaic < 1.0:
        total += _solid(sheet, moment, grain, 1.0 - mosaic)
    if mosaic > 0.0:
        total += _hollow(sheet, moment, grain, mosaic)
    _cytoplasm(sheet, moment, grain, total)
    _small_parts(sheet, moment)
    return sheet


class _Grain:
    """Textures that turn with the embryo."""

    def __init__(self, moment: Moment, sheet: Sheet) -> None:
        self._moment, self._sheet = moment, sheet

    def of(self, length_um: float, salt: int) -> Canvas:
        sheet = self._sheet
        return texture(length_um, self._moment.traits.seed + salt, (sheet.size, sheet.size), sheet.um, sheet.middle, self._moment.spin)


def _zona(sheet: Sheet, moment: Moment, grain: _Grain) -> None:
    traits = moment.traits
    inner, outer = moment.zona_inner * traits.radius_um, moment.zona_outer * traits.radius_um
    angle = 0.01 * (traits.seed % 314) + moment.spin
    along, across = np.cos(angle) * sheet.x + np.sin(angle) * sheet.y, np.cos(angle) * sheet.y - np.sin(angle) * sheet.x
    squared = (along * (1.0 - 0.5 * traits.zona_oval)) ** 2 + (across * (1.0 + 0.5 * traits.zona_oval)) ** 2
    wobble = 1.0 + 0.012 * grain.of(BROAD, 1)
    squared = squared * wobble
    shell = chord(squared, outer) - chord(squared, inner)
    rough = 1.0 + 0.02 * grain.of(FINE, 2) + 0.035 * grain.of(MEDIUM, 3)
    index = 0.02 + 0.0016 * (traits.seed % 101)
    glassy = index * shell * rough
    if moment.hatching > 0.0:
        # The zona is open where the embryo leaves it.
        way = _way_out(moment)
        facing = (sheet.x * way[0] + sheet.y * way[1]) / np.maximum(np.sqrt(squared), 1.0)
        glassy = glassy * (1.0 - _ease_map((facing - 0.80) / 0.12) * min(moment.hatching * 6.0, 1.0))
    sheet.path[1] += glassy
    sheet.dark[1] += 0.012 * index * shell * rough


def _bend(sheet: Sheet, moment: Moment, grain: _Grain) -> None:
    traits = moment.traits
    many = min(moment.cell_count / 8.0, 1.0) * (1.0 - 0.75 * _ease(moment.cavity / MERGED))
    strength = traits.lumpiness * (0.10 + 0.15 * many * moment.compaction + 2.0 * moment.decay)
    broad = traits.lumpiness * (0.25 + 0.45 * many + 0.5 * many * moment.compaction)
    angle, oval = 0.02 * (traits.seed % 151) + moment.spin, traits.body_oval
    along = (np.cos(angle) * sheet.x + np.sin(angle) * sheet.y) * np.float32(oval)
    across = (np.cos(angle) * sheet.y - np.sin(angle) * sheet.x) * np.float32(oval)
    sheet.bent(np.cos(angle) * along + np.sin(angle) * across, np.sin(angle) * along - np.cos(angle) * across)
    sheet.bent(strength * grain.of(COARSE, 5) + broad * grain.of(BROAD, 6), strength * grain.of(COARSE, 7) + broad * grain.of(BROAD, 8))


def _solid(sheet: Sheet, moment: Moment, grain: _Grain, weight: float) -> Canvas:
    """Cells one by one, from the egg to the morula and around a young cavity."""
    traits, cells = moment.traits, moment.cells
    rng = np.random.default_rng([traits.seed, 11])
    own = rng.normal(size=256)
    identities = np.array(cells.identities) % 256
    tight = moment.compaction
    shrink = 1.0 - 0.12 * moment.decay - 0.03 * traits.zona_gap
    places = (cells.places @ moment.turn.T) * traits.radius_um * shrink * (1.0 - 0.05 * tight * traits.smoothness)
    radii = cells.radii * traits.radius_um * shrink * (1.0 + 0.12 * tight * traits.smoothness)
    if len(cells) > 1:
        # What fragments hold is missing from the cells.
        radii = radii * (1.0 - 0.33 * moment.fragmentation)
    hollow = None
    within = (moment.body + 0.06 + 0.10 * (1.0 - traits.smoothness) + 0.2 * (1.0 - tight)) * traits.radius_um if len(cells) > 1 else None
    if moment.cavity > 0.0:
        hole, at = _cavity(moment)
        away = places - at
        far = np.linalg.norm(away, axis=1, keepdims=True) + 1e-6
        places = at + away * ((far**3 + hole**3) ** (1 / 3) / far)
        far = np.linalg.norm(places, axis=1, keepdims=True) + 1e-6
        places = places * np.minimum(1.0, (moment.body * traits.radius_um - 0.55 * radii[:, None]) / far)
        hollow = (float(at[0]), float(at[1]), float(at[2]), hole)
    nuclear = 0.30 * moment.nuclei_seen * (1.0 - 0.7 * tight) * (own[identities] > -1.2)
    # The smoothest morulae show no cell inside, only a scalloped rim about a grainy mass.
    closing = 1.0 - tight * (0.3 + 0.68 * traits.smoothness)
    mass = Mass(
        places=places,
        radii=radii,
        gaps=traits.gap_um * closing * np.clip(cells.parting, 0, 1) * (1.0 + 0.2 * own[identities]),
        indices=weight * (1.0 + (0.05 + 0.09 * tight * (1.0 - 0.8 * traits.smoothness)) * own[identities]),
        nuclei=nuclear if len(cells) > 1 else np.zeros(1),
        several=moment.is_multinucleated,
        within=within,
        hollow=hollow,
    )
    # An egg looks smoother than what comes of it.
    strength = (0.004 + 0.045 * traits.granules**2) * (0.4 + 0.6 * min(len(cells) / 4.0, 1.0))
    mixed = 0.6 * grain.of(FINE, 21) + 0.6 * grain.of(MEDIUM, 22) + (0.25 + 1.2 * tight) * grain.of(COARSE, 23)
    total = draw_mass(sheet, mass, mixed, strength * (1.0 + 3.5 * tight * tight + 6.0 * moment.decay))
    if moment.pronuclei_seen > 0.0:
        _pronuclei(sheet, moment)
    return np.asarray(weight * total, dtype=np.float32)


def _hollow(sheet: Sheet, moment: Moment, grain: _Grain, weight: float) -> Canvas:
    """The blastocyst's shell and inner cell mass; two shells joined by a neck while it hatches."""
    traits = moment.traits
    rng = np.random.default_rng([traits.seed, 12])
    texture_ = 0.6 * grain.of(FINE, 24) + 0.7 * grain.of(MEDIUM, 25)
    seeds, strengths = spread_over_sphere(rng, traits.mural_cells), rng.normal(0, 1.0, traits.mural_cells)
    total = np.zeros((sheet.size, sheet.size), dtype=np.float32)
    for share, x, y in _parts(moment):
        scale = share ** (1 / 3)
        radius = moment.body * traits.radius_um * scale
        hole, at = _cavity(moment)
        shell = Hollow(
            x, y, 0.0, radius, hole * scale, at * scale, seeds @ moment.turn.T, bulge=0.35 + 0.5 * rng.random(), thinnest=2.0,
            roughness=traits.patchiness,
        )  # fmt: skip
        total += draw_hollow(sheet, shell, strengths, texture_, weight)
        _rounded_cells(sheet, shell, moment, weight)
    _inner_mass(sheet, moment, grain, weight, total)
    return total


def _rounded_cells(sheet: Sheet, shell: Hollow, moment: Moment, weight: float) -> None:
    """Cells of the wall that round up to divide, or hang loose in the cavity."""
    rng = np.random.default_rng([moment.traits.seed, 18])
    for _ in range(moment.traits.rounded_cells):
        direction, radius = moment.turn @ _direction(rng), float(rng.uniform(4.0, 11.0))
        far = max(shell.radius - radius * float(rng.uniform(0.7, 1.6)), 0.0)
        x, y, z = shell.x + far * direction[0], shell.y + far * direction[1], far * direction[2]
        index = weight * float(rng.uniform(0.35, 1.0))
        sheet.ball(float(x), float(y), float(z), radius, index, 0.05 * weight)
        sheet.ball(float(x), float(y), float(z), 0.5 * radius, -0.4 * index)


def _parts(moment: Moment) -> list[tuple[float, float, float]]:
    """Share of the volume and middle of each ball the blastocyst consists of, in micrometres."""
    out = moment.hatching
    if out < 0.005:
        return [(1.0, 0.0, 0.0)]
    way, unit = _way_out(moment), moment.body * moment.traits.radius_um
    inner, outer = (1.0 - out) ** (1 / 3), out ** (1 / 3)
    # The part outside touches the zona at first and pulls away from the part inside as it grows.
    rest = max(moment.zona_inner * moment.traits.radius_um, inner * unit)
    far = rest * 0.93 + 0.86 * outer * unit
    parts = [(1.0 - out, -float(way[0]) * 0.04 * unit, -float(way[1]) * 0.04 * unit)] if out < 0.985 else []
    return [*parts, (out, float(way[0]) * far, float(way[1]) * far)]


def _way_out(moment: Moment) -> Points:
    angle = 0.37 * (moment.traits.seed % 1000) + moment.spin
    return np.array([np.cos(angle), np.sin(angle)])


def _cavity(moment: Moment) -> tuple[float, Points]:
    """Radius and middle of the cavity in micrometres: opposite the inner cell mass, and more so the smaller it is."""
    unit = moment.traits.radius_um
    radius = moment.body * unit * moment.cavity ** (1 / 3)
    off = max(moment.body * unit - radius - 2.5, 0.0)
    return radius, -off * _pole(moment)


def _pole(moment: Moment) -> Points:
    """Direction of the inner cell mass in the picture's frame."""
    rng = np.random.default_rng([moment.traits.seed, 13])
    pole = rng.normal(size=3) * np.array([1.0, 1.0, 0.8])
    return np.asarray(moment.turn @ (pole / np.linalg.norm(pole)))


def _inner_mass(sheet: Sheet, moment: Moment, grain: _Grain, weight: float, total: Canvas) -> None:
    traits = moment.traits
    rng = np.random.default_rng([traits.seed, 14])
    count = int(rng.integers(9, 17))
    size = traits.inner_mass * traits.radius_um * (1.0 - 0.15 * moment.expansion)
    radii = size * rng.uniform(0.34, 0.5, count)
    loose = float(rng.uniform(0.8, 1.2))
    places = packed(rng.normal(0, 0.5 * size, (count, 3)), radii, size * loose, 0.7)
    part = max(_parts(moment), key=lambda p: p[0])
    scale = part[0] ** (1 / 3)
    home = _pole(moment) * max(moment.body * traits.radius_um * scale - 0.75 * size, 0.0)
    # A flattened mass hugs the wall.
    places = (places - np.outer(places @ _pole(moment), _pole(moment)) * rng.uniform(0.0, 0.4)) + home + np.array([part[1], part[2], 0.0])
    mass = Mass(
        places, radii * 1.15, np.full(count, 0.9), weight * (0.9 + 0.25 * rng.random(count)), np.where(rng.random(count) < 0.5, 0.3, 0.0),
        within=moment.body * traits.radius_um if part[0] == 1.0 else None,
    )  # fmt: skip
    mixed = 0.6 * grain.of(FINE, 26) + 0.8 * grain.of(MEDIUM, 27)
    total += weight * draw_mass(sheet, mass, mixed, 0.22)


def _pronuclei(sheet: Sheet, moment: Moment) -> None:
    """Clear discs side by side near the middle, nucleoli in a row where they touch; they come in from the rim as they grow."""
    traits, seen = moment.traits, moment.pronuclei_seen
    rng = np.random.default_rng([traits.seed, 15])
    axis = moment.turn @ np.array([1.0, 0.2, 0.1])
    beside = moment.turn @ np.array([-0.2, 1.0, 0.0])
    middle = moment.turn @ (rng.normal(0, 6.0, 3))
    for k in range(moment.pronuclei):
        radius = float(rng.uniform(9.5, 13.0)) * (0.45 + 0.55 * seen)
        side = (k - (moment.pronuclei - 1) / 2) * 2.0
        x, y, z = (float(v) for v in middle + axis * side * radius * (1.0 + 0.6 * (1.0 - seen)))
        sheet.ball(x, y, z, radius, -0.46 * seen)
        sheet.ball(x, y, z, radius * 0.92, 0.14 * seen)
        for spot in np.linspace(-0.65, 0.65, int(rng.integers(3, 7))):
            at = np.array([x, y, z]) + beside * spot * radius - axis * np.sign(side) * radius * rng.uniform(0.1, 0.55)
            sheet.ball(float(at[0]), float(at[1]), float(at[2]), float(rng.uniform(1.3, 2.2)), 1.3 * seen, 0.25 * seen)


def _cytoplasm(sheet: Sheet, moment: Moment, grain: _Grain, total: Canvas) -> None:
    """Cells take a little light; a dying embryo turns dark and coarse."""
    share = total / np.float32(2.0 * moment.traits.radius_um)
    fine = grain.of(FINE, 31)
    granular = 0.18 + 0.08 * moment.traits.granules * fine + 0.05 * moment.traits.granules * grain.of(MEDIUM, 32)
    dark = share * granular
    if moment.decay > 0.0:
        clumps = np.maximum(grain.of(MEDIUM, 33) + 0.4 * grain.of(COARSE, 34) + 0.2, 0.0)
        dark = dark + moment.decay * np.minimum(share * 2.5, 1.0) * (0.28 + 0.45 * clumps)
    sheet.dark[1] += np.asarray(dark, dtype=np.float32)
    if moment.traits.droplets and moment.cavity < MERGED:
        rng = np.random.default_rng([moment.traits.seed, 16])
        patches = np.maximum(grain.of(COARSE, 35) - 1.5, 0.0)
        sheet.path[1] += np.asarray(patches * share * rng.uniform(2.0, 7.0), dtype=np.float32)
        for _ in range(moment.traits.droplets):
            x, y, z = (float(v) for v in moment.turn @ (rng.normal(0, 0.38, 3) * moment.traits.radius_um))
            sheet.ball(x, y, z, float(rng.uniform(1.5, 5.0)), float(rng.choice([-0.8, 0.9, 1.4])))


def _small_parts(sheet: Sheet, moment: Moment) -> None:
    """Polar bodies, fragments, and debris about the zona."""
    traits = moment.traits
    unit = traits.radius_um
    rng = np.random.default_rng([traits.seed, 17])
    shown = 1.0 - moment.expansion
    for k in range(2):
        direction = moment.turn @ _direction(rng)
        radius = float(rng.uniform(4.5, 8.0)) * (min(max(moment.polar_bodies - k, 0.0), 1.0))
        middle = direction * (0.5 * (1.0 + moment.zona_inner) * unit - 1.0)
        if radius > 1.0 and (k or shown > 0.3):
            sheet.ball(float(middle[0]), float(middle[1]), float(middle[2]), radius, 0.75 * shown, 0.06)
    left = min(moment.fragmentation * 12.0, 1.0) * (1.0 - 0.6 * min(moment.cavity / 0.2, 1.0))
    if left > 0.0:
        places = (moment.fragments.places @ moment.turn.T) * unit * min(moment.body + 0.03, moment.zona_inner)
        for place, radius in zip(places, moment.fragments.radii, strict=True):
            size = float(radius * unit * left)
            if size > 1.2:
                sheet.ball(float(place[0]), float(place[1]), float(place[2]), size, 0.85, 0.05)
    outer = moment.zona_outer * unit
    lean = rng.uniform(0, 2 * np.pi)
    for _ in range(traits.debris):
        angle, far = lean + rng.normal(0, 1.1), outer + abs(rng.normal(0, 6.0)) + rng.uniform(-3.0, 6.0)
        size = float(np.clip(rng.lognormal(0.7, 0.5), 0.9, 6.5))
        sheet.ball(
            float(far * np.cos(angle)),
            float(far * np.sin(angle)),
            float(rng.uniform(-1, 0.3) * unit),
            size,
            float(rng.uniform(0.5, 1.5)),
            0.12,
        )


def _direction(rng: np.random.Generator) -> Points:
    direction = rng.normal(size=3) * np.array([1.0, 1.0, 0.5])
    return np.asarray(direction / np.linalg.norm(direction))


def _ease(share: float) -> float:
    clipped = min(max(share, 0.0), 1.0)
    return clipped * clipped * (3.0 - 2.0 * clipped)


def _ease_map(share: Canvas) -> Canvas:
    clipped = np.clip(share, 0.0, 1.0)
    return np.asarray(clipped * clipped * (3.0 - 2.0 * clipped), dtype=np.float32)
