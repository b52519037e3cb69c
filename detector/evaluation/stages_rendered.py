"""Whole lives of embryos, drawn frame by frame through one microscope, with everything that is true of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from detector.evaluation.stages_report import Read
from detector.evaluation.stages_scores import TrueEvent, Truth
from detector.stages.decoding import Clock
from detector.stages.looks import Looks, blended
from detector.synth.developing import Life, View, draw_view, live, pictures
from detector.types import Image

KINDS = ("held-out", "shifted")
FIRST_SEED = 7_000_000
"""Far from every seed that trainings draw lives by."""
SIZE_PX = 160
_NOT_EVENTS = ("degeneration", "abnormal_pronuclei")
"""Happenings that are told as stages, or need pronuclei to be counted."""
DARK_RATE = 0.006
PLANE_STEP_UM = 15.0
Hours = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


def lives(
    kind: str, count: int, look_at: Callable[[Iterable[Image]], Looks], *, first_seed: int = FIRST_SEED, planes: int = 1
) -> Iterator[tuple[Read, ...]]:
    """`count` embryos filmed from hours after insemination on, at intervals from 10 to 30 minutes; of KINDS.

    Each is read in its middle plane, and where `planes`, an odd number, are filmed, once more in all of them.
    """
    for seed in range(first_seed, first_seed + count):
        rng = np.random.default_rng([seed, 5])
        start = rng.uniform(1.0, 4.0) if rng.random() < 0.75 else rng.uniform(15.0, 20.0)
        hours = np.arange(start, rng.uniform(100.0, 135.0), rng.choice([10, 15, 20, 30]) / 60)
        life = live(seed)
        dark = rng.random(len(hours)) < DARK_RATE
        films = zip(*filmed(life, hours, dark, rng, is_shifted=kind == "shifted", planes=planes), strict=True)
        looks = [look_at(film) for film in films]
        readings = [looks[planes // 2]] + ([blended(looks)] if planes > 1 else [])
        truth, clock = truth_of(life, hours, dark), Clock((hours - hours[0]) * 60.0, float(hours[0]))
        yield tuple(Read(truth, reading, clock) for reading in readings)


def filmed(
    life: Life, hours: Hours, dark: Flags, rng: np.random.Generator, *, is_shifted: bool = False, planes: int = 1
) -> Iterator[tuple[Image, ...]]:
    """A picture of each plane an hour through one view, whose focus wanders and whose lamp flickers, and is out where `dark`."""
    side_um = float(rng.uniform(250.0, 420.0))
    first = life.at(float(hours[0]))
    gas = life.happening("gas_bubble")
    view = draw_view(rng, 0.8 * first.reach_um, side_um, has_gas=gas is not None)
    if is_shifted:
        view = otherwise(view, rng)
    wander, steady = 0.0, np.exp(-np.diff(hours, prepend=hours[0]) / 3.0)
    for hour, keep, is_dark in zip(hours, steady, dark, strict=True):
        wander = keep * wander + np.sqrt(1 - keep**2) * rng.normal(0.0, 7.0)
        seen = view if gas is None or hour <= gas.last_hpi else replace(view, bubble=None)
        contrast, lift = seen.camera.contrast * float(np.exp(rng.normal(0, 0.03))), float(rng.uniform(0, 12))
        camera = replace(seen.camera, contrast=0.01, lift=lift) if is_dark else replace(seen.camera, contrast=contrast)
        focus = [wander + (k - planes // 2) * PLANE_STEP_UM for k in range(planes)]
        yield pictures(life.at(float(hour)), replace(seen, camera=camera), SIZE_PX, side_um / SIZE_PX, focus, rng)


def otherwise(view: View, rng: np.random.Generator) -> View:
    """The same well through a worse microscope than those drawn for training: softer, paler, noisier, farther out of focus."""
    lens = replace(view.lens, focus_um=view.lens.focus_um + float(rng.choice([-1, 1]) * rng.uniform(12, 25)), condenser=0.15)
    camera = replace(
        view.camera, blur=view.camera.blur + 0.9, noise=view.camera.noise + 3.0, contrast=0.6 * view.camera.contrast, gamma=1.6, jpeg=40
    )
    return replace(view, lens=lens, camera=camera)


def truth_of(life: Life, hours: Hours, dark: Flags) -> Truth:
    """What is true of each frame, nothing of dark ones, and every event that some frame could have shown."""
    allowed = tuple(frozenset() if out else frozenset({life.stage_at(float(hour))}) for hour, out in zip(hours, dark, strict=True))
    events = [
        TrueEvent(one.kind, _frame_at(hours, one.first_hpi), _frame_at(hours, one.last_hpi))
        for one in life.happenings
        if one.kind not in _NOT_EVENTS and hours[0] <= one.last_hpi and one.first_hpi <= hours[-1]
    ]
    return Truth(str(life.seed), tuple(range(len(hours))), tuple(float(h) for h in hours), allowed, tuple(events))


def _frame_at(hours: Hours, hour: float) -> int:
    """The first frame at or after an hour, the last one where there is none."""
    return min(int(np.searchsorted(hours, hour)), len(hours) - 1)
