"""Rendered embryos as lessons with exact truth, cached in shards that a later run finds again."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
from dataclasses import dataclass, fields
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from detector.stages.crops import NAME, SIZE, Circle, find_embryo, placed, window
from detector.synth.developing import DEVELOPING_VERSION, USUAL_RATES, MomentTruth, WellSettings, render_well
from detector.training.stages_folders import Say
from detector.training.stages_lessons import WINDOW, Lessons, exactly
from detector.types import Image, Unphased

SHARD = 250
SETTINGS = WellSettings(size_px=256, rates={**USUAL_RATES, "fragmentation": 0.5, "uneven_cells": 0.25, "multinucleation": 0.25})
"""What is to be told apart from usual cells is drawn more often than it happens."""
_MIDDLE_H, _SPREAD_H = 70.0, 35.0
"""What ages are counted in: about the middle and the spread of five days."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Pictures `first` to `first + count - 1` of the set `seed`."""

    seed: int
    first: int
    count: int


def cached_lessons(folder: Path, settings: WellSettings, wanted: Wanted, *, processes: int, say: Say) -> Lessons:
    """One lesson a picture; shards that are missing under `folder` are rendered first."""
    mark = hashlib.sha256(f"{DEVELOPING_VERSION}|{NAME}|{settings!r}|{wanted.seed}".encode()).hexdigest()[:12]
    home = folder / f"lessons-{mark}"
    home.mkdir(parents=True, exist_ok=True)
    end = wanted.first + wanted.count
    shards = [(start, min(start + SHARD, end)) for start in range(wanted.first, end, SHARD)]
    missing = [shard for shard in shards if not _path(home, shard).exists()]
    work = partial(_render, home, settings, wanted.seed)
    if missing:
        say(f"rendering {len(missing)} of {len(shards)} shards into {home.name}")
    if len(missing) > 1 and processes > 1:
        with multiprocessing.get_context("spawn").Pool(processes) as pool:
            for done, _ in enumerate(pool.imap_unordered(work, missing), 1):
                say(f"rendered {done} of {len(missing)} shards")
    else:
        for done, shard in enumerate(missing, 1):
            work(shard)
            say(f"rendered {done} of {len(missing)} shards")
    parts = [np.load(_path(home, shard)) for shard in shards]
    return Lessons(*(np.concatenate([part[field.name] for part in parts]) for field in fields(Lessons)))


def _path(home: Path, shard: tuple[int, int]) -> Path:
    return home / f"{shard[0]:07d}-{shard[1]:07d}.npz"


def _render(home: Path, settings: WellSettings, seed: int, shard: tuple[int, int]) -> None:
    """Render one shard and move it into place whole, so that a stopped run leaves nothing half written."""
    cv2.setNumThreads(1)
    rows = []
    for index in range(*shard):
        images, truth = render_well(seed, index, settings)
        rows.append(lesson_of(images[0], truth, np.random.default_rng([seed, 93, index])))
    columns: dict[str, Any] = {field.name: np.stack([row[k] for row in rows]) for k, field in enumerate(fields(Lessons))}
    target = _path(home, shard)
    draft = target.with_suffix(f".{os.getpid()}.tmp")
    with draft.open("wb") as file:
        np.savez(file, **columns)
    draft.replace(target)


def lesson_of(well: Image, truth: MomentTruth, rng: np.random.Generator) -> tuple[npt.NDArray[Any], ...]:
    """One row of Lessons."""
    circle = find_embryo(well)
    if truth.circle is not None and not truth.is_unreadable and not _meets(circle, truth.circle):
        # Where the finder is lost on a rendering, the net would only learn what an empty corner looks like.
        x, y, radius = truth.circle
        drift = 0.12 * radius * rng.standard_normal(2)
        circle = Circle(x + drift[0], y + drift[1], 0.93 * radius * float(np.exp(0.12 * rng.standard_normal())), 1.0)
    x, y, side = placed(well, circle)
    is_embryo = not truth.is_empty and not truth.is_unreadable
    is_alive = is_embryo and truth.stage is not Unphased.DEGENERATE
    nothing = np.nan
    auxiliary = (
        truth.cell_count if is_alive and truth.compaction < 0.4 else nothing,
        truth.compaction if is_alive else nothing,
        truth.cavity if is_alive else nothing,
        nothing if truth.is_unreadable else float(truth.is_empty),
        float(truth.is_unreadable),
        truth.fragmentation if is_alive and truth.cavity < 0.05 else nothing,
        truth.unevenness if is_alive and truth.unevenness is not None and truth.compaction < 0.2 else nothing,
        float(truth.is_multinucleated) if is_alive and truth.cell_count in (2, 3, 4) and truth.compaction < 0.2 else nothing,
    )
    age = (truth.hpi - _MIDDLE_H) / _SPREAD_H if is_alive else nothing
    pixels = window(well, x, y, side * WINDOW / SIZE, WINDOW)
    return pixels, exactly(truth.stage), np.array(auxiliary, np.float32), np.array(age, np.float32), np.array(1.0, np.float32)


def _meets(found: Circle | None, true: tuple[float, float, float]) -> bool:
    if found is None:
        return False
    x, y, radius = true
    return float(np.hypot(found.x - x, found.y - y)) < 0.4 * radius and 0.6 < found.radius_px / radius < 1.6
