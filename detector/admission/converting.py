"""Builds the net of a checkpoint anew from our own code, fills in its numbers and writes it as ONNX; runs inside the sandbox."""

from __future__ import annotations

import json
import warnings
from typing import Any

import numpy as np
import safetensors.torch
import torch

from detector.admission.checkpoints import Checkpoint, storage_of
from detector.admission.pickles import Tensor
from detector.admission.refusals import refused, shown
from detector.admission.tensors import Tensor as Declared
from detector.errors import DetectorError
from detector.training.exporting import onnx_of

THREADS = 2
_KINDS = {"F64": "float64", "F32": "float32", "F16": "float16", "BF16": "bfloat16", "I64": "int64", "I32": "int32", "I16": "int16",
          "I8": "int8", "U8": "uint8", "BOOL": "bool"}  # fmt: skip
_STAGERS = ("convnextv2",)
_STEP = 32
"""Sides of pictures that a YOLO takes are multiples of its coarsest step."""


def tensors_of(checkpoint: Checkpoint) -> dict[str, torch.Tensor]:
    """The tensors of a checkpoint as copies of their own; raises the refusal of numbers that are none."""
    return {name: _finite(name, _view(checkpoint, tensor)) for name, tensor in checkpoint.tensors.items()}


def declared_tensors(data: bytes, tensors: dict[str, Declared]) -> dict[str, torch.Tensor]:
    """The tensors of a safetensors file whose header was found right."""
    found = {}
    for name, one in tensors.items():
        kind = getattr(torch, _KINDS[one.kind])
        held = bytearray(data[one.begin : one.end])
        found[name] = torch.frombuffer(held, dtype=kind).reshape(one.sides) if held else torch.zeros(one.sides, dtype=kind)
    return found


