"""The smallest weights folder that serves: a linear look at a coarse picture, drawn at random."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from onnx import TensorProto, checker, helper, numpy_helper

from detector.stages.crops import SIZE
from detector.stages.looks import AUXILIARY
from detector.stages.stager import ENCODER
from detector.training.exporting import zipped
from detector.training.stages_weights import write_stager
from detector.types import STAGES

FEATURES = 4


def untrained_stager(folder: Path, members: dict[str, bytes] | None = None) -> Path:
    """Write it, with further members beside the net."""
    data = zipped({ENCODER: _encoder(), **(members or {})})
    return write_stager(folder, data, name="stages-tiny", command="none", learned_from="nothing", renderer="0", metrics={}, card="# tiny\n")


def _encoder() -> bytes:
    rng = np.random.default_rng(1)
    answers = len(STAGES) + len(AUXILIARY) + FEATURES
    weights = numpy_helper.from_array(rng.normal(0, 0.5, (49, answers)).astype(np.float32), "weights")
    nodes = [
        helper.make_node("AveragePool", ["inputs"], ["pooled"], kernel_shape=[SIZE // 7] * 2, strides=[SIZE // 7] * 2),
        helper.make_node("Flatten", ["pooled"], ["flat"]),
        helper.make_node("MatMul", ["flat", "weights"], ["seen"]),
        helper.make_node("Sigmoid", ["seen"], ["answers"]),
    ]
    inputs = helper.make_tensor_value_info("inputs", TensorProto.FLOAT, ["n", 1, SIZE, SIZE])
    outputs = helper.make_tensor_value_info("answers", TensorProto.FLOAT, ["n", answers])
    net = helper.make_model(
        helper.make_graph(nodes, "tiny", [inputs], [outputs], [weights]), opset_imports=[helper.make_opsetid("", 17)], ir_version=8
    )
    checker.check_model(net)
    return bytes(net.SerializeToString())
