"""The training loop of all families: AdamW, cosine, averaged weights, a checkpoint after every epoch that the same call resumes from."""

from __future__ import annotations

import copy
import json
import math
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from detector.errors import DetectorError
from detector.training.augment import augmented
from detector.training.checkpoints import follow, save
from detector.training.families import DEFAULT, Family, build, family_of
from detector.training.judging import Finder, judge
from detector.training.renderings import CLASSES, Labels, Renderings
from detector.types import Image
from detector.wells.decoding import Found, decode
from detector.wells.preprocess import HEIGHT, WIDTH


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything besides the data that decides the result."""

    family: str = DEFAULT
    epochs: int = 8
    batch: int = 16
    rate: float = 1.5e-3
    last_rate: float = 0.02
    """Share of `rate` the training ends at."""
    cosine_epochs: int = 10
    descent: float = 1.81
    """The rate follows a slow cosine and later a line to the end, this steep; a line ends nearer its best than a cosine cut short."""
    warm_up_steps: int = 300
    weight_decay: float = 5e-4
    averaging: float = 0.999
    base: str = ""
    """The family whose best base of the same training the net begins with: what cannot learn from nothing in the time that is there."""
    half: bool = False
    """Reckon the net in bfloat16, which halves the time where the processor has it; losses stay float32."""
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Trained:
    """The averaged net of the best epoch and the recipe it was made by."""

    network: Any
    recipe: Recipe
    epoch: int
    seconds: float


def recipe_of(family: str, **changes: Any) -> Recipe:
    """The usual recipe of a family, with what is asked otherwise."""
    own: dict[str, Any] = {"half": True, **family_of(family).recipe} if family != DEFAULT else {}
    return Recipe(**{"family": family, **own, **changes})


def train(
    renderings: Renderings, held_out: Renderings, recipe: Recipe, folder: Path, *, threads: int, say: Callable[[str], None] = print
) -> Trained:
    """Train to the end of the recipe; `folder` keeps checkpoint.pt, best.pt and log.jsonl.

    Raises DetectorError where the recipe begins with the base of a family that is not trained beside `folder`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(threads)
    torch.manual_seed(recipe.seed)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    family = family_of(recipe.family)
    network = build(recipe.family, CLASSES)
    if recipe.base:
        _take_base(network, recipe.base, folder.parent / recipe.base / "best.pt")
    network = network.to(device, memory_format=torch.channels_last)
    average = copy.deepcopy(network).eval().requires_grad_(False)
    optimizer = torch.optim.AdamW(groups_of(network, recipe.weight_decay), lr=recipe.rate, betas=(0.9, 0.999))
    state = _resumed(folder / "checkpoint.pt", recipe, network, average, optimizer, say)
    per_epoch = math.ceil(len(renderings) / recipe.batch)
    for epoch in range(state["epoch"], recipe.epochs):
        started = time.monotonic()
        losses = _one_epoch(family, network, average, optimizer, renderings, recipe, epoch, per_epoch, device, say)
        judged = judge(finder_of(family, average, device), held_out)
        state["seconds"] += time.monotonic() - started
        state["epoch"] = epoch + 1
        note = {
            "epoch": epoch + 1,
            "loss": {name: round(v, 4) for name, v in losses.items()},
            "seconds": round(state["seconds"]),
            **judged.as_dict(),
        }
        say(json.dumps(note))
        with (folder / "log.jsonl").open("a") as log:
            log.write(json.dumps(note) + "\n")
        if judged.rank > state["best_rank"]:
            state |= {"best_rank": judged.rank, "best_epoch": epoch + 1, "best": judged.as_dict()}
            save({"weights": average.state_dict()}, folder / "best.pt")
        tensors = {"network": network.state_dict(), "average": average.state_dict(), "optimizer": optimizer.state_dict()}
        save({"recipe": asdict(recipe), "state": state} | tensors, folder / "checkpoint.pt")
    return reopened(folder)


def reopened(folder: Path) -> Trained:
    """The best epoch so far of the training that writes into `folder`, on the CPU."""
    saved = torch.load(folder / "checkpoint.pt", weights_only=True, map_location="cpu")
    recipe = Recipe(**saved["recipe"])
    network = build(recipe.family, CLASSES).eval().requires_grad_(False)
    network.load_state_dict(torch.load(folder / "best.pt", weights_only=True, map_location="cpu")["weights"])
    return Trained(network, recipe, saved["state"]["best_epoch"], saved["state"]["seconds"])


def finder_of(family: Family, network: Any, device: torch.device) -> Finder:
    """`network` as a function from canonical pictures to the wells in each."""

    def find(pictures: npt.NDArray[np.uint8]) -> list[Found]:
        with torch.inference_mode():
            answer = family.answer(network, torch.from_numpy(pictures).to(device)[:, None].float() / 255)
        return [decode(raw) for raw in answer.float().cpu().numpy()]

    return find


