"""What the losses of our own families share: the truth of a batch in pixels, and how far two boxes are from each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch

from detector.wells.preprocess import HEIGHT, WIDTH

WELLS = 4
"""Classes below this are contents of wells; the next is gas outside."""
Batch = dict[str, torch.Tensor]


@dataclass(frozen=True, slots=True)
class Truth:
    """Boxes of some pictures: picture, class, and middle, width and height in canonical pixels."""

    picture: torch.Tensor
    content: torch.Tensor
    boxes: torch.Tensor

    def of(self, chosen: torch.Tensor) -> Truth:
        return Truth(self.picture[chosen], self.content[chosen], self.boxes[chosen])


def truth_of(batch: Batch) -> Truth:
    """All boxes of a batch in the form that ultralytics' loss reads, in pixels."""
    scale = batch["bboxes"].new_tensor([WIDTH, HEIGHT, WIDTH, HEIGHT])
    return Truth(batch["batch_idx"].long(), batch["cls"][:, 0].long(), batch["bboxes"] * scale)


def in_float32(told: Any) -> Any:
    """Tensors in any nest of dicts, lists and tuples as float32: places of pixels need more digits than bfloat16 has."""
    if isinstance(told, torch.Tensor):
        return told.float() if told.is_floating_point() else told
    if isinstance(told, dict):
        return {name: in_float32(one) for name, one in told.items()}
    return type(told)(in_float32(one) for one in told)


def generalised_iou(boxes: torch.Tensor, others: torch.Tensor) -> torch.Tensor:
    """Generalised IoU (Rezatofighi 2019) of pairs of boxes (m, 4) given as middle, width and height."""
    low, high = boxes[:, :2] - boxes[:, 2:] / 2, boxes[:, :2] + boxes[:, 2:] / 2
    other_low, other_high = others[:, :2] - others[:, 2:] / 2, others[:, :2] + others[:, 2:] / 2
    shared = (torch.minimum(high, other_high) - torch.maximum(low, other_low)).clamp(min=0).prod(1)
    union = boxes[:, 2:].prod(1) + others[:, 2:].prod(1) - shared
    hull = (torch.maximum(high, other_high) - torch.minimum(low, other_low)).prod(1)
    answer: torch.Tensor = shared / union.clamp(min=1e-6) - (hull - union) / hull.clamp(min=1e-6)
    return answer
