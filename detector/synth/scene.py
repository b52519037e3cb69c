"""What a rendered dish is made of, before any pixel is drawn.

Lengths are in canonical pixels (a picture 384 pixels wide) unless a field says otherwise, so one scene can be drawn at any size.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from detector.types import Box, Content, Layout

Canvas = npt.NDArray[np.float32]
CANONICAL_WIDTH = 384.0


@dataclass(frozen=True, slots=True)
class Embryo:
    """Place and size in units of the floor's radius; the seed draws cells and texture, so the same embryo can be drawn twice."""

    x: float
    y: float
    radius: float
    kind: str
    """One of disc, cells, morula, blastocyst."""
    cells: int
    contrast: float
    defocus: float
    """Blur in embryo radii."""
    zona: float
    """Thickness of the zona in embryo radii."""
    relief: float
    """Strength of oblique shading, 0 for plain bright field."""
    turn: float
    seed: int


@dataclass(frozen=True, slots=True)
class Bubble:
    """A gas bubble; inside a well in units of the floor's radius, outside in canonical pixels."""

    x: float
    y: float
    radius: float
    core: float
    """Radius of the light core as a share of the bubble's."""
    core_level: float
    """Brightness of the core as a share of the floor's."""
    core_x: float
    core_y: float
    rim: float
    spot: float
    darkness: float
    edge: float


@dataclass(frozen=True, slots=True)
class Speck:
    """Debris, a cumulus dot or a smudge, in units of the floor's radius; never a bubble."""

    x: float
    y: float
    radius: float
    contrast: float
    softness: float
    ring: float


@dataclass(frozen=True, slots=True)
class WellScene:
    """One well; `row` and `column` are -1 for a stray one."""

    row: int
    column: int
    x: float
    y: float
    radius: float
    floor_ratio: float
    floor_x: float
    floor_y: float
    content: Content
    embryo: Embryo | None
    bubbles: tuple[Bubble, ...]
    specks: tuple[Speck, ...]
    seed: int

    @property
    def is_stray(self) -> bool:
        return self.row < 0


@dataclass(frozen=True, slots=True)
class Optics:
    """Light levels 0-255 and the shape of the wells' edges."""

    field: float
    wall: float
    floor: float
    floor_rim: float
    halo: float
    halo_at: float
    halo_width: float
    edge: float
    floor_edge: float
    wall_slope: float
    streaks: float
    grain_field: float
    grain_floor: float
    grain_px: float
    light_x: float
    light_y: float
    light_radius: float
    light_softness: float
    light_least: float
    tilt_x: float
    tilt_y: float


@dataclass(frozen=True, slots=True)
class Clutter:
    """What lies beside the wells."""

    grooves: str
    """none, columns (joining wells of a column) or rows."""
    groove_width: float
    groove_depth: float
    numerals: str
    """none, left, right, top or bottom."""
    numeral_size: float
    numeral_depth: float
    ridges: float
    scratches: int
    blots: int
    caption: str
    seed: int


@dataclass(frozen=True, slots=True)
class Camera:
    """What happens between the light and the file; lengths in canonical pixels."""

    blur: float
    motion: float
    resample: float
    gamma: float
    contrast: float
    lift: float
    veil: float
    sharpen: float
    noise: float
    jpeg: int
    turn: float
    """Degrees the finished picture is turned by, leaving plain corners."""
    corner: int


@dataclass(frozen=True, slots=True)
class Scene:
    """A dish ready to be drawn; `matrix` turns and stretches well coordinates into the picture's."""

    width: float
    height: float
    layout: Layout
    matrix: tuple[float, float, float, float]
    wells: tuple[WellScene, ...]
    outside: tuple[Bubble, ...]
    optics: Optics
    clutter: Clutter
    camera: Camera
    usable: bool = True
    reason: str = ""


@dataclass(frozen=True, slots=True)
class WellTruth:
    """What is known of one drawn well; the box is clipped to the picture, `visible` says how much of it is left."""

    row: int
    column: int
    box: Box
    content: Content
    visible: float


@dataclass(frozen=True, slots=True)
class DishTruth:
    """Everything drawn in one picture, exactly."""

    width: int
    height: int
    layout: Layout | None
    usable: bool
    reason: str
    wells: tuple[WellTruth, ...]
    strays: tuple[WellTruth, ...] = ()
    gas_outside: tuple[Box, ...] = field(default_factory=tuple)

    def as_dict(self, file: str) -> dict[str, object]:
        """The form of truth.json: stray and barely visible wells are boxes to ignore."""
        judged = [w for w in self.wells if w.visible >= 0.5]
        ignored = [*self.strays, *(w for w in self.wells if w.visible < 0.5)]
        return {
            "file": file,
            "width": self.width,
            "height": self.height,
            "layout": str(self.layout) if self.layout else None,
            "usable": self.usable,
            "reason": self.reason,
            "gas_outside_wells": bool(self.gas_outside),
            "wells": [{"row": w.row, "column": w.column, "box": w.box.as_list(), "content": w.content.value} for w in judged],
            "ignore": [w.box.as_list() for w in ignored],
        }
