"""MODCNN, the seed's multi-task net: 25 slots, each with a place and a content, and a flag for the dish.

What kept the seed's from learning is mended: every well has its slot (the cheapest assignment, Hungarian), slots without a well count
only for saying so, and a slot's place is the mean of a map over the picture instead of 40 million weights.
"""

from __future__ import annotations

import numpy as np
import torch
from scipy.optimize import linear_sum_assignment
from torch import nn
from torch.nn import functional

from detector.training.families.base import STRIDES, WIDTHS, Attention, ConvBase, Neck
from detector.training.families.boxes import WELLS, Batch, Truth, generalised_iou, truth_of
from detector.training.families.dense import COLUMNS, ROWS, STRIDE, USUAL_SIZE, places
from detector.wells.preprocess import HEIGHT, WIDTH

SLOTS = 25
_SIDE = 5
_REACH = 40.0
"""How far from its first place, in pixels, a slot looks to begin with."""
_FLAG_AT = -1.0
"""Where the flag's candidate lies: outside the picture, so in no well."""


class ModCnn(nn.Module):
    """Pictures (n, 1, 288, 384) to 25 maps, 25 boxes, what each slot says (well or none, four contents) and the flag.

    With `attention`, channels are squeezed and excited, distant places of the dish see each other, and slots agree who takes which well.
    """

    def __init__(self, width: int = 64, *, attention: bool = False) -> None:
        super().__init__()
        self.base, self.neck = ConvBase(squeeze=attention), Neck(width)
        coarse = (HEIGHT // STRIDES[2]) * (WIDTH // STRIDES[2])
        self.whole = Attention(WIDTHS[2]) if attention else None
        self.where = nn.Parameter(torch.randn(coarse, WIDTHS[2]) * 0.02) if attention else None
        self.agree = Attention(width) if attention else None
        self.maps = nn.Conv2d(width, SLOTS, 1)
        self.prior = nn.Parameter(_first_places())
        self.name = nn.Parameter(torch.randn(SLOTS, width) * 0.1)
        self.place = nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 4))
        self.content = nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 1 + WELLS))
        self.flag = nn.Linear(2 * width, 1)
        self.register_buffer("places", places(), persistent=False)

    def forward(self, pictures: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
        fine, middle, coarse = self.base(pictures)
        if self.whole is not None and self.where is not None:
            seen = self.whole(coarse.flatten(2).transpose(1, 2) + self.where)
            coarse = seen.transpose(1, 2).reshape(-1, WIDTHS[2], HEIGHT // STRIDES[2], WIDTH // STRIDES[2])
        features = self.neck((fine, middle, coarse))
        # Means of places need more digits than bfloat16 has.
        with torch.autocast(pictures.device.type, enabled=False):
            return self._slots(features.float())

    def _slots(self, features: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
        maps = self.maps(features).flatten(2) + self.prior
        shares = maps.softmax(2)
        pooled = shares @ features.flatten(2).transpose(1, 2)
        if self.agree is not None:
            pooled = self.agree(pooled + self.name)
        told = self.place(pooled)
        middles = shares @ self.get_buffer("places").T + told[:, :, :2] * STRIDE
        boxes = torch.cat([middles, USUAL_SIZE * told[:, :, 2:].clamp(-3, 3).exp()], 2)
        flag = self.flag(torch.cat([features.mean((2, 3)), features.amax((2, 3))], 1))
        return maps, boxes, self.content(pooled), flag


class ModCnnAnswers(nn.Module):
    """The slots and the flag as candidates (n, 9, 26)."""

    def __init__(self, network: ModCnn) -> None:
        super().__init__()
        self.network = network

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        _, boxes, said, flag = self.network(pictures)
        shares = said[:, :, 1:].softmax(2) * said[:, :, :1].sigmoid()
        slots = torch.cat([boxes, shares, torch.zeros_like(boxes[:, :, :1])], 2)
        outside = torch.cat([torch.full_like(boxes[:, 0], _FLAG_AT), torch.zeros_like(boxes[:, 0]), flag.sigmoid()], 1)
        return torch.cat([slots, outside[:, None]], 1).transpose(1, 2)


def loss_of(network: ModCnn, batch: Batch) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    """Mean loss of a picture, and its parts."""
    maps, boxes, said, flag = network(batch["img"])
    truth = truth_of(batch)
    picture, slot, wells = _assigned(boxes.detach(), said.detach(), truth.of(truth.content < WELLS))
    held = torch.zeros_like(said[:, :, 0])
    held[picture, slot] = 1
    gas = torch.zeros_like(flag[:, 0])
    gas[truth.picture[truth.content >= WELLS]] = 1
    cells = (wells.boxes[:, :2] / STRIDE).long().clamp(min=0)
    index = cells[:, 1].clamp(max=ROWS - 1) * COLUMNS + cells[:, 0].clamp(max=COLUMNS - 1)
    mine, count = boxes[picture, slot], max(len(slot), 1)
    parts = {
        "slot": functional.binary_cross_entropy_with_logits(said[:, :, 0], held),
        "map": functional.cross_entropy(maps[picture, slot], index, reduction="sum") / count,
        "box": (1 - generalised_iou(mine, wells.boxes)).sum() / count,
        "edges": functional.smooth_l1_loss(mine, wells.boxes, reduction="sum") / STRIDE / count,
        "content": functional.cross_entropy(said[picture, slot, 1:], wells.content, reduction="sum") / count,
        "flag": functional.binary_cross_entropy_with_logits(flag[:, 0], gas),
    }
    total = 4 * parts["slot"] + 0.3 * parts["map"] + 2 * parts["box"] + 0.5 * parts["edges"] + parts["content"] + 0.5 * parts["flag"]
    return total, parts


def _assigned(boxes: torch.Tensor, said: torch.Tensor, wells: Truth) -> tuple[torch.Tensor, torch.Tensor, Truth]:
    """The picture, slot and well of every pair of the cheapest assignment; wells beyond 25 in a picture have none."""
    pictures, slots, order = [], [], []
    sure = said[:, :, 0].sigmoid()
    for number in range(len(boxes)):
        mine = torch.nonzero(wells.picture == number)[:, 0]
        if not len(mine):
            continue
        true = wells.boxes[mine]
        # A slot keeps to its neighbourhood: near and small come first, and who already claims a well keeps it.
        far = torch.cdist(boxes[number, :, :2], true[:, :2]) / USUAL_SIZE
        row, column = linear_sum_assignment((far - 0.5 * sure[number, :, None]).cpu().numpy())
        pictures += [number] * len(row)
        slots.append(row)
        order.append(mine.cpu().numpy()[column])
    device = boxes.device
    chosen = torch.from_numpy(np.concatenate(order)).to(device) if order else torch.zeros(0, dtype=torch.long, device=device)
    taken = torch.from_numpy(np.concatenate(slots)).to(device) if slots else torch.zeros(0, dtype=torch.long, device=device)
    return torch.tensor(pictures, dtype=torch.long, device=device), taken, wells.of(chosen)


def _first_places() -> torch.Tensor:
    """What each slot's map begins with: a hill on its place in a grid of five by five."""
    across = (torch.arange(_SIDE) + 0.5) * WIDTH / _SIDE
    down = (torch.arange(_SIDE) + 0.5) * HEIGHT / _SIDE
    starts = torch.stack([across.repeat(_SIDE), down.repeat_interleave(_SIDE)], 1)
    far = torch.cdist(starts, places().T)
    return -(far**2) / (2 * _REACH**2)
