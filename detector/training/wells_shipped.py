"""The recipe "wells" of every family from nothing to a weights folder: render, train, export, judge what is served, write the card."""

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
from detector.training.families import DEFAULT, family_of
from detector.training.judging import judge
from detector.training.loop import Recipe, reopened, train
from detector.training.renderings import Renderings, cached_renderings
from detector.wells.net import NetFinder

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
    contents: ContentRecipe | None = field(default_factory=ContentRecipe)
    """The closer look, which is the same net for all families; None leaves it out."""
    threads: int = 2
    processes: int = 2

    @property
    def faint(self) -> int:
        """Renderings that the content net sees besides."""
        return max(1, round(FAINT_SHARE * self.renderings))


def make_weights(data: Path, out: Path, plan: Plan, *, command: str, say: Say) -> dict[str, Any]:
    """Render what `data` lacks, train or resume, and write the weights folder `out`; returns its metrics.

    Families share `data`: the renderings and the closer look in it are made once.
    """
    renderings = cached_renderings(data, TRAINING, TRAINING_SEEDS, plan.renderings, processes=plan.processes, say=say)
    choosing = _choosing(data, plan, say)
    train(renderings, choosing, plan.recipe, checkpoints_of(data, plan.recipe.family), threads=plan.threads, say=say)
    if plan.contents is not None:
        train_contents(
            with_faint(renderings, data, plan, say), choosing, plan.contents, data / "checkpoints", threads=plan.threads, say=say
        )
    return export(data, out, plan, command=command, say=say)


def checkpoints_of(data: Path, family: str) -> Path:
    """Where a family's training keeps itself; the first one's has no folder of its own, the closer look lies there too."""
    return data / "checkpoints" / ("" if family == DEFAULT else family)


def with_faint(renderings: Renderings, data: Path, plan: Plan, say: Say) -> Renderings:
    """What the content net learns from."""
    faint = cached_renderings(data, FAINT, FAINT_SEEDS, plan.faint, processes=plan.processes, say=say)
    return Renderings(np.concatenate([renderings.images, faint.images]), renderings.labels + faint.labels)


def export(data: Path, out: Path, plan: Plan, *, command: str, say: Say) -> dict[str, Any]:
    """Write the weights folder of the best epochs in `data`.

    It is judged through the very adapter that serves it, on renderings that no choice has seen.
    """
    family = plan.recipe.family
    finder = reopened(checkpoints_of(data, family))
    contents = reopened_contents(data / "checkpoints") if plan.contents is not None else None
    weights = weights_bytes(finder_onnx(finder.network, family), contents_onnx(contents.network) if contents else None)
    name = f"wells-{family}"
    head = {
        "epoch": finder.epoch,
        **({"contents_epoch": contents.epoch} if contents else {}),
        "training_minutes": round((finder.seconds + (contents.seconds if contents else 0)) / 60, 1),
        "training_renderings": plan.renderings,
    }
    write_folder(out, weights, name=name, command=command, metrics=head, card="", family=family)
    served = NetFinder(*read_verified(out), threads=plan.threads)
    say(f"judging on {plan.testing} renderings that nothing was chosen by")
    hard = cached_renderings(data, HARD, TEST_SEEDS, plan.testing, processes=plan.processes, say=say)
    usual = cached_renderings(data, TRAINING, TEST_SEEDS, plan.testing, processes=plan.processes, say=say)
    judged = {"hard": judge(served.see, hard), "usual": judge(served.see, usual)}
    metrics = head | {f"{kind}_{key}": value for kind, result in judged.items() for key, value in result.as_dict().items()}
    seeds = Seeds(TRAINING_SEEDS, plan.renderings, FAINT_SEEDS, plan.faint, CHOOSING_SEEDS, plan.choosing, TEST_SEEDS, plan.testing)
    card = card_text(
        metrics, name=name, nets=nets_text(plan.recipe, plan.contents, head), command=command, renderer=RENDERER_VERSION, seeds=seeds
    )
    write_folder(out, weights, name=name, command=command, metrics=metrics, card=card, family=family)
    return metrics


def nets_text(recipe: Recipe, contents: ContentRecipe | None, head: dict[str, Any]) -> str:
    """What the card says of the nets, one line each."""
    known = family_of(recipe.family)
    begin = f"on from the base of {family_of(recipe.base).title} trained on the same renderings" if recipe.base else "from random weights"
    lines = [
        f"* {known.title} with one input channel finds the wells in the whole picture and tells gas outside them: {begin}, "
        f"{recipe.epochs} epochs, best epoch {head['epoch']}."
    ]
    if contents is not None:
        lines.append(
            "* A small convolutional net, the same for all families, looks at each well that was found, 64x64 pixels, and names the "
            f"content together with the first net's opinion: from random weights, {contents.epochs} epochs, best epoch "
            f"{head['contents_epoch']}."
        )
    return "\n".join(lines)


def _choosing(data: Path, plan: Plan, say: Say) -> Renderings:
    """Renderings that epochs are chosen by: half of the usual kind, half hard."""
    half = plan.choosing // 2
    usual = cached_renderings(data, TRAINING, CHOOSING_SEEDS, half, processes=plan.processes, say=say)
    hard = cached_renderings(data, HARD, CHOOSING_SEEDS, plan.choosing - half, processes=plan.processes, say=say)
    return Renderings(np.concatenate([usual.images, hard.images]), usual.labels + hard.labels)
