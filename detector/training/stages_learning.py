"""The frame encoder's training loop: AdamW, a cosine, averaged weights, a checkpoint after every epoch that the same call resumes from."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional

from detector.stages.stager import views
from detector.training.checkpoints import FILE, follow, kept, save
from detector.training.stages_augment import augmented, plain
from detector.training.stages_lessons import Lessons
from detector.training.stages_network import Seen, Shape, StageNet
from detector.training.watching import Watch

Values = npt.NDArray[np.float32]
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything besides the data that decides the result."""

    steps: int
    rate: float = 3e-3
    batch: int = 32
    weight_decay: float = 0.05
    warm_up_steps: int = 150
    averaging: float = 0.995
    doubt: float = 0.02
    """Share of the labels taken to be wrong: a lesson that nothing else supports stops pulling."""
    auxiliary: float = 0.5
    """Weight of the answers beside the stage."""
    age: float = 0.5
    """Weight of the age that is guessed."""
    steps_an_epoch: int = 100
    seed: int = 1


def learn(
    lessons: Lessons, recipe: Recipe, folder: Path | None, *, start: StageNet | None = None, shape: Shape | None = None, threads: int = 2,
    watch: Watch | None = None, say: Say = print,
) -> StageNet:  # fmt: skip
    """The averaged net at the end of the recipe, on from `start` or from random weights; `folder` keeps the checkpoint.

    With a `watch` that judges, it ends once that has seen enough, and the net is the best it saw; with one that learns once more, it
    ends after as many steps as were chosen.
    """
    torch.set_num_threads(threads)
    torch.manual_seed(recipe.seed)
    network = StageNet(shape or Shape()) if start is None else copy.deepcopy(start)
    network = network.to(memory_format=torch.channels_last).requires_grad_(True)
    average = copy.deepcopy(network).eval().requires_grad_(False)
    optimizer = torch.optim.AdamW(_groups(network, recipe.weight_decay), lr=recipe.rate)
    watch = watch or Watch()
    state = _resumed(folder, recipe, network, average, optimizer, watch, say)
    best, last = state.pop("best"), watch.last_of(recipe.steps)
    while state["step"] < last and not watch.is_over:
        started = time.monotonic()
        until = min(state["step"] + recipe.steps_an_epoch, last)
        loss = _some_steps(network, average, optimizer, lessons, recipe, state["step"], until)
        state = {"step": until, "seconds": state["seconds"] + time.monotonic() - started}
        if watch.look(average, until, loss, state["seconds"]):
            best = copy.deepcopy(average.state_dict())
        if folder is not None:
            tensors = {"network": network.state_dict(), "average": average.state_dict(), "optimizer": optimizer.state_dict(), "best": best}
            facts = {"recipe": asdict(recipe), "shape": network.shape.as_dict(), "state": state, "watch": watch.state()}
            save(facts | tensors, folder / FILE)
        watch.tell(say, recipe.steps)
    if best is not None:
        average.load_state_dict(best)
    return average


def reopened(folder: Path) -> tuple[StageNet, Recipe, float]:
    """The averaged net of the training that writes into `folder`, its recipe, and the seconds it took."""
    saved = torch.load(folder / FILE, weights_only=True, map_location="cpu")
    network = StageNet(Shape.of(saved["shape"])).eval().requires_grad_(False)
    network.load_state_dict(saved["average"])
    return network, Recipe(**saved["recipe"]), float(saved["state"]["seconds"])


def named(network: StageNet, windows: npt.NDArray[np.uint8], *, turns: int = 1) -> Values:
    """Log-probabilities (n, 19) of windows as they are served, averaged over `turns` of the eight turned and mirrored views."""
    found = []
    with torch.inference_mode():
        for begin in range(0, len(windows), 64):
            crops = np.stack([plain(w) for w in windows[begin : begin + 64]])
            sides = [torch.from_numpy(np.ascontiguousarray(view))[:, None] for view in views(crops)[:turns]]
            logs = [torch.log_softmax(network(side).stages, dim=1) for side in sides]
            found.append((torch.logsumexp(torch.stack(logs), dim=0) - math.log(turns)).numpy())
    return np.concatenate(found) if found else np.zeros((0, 19), np.float32)


