"""The sequence nets' training set: crops of rendered lives, cached, and what a frame encoder says of them."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from detector.evaluation.stages_rendered import DARK_RATE, Hours, filmed, truth_of
from detector.stages.crops import NAME, crop_embryo, find_embryo
from detector.stages.looks import FrameStager, Looks
from detector.synth.developing import live
from detector.synth.developing.version import DEVELOPING_VERSION
from detector.training.stages_sequence_learning import Course
from detector.types import STAGES

LEARNING, CHOOSING, TESTING = 7_100_000, 7_200_000, 7_300_000
"""First seeds of lives to learn from, to choose and calibrate by, and to report; far apart, and far from those of `evaluate`."""
PARTS = 64
"""Frames of a life that is learned from: half of them in some hours, half anywhere."""
_STEPS = 25.0
"""Crops are kept in steps of this share of one, finer than their grain."""


@dataclass(frozen=True, slots=True)
class Filmed:
    """One life's crops (T, SIZE, SIZE) in steps of 1/25, hours, and true stages as places in STAGES, -1 where dark."""

    crops: npt.NDArray[np.int8]
    hours: Hours
    stages: npt.NDArray[np.int_]


def courses(
    folder: Path,
    first_seed: int,
    count: int,
    stager: FrameStager,
    *,
    is_whole: bool,
    processes: int = 1,
    say: Callable[[str], None] = print,
) -> list[Course]:
    """`count` lives as `stager` sees them; `is_whole` for all frames of a recording. Missing films are made first."""
    home = folder / f"lives-{DEVELOPING_VERSION}-{NAME}-{'whole' if is_whole else 'parts'}"
    home.mkdir(parents=True, exist_ok=True)
    seeds = range(first_seed, first_seed + count)
    missing = [seed for seed in seeds if not _path(home, seed).exists()]
    if missing:
        say(f"filming {len(missing)} of {count} lives into {home.name}")
        work = partial(_film, home, is_whole)
        if processes > 1:
            with multiprocessing.get_context("spawn").Pool(processes) as pool:
                for done, _ in enumerate(pool.imap_unordered(work, missing), 1):
                    if done % 10 == 0:
                        say(f"filmed {done} of {len(missing)}")
        else:
            for seed in missing:
                work(seed)
    return [_course(home, seed, stager) for seed in seeds]


def _film(home: Path, is_whole: bool, seed: int) -> None:
    """Film one life and move it into place whole, so that a stopped run leaves nothing half written."""
    cv2.setNumThreads(1)
    rng = np.random.default_rng([seed, 6])
    hours = _recording(rng) if is_whole else _parts(rng)
    dark = rng.random(len(hours)) < DARK_RATE
    life = live(seed)
    crops = [crop_embryo(well, find_embryo(well)) for (well,) in filmed(life, hours, dark, rng)]
    truth = truth_of(life, hours, dark)
    stages = [STAGES.index(next(iter(allowed))) if allowed else -1 for allowed in truth.allowed]
    draft = _path(home, seed).with_suffix(f".{os.getpid()}.tmp")
    with draft.open("wb") as file:
        np.savez(file, crops=np.rint(np.stack(crops) * _STEPS).astype(np.int8), hours=hours, stages=np.array(stages))
    draft.replace(_path(home, seed))


def _course(home: Path, seed: int, stager: FrameStager) -> Course:
    with np.load(_path(home, seed)) as held:
        crops, hours, stages = held["crops"], held["hours"], held["stages"]
    parts = [stager.look(crops[k : k + 64].astype(np.float32) / np.float32(_STEPS)) for k in range(0, len(crops), 64)]
    looks = Looks(*(np.concatenate([getattr(part, name) for part in parts]) for name in Looks.__slots__))
    # Events follow from the life alone, so they need not be kept.
    events = truth_of(live(seed), hours, stages < 0).events or ()
    return Course(looks, hours, stages, events)


def _recording(rng: np.random.Generator) -> Hours:
    start = rng.uniform(1.0, 4.0) if rng.random() < 0.75 else rng.uniform(15.0, 20.0)
    return np.arange(start, rng.uniform(95.0, 135.0), rng.choice([20, 30, 45]) / 60)


def _parts(rng: np.random.Generator) -> Hours:
    first, last = (1.0, 135.0) if rng.random() < 0.6 else np.sort(rng.uniform(1.0, 135.0, 2)) + np.array([0.0, 12.0])
    span = rng.uniform(5.0, 30.0)
    begin = rng.uniform(first, max(last - span, first + 1.0))
    near = begin + np.arange(PARTS // 2) * span / (PARTS // 2)
    return np.asarray(np.sort(np.concatenate([near, rng.uniform(first, last, PARTS - len(near))])))


def _path(home: Path, seed: int) -> Path:
    return home / f"{seed:08d}.npz"
