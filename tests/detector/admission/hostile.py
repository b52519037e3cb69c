"""Files that mean harm, or could: each with the reason it has to be refused with. Made anew for every test, kept nowhere."""

from __future__ import annotations

import io
import struct
import tarfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from onnx import TensorProto, helper

from tests.detector.admission.building import (
    archive,
    call,
    checkpoint,
    described,
    entry,
    finder,
    held,
    net,
    number,
    row,
    safetensors,
    saved,
    state,
    storage,
    table,
    tensor,
    text,
    thing,
    weights_folder,
    word,
    yolo,
)  # fmt: skip

NOTHING = bytes(16)


@dataclass(frozen=True)
class Trap:
    """What a hostile file reaches for; none of it may be reached."""

    canary: Path
    port: int


Make = Callable[[Trap], bytes]


def _calls() -> dict[str, tuple[str, Make]]:
    """Pickles that run something as they are opened."""

    def touching(module: str, name: str) -> Make:
        return lambda trap: checkpoint(call(module, name, text(f"touch {trap.canary}-touched")))

    return {
        "os.system": ("pickle_call", touching("os", "system")),
        "posix.system": ("pickle_call", touching("posix", "system")),
        "eval": ("pickle_call", lambda trap: checkpoint(call("builtins", "eval", text(f"open({str(trap.canary)!r}, 'w').write('x')")))),
        "exec": ("pickle_call", lambda trap: checkpoint(call("__builtin__", "exec", text("import os; os.fork()")))),
        "importlib": ("pickle_call", lambda _: checkpoint(call("importlib", "import_module", text("antigravity")))),
        "subprocess": ("pickle_call", lambda trap: checkpoint(call("subprocess", "Popen", text(f"touch {trap.canary}-touched")))),
        "a socket": (
            "pickle_call",
            lambda trap: checkpoint(call("socket", "create_connection", b"(" + text("127.0.0.1") + number(trap.port) + b"t")),
        ),
        "fork": ("pickle_call", lambda _: checkpoint(call("os", "fork"))),
        "a secret from the environment": ("pickle_call", lambda _: checkpoint(call("os", "getenv", text("SECRET_KEY")))),
        "a secret from a file": ("pickle_call", lambda trap: checkpoint(call("builtins", "open", text(str(trap.canary))))),
        "a file through io": ("pickle_class", lambda trap: checkpoint(call("io", "open", text(str(trap.canary)), text("w")))),
        "a library": ("pickle_call", lambda _: checkpoint(call("ctypes", "CDLL", text("libc.so.6")))),
        "a hundred gigabytes": ("pickle_call", lambda _: checkpoint(call("builtins", "bytearray", number(10**11)))),
        "an endless loop": ("pickle_class", lambda _: checkpoint(call("itertools", "count", number(0)))),
        "a program by its name": ("pickle_call", lambda _: checkpoint(call("runpy", "run_module", text("antigravity")))),
        "a net from the network": ("pickle_class", lambda _: checkpoint(call("torch.hub", "load", text("a/b"), text("c")))),
        "another pickle": ("pickle_class", lambda trap: checkpoint(call("torch", "load", text(str(trap.canary))))),
        "a class called with sizes": (
            "pickle_call",
            lambda _: checkpoint(call("torch.nn.modules.linear", "Linear", number(10**6), number(10**6))),
        ),
        "attributes of a function": (
            "pickle_call",
            lambda _: checkpoint(b"\x80\x02" + word("torch._utils", "_rebuild_tensor_v2") + table(a=number(1)) + b"b."),
        ),
        "a name of protocol 4": ("pickle_opcode", lambda _: checkpoint(b"\x80\x02" + text("os") + text("system") + b"\x93)R.")),
        "protocol 4": ("pickle_opcode", lambda _: checkpoint(b"\x80\x04N.")),
        "an old instruction that makes objects": ("pickle_opcode", lambda _: checkpoint(b"\x80\x02(ios\nsystem\n.")),
        "a registered extension": ("pickle_opcode", lambda _: checkpoint(b"\x80\x02\x82\x01.")),
        "a pickle that is cut off": ("pickle_damaged", lambda _: checkpoint(b"\x80\x02}(X\xff\xff\xff\x7f")),
        "tuples in tuples as a key": ("pickle_damaged", lambda _: checkpoint(b"\x80\x02})" + b"q\x00h\x00\x86" * 60 + b"Ns.")),
        "a text evaluated by ultralytics": (
            "plan_refused",
            lambda _: checkpoint(yolo(activation=text("__import__('os').system('true')")), {"0": NOTHING}),
        ),
        "a layer that is not on the list": (
            "plan_refused",
            lambda _: checkpoint(yolo(backbone=row("TorchVision", b"](" + text("resnet18") + b"e")), {"0": NOTHING}),
        ),
        "a layer of a million channels": (
            "plan_refused",
            lambda _: checkpoint(yolo(backbone=row("Conv", b"](" + number(10**6) + b"e")), {"0": NOTHING}),
        ),
        "another net than one for boxes": (
            "pickle_class",
            lambda _: checkpoint(described(model=thing("ultralytics.nn.tasks.ClassificationModel")), {"0": NOTHING}),
        ),
    }


