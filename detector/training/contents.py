"""The content net: a small convolutional net that looks at one well at a time, where the finder looks at whole dishes."""

from __future__ import annotations

import copy
import json
import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from detector.training.checkpoints import follow, save
from detector.training.judging import macro_f1
from detector.training.renderings import Renderings
from detector.types import Image
from detector.wells.crops import SIDE, as_input, crop_well


@dataclass(frozen=True, slots=True)
class ContentRecipe:
    """Everything besides the data that decides the result."""

    epochs: int = 6
    batch: int = 128
    rate: float = 3e-3
    weight_decay: float = 2e-3
    smoothing: float = 0.02
    averaging: float = 0.998
    seed: int = 1


class ContentNet(nn.Module):
    """Standardised crops (n, 1, 64, 64) to logits (n, 4) in the order of the finder's contents."""

    def __init__(self, width: int = 16) -> None:
        super().__init__()
        self.stages = nn.Sequential(
            _step(1, width, 2), _step(width, width, 1), _step(width, 2 * width, 2), _step(2 * width, 2 * width, 1),
            _step(2 * width, 4 * width, 2), _step(4 * width, 4 * width, 1), _step(4 * width, 4 * width, 1),
        )  # fmt: skip
        self.dropout = nn.Dropout(0.1)
        self.answer = nn.Linear(8 * width, 4)

    def forward(self, crops: torch.Tensor) -> torch.Tensor:
        features = self.stages(crops)
        # What fills the well shows in the mean, what lies in one corner of it in the maximum.
        pooled = torch.cat([features.mean((2, 3)), features.amax((2, 3))], dim=1)
        logits: torch.Tensor = self.answer(self.dropout(pooled))
        return logits


def _step(before: int, after: int, stride: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(before, after, 3, stride, 1, bias=False), nn.BatchNorm2d(after), nn.SiLU(inplace=True))


def train_contents(
    renderings: Renderings, held_out: Renderings, recipe: ContentRecipe, folder: Path, *, threads: int, say: Callable[[str], None] = print
) -> TrainedContents:
    """The averaged net of the best epoch; `folder` keeps contents.pt, which a second call goes on from, and contents-best.pt."""
    folder.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(threads)
    torch.manual_seed(recipe.seed)
    network, wells = ContentNet().to(memory_format=torch.channels_last), wells_of(renderings)
    average = copy.deepcopy(network).eval().requires_grad_(False)
    optimizer = torch.optim.AdamW(network.parameters(), lr=recipe.rate, weight_decay=recipe.weight_decay)
    state = _resumed(folder / "contents.pt", recipe, network, average, optimizer)
    loss_of = nn.CrossEntropyLoss(label_smoothing=recipe.smoothing)
    per_epoch = math.ceil(len(wells) / recipe.batch)
    for epoch in range(state["epoch"], recipe.epochs):
        started, total = time.monotonic(), 0.0
        rng = np.random.default_rng([recipe.seed, 7, epoch])
        order = rng.permutation(len(wells))
        network.train()
        for index in range(per_epoch):
            step = epoch * per_epoch + index
            share = 0.5 * (1 + math.cos(math.pi * step / (recipe.epochs * per_epoch)))
            optimizer.param_groups[0]["lr"] = recipe.rate * max(share, 0.01) * min(1.0, (step + 1) / 200)
            chosen = wells[order[index * recipe.batch : (index + 1) * recipe.batch]]
            crops = as_input(np.stack([varied(renderings.images[int(w[0])], w[2:], rng) for w in chosen]))
            logits = network(torch.from_numpy(crops).contiguous(memory_format=torch.channels_last))
            loss = loss_of(logits, torch.from_numpy(chosen[:, 1].astype(np.int64)))
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            follow(average, network, recipe.averaging * (1 - math.exp(-(step + 1) / 300)))
            total += float(loss.detach())
            if index % 100 == 99:
                say(f"contents epoch {epoch + 1} step {index + 1}/{per_epoch} loss {total / (index + 1):.3f}")
        score = content_f1(average, held_out)
        state |= {"epoch": epoch + 1, "seconds": state["seconds"] + time.monotonic() - started}
        say(json.dumps({"contents_epoch": epoch + 1, "loss": round(total / per_epoch, 4), "macro_f1": round(score, 4)}))
        if score > state["best"]:
            state |= {"best": score, "best_epoch": epoch + 1}
            save(average.state_dict(), folder / "contents-best.pt")
        tensors = {"network": network.state_dict(), "average": average.state_dict(), "optimizer": optimizer.state_dict()}
        save({"recipe": asdict(recipe), "state": state} | tensors, folder / "contents.pt")
    return reopened_contents(folder)


