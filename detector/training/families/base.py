"""The convolutional base that MODCNN, its dense form and the DETR share: small, plain ReLUs, three scales out."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

STRIDES = (8, 16, 32)
WIDTHS = (64, 96, 128)
_STEM = 24

Scales = tuple[torch.Tensor, torch.Tensor, torch.Tensor]


class ConvBase(nn.Module):
    """Pictures (n, 1, h, w) to features at strides 8, 16 and 32; sides must be multiples of 32."""

    def __init__(self, *, squeeze: bool = False) -> None:
        super().__init__()
        # A well is 25 pixels across at least, so the first convolution may step by four: a third of the usual work.
        self.stem = step(1, _STEM, 6, 4, 1)
        self.fine = nn.Sequential(step(_STEM, WIDTHS[0], 3, 2, 1), Residual(WIDTHS[0], squeeze=squeeze))
        self.middle = nn.Sequential(
            step(WIDTHS[0], WIDTHS[1], 3, 2, 1), Residual(WIDTHS[1], squeeze=squeeze), Residual(WIDTHS[1], squeeze=squeeze)
        )
        self.coarse = nn.Sequential(step(WIDTHS[1], WIDTHS[2], 3, 2, 1), Residual(WIDTHS[2], squeeze=squeeze))

    def forward(self, pictures: torch.Tensor) -> Scales:
        fine = self.fine(self.stem(pictures))
        middle = self.middle(fine)
        return fine, middle, self.coarse(middle)


class Neck(nn.Module):
    """The three scales of the base as one map at stride 8, where every place knows its surroundings."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.from_coarse = nn.Conv2d(WIDTHS[2], WIDTHS[1], 1)
        self.from_middle = step(WIDTHS[1], WIDTHS[1], 3, 1, 1)
        self.narrow = nn.Conv2d(WIDTHS[1], WIDTHS[0], 1)
        self.out = step(WIDTHS[0], width, 3, 1, 1)

    def forward(self, scales: Scales) -> torch.Tensor:
        fine, middle, coarse = scales
        middle = self.from_middle(middle + functional.interpolate(self.from_coarse(coarse), scale_factor=2.0, mode="nearest"))
        mixed: torch.Tensor = self.out(fine + functional.interpolate(self.narrow(middle), scale_factor=2.0, mode="nearest"))
        return mixed


class Residual(nn.Module):
    """Two convolutions round which the input is led; with `squeeze`, channels are weighed by what the whole picture holds."""

    def __init__(self, width: int, *, squeeze: bool) -> None:
        super().__init__()
        self.first = step(width, width, 3, 1, 1)
        self.second = nn.Sequential(nn.Conv2d(width, width, 3, 1, 1, bias=False), nn.BatchNorm2d(width))
        self.squeeze = SqueezeExcitation(width) if squeeze else nn.Identity()

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        changed: torch.Tensor = functional.relu(features + self.squeeze(self.second(self.first(features))))
        return changed


class SqueezeExcitation(nn.Module):
    """Each channel times a weight between 0 and 1 that the means of all channels decide."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.down, self.up = nn.Linear(width, width // 4), nn.Linear(width // 4, width)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        weights: torch.Tensor = self.up(functional.relu(self.down(features.mean((2, 3))))).sigmoid()
        return features * weights[:, :, None, None]


class Attention(nn.Module):
    """Self-attention of tokens (n, tokens, width) and a small net behind it, both led round."""

    def __init__(self, width: int, *, heads: int = 4) -> None:
        super().__init__()
        self.heads = heads
        self.before, self.between = nn.LayerNorm(width), nn.LayerNorm(width)
        self.ask, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.think = nn.Sequential(nn.Linear(width, 2 * width), nn.ReLU(), nn.Linear(2 * width, width))

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        count, length, width = tokens.shape
        asked = self.ask(self.before(tokens)).reshape(count, length, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        weights = (asked[0] @ asked[1].transpose(2, 3) * (width // self.heads) ** -0.5).softmax(3)
        tokens = tokens + self.out((weights @ asked[2]).transpose(1, 2).reshape(count, length, width))
        answered: torch.Tensor = tokens + self.think(self.between(tokens))
        return answered


def step(before: int, after: int, kernel: int, stride: int, padding: int) -> nn.Sequential:
    """Convolution, norm, ReLU."""
    return nn.Sequential(nn.Conv2d(before, after, kernel, stride, padding, bias=False), nn.BatchNorm2d(after), nn.ReLU())