def _some_steps(
    network: StageNet, average: StageNet, optimizer: torch.optim.Optimizer, lessons: Lessons, recipe: Recipe, first: int, until: int
) -> float:
    network.train()
    cv2.setNumThreads(1)
    total = 0.0
    with ThreadPoolExecutor(1, thread_name_prefix="lessons") as ahead:
        # While the net learns one batch, the next is drawn.
        drawn = ahead.submit(_drawn, lessons, recipe, first)
        for step in range(first, until):
            chosen, crops, seed = drawn.result()
            if step + 1 < until:
                drawn = ahead.submit(_drawn, lessons, recipe, step + 1)
            torch.manual_seed(seed)
            share = max(0.5 * (1 + math.cos(math.pi * step / recipe.steps)), 0.01) * min(1.0, (step + 1) / recipe.warm_up_steps)
            for group in optimizer.param_groups:
                group["lr"] = recipe.rate * share
            inputs = torch.from_numpy(crops)[:, None].contiguous(memory_format=torch.channels_last)
            with torch.autocast("cpu", torch.bfloat16):
                seen = network(inputs)
            loss = loss_of(seen, lessons.part(chosen), recipe)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(network.parameters(), 2.0)
            optimizer.step()
            follow(average, network, recipe.averaging * (1 - math.exp(-(step + 1) / 100)))
            total += float(loss.detach())
    return total / max(until - first, 1)


def _drawn(lessons: Lessons, recipe: Recipe, step: int) -> tuple[npt.NDArray[np.int_], Values, int]:
    """Rows and crops of one step, and a seed for dropout; each step has its own, so a stopped training ends in the same net."""
    rng = np.random.default_rng([recipe.seed, 11, step])
    seed = int(rng.integers(2**31))
    chosen = rng.choice(len(lessons), recipe.batch, p=lessons.weights / lessons.weights.sum())
    return chosen, np.stack([augmented(lessons.windows[k], rng) for k in chosen]), seed


def loss_of(seen: Seen, lessons: Lessons, recipe: Recipe) -> torch.Tensor:
    """How surprising the lessons are: minus the log of the summed probability of all stages each allows, plus what is taught beside it."""
    allowed = torch.from_numpy(lessons.allowed)
    permitted = (torch.softmax(seen.stages.float(), dim=1) * allowed).sum(1)
    # Where all stages of the doubtful rest are equally likely, the most a wrong label can cost is bounded.
    loss = -torch.log((1 - recipe.doubt) * permitted + recipe.doubt / allowed.shape[1]).mean()
    known, truth = _known(lessons.auxiliary)
    if bool(known.any()):
        answers = seen.auxiliary.float()
        counts = functional.smooth_l1_loss(torch.log(functional.softplus(answers[:, 0]) + 1), torch.log(truth[:, 0] + 1), reduction="none")
        shares = functional.binary_cross_entropy_with_logits(answers[:, 1:], truth[:, 1:], reduction="none")
        loss = loss + recipe.auxiliary * (torch.cat([4 * counts[:, None], shares], dim=1) * known).sum() / known.sum()
    dated, age = _known(lessons.age)
    if bool(dated.any()):
        off = functional.smooth_l1_loss(seen.age.float(), age, reduction="none")
        loss = loss + recipe.age * (off * dated).sum() / dated.sum()
    return loss


def _known(values: Values) -> tuple[torch.Tensor, torch.Tensor]:
    """Which values are known, and all of them with zeros for the others."""
    tensor = torch.from_numpy(values)
    return ~torch.isnan(tensor), torch.nan_to_num(tensor)


def _groups(network: StageNet, decay: float) -> list[dict[str, Any]]:
    """Weight decay for kernels only: on biases and norms it does harm."""
    kernels = [p for p in network.parameters() if p.requires_grad and p.ndim > 1 and min(p.shape) > 1]
    others = [p for p in network.parameters() if p.requires_grad and not (p.ndim > 1 and min(p.shape) > 1)]
    return [{"params": kernels, "weight_decay": decay}, {"params": others, "weight_decay": 0.0}]


def _resumed(
    folder: Path | None, recipe: Recipe, network: StageNet, average: StageNet, optimizer: torch.optim.Optimizer, watch: Watch, say: Say
) -> dict[str, Any]:
    """The state to go on from: that of the checkpoint where it was written by the same recipe, else the beginning."""
    beginning = {"step": 0, "seconds": 0.0, "best": None}
    if folder is None:
        return beginning
    folder.mkdir(parents=True, exist_ok=True)
    saved = kept(folder, recipe, watch)
    if saved is None or saved["shape"] != network.shape.as_dict():
        if (folder / FILE).exists() and watch.before is None:
            say("the checkpoint was made by another recipe: starting anew")
        return beginning
    network.load_state_dict(saved["network"])
    average.load_state_dict(saved["average"])
    optimizer.load_state_dict(saved["optimizer"])
    say(f"resuming after step {saved['state']['step']}")
    watch.go_on(saved["watch"], say)
    return {**saved["state"], "best": saved["best"]}
