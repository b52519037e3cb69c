"""Labs to try the choosing on: one with its own labelled pictures, or rendered ones with a microscope each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from detector.errors import DetectorError
from detector.stages.looks import FrameStager, Looks
from detector.stages.stager import crops_of
from detector.synth.developing import LifeSettings, View, draw_view, live, pictures
from detector.synth.developing.view import draw_camera, draw_lens
from detector.teaching.choosing import Pool, Values
from detector.training.stages_folders import GROUPS, read_labels, read_picture
from detector.types import STAGES, Image, Phase

HELD_OUT = 0.25
"""Share of the embryos whose pictures are never asked for and only score."""
_BATCH = 64
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Lab:
    """Pictures that can be asked for with the labels that would come back, and others that score; classes count from 0."""

    name: str
    pool: Pool
    labels: npt.NDArray[np.int_]
    shipped: Values
    """(n, classes): what the shipped detector says of the pool."""
    test: Values
    """Features (m, D)."""
    test_labels: npt.NDArray[np.int_]
    test_shipped: Values


@dataclass(frozen=True, slots=True)
class _Shown:
    """One picture of a lab as the detector saw it."""

    embryo: str
    frame: int
    label: int


def labs_of_folder(folder: Path, stager: FrameStager, *, split: str | None, seeds: range) -> Iterator[Lab]:
    """The pictures of a labels.csv, coarse phases; each seed holds other embryos out. Raises DetectorError where there are none."""
    rows = [one for one in read_labels(folder) if not one.is_doubtful and split in (None, one.split)]
    if not rows:
        raise DetectorError("labels_missing", f"no rows of split {split!r} in {folder}", "Name a split that labels.csv has, or none.")
    looks = _looked(stager, (read_picture(row.path) for row in rows), len(rows))
    shown = [_Shown(row.embryo, row.frame, row.phase) for row in rows]
    coarse = np.exp(looks.log_probabilities) @ GROUPS.T
    for seed in seeds:
        yield _divided(f"{folder.name} {seed}", shown, looks.features, _shares(coarse), seed)


def rendered_labs(stager: FrameStager, *, embryos: int, frames: int, seeds: range, say: Say) -> Iterator[Lab]:
    """Labs that never existed: each has one microscope, its own embryos, and single pictures of them; 16 phases."""
    for seed in seeds:
        images, shown = [], []
        for image, one in _pictures(seed, embryos, frames):
            images.append(image)
            shown.append(one)
        say(f"rendered lab {seed}: {len(images)} pictures of {embryos} embryos")
        looks = _looked(stager, iter(images), len(images))
        phases = np.exp(looks.log_probabilities[:, : len(Phase)])
        yield _divided(f"rendered {seed}", shown, looks.features, _shares(phases), seed)


def _pictures(seed: int, embryos: int, frames: int) -> Iterator[tuple[Image, _Shown]]:
    rng = np.random.default_rng([seed, 96])
    lens, camera = draw_lens(rng, oblique=0.3), draw_camera(rng)
    side = float(rng.uniform(250.0, 400.0))
    for embryo in range(embryos):
        life = live(int(rng.integers(2**40)), LifeSettings())
        view: View = replace(draw_view(rng, 60.0, side), camera=camera)
        hours = np.sort(rng.uniform(life.onsets[Phase.TPB2], life.last_hpi, frames))
        for frame, hour in enumerate(hours):
            moment = life.at(float(hour))
            if not isinstance(moment.stage, Phase):
                continue
            focus = replace(lens, focus_um=lens.focus_um + float(rng.normal(0, 3.0)))
            (image,) = pictures(moment, replace(view, lens=focus), 256, side / 256, (0.0,), rng)
            yield image, _Shown(f"{embryo:03d}", frame, STAGES.index(moment.stage))


def _looked(stager: FrameStager, images: Iterator[Image], count: int) -> Looks:
    parts, batch = [], []
    for number, image in enumerate(images, start=1):
        batch.append(image)
        if len(batch) == _BATCH or number == count:
            parts.append(stager.look(crops_of(batch).astype(np.float32)))
            batch = []
    return Looks(*(np.concatenate([getattr(part, name) for part in parts]) for name in Looks.__slots__))


def _divided(name: str, shown: list[_Shown], features: Values, shipped: Values, seed: int) -> Lab:
    """No embryo is in both parts."""
    embryos = np.array([one.embryo for one in shown])
    names = np.unique(embryos)
    rng = np.random.default_rng([seed, 97])
    held_out = rng.choice(names, max(round(HELD_OUT * len(names)), 1), replace=False)
    scored = np.isin(embryos, held_out)
    labels, frames = np.array([one.label for one in shown]), np.array([one.frame for one in shown])
    pool = Pool(features[~scored], embryos[~scored], frames[~scored])
    return Lab(name, pool, labels[~scored], shipped[~scored], features[scored], labels[scored], shipped[scored])


def _shares(values: Values) -> Values:
    return np.asarray(values / np.maximum(values.sum(axis=1, keepdims=True), 1e-9))