def _archives() -> dict[str, tuple[str, Make]]:
    """Checkpoints whose archive or storages lie."""
    honest = state(a=tensor())
    return {
        "a storage smaller than it says": ("storage_size", lambda _: checkpoint(state(a=tensor(storage(count=1 << 30))), {"0": NOTHING})),
        "a storage that is not there": ("storage_missing", lambda _: checkpoint(honest)),
        "a storage of another name": ("storage_missing", lambda _: checkpoint(state(a=tensor(storage("../0"))), {"0": NOTHING})),
        "a view past the end": ("storage_size", lambda _: checkpoint(state(a=tensor(offset=2)), {"0": NOTHING})),
        "a view before the start": ("storage_size", lambda _: checkpoint(state(a=tensor(offset=-1)), {"0": NOTHING})),
        "a terabyte out of one number": (
            "storage_size",
            lambda _: checkpoint(state(a=tensor(sides=(1 << 20, 1 << 20), steps=(0, 0))), {"0": NOTHING}),
        ),
        "two descriptions": (
            "checkpoint_pickles",
            lambda _: archive({"a/data.pkl": honest, "b/data.pkl": call("os", "system", text("true")), "a/data/0": NOTHING}),
        ),
        "two descriptions of one name": (
            "archive_duplicate_names",
            lambda _: archive([("a/data.pkl", honest), ("a/data.pkl", call("os", "system", text("true"))), ("a/data/0", NOTHING)]),
        ),
        "a program in TorchScript": ("checkpoint_script", lambda _: archive({"a/data.pkl": honest, "a/code/net.py": b"import os"})),
        "a file beside the checkpoint": ("checkpoint_members", lambda _: archive({"a/data.pkl": honest, "b/evil.py": b"import os"})),
        "a bomb": ("archive_bomb", lambda _: archive({"a/data.pkl": honest, "a/data/0": bytes(200_000_000)}, method=zipfile.ZIP_DEFLATED)),
        "a packed description": ("archive_method", lambda _: archive({"a/data.pkl": honest}, method=zipfile.ZIP_DEFLATED)),
        "a name that climbs": ("name_refused", lambda _: archive({"a/data.pkl": honest, "a/../../evil": b"x"})),
        "a name from the root": ("name_refused", lambda _: archive({"a/data.pkl": honest, "/etc/evil": b"x"})),
        "a link": ("link_refused", lambda _: _with_link(honest)),
        "shared bytes": ("archive_overlap", lambda _: _overlapping(checkpoint(honest, {"0": NOTHING, "1": NOTHING}))),
        "a password": ("archive_encrypted", lambda _: _flagged(checkpoint(honest, {"0": NOTHING}))),
        "the old form as tar": ("checkpoint_legacy", lambda _: _tar(honest)),
        "the old form as a pickle": ("checkpoint_legacy", lambda trap: call("os", "system", text(f"touch {trap.canary}-touched"))),
        "no net at all": ("checkpoint_unknown", lambda _: checkpoint(described(optimizer=b"}"))),
        "a family that is not ours": (
            "family_unknown",
            lambda _: checkpoint(described(state_dict=table(a=tensor())), {"0": NOTHING}),
        ),
        "classes that are not ours": (
            "classes_wrong",
            lambda _: checkpoint(
                described(family=text("modcnn"), classes=b"](" + text("cat") + b"e", state_dict=table(a=tensor())), {"0": NOTHING}
            ),
        ),
    }


