"""The recipe "stages" on a handful of renderings, and how its figures are reckoned."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from detector.loading import load_stager
from detector.synth.developing import MomentTruth
from detector.training.stages_learning import Recipe
from detector.training.stages_network import Shape
from detector.training.stages_renderings import SETTINGS, Wanted, cached_lessons, lesson_of
from detector.training.stages_shipped import Plan, calibrated, calibration_error, make_weights
from detector.types import STAGES, Phase, Unphased
from tests.detector.stages_frames.drawn import well

RECIPE = Recipe(steps=4, batch=4, steps_an_epoch=2)
SHAPE = Shape((4, 8, 8, 16), (16, 16), (1, 1), 0.0)
PLAN = Plan(19, 19, RECIPE, SHAPE, threads=1, processes=1, lives=(2, 1, 1), sequence_steps=4)


def test_renderings_become_weights_that_are_served_and_calibrated(tmp_path: Path) -> None:
    said: list[str] = []
    metrics = make_weights(tmp_path / "data", tmp_path / "out", PLAN, command="the command", say=said.append)
    assert metrics["test_pictures"] == 19
    assert 0 <= metrics["test_coarse_accuracy"] <= 1
    stager = load_stager(tmp_path / "out")
    assert stager.temperature == pytest.approx(metrics["temperature"], abs=1e-3)
    card, manifest = ((tmp_path / "out" / name).read_text() for name in ("card.md", "manifest.toml"))
    assert "Renderings only" in card
    assert str(tmp_path) not in card + manifest

    said.clear()
    (tmp_path / "real").mkdir()
    assert cv2.imwrite(str(tmp_path / "real" / "1.png"), np.zeros((60, 60), np.uint8))
    alone = cv2.imread(str(tmp_path / "data" / "report" / "page-1.png")).shape
    beside = replace(PLAN, beside=tmp_path / "real")
    make_weights(tmp_path / "data", tmp_path / "again", beside, command="the command", say=said.append)
    assert cv2.imread(str(tmp_path / "data" / "report" / "page-1.png")).shape[1] > 1.9 * alone[1]
    assert not any(line.startswith("rendering") for line in said)
    assert "resuming after step 4" in said
    assert (tmp_path / "again" / "weights.zip").read_bytes() == (tmp_path / "out" / "weights.zip").read_bytes()


def test_a_run_of_renderings_teaches_every_stage(tmp_path: Path) -> None:
    lessons = cached_lessons(tmp_path, SETTINGS, Wanted(5, 0, 19), processes=1, say=lambda _: None)
    assert sorted(lessons.allowed.argmax(1).tolist()) == list(range(19))
    empty = lessons.allowed[:, STAGES.index(Unphased.EMPTY)] > 0
    assert lessons.auxiliary[empty, 3].tolist() == [1.0]
    assert np.isnan(lessons.age[empty]).all()


def test_a_rendering_on_which_the_finder_is_lost_is_still_seen_around_its_embryo() -> None:
    picture = well(x=60, y=60, cells=4)
    truth = MomentTruth(Phase.T4, 40.0, 4, 0.0, 0.0, False, False, False, False, 0.0, None, (190.0, 190.0, 50.0))
    elsewhere = lesson_of(picture, truth, np.random.default_rng(0))[0]
    around = lesson_of(picture, replace(truth, circle=(60.0, 60.0, 50.0)), np.random.default_rng(0))[0]
    assert np.abs(elsewhere.astype(float) - around.astype(float)).mean() > 5


def test_the_temperature_cools_a_net_that_is_too_sure() -> None:
    rng = np.random.default_rng(2)
    logits = rng.normal(0, 1, (4000, 19))
    truth = np.eye(19, dtype=np.float32)[[rng.choice(19, p=row / row.sum()) for row in np.exp(logits)]]
    assert calibrated(3 * logits.astype(np.float32), truth) == pytest.approx(3, rel=0.1)


def test_confidence_that_holds_what_it_says_has_no_calibration_error() -> None:
    rng = np.random.default_rng(3)
    sure = rng.uniform(0, 1, 20000)
    assert calibration_error(sure, rng.uniform(0, 1, 20000) < sure) < 0.02
    assert calibration_error(np.full(100, 0.95), np.zeros(100, bool)) == pytest.approx(0.95)
