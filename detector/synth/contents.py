"""Draws what lies in the wells and between them: embryos, gas bubbles, debris."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from detector.synth.scene import Bubble, Embryo, Optics, Speck, WellScene
from detector.synth.settings import DishSettings
from detector.types import Content

CONTENTS = (Content.EMPTY, Content.EMBRYO, Content.GAS, Content.EMBRYO_GAS)
Weights = npt.NDArray[np.float64]


def draw_mixture(rng: np.random.Generator, settings: DishSettings) -> Weights:
    """Shares of the four contents in one dish; drawn anew for each so that no mixture is ever expected."""
    if settings.contents:
        weights = np.array([settings.contents.get(c, 0.0) for c in CONTENTS], dtype=float)
        return np.asarray(weights / weights.sum(), dtype=np.float64)
    return np.asarray(rng.dirichlet([1.0, 1.5, 0.55, 0.95]), dtype=np.float64)


def draw_well(
    rng: np.random.Generator,
    row: int,
    column: int,
    x: float,
    y: float,
    radius: float,
    floor_ratio: float,
    pulled: Weights,
    mixture: Weights,
    style: int,
    least: float,
    haze: float,
    settings: DishSettings,
) -> WellScene:
    """One well of a dish; `style` is the dish's own seed, so that its embryos look alike in age and focus, `least` the
    smallest contrast that the picture's noise leaves visible and `haze` the share of contrast that a hazy picture keeps."""
    content = CONTENTS[int(rng.choice(4, p=mixture))]
    has_embryo = content in (Content.EMBRYO, Content.EMBRYO_GAS)
    embryo = _embryo(rng, np.random.default_rng(style), least, haze, settings.faint_rate) if has_embryo else None
    if embryo is not None and settings.dense_rate > 0 and embryo.contrast > 0.085 and rng.random() < settings.dense_rate:
        embryo = replace(embryo, contrast=embryo.contrast + haze * float(rng.uniform(0.1, 0.3)))
    bubbles: tuple[Bubble, ...] = ()
    if content in (Content.GAS, Content.EMBRYO_GAS):
        is_crowded = embryo is not None and settings.crowded_rate > 0 and rng.random() < settings.crowded_rate
        bubbles, embryo = _crowded(rng, embryo) if embryo is not None and is_crowded else _bubbles(rng, embryo)
    specks = _specks(rng, embryo)
    shift_x, shift_y = pulled + rng.normal(0, 0.012, 2)
    return WellScene(
        row, column, x, y, radius * float(rng.normal(1.0, 0.006)), floor_ratio, float(shift_x), float(shift_y), content,
        embryo, bubbles, specks, int(rng.integers(2**31)),
    )  # fmt: skip


def _embryo(rng: np.random.Generator, dish: np.random.Generator, least: float, haze: float, faint_rate: float) -> Embryo:
    size = dish.uniform(0.34, 0.66)
    day, focus, relief = dish.random(), dish.uniform(0.0, 0.12), dish.random() < 0.3
    radius = float(np.clip(size * rng.normal(1.0, 0.07), 0.28, 0.74))
    kinds = ("disc", "cells", "morula", "blastocyst")
    shares = np.array([max(0.08, 1.1 - 3 * day), 0.5, 0.12 + 0.3 * day, max(0.04, 1.4 * day - 0.6)])
    kind = str(rng.choice(kinds, p=shares / shares.sum()))
    faint = rng.random() < faint_rate
    strength = haze * (rng.uniform(0.045, 0.085) if faint else rng.uniform(0.085, 0.27))
    contrast = max(strength, least if faint else 1.5 * least)
    angle, far = rng.uniform(0, 2 * np.pi), np.sqrt(rng.random()) * max(1.0 - radius * rng.uniform(0.86, 1.05), 0.0)
    return Embryo(
        x=float(far * np.cos(angle)), y=float(far * np.sin(angle)), radius=radius, kind=kind,
        cells=int(rng.choice([1, 2, 2, 3, 4, 4, 5, 6, 7, 8, 8, 10, 12])),
        contrast=float(contrast * (-1.0 if rng.random() < 0.08 else 1.0)),
        defocus=float(max(0.0, focus + rng.normal(0, 0.02)) + (rng.uniform(0.02, 0.12) if faint else 0.0)),
        zona=float(rng.uniform(0.08, 0.22)), relief=float(rng.uniform(0.2, 1.4)) if relief else 0.0,
        turn=float(rng.uniform(0, 2 * np.pi)), seed=int(rng.integers(2**31)),
    )  # fmt: skip


