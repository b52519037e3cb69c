"""The families of nets that find wells: one way to build, teach and serve each, and nothing else knows which it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn

from detector.errors import DetectorError
from detector.training.families import dense, detr, modcnn, yolo
from detector.training.families.boxes import WELLS, Batch
from detector.training.network import build_network
from detector.wells.preprocess import HEIGHT, WIDTH

DEFAULT = "yolo11n"
FORMERLY = {"yolo": "yolo11n"}
"""What manifests said before there were several."""
Loss = Callable[[Any, Batch], tuple[torch.Tensor, dict[str, torch.Tensor]]]


@dataclass(frozen=True, slots=True)
class Family:
    """One kind of net: how it is made, what it is taught by, and how it answers.

    A served net takes pictures (n, 1, 288, 384), float32 from 0 to 1, and answers (n, 4 + 5, candidates): middle x and y, width and
    height in canonical pixels, then a share for each of the four contents and for gas outside. `decode` reads that.
    """

    name: str
    title: str
    make: Callable[[int], Any]
    loss: Loss
    answers: Callable[[Any], nn.Module]
    """The served net around a trained one; the trained one may be changed by it."""
    recipe: dict[str, Any] = field(default_factory=dict)
    """Where its recipe differs from the usual one."""
    begin_epoch: Callable[[Any, int, int], None] = lambda _network, _epoch, _epochs: None
    watch: Callable[[Any], Callable[[torch.Tensor], torch.Tensor]] | None = None
    """How the net in training answers, where that is not the served net around it."""

    def answer(self, network: Any, pictures: torch.Tensor) -> torch.Tensor:
        """The answers of a net in evaluation mode, without changing it."""
        if self.watch is not None:
            return self.watch(network)(pictures)
        told: torch.Tensor = self.answers(network).to(pictures.device).eval()(pictures)
        return told


def _yolo(name: str, title: str, **recipe: Any) -> Family:
    return Family(
        name, title, lambda classes: yolo.answering(build_network(classes, width=WIDTH, height=HEIGHT, plan=name)), yolo.loss_of,
        yolo.served, recipe, begin_epoch=yolo.begin_epoch, watch=lambda network: lambda pictures: network(pictures)[0],
    )  # fmt: skip


FAMILIES = {
    one.name: one
    for one in (
        _yolo("yolo11n", "YOLO11n"),
        _yolo("yolo26n", "YOLO26n"),
        Family(
            "modcnn", "MODCNN", lambda _: modcnn.ModCnn(), modcnn.loss_of, modcnn.ModCnnAnswers, {"epochs": 12, "cosine_epochs": 12},
        ),
        Family(
            "modcnn-attention", "MODCNN with squeeze-excitation and attention", lambda _: modcnn.ModCnn(attention=True), modcnn.loss_of,
            modcnn.ModCnnAnswers, {"epochs": 12, "cosine_epochs": 12},
        ),
        Family("modcnn-dense", "MODCNN, dense", lambda _: dense.DenseNet(), dense.loss_of, dense.DenseAnswers),
        Family(
            "dfine-n", "D-FINE-N", detr.Detr, detr.loss_of, detr.DetrAnswers,
            {"epochs": 36, "cosine_epochs": 36, "rate": 8e-4, "weight_decay": 1e-4, "base": "modcnn-dense"},
        ),
    )
}  # fmt: skip


def family_of(name: str) -> Family:
    """The family of that name; raises DetectorError that names the known ones."""
    name = FORMERLY.get(name, name)
    if name not in FAMILIES:
        raise DetectorError("family_unknown", f"no family of nets is called {name!r}", f"Known are {', '.join(FAMILIES)}.")
    return FAMILIES[name]


def build(family: str, classes: Sequence[str]) -> Any:
    """A net of that family with random weights, whose `state_dict` checkpoints carry; the torch seed decides the weights."""
    known = family_of(family)
    if len(classes) != WELLS + 1:
        raise DetectorError(
            "classes_foreign",
            f"{len(classes)} classes: {', '.join(classes)}"[:200],
            "Nets that find wells tell four contents and gas outside.",
        )
    return known.make(len(classes))


def served_like(family: str) -> nn.Module | None:
    """A served net of that family with random weights, to time; None where the family is not ours."""
    known = FAMILIES.get(FORMERLY.get(family, family))
    return None if known is None else known.answers(known.make(WELLS + 1).eval()).eval()