@dataclass(frozen=True, slots=True)
class TrainedContents:
    """The averaged net of the best epoch and the recipe it was made by."""

    network: ContentNet
    recipe: ContentRecipe
    epoch: int
    seconds: float


def reopened_contents(folder: Path) -> TrainedContents:
    """The best epoch so far of the training that writes into `folder`."""
    saved = torch.load(folder / "contents.pt", weights_only=True)
    network = ContentNet().eval().requires_grad_(False)
    network.load_state_dict(torch.load(folder / "contents-best.pt", weights_only=True))
    return TrainedContents(network, ContentRecipe(**saved["recipe"]), saved["state"]["best_epoch"], saved["state"]["seconds"])


def content_f1(network: ContentNet, held_out: Renderings) -> float:
    """Macro F1 over the true boxes of all wells."""
    confusion = np.zeros((4, 4), dtype=int)
    wells = wells_of(held_out)
    for start in range(0, len(wells), 256):
        part = wells[start : start + 256]
        crops = as_input(np.stack([crop_well(held_out.images[int(w[0])], *(float(v) for v in w[2:])) for w in part]))
        with torch.inference_mode():
            said = network(torch.from_numpy(crops)).argmax(1).numpy()
        np.add.at(confusion, (part[:, 1].astype(int), said), 1)
    return macro_f1(confusion)


def wells_of(renderings: Renderings) -> npt.NDArray[np.float32]:
    """Rows of picture, content and box of every well."""
    rows = [np.concatenate([np.full((len(t), 1), k), t], axis=1) for k, t in enumerate(renderings.labels) if len(t)]
    table = np.concatenate(rows).astype(np.float32)
    return np.asarray(table[table[:, 1] < 4], np.float32)


def varied(picture: Image, box: npt.NDArray[np.float32], rng: np.random.Generator) -> Image:
    """A crop as a box that is a little off would give it, turned, mirrored and relit."""
    x0, y0, x1, y1 = (float(v) for v in box)
    reach = max(x1 - x0, y1 - y0)
    x, y = (x0 + x1) / 2 + reach * rng.normal(0, 0.025), (y0 + y1) / 2 + reach * rng.normal(0, 0.025)
    half = reach / 2 * rng.uniform(0.93, 1.08)
    crop = crop_well(picture, x - half, y - half, x + half, y + half)
    if rng.random() < 0.5:
        matrix = cv2.getRotationMatrix2D(((SIDE - 1) / 2, (SIDE - 1) / 2), rng.uniform(-45, 45), 1.0)
        crop = np.asarray(cv2.warpAffine(crop, matrix, (SIDE, SIDE), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT), dtype=np.uint8)
    crop = np.rot90(crop, int(rng.integers(4)))
    crop = crop[:, ::-1] if rng.random() < 0.5 else crop
    if rng.random() < 0.4:
        # Wells at the rim of the lit field are lighter on one side.
        across, along = np.linspace(-1, 1, SIDE), rng.uniform(-0.4, 0.4, 2)
        crop = np.clip(crop * (1 + along[0] * across[None, :] + along[1] * across[:, None]), 0, 255).astype(np.uint8)
    table = 255 * (np.arange(256) / 255) ** rng.uniform(0.7, 1.4)
    crop = np.asarray(cv2.LUT(np.ascontiguousarray(crop), table.astype(np.uint8)), dtype=np.uint8)
    if rng.random() < 0.25:
        noisy = crop + rng.uniform(1, 7) * rng.standard_normal(crop.shape, dtype=np.float32)
        crop = np.clip(noisy, 0, 255).astype(np.uint8)
    return crop


def _resumed(path: Path, recipe: ContentRecipe, network: nn.Module, average: nn.Module, optimizer: torch.optim.Optimizer) -> dict[str, Any]:
    if path.exists():
        saved = torch.load(path, weights_only=True)
        if saved["recipe"] == asdict(recipe):
            network.load_state_dict(saved["network"])
            average.load_state_dict(saved["average"])
            optimizer.load_state_dict(saved["optimizer"])
            return dict(saved["state"])
    return {"epoch": 0, "seconds": 0.0, "best": -1.0, "best_epoch": 0}
