"""From a float32 ONNX net to one whose convolutions or products reckon in 8 bits, ranges learned from pictures."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from detector.training.exporting import without_traces

Values = npt.NDArray[np.float32]
CONVOLUTIONS = ("Conv", "Relu", "Add", "Concat", "MaxPool", "Resize")
"""For nets of convolutions and plain ReLUs: what lies between convolutions stays in 8 bits too, or each would cost a way there and back."""
PRODUCTS = ("Conv", "MatMul", "Gemm")
"""For transformer-like nets, whose activations and sums are left alone: in 8 bits they cost more than they spare."""
_BATCH = 8


def quantised(onnx: bytes, inputs: Values, kinds: Sequence[str] = CONVOLUTIONS) -> bytes:
    """The same net with nodes of these `kinds` in 8 bits, their ranges those that `inputs` reach.

    What comes last stays float32: nodes behind which no activation follows name places and shares, which 256 steps are too coarse for;
    so do products of two things that are both reckoned, as attention has them.
    """
    from onnxruntime.quantization import CalibrationMethod, QuantFormat, QuantType, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    with tempfile.TemporaryDirectory() as folder:
        plain, prepared, done = (Path(folder) / name for name in ("plain.onnx", "prepared.onnx", "done.onnx"))
        plain.write_bytes(onnx)
        quant_pre_process(plain, prepared, skip_symbolic_shape=True)
        quantize_static(
            prepared, done, _Reader(prepared, inputs), quant_format=QuantFormat.QDQ, op_types_to_quantize=list(kinds), per_channel=True,
            activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8, calibrate_method=CalibrationMethod.MinMax,
            nodes_to_exclude=_kept(prepared, kinds), extra_options={"ActivationSymmetric": False},
        )  # fmt: skip
        return without_traces(done.read_bytes())


class _Reader:
    """Hands out the inputs in the form in which ONNX Runtime's calibration asks for them."""

    def __init__(self, net: Path, inputs: Values) -> None:
        import onnx

        self._name = onnx.load(net).graph.input[0].name
        self._parts: Iterator[Values] = iter([inputs[start : start + _BATCH] for start in range(0, len(inputs), _BATCH)])

    def get_next(self) -> dict[str, Values] | None:
        part = next(self._parts, None)
        return None if part is None else {self._name: part}


def _kept(net: Path, kinds: Sequence[str]) -> list[str]:
    """The nodes that stay float32: those from which no activation is reached before a softmax or the answer."""
    import onnx

    graph = onnx.load(net).graph
    readers: dict[str, list[Any]] = {}
    for node in graph.node:
        for name in node.input:
            readers.setdefault(name, []).append(node)
    weights = {tensor.name for tensor in graph.initializer}
    goes_on: dict[str, bool] = {}
    for node in reversed(graph.node):
        behind = [one for name in node.output for one in readers.get(name, [])]
        goes_on[node.name] = any(_activates(one, readers) or (one.op_type != "Softmax" and goes_on[one.name]) for one in behind)
    return [
        node.name
        for node in graph.node
        if node.op_type in kinds and (not goes_on[node.name] or (node.op_type in {"MatMul", "Gemm"} and node.input[1] not in weights))
    ]


def _activates(node: Any, readers: Mapping[str, Sequence[Any]]) -> bool:
    """Whether it is an activation: by itself, or a sigmoid that its own input is multiplied by (SiLU), not one that tells a share."""
    if node.op_type == "Sigmoid":
        return any(one.op_type == "Mul" and node.input[0] in one.input for one in readers.get(node.output[0], []))
    return node.op_type in {"Relu", "Gelu", "Erf"}