def _one_epoch(
    family: Family, network: Any, average: Any, optimizer: torch.optim.Optimizer, renderings: Renderings, recipe: Recipe, epoch: int,
    per_epoch: int, device: torch.device, say: Callable[[str], None],
) -> dict[str, float]:  # fmt: skip
    """Mean of every part of the loss over one pass over all renderings; each epoch has its own random numbers."""
    network.train()
    family.begin_epoch(network, epoch, recipe.epochs)
    rng = np.random.default_rng([recipe.seed, epoch])
    order = rng.permutation(len(renderings))
    totals: Counter[str] = Counter()
    started = time.monotonic()
    for index in range(per_epoch):
        step = epoch * per_epoch + index
        _set_rate(optimizer, recipe, step, recipe.epochs * per_epoch)
        chosen = order[index * recipe.batch : (index + 1) * recipe.batch]
        batch = batch_of([(renderings.images[number], renderings.labels[number]) for number in chosen], rng, device)
        with torch.autocast(device.type, torch.bfloat16, enabled=recipe.half):
            loss, items = family.loss(network, batch)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(network.parameters(), 10.0)
        optimizer.step()
        follow(average, network, recipe.averaging * (1 - math.exp(-(step + 1) / 600)))
        totals.update({name: float(part.detach()) for name, part in items.items()})
        if index % 50 == 49:
            pace = (time.monotonic() - started) / (index + 1) / recipe.batch * 1000
            parts = {name: round(total / (index + 1), 3) for name, total in totals.items()}
            say(f"{recipe.family} epoch {epoch + 1} step {index + 1}/{per_epoch} loss {json.dumps(parts)} {pace:.0f} ms a picture")
    return {name: total / per_epoch for name, total in totals.items()}


def batch_of(chosen: Sequence[tuple[Image, Labels]], rng: np.random.Generator, device: torch.device) -> dict[str, torch.Tensor]:
    """Augmented pictures and their boxes in the form the ultralytics loss reads: centres and sizes as shares of the picture."""
    pictures, rows = [], []
    for place, (picture, said) in enumerate(chosen):
        image, labels = augmented(picture, said, rng)
        pictures.append(image)
        x, y = (labels[:, 1] + labels[:, 3]) / 2 / WIDTH, (labels[:, 2] + labels[:, 4]) / 2 / HEIGHT
        width, height = (labels[:, 3] - labels[:, 1]) / WIDTH, (labels[:, 4] - labels[:, 2]) / HEIGHT
        rows.append(np.stack([np.full(len(labels), place), labels[:, 0], x, y, width, height], axis=1))
    table = torch.from_numpy(np.concatenate(rows).astype(np.float32)).to(device)
    stacked = torch.from_numpy(np.stack(pictures)).to(device)[:, None].float() / 255
    return {
        "img": stacked.contiguous(memory_format=torch.channels_last),
        "batch_idx": table[:, 0],
        "cls": table[:, 1:2],
        "bboxes": table[:, 2:],
    }


def groups_of(network: Any, decay: float) -> list[dict[str, Any]]:
    """Weight decay for kernels only: on biases and norms it does harm."""
    kernels = [p for p in network.parameters() if p.requires_grad and p.ndim > 1]
    others = [p for p in network.parameters() if p.requires_grad and p.ndim <= 1]
    return [{"params": kernels, "weight_decay": decay}, {"params": others, "weight_decay": 0.0}]


def _take_base(network: Any, name: str, best: Path) -> None:
    """Begin with the convolutional base of another family's best net."""
    if not best.is_file():
        raise DetectorError("base_missing", f"{best} is missing", f"Train `--family {name}` with the same --data first.")
    weights = torch.load(best, weights_only=True, map_location="cpu")["weights"]
    network.base.load_state_dict({key.removeprefix("base."): value for key, value in weights.items() if key.startswith("base.")})


def _set_rate(optimizer: torch.optim.Optimizer, recipe: Recipe, step: int, steps: int) -> None:
    slow = recipe.last_rate + (1 - recipe.last_rate) * 0.5 * (
        1 + math.cos(math.pi * min(step / (steps / recipe.epochs * recipe.cosine_epochs), 1.0))
    )
    share = max(min(slow, recipe.descent * (1 - step / steps)), recipe.last_rate)
    for group in optimizer.param_groups:
        group["lr"] = recipe.rate * share * min(1.0, (step + 1) / recipe.warm_up_steps)


def _resumed(
    path: Path, recipe: Recipe, network: Any, average: Any, optimizer: torch.optim.Optimizer, say: Callable[[str], None]
) -> dict[str, Any]:
    """The state to go on from: that of `path` where it was written by the same recipe, else the beginning."""
    start: dict[str, Any] = {"epoch": 0, "seconds": 0.0, "best_rank": -math.inf, "best_epoch": 0, "best": {}}
    if not path.exists():
        return start
    saved = torch.load(path, weights_only=True, map_location="cpu")
    if Recipe(**saved["recipe"]) != recipe:
        say("the checkpoint was made by another recipe: starting anew")
        (path.parent / "log.jsonl").unlink(missing_ok=True)
        return start
    network.load_state_dict(saved["network"])
    average.load_state_dict(saved["average"])
    optimizer.load_state_dict(saved["optimizer"])
    say(f"resuming after epoch {saved['state']['epoch']}")
    return dict(saved["state"])
