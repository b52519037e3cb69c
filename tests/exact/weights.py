"""Weights folders for `tests.exact.recording`: wells lie where they are drawn, and the grey in a floor's middle says what it holds."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
from onnx import NodeProto, TensorProto, helper, numpy_helper

from detector.wells.crops import SIDE
from detector.wells.net import CLASSES, CONTENT, WELLS
from detector.wells.preprocess import NAME
from tests.exact.recording import CENTRES, HEIGHT, RADIUS, WIDTH

BOX = 2 * (RADIUS + 4)
Constants = Mapping[str, npt.NDArray[np.generic]]


def write_weights(home: Path, name: str = "exact", *, slowness: int = 0, bias: float = 0.0) -> Path:
    """Write one folder below `home`; each step of `slowness` costs a frame about 5 ms, `bias` only changes the hash."""
    folder = home / name
    folder.mkdir(parents=True, exist_ok=True)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as nets:
        nets.writestr(WELLS, _wells(slowness, bias).SerializeToString())
        nets.writestr(CONTENT, _contents().SerializeToString())
    (folder / "weights.zip").write_bytes(packed.getvalue())
    (folder / "manifest.toml").write_text(_manifest(name, hashlib.sha256(packed.getvalue()).hexdigest()), encoding="utf-8")
    return folder


def _wells(slowness: int, bias: float) -> onnx.ModelProto:
    """The same nine boxes for every picture, undecided about their contents; convolutions that count for next to nothing take time."""
    rng = np.random.default_rng(1)
    anchors = np.array([[x, y, BOX, BOX, *[(0.98 + bias) / 4] * 4, 0] for x, y in CENTRES.values()], np.float32).T[None]
    constants = {"anchors": anchors, "nothing": np.array(1e-12, np.float32), "axis": np.array([1], np.int64)}
    nodes, last, depth = [], "x", 1
    for step in range(slowness):
        constants[f"w{step}"] = rng.normal(0, 0.02, (16, depth, 3, 3)).astype(np.float32)
        nodes.append(helper.make_node("Conv", [last, f"w{step}"], [f"c{step}"], pads=[1, 1, 1, 1]))
        last, depth = f"c{step}", 16
    nodes += [
        helper.make_node("ReduceMean", [last], ["mean"], axes=[1, 2], keepdims=0),
        helper.make_node("ReduceMean", ["mean"], ["grey"], axes=[1], keepdims=1),
        helper.make_node("Mul", ["grey", "nothing"], ["hint"]),
        helper.make_node("Unsqueeze", ["hint", "axis"], ["column"]),
        helper.make_node("Add", ["column", "anchors"], ["y"]),
    ]
    return _model(nodes, constants, ["n", 1, HEIGHT, WIDTH], ["n", 9, len(CENTRES)])


def _contents() -> onnx.ModelProto:
    """How much darker the middle of a floor is than the rest of it: not for an empty well, very for gas."""
    y, x = np.mgrid[:SIDE, :SIDE] - (SIDE - 1) / 2
    radius = np.hypot(x, y)
    middle, rest = radius < 9, (radius > 15.5) & (radius < 19.5)
    constants = {
        "compare": (middle / middle.sum() - rest / rest.sum()).astype(np.float32)[None, None],
        "flat": np.array([-1, 1], np.int64),
        "steep": np.array(20.0, np.float32),
        "dark": np.array(-1.7, np.float32),
        "bright": np.array(-0.5, np.float32),
        "one": np.array(1.0, np.float32),
        "nothing": np.array(0.0, np.float32),
    }
    nodes = [
        helper.make_node("Conv", ["x", "compare"], ["map"]),
        helper.make_node("Reshape", ["map", "flat"], ["d"]),
        *_step("dark", "d", "gas"),
        *_step("d", "bright", "empty"),
        helper.make_node("Sub", ["one", "gas"], ["rest"]),
        helper.make_node("Sub", ["rest", "empty"], ["signed"]),
        helper.make_node("Relu", ["signed"], ["embryo"]),
        helper.make_node("Mul", ["d", "nothing"], ["both"]),
        helper.make_node("Concat", ["empty", "embryo", "gas", "both"], ["y"], axis=1),
    ]
    return _model(nodes, constants, ["n", 1, SIDE, SIDE], ["n", 4])


def _step(larger: str, smaller: str, name: str) -> list[NodeProto]:
    """Rises from 0 to 1 where the first value passes the second."""
    return [
        helper.make_node("Sub", [larger, smaller], [f"{name}_by"]),
        helper.make_node("Mul", [f"{name}_by", "steep"], [f"{name}_logit"]),
        helper.make_node("Sigmoid", [f"{name}_logit"], [name]),
    ]


def _model(nodes: list[NodeProto], constants: Constants, takes: list[str | int], gives: list[str | int]) -> onnx.ModelProto:
    graph = helper.make_graph(
        nodes,
        "exact",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, takes)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, gives)],
        [numpy_helper.from_array(value, key) for key, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(model)
    return model


def _manifest(name: str, sha256: str) -> str:
    return f"""name = "{name}"
task = "wells"
family = "yolo"
adapter = "detector.wells.net:NetFinder"
classes = {list(CLASSES)!r}
preprocessing = "{NAME}"
file = "weights.zip"
sha256 = "{sha256}"
licence = "AGPL-3.0-or-later"
renderer_version = "0"
code_version = "0"
created = "2026-01-01"
command = "tests.exact.weights"

[input]
width = {WIDTH}
height = {HEIGHT}
channels = 1
"""
