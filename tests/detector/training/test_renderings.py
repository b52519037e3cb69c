"""The training set: canonical, labelled exactly, cached in shards that a stopped run completes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from detector.synth import HARD, TRAINING, render_dish
from detector.training import renderings as module
from detector.training.renderings import CLASSES, cached_renderings, render_canonical
from detector.wells.net import CLASSES as SERVED
from detector.wells.preprocess import HEIGHT, WIDTH


@pytest.fixture
def small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SHARD", 3)


def test_training_and_serving_speak_of_the_same_classes() -> None:
    assert CLASSES == SERVED


def test_labels_lie_in_the_canonical_picture_and_name_every_visible_well() -> None:
    for seed in range(8):
        picture, labels = render_canonical(seed, HARD)
        truth = render_dish(seed, HARD).truth
        assert picture.shape == (HEIGHT, WIDTH)
        wells = [w for w in (*truth.wells, *truth.strays) if w.visible >= 0.4]
        assert len(labels) == len(wells) + len(truth.gas_outside)
        assert (labels[:, 1] < labels[:, 3]).all()
        assert (labels[:, 2] < labels[:, 4]).all()
        assert (labels[:, 1:] >= 0).all()
        assert (labels[:, 3] <= WIDTH).all()
        assert (labels[:, 4] <= HEIGHT).all()


@pytest.mark.usefixtures("small_shards")
def test_a_second_call_renders_nothing_and_gives_the_same(tmp_path: Path) -> None:
    said: list[str] = []
    first = cached_renderings(tmp_path, TRAINING, 40, 7, say=said.append)
    again = cached_renderings(tmp_path, TRAINING, 40, 7, say=said.append)
    assert len(said) == 1
    assert len(first) == len(again) == 7
    assert np.array_equal(first.images, again.images)
    for k in range(7):
        picture, labels = render_canonical(40 + k, TRAINING)
        assert np.array_equal(again.images[k], picture)
        assert np.array_equal(again.labels[k], labels)


@pytest.mark.usefixtures("small_shards")
def test_only_missing_shards_are_rendered(tmp_path: Path) -> None:
    cached_renderings(tmp_path, TRAINING, 0, 9)
    shards = sorted(tmp_path.rglob("*.npz"))
    shards[1].unlink()
    kept = [path.stat().st_mtime_ns for path in (shards[0], shards[2])]
    said: list[str] = []
    cached_renderings(tmp_path, TRAINING, 0, 9, say=said.append)
    assert said[0].startswith("rendering 1 of 3")
    assert [path.stat().st_mtime_ns for path in (shards[0], shards[2])] == kept


def test_other_settings_have_their_own_cache(tmp_path: Path) -> None:
    cached_renderings(tmp_path, TRAINING, 0, 1)
    cached_renderings(tmp_path, replace(TRAINING, stray_rate=1.0), 0, 1)
    assert len(list(tmp_path.iterdir())) == 2
