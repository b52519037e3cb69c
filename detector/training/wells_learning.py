"""Going on with both nets that find wells: each step shows a lab's dishes and renderings, so that what was known is not forgotten."""

from __future__ import annotations

import copy
import math
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from detector.training.checkpoints import FILE, follow, kept, save
from detector.training.contents import ContentNet, varied, wells_of
from detector.training.judging import judge
from detector.training.loop import batch_of, groups_of
from detector.training.renderings import CLASSES, Labels, Renderings
from detector.training.stages_folders import Say
from detector.training.watching import Watch
from detector.training.wells_reopened import learning
from detector.wells.crops import as_input, crop_well
from detector.wells.decoding import Found, decode, joined
from detector.wells.net import CLOSER_LOOK

GAS = CLASSES.index("gas_outside")
SURE_GAS = 0.25


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything besides the data that decides the result."""

    steps: int = 480
    batch: int = 16
    crops: int = 96
    """Single wells a step, for the content net."""
    labelled: float = 0.5
    """Share of a batch that comes from the lab; the rest is rendered."""
    rate: float = 2e-4
    contents_rate: float = 4e-4
    weight_decay: float = 5e-4
    smoothing: float = 0.02
    averaging: float = 0.99
    warm_up_steps: int = 20
    seed: int = 1

    @property
    def steps_a_look(self) -> int:
        """A checkpoint and a look at the validation split as often in a short training as in a long one."""
        return max(1, min(60, self.steps // 8))


@dataclass
class Nets:
    """Both nets that are served together."""

    finder: Any
    contents: ContentNet

    def copied(self) -> Nets:
        return Nets(copy.deepcopy(self.finder), copy.deepcopy(self.contents))

    def state(self) -> dict[str, Any]:
        return {"finder": self.finder.state_dict(), "contents": self.contents.state_dict()}

    def take(self, state: dict[str, Any]) -> None:
        self.finder.load_state_dict(state["finder"])
        self.contents.load_state_dict(state["contents"])

    def see(self, pictures: npt.NDArray[np.uint8]) -> list[Found]:
        """The wells in canonical pictures (n, 288, 384), as the served adapter tells them."""
        with torch.inference_mode():
            raws = self.finder(torch.from_numpy(np.ascontiguousarray(pictures))[:, None].float() / 255)[0].numpy()
            return [self._closer(picture, decode(raw)) for picture, raw in zip(pictures, raws, strict=True)]

    def _closer(self, picture: npt.NDArray[np.uint8], found: Found) -> Found:
        if not len(found.boxes):
            return found
        crops = as_input(np.stack([crop_well(picture, *box) for box in found.boxes.tolist()]))
        opinion = torch.softmax(self.contents(torch.from_numpy(crops)), 1).numpy()
        return Found(found.boxes, found.sureness, joined(found.shares, opinion, CLOSER_LOOK), found.gas_outside)


@dataclass(frozen=True, slots=True)
class Material:
    """What is learned from: the lab's dishes, and renderings."""

    dishes: Renderings
    renderings: Renderings


def learn(nets: Nets, material: Material, recipe: Recipe, folder: Path, watch: Watch, *, threads: int, say: Say) -> Nets:
    """The best nets that `watch` saw, or the last where it learns once more, on from `nets`; a second call goes on from the checkpoint."""
    folder.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(threads)
    average = nets.copied()
    average.finder.eval().requires_grad_(False)
    average.contents.eval().requires_grad_(False)
    for name, value in nets.finder.named_parameters():
        # What makes a place of a distribution is no weight.
        value.requires_grad_("dfl" not in name)
    nets.contents.requires_grad_(True)
    optimizers = (
        torch.optim.AdamW(groups_of(nets.finder, recipe.weight_decay), lr=recipe.rate),
        torch.optim.AdamW(groups_of(nets.contents, recipe.weight_decay), lr=recipe.contents_rate),
    )
    state, best = _resumed(folder, recipe, nets, average, optimizers, watch, say)
    last = watch.last_of(recipe.steps)
    wells = (wells_of(material.dishes), wells_of(material.renderings))
    while state["step"] < last and not watch.is_over:
        started = time.monotonic()
        until = min(state["step"] + recipe.steps_a_look, last)
        learning(nets.finder)
        learning(nets.contents)
        losses = [_step(nets, average, optimizers, material, wells, recipe, step) for step in range(state["step"], until)]
        state = {"step": until, "seconds": state["seconds"] + time.monotonic() - started}
        if watch.look(average, until, float(np.mean(losses)), state["seconds"]):
            best = copy.deepcopy(average.state())
        tensors = {"nets": nets.state(), "average": average.state(), "best": best, "optimizers": [one.state_dict() for one in optimizers]}
        save({"recipe": asdict(recipe), "state": state, "watch": watch.state()} | tensors, folder / FILE)
        watch.tell(say, recipe.steps)
    if best is not None:
        average.take(best)
    return average


def validated(validation: Renderings) -> Any:
    """F1 of wells found and named right on pictures that steps are chosen by."""
    return lambda nets: judge(nets.see, validation).right


