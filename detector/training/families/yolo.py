"""The ultralytics YOLOs in the form that training asks of every family."""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import nn

from detector.training.families.boxes import Batch, in_float32


def served(network: Any) -> nn.Module:
    """A copy that answers alone, norms folded in: one candidate an anchor."""
    fused: nn.Module = answering(copy.deepcopy(network)).fuse(verbose=False)
    head: Any = fused.get_submodule("model")[-1]  # type: ignore[index]
    head.export, head.format = True, "onnx"
    return fused


def answering(network: Any) -> Any:
    """The net itself, set to answer with every anchor: of a head without NMS the one that takes each well once, before its selection."""
    head = network.model[-1]
    if getattr(head, "one2one_cv2", None) is not None:
        head.postprocess = _all_anchors
    return network


def loss_of(network: Any, batch: Batch) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    """Mean loss of a picture as ultralytics reckons it, and its parts."""
    told = in_float32(network(batch["img"]))
    with torch.autocast(batch["img"].device.type, enabled=False):
        loss, parts = network.loss(batch, told)
    return loss.sum() / len(batch["img"]), parts


def begin_epoch(network: Any, epoch: int, epochs: int) -> None:
    """Shift a two-headed loss from the head that takes each well often to the one that takes it once, as ultralytics' trainer does."""
    if getattr(network.model[-1], "one2one_cv2", None) is None:
        return
    if getattr(network, "criterion", None) is None:
        network.criterion = network.init_criterion()
    loss = network.criterion
    loss.one2one.hyp.epochs = epochs
    loss.o2m = loss.o2m_copy if epoch == 0 else loss.decay(epoch)
    loss.o2o = max(loss.total - loss.o2m, 0)


def _all_anchors(rows: torch.Tensor) -> torch.Tensor:
    """Corners and scores (n, anchors, 9) as middles, sizes and scores (n, 9, anchors)."""
    low, high = rows[..., :2], rows[..., 2:4]
    return torch.cat([(low + high) / 2, high - low, rows[..., 4:]], -1).transpose(1, 2)
