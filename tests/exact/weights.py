"""Weights folders for `tests.exact.recording`: the middle of each floor is averaged, and its grey says the content."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from tests.exact.recording import CENTRES, HEIGHT, RADIUS, WIDTH

CELL = 8
BOX = 2 * (RADIUS + 4)
CLASSES = ["empty", "embryo", "gas", "embryo_gas", "gas_outside"]


def write_weights(home: Path, name: str = "exact", *, slowness: int = 0, bias: float = 0.0) -> Path:
    """Write one folder below `home`; each step of `slowness` costs a frame about 10 ms, `bias` only changes the hash."""
    folder = home / name
    folder.mkdir(parents=True, exist_ok=True)
    data = _net(slowness, bias).SerializeToString()
    (folder / "weights.onnx").write_bytes(data)
    (folder / "manifest.toml").write_text(_manifest(name, hashlib.sha256(data).hexdigest()), encoding="utf-8")
    return folder


def _net(slowness: int, bias: float) -> onnx.ModelProto:
    columns = WIDTH // CELL
    cells = [y // CELL * columns + x // CELL for x, y in CENTRES.values()]
    boxes = np.array([[x, y, BOX, BOX] for x, y in CENTRES.values()], np.float32).T[None]
    constants = {
        "cells": np.array(cells, np.int64),
        "flat": np.array([0, HEIGHT // CELL * columns], np.int64),
        "row": np.array([0, 1, len(cells)], np.int64),
        "boxes": boxes,
        "nothing": np.array(0.0, np.float32),
        "steep": np.array(60.0, np.float32),
        "dark": np.array(0.30, np.float32),
        "bright": np.array(0.66, np.float32),
        "one": np.array(0.98 + bias, np.float32),
        "little": np.array(1e-12, np.float32),
    }
    nodes = [
        helper.make_node("AveragePool", ["x"], ["pooled"], kernel_shape=[CELL, CELL], strides=[CELL, CELL]),
        helper.make_node("Reshape", ["pooled", "flat"], ["listed"]),
        helper.make_node("Gather", ["listed", "cells"], ["quick"], axis=1),
        *_burden(slowness, constants),
        helper.make_node("Reshape", ["grey", "row"], ["g"]),
        helper.make_node("Mul", ["g", "nothing"], ["zero"]),
        helper.make_node("Add", ["zero", "boxes"], ["places"]),
        *_steps(("dark", "g", "gas"), ("g", "bright", "empty")),
        helper.make_node("Sub", ["one", "gas"], ["rest"]),
        helper.make_node("Sub", ["rest", "empty"], ["signed"]),
        helper.make_node("Relu", ["signed"], ["embryo"]),
        helper.make_node("Concat", ["places", "empty", "embryo", "gas", "zero", "zero"], ["y"], axis=1),
    ]
    graph = helper.make_graph(
        nodes,
        "exact",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 1, HEIGHT, WIDTH])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 9, len(cells)])],
        [numpy_helper.from_array(value, key) for key, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(model)
    return model


def _steps(*comparisons: tuple[str, str, str]) -> list[onnx.NodeProto]:
    """Scores that rise from 0 to 1 where the first value passes the second."""
    nodes = []
    for larger, smaller, name in comparisons:
        nodes += [
            helper.make_node("Sub", [larger, smaller], [f"{name}_by"]),
            helper.make_node("Mul", [f"{name}_by", "steep"], [f"{name}_logit"]),
            helper.make_node("Sigmoid", [f"{name}_logit"], [name]),
        ]
    return nodes


def _burden(slowness: int, constants: dict[str, np.ndarray]) -> list[onnx.NodeProto]:
    """Convolutions whose answer counts for next to nothing."""
    if not slowness:
        return [helper.make_node("Identity", ["quick"], ["grey"])]
    rng = np.random.default_rng(1)
    nodes, last, depth = [], "x", 1
    for step in range(slowness):
        constants[f"w{step}"] = rng.normal(0, 0.02, (16, depth, 3, 3)).astype(np.float32)
        nodes.append(helper.make_node("Conv", [last, f"w{step}"], [f"c{step}"], pads=[1, 1, 1, 1]))
        last, depth = f"c{step}", 16
    constants["axis"] = np.array([1], np.int64)
    return [
        *nodes,
        helper.make_node("ReduceMean", [last], ["mean"], axes=[1, 2, 3], keepdims=0),
        helper.make_node("Mul", ["mean", "little"], ["hint"]),
        helper.make_node("Unsqueeze", ["hint", "axis"], ["column"]),
        helper.make_node("Add", ["quick", "column"], ["grey"]),
    ]


def _manifest(name: str, sha256: str) -> str:
    return f"""name = "{name}"
task = "wells"
family = "yolo"
adapter = "detector.wells.yolo:YoloFinder"
classes = {CLASSES!r}
preprocessing = "fit-384x288-stretch-1-99"
file = "weights.onnx"
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
