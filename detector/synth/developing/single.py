"""render_well: one well at one random moment, for nets that judge single frames."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from pathlib import Path

import cv2
import numpy as np

from detector.synth.developing.birth import live
from detector.synth.developing.happenings import USUAL_RATES, LifeSettings
from detector.synth.developing.life import Life
from detector.synth.developing.moment import Moment
from detector.synth.developing.picture import pictures
from detector.synth.developing.view import View, draw_view
from detector.types import STAGES, Image, Phase, Stage, Unphased


@dataclass(frozen=True, slots=True)
class WellSettings:
    """What single pictures are drawn from."""

    size_px: int = 160
    side_um: tuple[float, float] = (250.0, 420.0)
    """Width of the picture; a draw between these decides how large the embryo is in it."""
    planes: int = 1
    """An odd number; planes are spread evenly about the view's focus."""
    plane_step_um: float = 15.0
    weights: tuple[float, ...] = ()
    """How often each stage comes, in the order of STAGES; empty for evenly."""
    rates: dict[str, float] = field(default_factory=lambda: dict(USUAL_RATES))
    gas_rate: float = 0.04


@dataclass(frozen=True, slots=True)
class MomentTruth:
    """What is true of one picture of one well; x, y and radius in its pixels, None where there is no embryo."""

    stage: Stage
    hpi: float
    cell_count: int
    compaction: float
    cavity: float
    is_empty: bool
    is_unreadable: bool
    has_gas: bool
    is_multinucleated: bool
    fragmentation: float
    unevenness: float | None
    """How much narrower the smallest cell is than the widest, at two, four and eight cells; None where that means nothing."""
    circle: tuple[float, float, float] | None
    """The embryo with its zona."""


