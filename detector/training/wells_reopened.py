"""The nets of a weights folder for wells, so that training can go on from what is served: read from its ONNX, where norms are folded in."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from detector.errors import WeightsError
from detector.loading import read_verified
from detector.training.contents import ContentNet
from detector.training.network import build_network
from detector.training.renderings import CLASSES
from detector.wells.net import CONTENT, WELLS
from detector.wells.preprocess import HEIGHT, WIDTH

Tensors = dict[str, npt.NDArray[np.float32]]


def nets_of(folder: Path) -> tuple[Any, ContentNet]:
    """The YOLO and the content net of a folder, in evaluation mode; raises WeightsError where it holds other nets than ours."""
    manifest, data = read_verified(folder)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as members:
            return _finder(members.read(WELLS)), _contents(members.read(CONTENT))
    except (zipfile.BadZipFile, KeyError, ValueError, RuntimeError) as reason:
        detail = f"{manifest.name} holds no nets that training can go on from: {reason}"
        raise WeightsError("weights_unreadable", detail, "Start from the shipped weights.") from reason


def _finder(onnx: bytes) -> Any:
    tensors, _ = _read(onnx)
    network = build_network(len(CLASSES), width=WIDTH, height=HEIGHT).eval().fuse(verbose=False)
    network.load_state_dict({name: torch.from_numpy(value) for name, value in tensors.items()})
    return network


def _contents(onnx: bytes) -> ContentNet:
    """Folded kernels and biases put back: what is left of each norm is the bias."""
    tensors, convolutions = _read(onnx)
    network = ContentNet().eval()
    steps = [step for step in network.stages if isinstance(step, nn.Sequential)]
    if len(steps) != len(convolutions):
        raise ValueError(f"{len(convolutions)} convolutions instead of {len(steps)}")
    with torch.no_grad():
        for step, (kernel, bias) in zip(steps, convolutions, strict=True):
            convolution, norm = cast(nn.Conv2d, step[0]), cast(Any, step[1])
            convolution.weight.copy_(torch.from_numpy(tensors[kernel]))
            norm.running_mean.zero_()
            norm.running_var.fill_(1 - norm.eps)
            norm.weight.fill_(1)
            norm.bias.copy_(torch.from_numpy(tensors[bias]))
        network.answer.weight.copy_(torch.from_numpy(_named(tensors, "answer.weight")))
        network.answer.bias.copy_(torch.from_numpy(_named(tensors, "answer.bias")))
    return network


def _read(data: bytes) -> tuple[Tensors, list[tuple[str, str]]]:
    """The tensors of a net, and the names of kernel and bias of its convolutions in their order."""
    import onnx
    from onnx import numpy_helper

    graph = onnx.load_from_string(data).graph
    tensors = {one.name: np.array(numpy_helper.to_array(one), dtype=np.float32) for one in graph.initializer}
    return tensors, [(node.input[1], node.input[2]) for node in graph.node if node.op_type == "Conv" and len(node.input) == 3]


def _named(tensors: Tensors, end: str) -> npt.NDArray[np.float32]:
    return next((value for name, value in tensors.items() if name.endswith(end)), np.zeros(0, np.float32))


def learning(network: nn.Module) -> None:
    """Training mode, but norms stay as they are: their statistics were folded away and cannot be learned from small batches."""
    network.train()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eval()