def _tensors() -> dict[str, tuple[str, Make]]:
    """Safetensors that lie."""
    four = NOTHING
    two = {"a": entry(0, 16, [4]), "b": entry(8, 24, [4])}
    return {
        "tensors that overlap": ("safetensors_overlap", lambda _: safetensors(two, bytes(24))),
        "negative places": ("safetensors_offsets", lambda _: safetensors({"a": entry(-16, 0, [4])}, four)),
        "places past the end": ("safetensors_offsets", lambda _: safetensors({"a": entry(0, 1 << 33, [1 << 31])}, four)),
        "places in the wrong order": ("safetensors_offsets", lambda _: safetensors({"a": entry(16, 0, [4])}, four)),
        "a header of a hundred megabytes": ("safetensors_header", lambda _: safetensors(b"{" + b" " * 100_000_000, claims=100_000_001)),
        "a header longer than the file": ("safetensors_header", lambda _: safetensors(b"{}", claims=1 << 20)),
        "a header of 2^63 bytes": ("safetensors_header", lambda _: safetensors(b"{}", claims=1 << 63)),
        "a tensor larger than its bytes": ("safetensors_size", lambda _: safetensors({"a": entry(0, 16, [1 << 20])}, four)),
        "sides that overflow": ("safetensors_size", lambda _: safetensors({"a": entry(0, 16, [1 << 32, 1 << 32])}, four)),
        "bytes that belong to nobody": ("safetensors_gap", lambda _: safetensors({"a": entry(0, 16, [4])}, four + b"#!/bin/sh\n")),
        "a name twice": (
            "safetensors_header",
            lambda _: safetensors(b'{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]},"a":{}}', four),
        ),
        "a header without a bottom": ("safetensors_header", lambda _: safetensors(b'{"a":' + b"[" * 200_000)),
        "a type that is none": ("safetensors_type", lambda _: safetensors({"a": entry(0, 16, [4], "PICKLE")}, four)),
        "NaN": ("not_finite", lambda _: safetensors({"a": entry(0, 16, [4])}, struct.pack("<4f", 1, float("nan"), 0, 0))),
        "tensors of nobody knows what": ("manifest_missing", lambda _: safetensors({"a": entry(0, 16, [4])}, four)),
    }


def _nets() -> dict[str, tuple[str, Make]]:
    """ONNX that reaches out, never ends, or lies; nothing of it is run."""
    same = [helper.make_node("Identity", ["inputs"], ["answers"])]
    usual = (1, 3, 320, 320)
    return {
        "a file beside it": ("onnx_external_data", lambda _: saved(_external("../../../../etc/passwd"))),
        "an operator of its own": (
            "onnx_custom_operator",
            lambda _: saved(net([helper.make_node("Evil", ["inputs"], ["answers"], domain="com.example")])),
        ),
        "an operator not on the list": ("onnx_operator", lambda _: saved(net([helper.make_node("NonZero", ["inputs"], ["answers"])]))),
        "a loop": ("onnx_subgraph", lambda _: saved(net([_looping()]))),
        "branches within branches": ("onnx_subgraph", lambda _: saved(net([_branching(12)]))),
        "a function": ("onnx_function", lambda _: saved(_with_function())),
        "a million nodes": ("onnx_nodes_too_many", lambda _: _many(saved(net(same)))),
        "a size that the picture decides": ("onnx_data_dependent", lambda _: saved(_dependent())),
        "a tensor larger than its bytes": ("onnx_tensor", lambda _: saved(_lying([1 << 20, 1 << 20]))),
        "a tensor of texts": ("onnx_tensor", lambda _: saved(net(same, [helper.make_tensor("a", TensorProto.STRING, [1], [b"x"])]))),
        "nodes in a circle": (
            "onnx_order",
            lambda _: saved(net([helper.make_node("Add", ["inputs", "b"], ["answers"]), helper.make_node("Neg", ["answers"], ["b"])])),
        ),
        "operators of the year 3000": ("onnx_version", lambda _: saved(net(same, opset=99))),
        "a net that is cut off": ("onnx_damaged", lambda _: saved(finder())[:-40]),
        "a second graph": ("onnx_damaged", lambda _: saved(finder()) + saved(net(same))),
        "a script behind it": ("onnx_damaged", lambda _: saved(finder()) + b"\n#!/bin/sh\nrm -rf /\n"),
        "a net of NaN": ("not_finite", lambda _: saved(net(same, [held("a", [np.nan])]))),
        "two inputs": ("onnx_inputs", lambda _: saved(_two_inputs())),
        "huge pictures": ("onnx_inputs", lambda _: saved(finder(5, picture=("n", 3, 100_000, 100_000), names="{0: 'embryo'}"))),
        "fewer classes than it answers": ("classes_wrong", lambda _: saved(finder(9, names="{0: 'embryo', 1: 'empty'}", picture=usual))),
        "names that are a program": ("classes_wrong", lambda _: saved(finder(5, names="__import__('os').system('true')", picture=usual))),
    }  # fmt: skip


