"""MODCNN's dense form: a centre heat-map, and at every place the content, offset and size of the well whose middle lies there."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from detector.training.families.base import STRIDES, ConvBase, Neck, step
from detector.training.families.boxes import WELLS, Batch, Truth, generalised_iou, truth_of
from detector.wells.preprocess import HEIGHT, WIDTH

STRIDE = STRIDES[0]
ROWS, COLUMNS = HEIGHT // STRIDE, WIDTH // STRIDE
USUAL_SIZE = 64.0
"""Sizes are told as logarithms against this many pixels."""
_NARROW = 0.12
"""Spread of a well's hill on the heat-map, as a share of its size."""
_RARE = -2.2


class DenseNet(nn.Module):
    """Pictures (n, 1, 288, 384) to maps (n, 10, 36, 48): well, gas outside, four contents, offset, size."""

    def __init__(self, width: int = 64) -> None:
        super().__init__()
        self.base, self.neck = ConvBase(), Neck(width)
        last = nn.Conv2d(width, 2 + WELLS + 4, 1)
        # Most places are no well's middle; beginning there spares the first epoch.
        last.bias = nn.Parameter(torch.tensor([_RARE] * 2 + [0.0] * (WELLS + 4)))
        self.head = nn.Sequential(step(width, width, 3, 1, 1), last)
        self.register_buffer("places", places(), persistent=False)

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        maps: torch.Tensor = self.head(self.neck(self.base(pictures)))
        return maps


class DenseAnswers(nn.Module):
    """The maps as candidates (n, 9, 1728): one a place, a share for each content, the surest gas as what it is."""

    def __init__(self, network: DenseNet) -> None:
        super().__init__()
        self.network = network

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        maps = self.network(pictures).flatten(2)
        middle, size = placed(maps[:, 6:], self.network.get_buffer("places"))
        contents = maps[:, 2 : 2 + WELLS].softmax(1) * maps[:, :1].sigmoid()
        return torch.cat([middle, size, contents, maps[:, 1:2].sigmoid()], 1)


def loss_of(network: DenseNet, batch: Batch) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    """Mean loss of a picture, and its parts."""
    maps, truth = network(batch["img"]).flatten(2).float(), truth_of(batch)
    wells = truth.of(truth.content < WELLS)
    gas = truth.of(truth.content >= WELLS)
    count = max(len(wells.boxes), 1)
    parts = {
        "well": _focal(maps[:, 0], _hills(wells, len(maps))) / count,
        "gas": _focal(maps[:, 1], _hills(gas, len(maps))) / count,
        **_regressed(maps, wells, network.get_buffer("places")),
    }
    total = parts["well"] + 0.5 * parts["gas"] + 2.0 * parts["box"] + 0.5 * parts["edges"] + parts["content"]
    return total, parts


def places() -> torch.Tensor:
    """The middles of all places (2, 1728) in canonical pixels."""
    down, across = torch.meshgrid(torch.arange(ROWS), torch.arange(COLUMNS), indexing="ij")
    return (torch.stack([across, down]).flatten(1) + 0.5) * STRIDE


def placed(told: torch.Tensor, middles: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Middles and sizes in pixels from offsets and logarithms (n, 4, places)."""
    return middles + told[:, :2] * STRIDE, USUAL_SIZE * told[:, 2:].clamp(-3, 3).exp()


def _hills(truth: Truth, pictures: int) -> torch.Tensor:
    """Heat-maps (pictures, places) with a hill of height 1 on every box's middle."""
    heat = truth.boxes.new_zeros(pictures, ROWS * COLUMNS)
    if not len(truth.boxes):
        return heat
    cells = truth.boxes[:, :2].div(STRIDE).floor().clamp(min=0)
    cells = torch.minimum(cells, cells.new_tensor([COLUMNS - 1, ROWS - 1]))
    spread = (truth.boxes[:, 2:].mean(1) / STRIDE * _NARROW).clamp(min=0.6)
    down, across = torch.meshgrid(torch.arange(ROWS), torch.arange(COLUMNS), indexing="ij")
    far = (across.flatten() - cells[:, :1]) ** 2 + (down.flatten() - cells[:, 1:]) ** 2
    hills = torch.exp(-far / (2 * spread[:, None] ** 2))
    return heat.scatter_reduce(0, truth.picture[:, None].expand_as(hills), hills, "amax")


def _focal(logits: torch.Tensor, heat: torch.Tensor) -> torch.Tensor:
    """Penalty-reduced focal loss (CornerNet, CenterNet), summed."""
    said = logits.sigmoid()
    here = heat > 0.999
    hit = functional.logsigmoid(logits) * (1 - said) ** 2
    miss = functional.logsigmoid(-logits) * said**2 * (1 - heat) ** 4
    return -torch.where(here, hit, miss).sum()


def _regressed(maps: torch.Tensor, wells: Truth, middles: torch.Tensor) -> dict[str, torch.Tensor]:
    """Losses of box and content at the nine places round the middle of every well, the nearest counting most."""
    if not len(wells.boxes):
        nothing = maps.sum() * 0
        return {"box": nothing, "edges": nothing, "content": nothing}
    around = torch.tensor([(x, y) for y in (-1, 0, 1) for x in (-1, 0, 1)], device=maps.device)
    cells = wells.boxes[:, :2].div(STRIDE).floor().long()[:, None] + around
    inside = ((cells >= 0) & (cells < cells.new_tensor([COLUMNS, ROWS]))).all(2).flatten()
    cells = cells.clamp(min=0).flatten(0, 1)
    index = cells[:, 1].clamp(max=ROWS - 1) * COLUMNS + cells[:, 0].clamp(max=COLUMNS - 1)
    weight = torch.exp(-0.5 * around.float().pow(2).sum(1)).repeat(len(wells.boxes)) * inside
    weight = weight / weight.sum().clamp(min=1e-6)
    told = maps[wells.picture.repeat_interleave(9), :, index]
    middle, size = placed(told[:, 6:, None], middles[:, index].T[:, :, None])
    boxes, true = torch.cat([middle, size], 1)[:, :, 0], wells.boxes.repeat_interleave(9, 0)
    contents = functional.cross_entropy(told[:, 2 : 2 + WELLS], wells.content.repeat_interleave(9), reduction="none")
    edges = functional.smooth_l1_loss(boxes, true, reduction="none").sum(1) / STRIDE
    return {
        "box": ((1 - generalised_iou(boxes, true)) * weight).sum(),
        "edges": (edges * weight).sum(),
        "content": (contents * weight).sum(),
    }
