"""The training set: canonical renderings with their boxes, cached in shards that a later run finds again."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from detector.synth import RENDERER_VERSION, DishSettings, render_dish
from detector.types import Box, Content, Image
from detector.wells.preprocess import NAME, prepare

CLASSES = (Content.EMPTY.value, Content.EMBRYO.value, Content.GAS.value, Content.EMBRYO_GAS.value, "gas_outside")
SHARD = 250
_LEAST_VISIBLE = 0.4

Labels = npt.NDArray[np.float32]
"""Rows of class, x0, y0, x1, y1 in canonical pixels."""


@dataclass(frozen=True, slots=True)
class Renderings:
    """Pictures (n, 288, 384) and one label array each."""

    images: npt.NDArray[np.uint8]
    labels: list[Labels]

    def __len__(self) -> int:
        return len(self.labels)


def render_canonical(seed: int, settings: DishSettings) -> tuple[Image, Labels]:
    """The rendering of `seed` as the net sees it; wells cut to less than two fifths carry no label."""
    dish = render_dish(seed, settings)
    prepared = prepare(dish.image)
    rows: list[tuple[float, ...]] = []
    for well in (*dish.truth.wells, *dish.truth.strays):
        if well.visible >= _LEAST_VISIBLE:
            rows.append((float(CLASSES.index(well.content.value)), *prepared.from_frame(well.box)))
    gas: tuple[Box, ...] = dish.truth.gas_outside
    rows += [(float(CLASSES.index("gas_outside")), *prepared.from_frame(box)) for box in gas]
    return prepared.pixels, np.array(rows, dtype=np.float32).reshape(-1, 5)


def cached_renderings(
    folder: Path, settings: DishSettings, first_seed: int, count: int, *, processes: int = 1, say: Callable[[str], None] = print
) -> Renderings:
    """`count` renderings from `first_seed` on; shards that are missing under `folder` are rendered first."""
    mark = hashlib.sha256(f"{RENDERER_VERSION}|{NAME}|{settings!r}".encode()).hexdigest()[:12]
    home = folder / f"renderings-{mark}"
    home.mkdir(parents=True, exist_ok=True)
    starts = range(first_seed, first_seed + count, SHARD)
    missing = [s for s in starts if not _shard(home, s, min(SHARD, first_seed + count - s)).exists()]
    work = partial(_render_shard, home, settings, first_seed + count)
    if missing:
        say(f"rendering {len(missing)} of {len(starts)} shards into {home}")
    if len(missing) > 1 and processes > 1:
        with multiprocessing.get_context("spawn").Pool(processes) as pool:
            for done, _ in enumerate(pool.imap_unordered(work, missing), 1):
                say(f"rendered {done} of {len(missing)} shards")
    else:
        for start in missing:
            work(start)
    parts = [np.load(_shard(home, s, min(SHARD, first_seed + count - s))) for s in starts]
    labels = [rows for part in parts for rows in np.split(part["labels"], np.cumsum(part["counts"])[:-1])]
    return Renderings(np.concatenate([part["images"] for part in parts]), labels)


def _shard(home: Path, start: int, count: int) -> Path:
    return home / f"{start:08d}-{count:04d}.npz"


def _render_shard(home: Path, settings: DishSettings, end: int, start: int) -> None:
    """Render one shard and move it into place whole, so that a stopped run leaves nothing half written."""
    cv2.setNumThreads(1)
    count = min(SHARD, end - start)
    made = [render_canonical(seed, settings) for seed in range(start, start + count)]
    target = _shard(home, start, count)
    draft = target.with_suffix(f".{os.getpid()}.tmp")
    with draft.open("wb") as file:
        np.savez(
            file,
            images=np.stack([image for image, _ in made]),
            labels=np.concatenate([rows for _, rows in made]),
            counts=np.array([len(rows) for _, rows in made]),
        )
    draft.replace(target)