def _bubbles(rng: np.random.Generator, embryo: Embryo | None) -> tuple[tuple[Bubble, ...], Embryo | None]:
    """One to three bubbles, none of which hides the embryo; the embryo moves aside where there is no room."""
    wanted = 1 if rng.random() < 0.8 else int(rng.integers(2, 4))
    placed: list[Bubble] = []
    for _ in range(80):
        large = float(np.clip(rng.normal(0.5, 0.15), 0.26, 0.85)) if rng.random() < 0.85 or embryo is not None else rng.uniform(0.7, 1.15)
        angle = rng.uniform(0, 2 * np.pi)
        floats = rng.random() < 0.08 and large > 0.35
        far = rng.uniform(0.0, 0.9 - large) if floats and large < 0.85 else rng.uniform(max(0.0, 1.0 - 1.02 * large), 1.03 - 0.3 * large)
        x, y = far * np.cos(angle), far * np.sin(angle)
        shown = 1.0 - (far + large - 1.0) / (2 * large)
        apart = embryo is None or np.hypot(x - embryo.x, y - embryo.y) > large + embryo.radius * rng.uniform(0.5, 1.1)
        if shown > 0.55 and apart:
            placed.append(_bubble(rng, float(x), float(y), float(large)))
        if len(placed) == wanted:
            break
    if not placed and embryo is not None:
        angle = rng.uniform(0, 2 * np.pi)
        embryo = replace(embryo, x=float(0.5 * np.cos(angle)), y=float(0.5 * np.sin(angle)), radius=0.36)
        placed = [_bubble(rng, float(-0.62 * np.cos(angle)), float(-0.62 * np.sin(angle)), float(rng.uniform(0.3, 0.6)))]
    return tuple(placed), embryo


def _crowded(rng: np.random.Generator, embryo: Embryo) -> tuple[tuple[Bubble, ...], Embryo | None]:
    """Bubbles as in a well without embryo, and the embryo where they leave room for most of it."""
    bubbles, _ = _bubbles(rng, None)
    for _ in range(80):
        angle, far = rng.uniform(0, 2 * np.pi), np.sqrt(rng.random()) * max(1.0 - embryo.radius * rng.uniform(0.8, 1.05), 0.0)
        x, y = float(far * np.cos(angle)), float(far * np.sin(angle))
        if all(np.hypot(b.x - x, b.y - y) > b.radius + embryo.radius * rng.uniform(0.35, 1.0) for b in bubbles):
            return bubbles, replace(embryo, x=x, y=y)
    return _bubbles(rng, embryo)


def _bubble(rng: np.random.Generator, x: float, y: float, radius: float) -> Bubble:
    core = rng.uniform(0.38, 0.68) if rng.random() < 0.85 else rng.uniform(0.15, 0.85)
    lean, outward = rng.uniform(-0.1, 0.3), np.arctan2(y, x)
    return Bubble(
        x=x, y=y, radius=radius, core=float(core), core_level=float(rng.uniform(0.25, 0.85)),
        core_x=float(lean * np.cos(outward) + rng.normal(0, 0.04)), core_y=float(lean * np.sin(outward) + rng.normal(0, 0.04)),
        rim=float(rng.uniform(0.1, 0.5)) if rng.random() < 0.5 else 0.0, spot=float(rng.uniform(0.2, 0.9)) if rng.random() < 0.25 else 0.0,
        darkness=float(rng.uniform(0.7, 1.35)), edge=float(rng.uniform(0.03, 0.16)),
    )  # fmt: skip


