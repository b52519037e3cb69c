"""The frame encoder: plain convolutions down to 7x7, a small ConvNeXtV2 on top, one head for all answers."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any, NamedTuple

import torch
from torch import nn
from torch.nn import functional

from detector.stages.looks import AUXILIARY
from detector.types import STAGES

OFFLINE = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}


@dataclass(frozen=True, slots=True)
class Shape:
    """Sizes of the net; the defaults are the shipped ones."""

    stem: tuple[int, ...] = (16, 32, 64, 128)
    """Channels of the plain convolutions, each at half the side of the one before."""
    widths: tuple[int, ...] = (128, 192)
    depths: tuple[int, ...] = (3, 1)
    drop_path: float = 0.05

    def as_dict(self) -> dict[str, Any]:
        """What a checkpoint keeps, to build the same net again."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}

    @classmethod
    def of(cls, saved: dict[str, Any]) -> Shape:
        return cls(tuple(saved["stem"]), tuple(saved["widths"]), tuple(saved["depths"]), float(saved["drop_path"]))


class Seen(NamedTuple):
    """Logits (n, 19) in the order of STAGES, auxiliary answers before their sigmoids (n, 8), pooled features (n, D), guessed age (n,)."""

    stages: torch.Tensor
    auxiliary: torch.Tensor
    features: torch.Tensor
    age: torch.Tensor


class StageNet(nn.Module):
    """Normalised crops (n, 1, 112, 112) to everything one frame tells."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.stem = _stem(shape.stem)
        self.body = _convnext(shape)
        width = shape.widths[-1]
        self.dropout = nn.Dropout(0.2)
        self.stages = nn.Linear(width, len(STAGES))
        self.auxiliary = nn.Linear(width, len(AUXILIARY))
        # Not served: guessing when a picture was taken makes few labels go further (.88 to .91 where it was tried).
        self.age = nn.Linear(width, 1)

    def forward(self, crops: torch.Tensor) -> Seen:
        features = self.body(self.stem(crops)).pooler_output
        kept = self.dropout(features)
        return Seen(self.stages(kept), self.auxiliary(kept), features, self.age(kept)[:, 0])


class ServedNet(nn.Module):
    """The net as it is served: one row a crop, stage logits, auxiliary answers and features side by side."""

    def __init__(self, network: StageNet) -> None:
        super().__init__()
        self.network = network

    def forward(self, crops: torch.Tensor) -> torch.Tensor:
        seen = self.network(crops)
        counts = functional.softplus(seen.auxiliary[:, :1])
        return torch.cat([seen.stages, counts, torch.sigmoid(seen.auxiliary[:, 1:]), seen.features], dim=1)


def _stem(widths: tuple[int, ...]) -> nn.Sequential:
    """A ConvNeXtV2 on four-pixel patches took three times the pictures to learn as much as one behind these convolutions."""
    steps = [_step(1, widths[0], 5, 2), _step(widths[0], widths[1], 3, 2)]
    for before, after in pairwise(widths[1:]):
        steps += [_step(before, before, 3, 1), _step(before, after, 3, 2)]
    return nn.Sequential(*steps)


def _step(before: int, after: int, kernel: int, stride: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(before, after, kernel, stride, kernel // 2, bias=False), nn.BatchNorm2d(after), nn.GELU())


def _convnext(shape: Shape) -> Any:
    """A ConvNeXtV2 with fresh weights; nothing is downloaded."""
    for name, value in OFFLINE.items():
        os.environ.setdefault(name, value)
    from transformers import ConvNextV2Config, ConvNextV2Model

    config = ConvNextV2Config(
        num_channels=shape.stem[-1], patch_size=1, num_stages=len(shape.widths), hidden_sizes=list(shape.widths), depths=list(shape.depths),
        drop_path_rate=shape.drop_path,
    )  # fmt: skip
    return ConvNextV2Model(config)
