"""D-FINE-N from its configuration: transformers' encoder, decoder, denoising and loss, on the convolutional base of MODCNN's dense form."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from detector.training.families.base import STRIDES, WIDTHS, ConvBase
from detector.training.families.boxes import Batch
from detector.wells.preprocess import HEIGHT, WIDTH

QUERIES = 60
"""A dish has 25 wells, some strays and some gas."""
_HIDDEN = 128


class Detr(nn.Module):
    """Pictures (n, 1, 288, 384) to what transformers' D-FINE answers."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.net = _dfine(classes)
        self.base = ConvBase()
        self.net.model.backbone = _Scales(self.base)

    def forward(self, pictures: torch.Tensor, labels: list[dict[str, torch.Tensor]] | None = None) -> Any:
        return self.net(pixel_values=pictures, labels=labels)


class DetrAnswers(nn.Module):
    """The queries as candidates (n, 9, 60)."""

    def __init__(self, network: Detr) -> None:
        super().__init__()
        self.network = network
        self.register_buffer("scale", torch.tensor([WIDTH, HEIGHT, WIDTH, HEIGHT], dtype=torch.float32))

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        told = self.network(pictures)
        return torch.cat([told.pred_boxes * self.get_buffer("scale"), told.logits.sigmoid()], 2).transpose(1, 2)


def loss_of(network: Detr, batch: Batch) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    """Mean loss of a picture as transformers reckons it, denoising queries included, and its main parts."""
    labels = []
    for number in range(len(batch["img"])):
        mine = batch["batch_idx"] == number
        labels.append({"class_labels": batch["cls"][mine, 0].long(), "boxes": batch["bboxes"][mine].clamp(1e-4, 1 - 1e-4)})
    told = network(batch["img"], labels)
    parts = {name: told.loss_dict[f"loss_{name}"] for name in ("vfl", "bbox", "giou") if f"loss_{name}" in told.loss_dict}
    return told.loss, parts


class _Scales(nn.Module):
    """The base's two coarser scales in the form in which D-FINE asks its backbone."""

    def __init__(self, base: ConvBase) -> None:
        super().__init__()
        # Held in a list: the base is the outer net's child, whose weights are saved once.
        self._base = [base]

    def forward(self, pixel_values: torch.Tensor, pixel_mask: torch.Tensor) -> list[tuple[torch.Tensor, torch.Tensor]]:
        return [(features, pixel_mask) for features in self._base[0](pixel_values)[1:]]


def _dfine(classes: int) -> Any:
    from transformers import DFineConfig, DFineForObjectDetection, HGNetV2Config

    # Only the widths of the last two stages count: the stages themselves are replaced by our base.
    stand_in: dict[str, Any] = {
        "num_channels": 1, "stem_channels": [1, 8, 8], "stage_in_channels": [8] * 4, "stage_mid_channels": [8] * 4,
        "stage_out_channels": [8, 8, *WIDTHS[1:]], "hidden_sizes": [8, 8, *WIDTHS[1:]], "stage_num_blocks": [1] * 4,
        "stage_numb_of_layers": [1] * 4, "depths": [1] * 4, "embedding_size": 8, "out_indices": [3, 4],
    }  # fmt: skip
    plan: dict[str, Any] = {
        "backbone_config": HGNetV2Config(**stand_in), "encoder_in_channels": [_HIDDEN, _HIDDEN], "feat_strides": list(STRIDES[1:]),
        "encoder_hidden_dim": _HIDDEN, "encoder_ffn_dim": 256, "encode_proj_layers": [1], "hidden_expansion": 0.34, "depth_mult": 0.5,
        "d_model": _HIDDEN, "num_queries": QUERIES, "decoder_in_channels": [_HIDDEN, _HIDDEN], "decoder_ffn_dim": 256,
        "num_feature_levels": 2, "decoder_n_points": [6, 6], "decoder_layers": 3, "num_denoising": 50, "num_labels": classes,
        "freeze_backbone_batch_norms": False,
    }  # fmt: skip
    return DFineForObjectDetection(DFineConfig(**plan))
