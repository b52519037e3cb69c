"""The rules for ONNX: standard operators, no file beside it, no net within the net, nothing whose size a picture decides.

Field numbers: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from detector.admission.operators import ONLY_SHAPES, OPERATORS, SIZES_FROM
from detector.admission.refusals import refused, shown
from detector.admission.wire import Reader, Value, part, text, whole

MOST_BYTES = 256 * 1024**2
MOST_NODES = 20_000
MOST_FIELDS = 4_000_000
OPSETS = range(9, 27)
IR_VERSIONS = range(3, 15)
_MODEL = {
    1: "ir_version", 2: "producer_name", 3: "producer_version", 4: "domain", 5: "model_version", 6: "doc_string", 7: "graph",
    8: "opset_import*", 14: "metadata_props*", 20: "training_info*", 25: "functions*",
}  # fmt: skip
_GRAPH = {
    1: "node*", 2: "name", 5: "initializer*", 10: "doc_string", 11: "input*", 12: "output*", 13: "value_info*",
    14: "quantization_annotation*", 15: "sparse_initializer*", 16: "metadata_props*",
}  # fmt: skip
_NODE = {
    1: "input*", 2: "output*", 3: "name", 4: "op_type", 5: "attribute*", 6: "doc_string", 7: "domain", 8: "overload", 9: "metadata_props*",
}  # fmt: skip
_ATTRIBUTE = {
    1: "name", 2: "f", 3: "i", 4: "s", 5: "t", 6: "g", 7: "floats*", 8: "ints*", 9: "strings*", 10: "tensors*", 11: "graphs*",
    13: "doc_string", 14: "tp", 15: "type_protos*", 20: "type", 21: "ref_attr_name", 22: "sparse_tensor", 23: "sparse_tensors*",
}  # fmt: skip
_TENSOR = {
    1: "dims*", 2: "data_type", 3: "segment", 4: "float_data*", 5: "int32_data*", 6: "string_data*", 7: "int64_data*", 8: "name",
    9: "raw_data", 10: "double_data*", 11: "uint64_data*", 12: "doc_string", 13: "external_data*", 14: "data_location",
    16: "metadata_props*",
}  # fmt: skip
_VALUE_INFO = {1: "name", 2: "type", 3: "doc_string", 4: "metadata_props*"}
_TYPE = {1: "tensor_type", 6: "denotation"}
_TENSOR_TYPE = {1: "elem_type", 2: "shape"}
_DIMENSION = {1: "dim_value", 2: "dim_param", 3: "denotation"}
_SIZES = {1: 4, 2: 1, 3: 1, 4: 2, 5: 2, 6: 4, 7: 8, 9: 1, 10: 2, 11: 8, 12: 4, 13: 8, 16: 2}
"""Bytes of an element of each type that nets are made of; texts, complex and packed numbers are none."""
_FLOATS = {1: "<f4", 10: "<f2", 11: "<f8"}
_GRAPHS, _TYPES = {"g", "graphs*"}, {"tp", "type_protos*", "tensors*", "sparse_tensor", "sparse_tensors*", "ref_attr_name"}
Dimension = int | None


@dataclass(frozen=True, slots=True)
class Port:
    """What goes in or comes out; a side that is open is None."""

    name: str
    element: int
    sides: tuple[Dimension, ...] | None


@dataclass(frozen=True, slots=True)
class Net:
    """What an ONNX file says of itself, once it was found harmless."""

    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    nodes: int
    opset: int
    metadata: dict[str, str] = field(default_factory=dict)


def check_onnx(data: bytes) -> Net:
    """The net of an ONNX file; raises the refusal of one that breaks a rule."""
    if len(data) > MOST_BYTES:
        raise refused("file_too_large", f"The net has {len(data)} bytes, more than {MOST_BYTES}.")
    return _Check(Reader(MOST_FIELDS)).model(memoryview(data))


class _Check:
    """One way through the file; names that a node may use are those that were there before it."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._known: set[str] = {""}
        self._varies: set[str] = set()
        """Names whose values depend on the picture."""

    def model(self, data: memoryview) -> Net:
        opsets: dict[str, int] = {}
        metadata: dict[str, str] = {}
        graph: memoryview | None = None
        version = 0
        for name, value in self._reader.fields(data, _MODEL, "The file"):
            if name == "graph":
                graph = part(value, "The graph")
            elif name == "opset_import*":
                domain, number = self._opset(part(value, "A set of operators"))
                opsets[domain] = number
            elif name == "metadata_props*" and len(metadata) < 64:
                metadata |= self._pair(part(value, "A note"))
            elif name == "ir_version":
                version = whole(value, "The version")
            elif name in ("training_info*", "functions*"):
                raise refused("onnx_function", "The file defines operators or steps of its own; only standard ones are served.")
        if graph is None or version not in IR_VERSIONS:
            raise refused("onnx_version", f"It is no ONNX of a version that is served (it says {version}).")
        # Exporters announce other sets too, which no node uses; a node that does is refused.
        opset = opsets.get("", opsets.get("ai.onnx", 0))
        if opset not in OPSETS:
            detail = f"It needs version {opset} of the operators; {OPSETS.start} to {OPSETS.stop - 1} are served."
            raise refused("onnx_version", detail, "Export the net again with opset 17.")
        inputs, outputs, nodes = self._graph(graph)
        return Net(inputs, outputs, nodes, opset, metadata)

    def _graph(self, data: memoryview) -> tuple[tuple[Port, ...], tuple[Port, ...], int]:
        nodes: list[memoryview] = []
        inputs, outputs, held = [], [], set()
        for name, value in self._reader.fields(data, _GRAPH, "The graph"):
            if name == "node*":
                nodes.append(part(value, "A node"))
                if len(nodes) > MOST_NODES:
                    raise refused("onnx_nodes_too_many", f"It has more than {MOST_NODES} nodes.")
            elif name == "initializer*":
                held.add(self._tensor(part(value, "A tensor")))
            elif name == "input*":
                inputs.append(self._port(part(value, "An input")))
            elif name == "output*":
                outputs.append(self._port(part(value, "An output")))
            elif name == "sparse_initializer*":
                raise refused("onnx_tensor", "It holds a sparse tensor, which is not served.")
        # Old exporters list what is held among the inputs too.
        asked = tuple(port for port in inputs if port.name not in held)
        names = [port.name for port in asked]
        if "" in names or len(set(names)) != len(names):
            raise refused("onnx_inputs", "Its inputs have no names of their own.")
        self._known |= held | set(names)
        self._varies |= set(names)
        for node in nodes:
            self._node(node)
        if missing := [port.name for port in outputs if port.name not in self._known or not port.name]:
            raise refused("onnx_order", f"Nothing makes its output {shown(missing[0])}.")
        return asked, tuple(outputs), len(nodes)

    def _node(self, data: memoryview) -> None:
        takes: list[str] = []
        makes: list[str] = []
        operator = domain = ""
        for name, value in self._reader.fields(data, _NODE, "A node"):
            if name == "input*":
                takes.append(text(value, "A name"))
            elif name == "output*":
                makes.append(text(value, "A name"))
            elif name == "op_type":
                operator = text(value, "An operator")
            elif name == "domain":
                domain = text(value, "A domain")
            elif name == "attribute*":
                self._attribute(part(value, "An attribute"))
            elif name == "overload" and value:
                raise refused("onnx_function", "A node names a function of the file's own.")
        if domain not in ("", "ai.onnx"):
            what = f"{shown(operator)} of {shown(domain)}"
            raise refused("onnx_custom_operator", f"It uses the operator {what}, which is not of the standard.", _EXPORT_PLAIN)
        if operator not in OPERATORS:
            raise refused(
                "onnx_operator", f"It uses the operator {shown(operator)}, which is not on the list of those served.", _EXPORT_PLAIN
            )
        if missing := [name for name in takes if name not in self._known]:
            raise refused("onnx_order", f"A node needs {shown(missing[0])} before anything makes it.")
        for place in SIZES_FROM.get(operator, ()):
            if place < len(takes) and takes[place] in self._varies:
                raise refused("onnx_data_dependent", f"The size of what {operator} answers depends on the picture, so memory is unbounded.")
        made = [name for name in makes if name]
        if len(set(made)) != len(made) or self._known & set(made):
            raise refused("onnx_order", f"A name is made twice: {shown(next(iter(self._known & set(made)), made[0]))}.")
        self._known |= set(made)
        if operator not in ONLY_SHAPES and any(name in self._varies for name in takes):
            self._varies |= set(made)

    def _attribute(self, data: memoryview) -> None:
        for name, value in self._reader.fields(data, _ATTRIBUTE, "An attribute"):
            if name in _GRAPHS:
                raise refused("onnx_subgraph", "A node holds a net of its own (a loop or a branch), which is not served.", _EXPORT_PLAIN)
            if name in _TYPES:
                raise refused("onnx_tensor", f"A node holds {name.rstrip('*')}, which is not served.")
            if name == "t":
                self._tensor(part(value, "A tensor"))
            elif name in ("ints*", "floats*", "strings*") and not isinstance(value, int) and len(value) > 1_000_000:
                raise refused("onnx_tensor", "A node holds a list of a million bytes.")

    def _tensor(self, data: memoryview) -> str:
        sides: list[int] = []
        name_of, kind, raw, typed = "", 0, None, 0
        for name, value in self._reader.fields(data, _TENSOR, "A tensor"):
            if name == "dims*":
                sides += self._reader.numbers(value)
            elif name == "data_type":
                kind = whole(value, "A type")
            elif name == "name":
                name_of = text(value, "A name")
            elif name == "raw_data":
                raw = part(value, "Data")
            elif name == "external_data*" or (name == "data_location" and value):
                raise refused(
                    "onnx_external_data", "It wants to read its tensors from another file; nothing outside it is read.", _EXPORT_ONE
                )
            elif name in ("segment", "string_data*"):
                raise refused("onnx_tensor", f"A tensor has {name.rstrip('*')}, which is not served.")
            elif name.endswith("_data*"):
                typed += self._count(name, value)
        self._judge(name_of, kind, sides, raw, typed)
        return name_of

    def _count(self, name: str, value: Value) -> int:
        size = {"float_data*": 4, "double_data*": 8}.get(name)
        if size is None:
            return len(self._reader.numbers(value))
        if isinstance(value, int) or len(value) % size:
            raise refused("onnx_tensor", f"A tensor's {name.rstrip('*')} is cut off.")
        numbers = np.frombuffer(value, "<f4" if size == 4 else "<f8")
        if np.isnan(numbers).any():
            raise refused("not_finite", "A tensor of the net holds what is no number (NaN).")
        return len(numbers)

    def _judge(self, name: str, kind: int, sides: list[int], raw: memoryview | None, typed: int) -> None:
        if kind not in _SIZES:
            raise refused("onnx_tensor", f"The tensor {shown(name)} is of type {kind}, which is not served.")
        if len(sides) > 8 or any(side >> 40 for side in sides):
            raise refused("onnx_tensor", f"The tensor {shown(name)} claims the sides {sides[:8]}.")
        count = math.prod(sides)
        has = typed if raw is None else len(raw) / _SIZES[kind]
        if has != count or (raw is not None and typed):
            raise refused("onnx_tensor", f"The tensor {shown(name)} claims {count} numbers and holds {has:g}.")
        if raw is not None and kind in _FLOATS and np.isnan(np.frombuffer(raw, _FLOATS[kind])).any():
            raise refused("not_finite", f"The tensor {shown(name)} holds what is no number (NaN).")

    def _port(self, data: memoryview) -> Port:
        name_of, element, sides = "", 0, None
        for name, value in self._reader.fields(data, _VALUE_INFO, "An input or output"):
            if name == "name":
                name_of = text(value, "A name")
            elif name == "type":
                for inner, told in self._reader.fields(part(value, "A type"), _TYPE, "The type of an input or output"):
                    if inner == "tensor_type":
                        element, sides = self._tensor_type(part(told, "A type"))
        return Port(name_of, element, sides)

    def _tensor_type(self, data: memoryview) -> tuple[int, tuple[Dimension, ...] | None]:
        element, sides = 0, None
        for name, value in self._reader.fields(data, _TENSOR_TYPE, "A type"):
            if name == "elem_type":
                element = whole(value, "A type")
            else:
                sides = tuple(
                    self._dimension(part(one, "A side")) for _, one in self._reader.fields(part(value, "A shape"), {1: "dim*"}, "A shape")
                )
        return element, sides

    def _dimension(self, data: memoryview) -> Dimension:
        for name, value in self._reader.fields(data, _DIMENSION, "A side"):
            if name == "dim_value":
                return whole(value, "A side")
        return None

    def _opset(self, data: memoryview) -> tuple[str, int]:
        domain, number = "", 0
        for name, value in self._reader.fields(data, {1: "domain", 2: "version"}, "A set of operators"):
            if name == "domain":
                domain = text(value, "A domain")
            else:
                number = whole(value, "A version")
        return domain, number

    def _pair(self, data: memoryview) -> dict[str, str]:
        said = {name: text(value, "A note", 65536) for name, value in self._reader.fields(data, {1: "key", 2: "value"}, "A note")}
        return {said.get("key", "")[:100]: said.get("value", "")}


_EXPORT_PLAIN = "Export the net again with opset 17, without its own selection of boxes (nms=False) and without custom operators."
_EXPORT_ONE = "Export the net into one file (save_as_external_data=False)."