def _folders() -> dict[str, tuple[str, Make]]:
    """Weights folders that are none."""
    good = archive({"wells.onnx": saved(finder())})
    return {
        "nothing": ("file_empty", lambda _: b""),
        "one byte": ("kind_unknown", lambda _: b"\x00"),
        "a picture": ("kind_unknown", lambda _: b"\x89PNG\r\n\x1a\n" + bytes(100)),
        "a packed tar": ("checkpoint_legacy", lambda _: b"\x1f\x8b\x08" + bytes(300)),
        "no manifest": ("manifest_missing", lambda _: archive({"weights.zip": good})),
        "a manifest that points elsewhere": (
            "manifest_broken",
            lambda _: weights_folder(good, manifest={"file": "../../secret"}),
        ),
        "a manifest without a bottom": ("manifest_broken", lambda _: weights_folder(good, toml=b"a = " + b"[" * 30_000)),
        "a manifest of a megabyte": ("manifest_broken", lambda _: weights_folder(good, toml=b"#" * 1_000_000)),
        "another file than the manifest's": ("weights_changed", lambda _: weights_folder(good, manifest={"sha256": "0" * 64})),
        "code beside the weights": ("manifest_broken", lambda _: weights_folder(good, **{"adapter.py": b"import os"})),
        "code among the nets": ("manifest_broken", lambda _: weights_folder(archive({"wells.onnx": saved(finder()), "evil.py": b""}))),
        "archives within archives": ("manifest_broken", lambda _: weights_folder(archive({"weights.zip": good}))),
        "a million entries": ("archive_entries_too_many", lambda _: archive({f"a/{n}": b"" for n in range(5000)})),
    }