def render_well(seed: int, index: int, settings: WellSettings | None = None) -> tuple[tuple[Image, ...], MomentTruth]:
    """Picture number `index` of the set `seed`: one image a plane and their truth; the same arguments give the same bytes."""
    chosen = settings or WellSettings()
    rng = np.random.default_rng([seed, 91, index])
    stage = _stage(seed, index, chosen, rng)
    moment = _moment(rng, stage, chosen)
    side = float(rng.uniform(*chosen.side_um))
    has_gas = bool(rng.random() < chosen.gas_rate)
    view = draw_view(rng, 0.8 * moment.reach_um, side, has_gas=has_gas)
    if stage is Unphased.NOT_SEEN:
        moment, view = _unreadable(rng, moment, view)
    um = side / chosen.size_px
    offsets = [(k - chosen.planes // 2) * chosen.plane_step_um for k in range(chosen.planes)]
    taken = pictures(moment, view, chosen.size_px, um, offsets, rng)
    return taken, truth_of(moment, view, stage, chosen.size_px, um)


def truth_of(moment: Moment, view: View, stage: Stage, size_px: int, um_per_px: float) -> MomentTruth:
    """What is true of a picture of `moment` through `view`."""
    middle = (size_px - 1) / 2
    circle = None
    if not moment.is_empty:
        x, y = view.at_um[0] + moment.shift_um[0], view.at_um[1] + moment.shift_um[1]
        circle = (middle + x / um_per_px, middle + y / um_per_px, moment.zona_outer * moment.traits.radius_um / um_per_px)
    return MomentTruth(
        stage, moment.hours, 0 if moment.is_empty else moment.cell_count, moment.compaction, moment.cavity, moment.is_empty,
        stage is Unphased.NOT_SEEN, view.bubble is not None, moment.is_multinucleated, moment.fragmentation, _unevenness(moment), circle,
    )  # fmt: skip


def _unevenness(moment: Moment) -> float | None:
    """Sister cells differ little in a usual division; between divisions their sizes differ anyway."""
    if moment.is_empty or moment.cell_count not in (2, 4, 8) or len(moment.cells) != moment.cell_count:
        return None
    return float(1.0 - moment.cells.radii.min() / moment.cells.radii.max())


def _stage(seed: int, index: int, settings: WellSettings, rng: np.random.Generator) -> Stage:
    if settings.weights:
        shares = np.array(settings.weights, dtype=float)
        return STAGES[int(rng.choice(len(STAGES), p=shares / shares.sum()))]
    # Every run of as many pictures as there are stages holds each once, in its own order.
    order = np.random.default_rng([seed, 92, index // len(STAGES)]).permutation(len(STAGES))
    return STAGES[int(order[index % len(STAGES)])]


def _moment(rng: np.random.Generator, stage: Stage, settings: WellSettings) -> Moment:
    """A random hour of the stage in a random life that has it."""
    inner = {k: v for k, v in settings.rates.items() if k not in ("well_emptied", "out_of_focus")}
    certain = ("degeneration",) if stage is Unphased.DEGENERATE else ()
    lives = LifeSettings(rates=inner, certain=certain)
    for _ in range(60):
        life = live(int(rng.integers(2**40)), lives)
        span = _span(life, stage)
        if span is not None and span[1] - span[0] > 0.12:
            moment = life.at(float(rng.uniform(*span)))
            return replace(moment, is_empty=stage is Unphased.EMPTY)
    raise RuntimeError(f"no life of sixty has the stage {stage.value}: the rates {settings.rates} leave it no room")


def _span(life: Life, stage: Stage) -> tuple[float, float] | None:
    """Hours of the stage; any hours where the stage is none of an embryo."""
    if stage in (Unphased.EMPTY, Unphased.NOT_SEEN):
        return life.onsets[Phase.TPB2], life.last_hpi
    dying = life.happening("degeneration")
    end = life.last_hpi if dying is None else dying.first_hpi
    if stage is Unphased.DEGENERATE:
        return None if dying is None else (dying.first_hpi + 1.0, life.last_hpi)
    if stage not in life.onsets:
        return None
    begins = life.onsets[Phase(stage)]
    # An arrested embryo keeps its last phase for days and would be seen in it more than any other.
    following = [h for p, h in life.onsets.items() if list(Phase).index(p) > list(Phase).index(Phase(stage))]
    return begins, min(following[0] if following else begins + 16.0, end)


def _unreadable(rng: np.random.Generator, moment: Moment, view: View) -> tuple[Moment, View]:
    """Nothing can be said of it: the lamp off, the light far too strong, or the focus lost."""
    kind = rng.random()
    if kind < 0.4:
        return moment, replace(
            view, camera=replace(view.camera, contrast=float(rng.uniform(0.0, 0.02)), lift=float(rng.uniform(0, 14)), sharpen=0.0)
        )
    if kind < 0.5:
        return moment, replace(view, camera=replace(view.camera, contrast=3.0, lift=float(rng.uniform(150, 250)), veil=0.0))
    return replace(moment, is_hidden=True), view


def render_wells(seed: int, count: int, out: Path, settings: WellSettings | None = None) -> Path:
    """Write pictures 0 to `count` - 1 of a set as PNG (a folder a plane where there are several) and truth.json, whose path it returns."""
    chosen = settings or WellSettings()
    truth = []
    for index in range(count):
        images, told = render_well(seed, index, chosen)
        name = f"{index:06d}.png"
        for plane, image in enumerate(images):
            folder = out if chosen.planes == 1 else out / f"F{round((plane - chosen.planes // 2) * chosen.plane_step_um)}"
            folder.mkdir(parents=True, exist_ok=True)
            if not cv2.imwrite(str(folder / name), image):
                raise RuntimeError(f"{name} could not be written to {folder}")
        circle = None if told.circle is None else [round(value, 2) for value in told.circle]
        truth.append(
            {
                "file": name, "stage": told.stage.value, "hpi": round(told.hpi, 3), "cell_count": told.cell_count,
                "compaction": round(told.compaction, 3), "cavity": round(told.cavity, 3), "is_empty": told.is_empty,
                "is_unreadable": told.is_unreadable, "has_gas": told.has_gas, "is_multinucleated": told.is_multinucleated,
                "fragmentation": round(told.fragmentation, 3),
                "unevenness": None if told.unevenness is None else round(told.unevenness, 3), "circle": circle,
            }
        )  # fmt: skip
    path = out / "truth.json"
    path.write_text(json.dumps(truth, indent=1), encoding="utf-8")
    return path
