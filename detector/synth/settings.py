"""How varied, how hard and how large rendered dishes are."""

from __future__ import annotations

from dataclasses import dataclass, field

from detector.types import KNOWN_LAYOUTS, Content, Layout

RENDERER_VERSION = "2"
"""Raised whenever the same seed would draw another picture; manifests and caches name it."""


@dataclass(frozen=True, slots=True)
class DishSettings:
    """Ranges a dish is drawn from; the defaults span what training needs."""

    width: int | None = None
    """Pixels; None draws a shape between 1:1 and 16:9 that fits into 384x288."""
    height: int | None = None
    layouts: tuple[Layout, ...] = KNOWN_LAYOUTS
    layout_weights: tuple[float, ...] = (0.34, 0.14, 0.28, 0.24)
    contents: dict[Content, float] = field(default_factory=dict)
    """Weights of the contents; empty draws the mixture anew for every dish."""
    turn_degrees: float = 15.0
    blur_px: float = 1.9
    """Largest camera blur, in pixels of a 384 pixel wide picture."""
    hardness: float = 0.5
    """0 draws clean optics only; at 1 every dish is dim, noisy, blurred or low in contrast in some way."""
    stray_rate: float = 0.12
    gas_outside_rate: float = 0.22
    unusable_rate: float = 0.06
    border_rate: float = 0.25
    """Share of dishes whose outer wells are cut by the picture's edge."""
    faint_rate: float = 0.15
    """Share of embryos that are hardly to be seen: far out of focus or in media of their own density."""
    dense_rate: float = 0.0
    """Share of embryos that are nearly as dark as a bubble."""
    crowded_rate: float = 0.0
    """Share of wells with both where the bubble comes first, however large, and the embryo has what room it leaves."""


TRAINING = DishSettings()
FAINT = DishSettings(
    contents={Content.EMPTY: 0.2, Content.EMBRYO: 0.25, Content.GAS: 0.25, Content.EMBRYO_GAS: 0.3},
    faint_rate=0.4,
    dense_rate=0.35,
    crowded_rate=0.8,
    unusable_rate=0.0,
)
"""More of what is hardest to tell: a faint embryo from a bare floor, a dense one from a bubble, and one beside a large bubble."""
HARD = DishSettings(
    layout_weights=(0.2, 0.15, 0.25, 0.4), hardness=1.0, stray_rate=0.35, gas_outside_rate=0.25, unusable_rate=0.04, border_rate=0.15
)
DEMO = DishSettings(
    width=1024,
    height=736,
    turn_degrees=3.0,
    blur_px=0.8,
    hardness=0.15,
    stray_rate=0.0,
    gas_outside_rate=0.0,
    unusable_rate=0.0,
    border_rate=0.1,
)
