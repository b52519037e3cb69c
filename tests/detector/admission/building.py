"""Files by hand: archives, pickles, safetensors and ONNX nets, right or wrong in one place."""

from __future__ import annotations

import io
import json
import struct
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

LEAST = {"family": "modcnn", "classes": ["empty", "embryo", "gas", "embryo_gas", "gas_outside"]}


def archive(files: Mapping[str, bytes] | Sequence[tuple[str, bytes]], *, method: int = zipfile.ZIP_STORED) -> bytes:
    """A ZIP of these members, in this order; a name may come twice."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as made:
        for name, data in files.items() if isinstance(files, Mapping) else files:
            info = zipfile.ZipInfo(name)
            info.compress_type = method
            # Of two alike the second may be written too: that is the point.
            made.NameToInfo.pop(name, None)
            made.writestr(info, data)
    return buffer.getvalue()


def checkpoint(pickle: bytes, storages: Mapping[str, bytes] | None = None, **more: bytes) -> bytes:
    """A file as torch.save writes it, around a description of our own."""
    files = {"archive/data.pkl": pickle, "archive/byteorder": b"little", "archive/version": b"3\n"}
    files |= {f"archive/data/{key}": value for key, value in (storages or {}).items()}
    return archive(files | {f"archive/{name}": value for name, value in more.items()})


def text(value: str) -> bytes:
    data = value.encode()
    return b"X" + struct.pack("<I", len(data)) + data


def number(value: int) -> bytes:
    size = max(1, (value.bit_length() + 8) // 8)
    return b"\x8a" + bytes([size]) + value.to_bytes(size, "little", signed=True)


def word(module: str, name: str) -> bytes:
    return f"c{module}\n{name}\n".encode()


def call(module: str, name: str, *arguments: bytes) -> bytes:
    """A pickle of one call, as whoever means harm writes it."""
    return b"\x80\x02" + word(module, name) + b"(" + b"".join(arguments) + b"tR."


def table(**values: bytes) -> bytes:
    return b"}(" + b"".join(text(key) + value for key, value in values.items()) + b"u"


def described(**values: bytes) -> bytes:
    """A pickle of one table."""
    return b"\x80\x02" + table(**values) + b"."


def storage(key: str = "0", count: int = 4, kind: str = "FloatStorage") -> bytes:
    return b"(" + text("storage") + word("torch", kind) + text(key) + text("cpu") + number(count) + b"tQ"


def tensor(held: bytes | None = None, *, offset: int = 0, sides: Sequence[int] = (4,), steps: Sequence[int] = (1,)) -> bytes:
    def listed(values: Sequence[int]) -> bytes:
        return b"(" + b"".join(number(value) for value in values) + b"t"

    made = (held if held is not None else storage()) + number(offset) + listed(sides) + listed(steps) + b"\x89N"
    return word("torch._utils", "_rebuild_tensor_v2") + b"(" + made + b"tR"


def state(**tensors: bytes) -> bytes:
    """A checkpoint of one of our families with these tensors."""
    return described(family=text("modcnn"), classes=_texts(LEAST["classes"]), state_dict=table(**tensors))


def _texts(values: Sequence[str]) -> bytes:
    return b"](" + b"".join(text(value) for value in values) + b"e"


def thing(name: str, **values: bytes) -> bytes:
    """What would become an object of a class, with this state."""
    module, _, last = name.rpartition(".")
    return word(module, last) + b")\x81" + table(**values) + b"b"


def yolo(**plan: bytes) -> bytes:
    """A checkpoint of ultralytics with this description of its net."""
    usual = {
        "nc": number(2), "channels": number(3), "backbone": _row("Conv", b"](" + number(8) + number(3) + number(2) + b"e"),
        "head": _row("Detect", b"](" + text("nc") + b"e"),
    }  # fmt: skip
    net = thing(
        "ultralytics.nn.tasks.DetectionModel", yaml=table(**usual | plan),
        names=b"}(K\x00" + text("empty") + b"K\x01" + text("embryo") + b"u", _parameters=b"}", _buffers=table(a=tensor()), _modules=b"}",
    )  # fmt: skip
    return described(model=net)


def _row(layer: str, arguments: bytes) -> bytes:
    return b"](](" + b"J\xff\xff\xff\xff" + number(1) + text(layer) + arguments + b"ee"


row = _row


def safetensors(header: Any, data: bytes = b"", *, claims: int | None = None) -> bytes:
    told = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(told) if claims is None else claims) + told + data


def entry(begin: int, end: int, sides: Sequence[int], kind: str = "F32") -> dict[str, Any]:
    return {"dtype": kind, "shape": list(sides), "data_offsets": [begin, end]}


def held(name: str, values: Any, kind: Any = np.float32) -> onnx.TensorProto:
    return numpy_helper.from_array(np.asarray(values, dtype=kind), name)


def net(
    nodes: Sequence[onnx.NodeProto], tensors: Sequence[onnx.TensorProto] = (), *, answer: Sequence[Any] = ("n", 9, 4),
    picture: Sequence[Any] = ("n", 1, 288, 384), opset: int = 17, names: str | None = None,
) -> onnx.ModelProto:  # fmt: skip
    """A net from `inputs` to `answers`."""
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, sides) for name, sides in (("inputs", picture), ("answers", answer))]
    graph = helper.make_graph(list(nodes), "net", [ends[0]], [ends[1]], list(tensors))
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])
    made.ir_version = 8
    if names is not None:
        made.metadata_props.add(key="names", value=names)
    return made


def finder(rows: int = 9, candidates: int = 4, *, share: float = 0.5, answer_open: bool = False, **more: Any) -> onnx.ModelProto:
    """A net that answers every picture alike, but for a touch of what it sees: boxes in the middle, each class with this share."""
    values = np.zeros((1, rows, candidates), np.float32)
    values[:, :2], values[:, 2:4], values[:, 4:] = 100.0, 30.0, share
    nodes = [
        helper.make_node("ReduceMean", ["inputs"], ["mean"], axes=[1, 2, 3], keepdims=1),
        helper.make_node("Squeeze", ["mean", "last"], ["thin"]),
        helper.make_node("Mul", ["thin", "none"], ["nothing"]),
        helper.make_node("Add", ["nothing", "boxes"], ["answers"]),
    ]
    tensors = [held("last", [3], np.int64), held("none", 1e-6), held("boxes", values)]
    return net(nodes, tensors, answer=(None, None, None) if answer_open else ("n", rows, candidates), **more)


def saved(made: onnx.ModelProto) -> bytes:
    return bytes(made.SerializeToString())


def weights_folder(weights: bytes, *, file: str = "weights.zip", **more: Any) -> bytes:
    """A weights folder as ZIP."""
    import hashlib

    said = {"task": "wells", "family": "yolo", "file": file, "sha256": hashlib.sha256(weights).hexdigest(), **more.pop("manifest", {})}
    toml = "\n".join(f"{name} = {json.dumps(value)}" for name, value in said.items())
    return archive({"manifest.toml": more.pop("toml", toml.encode()), file: weights, **more})
