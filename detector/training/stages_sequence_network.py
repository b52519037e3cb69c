"""Two nets that read an embryo's frames in the light of the frames around them: a transformer, and convolutions before an LSTM."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import nn

from detector.stages.temporal_serving import TIMES
from detector.training.stages_network import OFFLINE
from detector.types import STAGES

FAMILIES = ("transformer", "cnn-lstm")


@dataclass(frozen=True, slots=True)
class SequenceShape:
    """Sizes of the net; `numbers` is how many a frame it reads."""

    family: str
    numbers: int
    width: int = 64
    layers: int = 3
    heads: int = 4
    dropout: float = 0.2

    def as_dict(self) -> dict[str, Any]:
        """What a checkpoint keeps, to build the same net again."""
        return asdict(self)


class SequenceNet(nn.Module):
    """Rows (n, T, F) and times (n, T, TIMES) to log-probabilities (n, T, 19).

    It answers what the frame encoder said, corrected: a net that has learned nothing changes nothing.
    """

    def __init__(self, shape: SequenceShape) -> None:
        super().__init__()
        if shape.family not in FAMILIES:
            raise ValueError(f"families are {', '.join(FAMILIES)}, got {shape.family!r}")
        self.shape = shape
        self.dropout = nn.Dropout(shape.dropout)
        self.rows = nn.Linear(shape.numbers, shape.width)
        self.norm = nn.LayerNorm(shape.width)
        self.moments = _Moments(shape.width)
        self.body: nn.Module = _Transformer(shape) if shape.family == "transformer" else _Recurrent(shape)
        self.last = nn.LayerNorm(shape.width)
        self.correction = nn.Linear(shape.width, len(STAGES))
        nn.init.zeros_(self.correction.weight)
        nn.init.zeros_(self.correction.bias)

    def forward(self, rows: torch.Tensor, times: torch.Tensor) -> torch.Tensor:
        seen = self.norm(self.rows(self.dropout(rows))) + self.moments(times)
        said = rows[:, :, : len(STAGES)] * 4.0
        return torch.log_softmax(said + self.correction(self.last(self.body(seen))), dim=2)


class _Moments(nn.Module):
    """Hours as waves of many lengths, so that any interval between frames can be told."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.pace: torch.Tensor
        self.register_buffer("pace", 6.2832 / torch.logspace(-0.3, 2.5, 12))
        self.mix = nn.Linear(24 + TIMES, width)

    def forward(self, times: torch.Tensor) -> torch.Tensor:
        angles = times[:, :, :1] * self.pace
        return self.mix(torch.cat([torch.sin(angles), torch.cos(angles), times / torch.tensor([100.0, 1.0, 1.0, 1.0])], dim=2))  # type: ignore[no-any-return]


class _Transformer(nn.Module):
    """Layers of a transformer built from its configuration; every frame looks at every other."""

    def __init__(self, shape: SequenceShape) -> None:
        super().__init__()
        for name, value in OFFLINE.items():
            os.environ.setdefault(name, value)
        from transformers import ViTConfig
        from transformers.models.vit.modeling_vit import ViTLayer

        config = ViTConfig(
            hidden_size=shape.width, num_hidden_layers=shape.layers, num_attention_heads=shape.heads, intermediate_size=2 * shape.width,
            hidden_dropout_prob=shape.dropout / 2,
        )  # fmt: skip
        # The fused attention of the other choices cannot be written as ONNX of this opset.
        config._attn_implementation = "eager"
        self.layers = nn.ModuleList(ViTLayer(config) for _ in range(shape.layers))

    def forward(self, seen: torch.Tensor) -> torch.Tensor:
        for layer in self.layers:
            seen = layer(seen)
        return seen


class _Recurrent(nn.Module):
    """Convolutions over neighbouring frames, then an LSTM that reads them forwards and backwards."""

    def __init__(self, shape: SequenceShape) -> None:
        super().__init__()
        self.near = nn.Sequential(
            nn.Conv1d(shape.width, shape.width, 3, padding=1), nn.GELU(), nn.Conv1d(shape.width, shape.width, 3, padding=1), nn.GELU()
        )
        self.far = nn.LSTM(shape.width, shape.width // 2, batch_first=True, bidirectional=True)

    def forward(self, seen: torch.Tensor) -> torch.Tensor:
        seen = seen + self.near(seen.transpose(1, 2)).transpose(1, 2)
        return seen + self.far(seen)[0]  # type: ignore[no-any-return]