def _specks(rng: np.random.Generator, embryo: Embryo | None) -> tuple[Speck, ...]:
    specks: list[Speck] = []
    if rng.random() < (0.4 if embryo is not None else 0.15):
        dark = rng.uniform(-0.75, -0.15)
        for _ in range(int(rng.integers(1, 16 if embryo is not None else 4))):
            angle = rng.uniform(0, 2 * np.pi)
            if embryo is not None:
                far = embryo.radius * rng.uniform(1.0, 1.7)
                x, y = embryo.x + far * np.cos(angle), embryo.y + far * np.sin(angle)
            else:
                far = 0.95 * np.sqrt(rng.random())
                x, y = far * np.cos(angle), far * np.sin(angle)
            specks.append(
                Speck(
                    float(x),
                    float(y),
                    float(rng.uniform(0.02, 0.09)),
                    float(dark * rng.uniform(0.5, 1.2)),
                    float(rng.uniform(0.3, 1.2)),
                    0.0,
                )
            )
    if embryo is not None and rng.random() < 0.12:
        specks += _clump(rng, embryo)
    if rng.random() < 0.16:
        angle, far = rng.uniform(0, 2 * np.pi), rng.uniform(0, 1.0)
        strength = rng.uniform(-0.2, 0.08)
        specks.append(
            Speck(float(far * np.cos(angle)), float(far * np.sin(angle)), float(rng.uniform(0.1, 0.5)), float(strength), 2.0, 0.0)
        )
    if rng.random() < 0.06:
        angle, far = rng.uniform(0, 2 * np.pi), rng.uniform(0.2, 0.9)
        specks.append(
            Speck(
                float(far * np.cos(angle)),
                float(far * np.sin(angle)),
                float(rng.uniform(0.05, 0.13)),
                float(rng.uniform(-0.25, 0.1)),
                0.8,
                float(rng.uniform(-0.4, 0.3)),
            )
        )
    return tuple(specks)


def _clump(rng: np.random.Generator, embryo: Embryo) -> list[Speck]:
    """A heap of cumulus cells at the embryo's side: dark, grainy, without a clear outline."""
    angle = rng.uniform(0, 2 * np.pi)
    far = embryo.radius * rng.uniform(1.0, 1.3)
    x, y = embryo.x + far * np.cos(angle), embryo.y + far * np.sin(angle)
    spread, dark = embryo.radius * rng.uniform(0.1, 0.35), rng.uniform(-0.5, -0.15)
    heap = []
    for _ in range(int(rng.integers(5, 16))):
        place_x, place_y = float(x + rng.normal(0, spread)), float(y + rng.normal(0, spread))
        size, contrast = float(rng.uniform(0.03, 0.1)), float(dark * rng.uniform(0.4, 1.0))
        heap.append(Speck(place_x, place_y, size, contrast, float(rng.uniform(0.3, 1.0)), float(rng.uniform(-0.2, 0.1))))
    return heap


def draw_outside(
    rng: np.random.Generator, settings: DishSettings, wells: tuple[WellScene, ...], radius: float, size: tuple[float, float], optics: Optics
) -> tuple[Bubble, ...]:
    """Bubbles on the lit plastic between and beside the wells, hardly touching any; `size` is the picture's."""
    if not wells or rng.random() >= settings.gas_outside_rate:
        return ()
    found: list[Bubble] = []
    wanted = int(rng.integers(1, 6))
    for _ in range(150):
        large = radius * (rng.uniform(0.16, 0.5) if rng.random() < 0.75 else rng.uniform(0.5, 0.75))
        x, y = rng.uniform(-0.3 * large, size[0] + 0.3 * large), rng.uniform(-0.3 * large, size[1] + 0.3 * large)
        lit = np.hypot(x / size[0] - optics.light_x, y / size[0] - optics.light_y) < optics.light_radius
        clear_wells = all(np.hypot(w.x - x, w.y - y) > 1.02 * w.radius + large * rng.uniform(0.75, 1.0) for w in wells)
        clear_gas = all(np.hypot(b.x - x, b.y - y) > b.radius + large for b in found)
        if lit and clear_wells and clear_gas:
            found.append(_bubble(rng, float(x), float(y), float(large)))
        if len(found) == wanted:
            break
    return tuple(found)