def convert_yolo(checkpoint: Checkpoint) -> tuple[bytes, tuple[int, int, int]]:
    """The net as ONNX and (channels, height, width) of the pictures it takes."""
    plan = checkpoint.said["plan"]
    network = _yolo_network(plan)
    _fill(network, tensors_of(checkpoint))
    _compare(network, checkpoint.layers)
    height, width = (max(_STEP, -(-side // _STEP) * _STEP) for side in checkpoint.said["size"])
    network = network.float().eval().requires_grad_(False).fuse(verbose=False)
    network.model[-1].export, network.model[-1].format = True, "onnx"
    return onnx_of(network, torch.zeros(2, plan["channels"], height, width)), (plan["channels"], height, width)


def convert_family(family: str, classes: tuple[str, ...], tensors: dict[str, torch.Tensor]) -> bytes:
    """One of our own nets that find wells, as its canonical ONNX."""
    from detector.training.families import build, family_of
    from detector.wells.preprocess import HEIGHT, WIDTH

    known = family_of(family)
    network = build(family, classes)
    _fill(network, tensors)
    served = known.answers(network.float().eval()).float().eval().requires_grad_(False)
    return onnx_of(served, torch.zeros(2, 1, HEIGHT, WIDTH))


def convert_stager(shape: Any, tensors: dict[str, torch.Tensor]) -> dict[str, bytes]:
    """Members of a stager's weights file: the net to serve, and what training can go on from."""
    from detector.stages.crops import SIZE
    from detector.stages.stager import ENCODER
    from detector.training.stages_network import ServedNet, Shape, StageNet
    from detector.training.stages_weights import SHAPE, TENSORS

    network = StageNet(Shape.of(_shape(shape)))
    _fill(network, tensors)
    network = network.float().eval().requires_grad_(False)
    state = {name: value.contiguous() for name, value in network.state_dict().items()}
    told = json.dumps(network.shape.as_dict()).encode()
    onnx = onnx_of(ServedNet(network).eval(), torch.zeros(2, 1, SIZE, SIZE))
    return {ENCODER: onnx, TENSORS: safetensors.torch.save(state), SHAPE: told}


def is_stager(family: str) -> bool:
    return family in _STAGERS


def _shape(told: Any) -> dict[str, Any]:
    """Sizes of a stager's net within reason; the shipped ones where nothing is said."""
    from detector.training.stages_network import Shape

    if told is None:
        return Shape().as_dict()
    try:
        lists = {name: [int(value) for value in told[name]] for name in ("stem", "widths", "depths")}
        drop = float(told["drop_path"])
    except (KeyError, TypeError, ValueError) as reason:
        raise refused("checkpoint_shape", f"The sizes of its net cannot be read: {shown(repr(reason))}.") from None
    if not all(1 <= len(values) <= 6 and all(1 <= value <= 1024 for value in values) for values in lists.values()) or not 0 <= drop < 1:
        raise refused("checkpoint_shape", f"The sizes of its net are out of reason: {shown(lists)}.")
    return {**lists, "drop_path": drop}


def _yolo_network(plan: dict[str, Any]) -> Any:
    from detector.training.network import _ultralytics

    network_type = _ultralytics()[0]
    try:
        return network_type(dict(plan), ch=plan["channels"], nc=plan["nc"], verbose=False)
    except DetectorError:
        raise
    except (MemoryError, RuntimeError):
        raise
    except Exception as reason:  # ultralytics' builder meets odd plans with errors of every kind
        raise refused("plan_refused", f"The net it describes cannot be built: {shown(repr(reason))}.") from None


def _view(checkpoint: Checkpoint, tensor: Tensor) -> torch.Tensor:
    storage, data = storage_of(checkpoint, tensor)
    kind = getattr(torch, storage.kind)
    if not data:
        return torch.zeros(tensor.sides, dtype=kind)
    whole = torch.frombuffer(bytearray(data), dtype=kind)
    return whole.as_strided(tensor.sides, tensor.steps, tensor.offset).clone()


def _finite(name: str, tensor: torch.Tensor) -> torch.Tensor:
    if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
        raise refused("not_finite", f"The tensor {shown(name)} holds what is no number.")
    return tensor


def _fill(network: Any, tensors: dict[str, torch.Tensor]) -> None:
    """Every tensor of the net from the file, none left over, each of the same shape."""
    own = network.state_dict()
    if missing := sorted(set(own) - set(tensors)):
        raise refused("checkpoint_shape", f"{len(missing)} tensors of the net are not in the file, such as {shown(missing[0])}.")
    if extra := sorted(set(tensors) - set(own)):
        raise refused("checkpoint_shape", f"{len(extra)} tensors of the file are not in the net, such as {shown(extra[0])}.")
    for name, value in own.items():
        if value.shape != tensors[name].shape:
            detail = f"The tensor {shown(name)} has the sides {list(tensors[name].shape)}, the net needs {list(value.shape)}."
            raise refused("checkpoint_shape", detail)
    network.load_state_dict({name: value.to(own[name].dtype) for name, value in tensors.items()}, strict=True)


def _compare(network: Any, layers: dict[str, tuple[Any, ...]]) -> None:
    """The net that was built is the one that was saved: the same parts, and convolutions that step alike."""
    for name, part in network.named_modules():
        path = f"{name}." if name else ""
        kind = f"{type(part).__module__}.{type(part).__qualname__}"
        saved = layers.get(path)
        if saved is None or saved[0] != kind:
            detail = f"The part {shown(name)} is {shown(saved[0] if saved else 'missing')} in the file and {kind} as it is built today."
            raise refused("checkpoint_shape", detail, "Export the net as ONNX with the version of ultralytics that made it.")
        steps = tuple(getattr(part, word) for word in ("kernel_size", "stride", "padding", "dilation", "groups") if hasattr(part, word))
        if kind.endswith(".Conv2d") and tuple(saved[1:]) != steps:
            raise refused("checkpoint_shape", f"The convolution {shown(name)} steps otherwise than it is built today.")


def ready() -> None:
    """Quiet, and with as many threads as there are processors to spare."""
    warnings.simplefilter("ignore")
    torch.set_num_threads(THREADS)
    np.seterr(all="ignore")