def with_gas(dishes: Renderings, says_gas: list[bool], nets: Nets) -> Renderings:
    """Labels that say gas lies outside the wells, but not where, take the places from what `nets` see there."""
    labels = list(dishes.labels)
    for number in np.flatnonzero(says_gas):
        with torch.inference_mode():
            raw = nets.finder(torch.from_numpy(dishes.images[number].copy())[None, None].float() / 255)[0][0].numpy()
        labels[number] = np.concatenate([labels[number], _bubbles(raw, labels[number])])
    return Renderings(dishes.images, labels)


def _bubbles(raw: npt.NDArray[np.float32], wells: Labels) -> Labels:
    """Boxes of sure bubbles whose middles lie in no well, the surest of those that overlap."""
    kept: list[tuple[float, ...]] = []
    scores = raw[4 + GAS]
    for place in np.flatnonzero(scores >= SURE_GAS)[np.argsort(-scores[scores >= SURE_GAS])]:
        x, y, width, height = (float(value) for value in raw[:4, place])
        inside = ((wells[:, 1] < x) & (x < wells[:, 3]) & (wells[:, 2] < y) & (y < wells[:, 4])).any()
        near = any(x0 < x < x1 and y0 < y < y1 for _, x0, y0, x1, y1 in kept)
        if not inside and not near:
            kept.append((float(GAS), x - width / 2, y - height / 2, x + width / 2, y + height / 2))
    return np.array(kept, dtype=np.float32).reshape(-1, 5)


def _step(
    nets: Nets, average: Nets, optimizers: tuple[Any, Any], material: Material, wells: tuple[Any, Any], recipe: Recipe, step: int
) -> float:  # fmt: skip
    """One batch of pictures and one of single wells; each step has its own random numbers, so a stopped training ends in the same nets."""
    rng = np.random.default_rng([recipe.seed, 23, step])
    torch.manual_seed(int(rng.integers(2**31)))
    share = max(0.5 * (1 + math.cos(math.pi * step / recipe.steps)), 0.02) * min(1.0, (step + 1) / recipe.warm_up_steps)
    for optimizer, rate in zip(optimizers, (recipe.rate, recipe.contents_rate), strict=True):
        for group in optimizer.param_groups:
            group["lr"] = rate * share
    ours = round(recipe.batch * recipe.labelled)
    shares = ((material.dishes, ours), (material.renderings, recipe.batch - ours))
    chosen = [_one(part, rng) for part, count in shares for _ in range(count)]
    batch = batch_of(chosen, rng, torch.device("cpu"))
    loss = nets.finder.loss(batch)[0].sum() / len(chosen)
    _taken(optimizers[0], nets.finder, loss)
    crops, truth = _crops(material, wells, recipe, rng)
    said = nets.contents(torch.from_numpy(as_input(crops)))
    close = nn.functional.cross_entropy(said, torch.from_numpy(truth), label_smoothing=recipe.smoothing)
    _taken(optimizers[1], nets.contents, close)
    keep = recipe.averaging * (1 - math.exp(-(step + 1) / 30))
    follow(average.finder, nets.finder, keep)
    follow(average.contents, nets.contents, keep)
    return float(loss.detach()) + float(close.detach())


def _taken(optimizer: Any, network: nn.Module, loss: torch.Tensor) -> None:
    optimizer.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    torch.nn.utils.clip_grad_norm_(network.parameters(), 10.0)
    optimizer.step()


def _one(part: Renderings, rng: np.random.Generator) -> tuple[npt.NDArray[np.uint8], Labels]:
    number = int(rng.integers(len(part)))
    return part.images[number], part.labels[number]


def _crops(
    material: Material, wells: tuple[Any, Any], recipe: Recipe, rng: np.random.Generator
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """Single wells of both sources; where a dish has none at all, of the renderings alone."""
    ours = round(recipe.crops * recipe.labelled) if len(wells[0]) else 0
    rows = [
        (part, table[int(rng.integers(len(table)))])
        for part, table, count in ((material.dishes, wells[0], ours), (material.renderings, wells[1], recipe.crops - ours))
        for _ in range(count)
    ]
    crops = np.stack([varied(part.images[int(row[0])], row[2:], rng) for part, row in rows])
    return crops, np.array([int(row[1]) for _, row in rows], dtype=np.int64)


def _resumed(
    folder: Path, recipe: Recipe, nets: Nets, average: Nets, optimizers: tuple[Any, Any], watch: Watch, say: Say
) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """State and best nets to go on from: those of the checkpoint where it was written by the same recipe, else the beginning."""
    saved = kept(folder, recipe, watch)
    if saved is None:
        if (folder / FILE).exists() and watch.before is None:
            say("the checkpoint was made by another recipe: starting anew")
        return {"step": 0, "seconds": 0.0}, None
    nets.take(saved["nets"])
    average.take(saved["average"])
    for optimizer, state in zip(optimizers, saved["optimizers"], strict=True):
        optimizer.load_state_dict(state)
    say(f"resuming after step {saved['state']['step']}")
    watch.go_on(saved["watch"], say)
    return dict(saved["state"]), saved["best"]
