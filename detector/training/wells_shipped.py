"""The recipe "wells-yolo" from nothing to a weights folder: render, train, export, judge what is served, write the card."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from detector.loading import read_verified
from detector.synth import FAINT, HARD, RENDERER_VERSION, TRAINING
from detector.training.card import Seeds, card_text
from detector.training.contents import ContentRecipe, reopened_contents, train_contents
from detector.training.exporting import contents_onnx, finder_onnx, weights_bytes, write_folder
from detector.training.judging import judge
from detector.training.loop import Recipe, reopened, train
from detector.training.renderings import Renderings, cached_renderings
from detector.wells.yolo import YoloFinder

NAME = "wells-yolo11n"
TRAINING_SEEDS = 100_000
FAINT_SEEDS = 500_000
FAINT_SHARE = 0.5
"""Renderings with more faint embryos that the content net sees besides, as a share of the others."""
CHOOSING_SEEDS = 900_000
TEST_SEEDS = 950_000

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is rendered and trained; the defaults made the shipped weights."""

    renderings: int = 8000
    choosing: int = 500
    testing: int = 500
    recipe: Recipe = field(default_factory=Recipe)
    contents: ContentRecipe = field(default_factory=ContentRecipe)
    threads: int = 2
    processes: int = 2

    @property
    def faint(self) -> int:
        """Renderings that the content net sees besides."""
        return max(1, round(FAINT_SHARE * self.renderings))


def make_weights(data: Path, out: Path, plan: Plan, *, command: str, say: Say) -> dict[str, Any]:
    """Render what `data` lacks, train or resume, and write the weights folder `out`; returns its metrics."""
    renderings = cached_renderings(data, TRAINING, TRAINING_SEEDS, plan.renderings, processes=plan.processes, say=say)
    choosing = _choosing(data, plan, say)
    train(renderings, choosing, plan.recipe, data / "checkpoints", threads=plan.threads, say=say)
    train_contents(with_faint(renderings, data, plan, say), choosing, plan.contents, data / "checkpoints", threads=plan.threads, say=say)
    return export(data, out, plan, command=command, say=say)


def with_faint(renderings: Renderings, data: Path, plan: Plan, say: Say) -> Renderings:
    """What the content net learns from."""
    faint = cached_renderings(data, FAINT, FAINT_SEEDS, plan.faint, processes=plan.processes, say=say)
    return Renderings(np.concatenate([renderings.images, faint.images]), renderings.labels + faint.labels)


def export(data: Path, out: Path, plan: Plan, *, command: str, say: Say) -> dict[str, Any]:
    """Write the weights folder of the best epochs in `data`.

    It is judged through the very adapter that serves it, on renderings that no choice has seen.
    """
    finder, contents = reopened(data / "checkpoints"), reopened_contents(data / "checkpoints")
    weights = weights_bytes(finder_onnx(finder.network), contents_onnx(contents.network))
    head = {
        "epoch": finder.epoch,
        "contents_epoch": contents.epoch,
        "training_minutes": round((finder.seconds + contents.seconds) / 60, 1),
        "training_renderings": plan.renderings,
    }
    write_folder(out, weights, name=NAME, command=command, metrics=head, card="")
    served = YoloFinder(*read_verified(out), threads=plan.threads)
    say(f"judging on {plan.testing} renderings that nothing was chosen by")
    hard = cached_renderings(data, HARD, TEST_SEEDS, plan.testing, processes=plan.processes, say=say)
    usual = cached_renderings(data, TRAINING, TEST_SEEDS, plan.testing, processes=plan.processes, say=say)
    judged = {"hard": judge(served.see, hard), "usual": judge(served.see, usual)}
    metrics = head | {f"{name}_{key}": value for name, result in judged.items() for key, value in result.as_dict().items()}
    seeds = Seeds(TRAINING_SEEDS, plan.renderings, FAINT_SEEDS, plan.faint, CHOOSING_SEEDS, plan.choosing, TEST_SEEDS, plan.testing)
    card = card_text(metrics, command=command, renderer=RENDERER_VERSION, seeds=seeds, epochs=(plan.recipe.epochs, plan.contents.epochs))
    write_folder(out, weights, name=NAME, command=command, metrics=metrics, card=card)
    return metrics


def _choosing(data: Path, plan: Plan, say: Say) -> Renderings:
    """Renderings that epochs are chosen by: half of the usual kind, half hard."""
    half = plan.choosing // 2
    usual = cached_renderings(data, TRAINING, CHOOSING_SEEDS, half, processes=plan.processes, say=say)
    hard = cached_renderings(data, HARD, CHOOSING_SEEDS, plan.choosing - half, processes=plan.processes, say=say)
    return Renderings(np.concatenate([usual.images, hard.images]), usual.labels + hard.labels)