def _trials() -> dict[str, tuple[str, Make]]:
    """Nets that keep every rule and answer what makes no sense, or never; they are tried out in the sandbox."""
    hundred = held("sides", [10**5, 10**6], np.int64)
    return {
        "NaN as an answer": ("not_finite", lambda _: saved(_divided(0.0, 0.0))),
        "infinite boxes": ("not_finite", lambda _: saved(_divided(1.0, 0.0))),
        "ten million boxes": ("answers_too_many", lambda _: saved(_stretched(10**7 // 9))),
        "scores without bounds": ("answers_wrong", lambda _: saved(finder(share=17.0))),
        "another number of classes": ("classes_wrong", lambda _: saved(finder(12, answer_open=True))),
        "a hundred gigabytes as a net": (
            "memory_exceeded",
            lambda _: saved(
                net(
                    [
                        helper.make_node("ConstantOfShape", ["sides"], ["huge"]),
                        helper.make_node("ReduceMean", ["inputs"], ["mean"], axes=[1, 2, 3], keepdims=0),
                        helper.make_node("ReduceSum", ["huge"], ["sum"], keepdims=0),
                        helper.make_node("Add", ["mean", "sum"], ["answers"]),
                    ],
                    [hundred],
                )
            ),
        ),
    }


def _with_link(pickle: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        made.writestr("a/data.pkl", pickle)
        link = zipfile.ZipInfo("a/data/0")
        link.create_system, link.external_attr = 3, 0o120777 << 16
        made.writestr(link, "/etc/passwd")
    return buffer.getvalue()


def _overlapping(data: bytes) -> bytes:
    """The second entry of the directory points to the first one's bytes."""
    first = data.index(b"PK\x01\x02")
    second = data.index(b"PK\x01\x02", first + 4)
    return data[: second + 42] + data[first + 42 : first + 46] + data[second + 46 :]


def _flagged(data: bytes) -> bytes:
    at = data.index(b"PK\x01\x02") + 8
    return data[:at] + b"\x01\x00" + data[at + 2 :]


def _tar(pickle: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as made:
        info = tarfile.TarInfo("../../pickle")
        info.size = len(pickle)
        made.addfile(info, io.BytesIO(pickle))
    return buffer.getvalue()


def _external(path: str) -> object:
    made = finder()
    one = made.graph.initializer[2]
    one.ClearField("raw_data")
    one.data_location = TensorProto.EXTERNAL
    one.external_data.add(key="location", value=path)
    return made


def _lying(sides: list[int]) -> object:
    made = finder()
    del made.graph.initializer[2].dims[:]
    made.graph.initializer[2].dims.extend(sides)
    return made


def _looping() -> object:
    body = helper.make_graph([], "body", [], [])
    return helper.make_node("Loop", ["inputs"], ["answers"], body=body)


def _branching(depth: int) -> object:
    graph = helper.make_graph([], "leaf", [], [])
    for _ in range(depth):
        graph = helper.make_graph([helper.make_node("If", ["inputs"], ["answers"], then_branch=graph, else_branch=graph)], "branch", [], [])
    return graph.node[0]


def _with_function() -> object:
    made = finder()
    made.functions.append(helper.make_function("own", "F", ["a"], ["b"], [], [helper.make_opsetid("", 17)]))
    return made


def _many(data: bytes) -> bytes:
    """A million nodes; written by hand, as the library takes minutes for it."""
    node = b"\x0a\x0c\x0a\x01a\x12\x01b\x22\x04Relu"
    graph = node * 1_000_000
    size, head = len(graph), bytearray()
    while size > 0x7F:
        head.append(size & 0x7F | 0x80)
        size >>= 7
    return data[:2] + b"\x42\x02\x10\x11\x3a" + bytes([*head, size]) + graph


def _dependent() -> object:
    nodes = [
        helper.make_node("ReduceMax", ["inputs"], ["most"], keepdims=0),
        helper.make_node("Cast", ["most"], ["count"], to=TensorProto.INT64),
        helper.make_node("Unsqueeze", ["count", "first"], ["sides"]),
        helper.make_node("ConstantOfShape", ["sides"], ["answers"]),
    ]
    return net(nodes, [held("first", [0], np.int64)])


def _two_inputs() -> object:
    made = finder()
    made.graph.input.append(helper.make_tensor_value_info("more", TensorProto.FLOAT, [1]))
    return made


def _divided(above: float, below: float) -> object:
    made = finder()
    made.graph.node[3].output[0] = "fine"
    made.graph.node.append(helper.make_node("Mul", ["nothing", "zero"], ["naught"]))
    made.graph.node.append(helper.make_node("Add", ["naught", "above"], ["top"]))
    made.graph.node.append(helper.make_node("Add", ["naught", "below"], ["bottom"]))
    made.graph.node.append(helper.make_node("Div", ["top", "bottom"], ["share"]))
    made.graph.node.append(helper.make_node("Add", ["fine", "share"], ["answers"]))
    made.graph.initializer.extend([held("zero", 0.0), held("above", above), held("below", below)])
    return made


def _stretched(candidates: int) -> object:
    made = finder(candidates=1)
    made.graph.node[3].output[0] = "one"
    made.graph.node.append(helper.make_node("Tile", ["one", "times"], ["answers"]))
    made.graph.initializer.append(held("times", [1, 1, candidates], np.int64))
    del made.graph.output[0].type.tensor_type.shape.dim[:]
    return made


UNOPENED: dict[str, tuple[str, Make]] = {
    **{f"pickle: {name}": value for name, value in _calls().items()},
    **{f"archive: {name}": value for name, value in _archives().items()},
    **{f"safetensors: {name}": value for name, value in _tensors().items()},
    **{f"onnx: {name}": value for name, value in _nets().items()},
    **{f"folder: {name}": value for name, value in _folders().items()},
}
"""Refused by what the file says, before anything of it is loaded."""
TRIED: dict[str, tuple[str, Make]] = _trials()
