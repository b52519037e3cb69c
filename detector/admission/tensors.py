"""The rules for safetensors: the header is judged whole before a byte of a tensor is believed.

Format: https://github.com/huggingface/safetensors#format
"""

from __future__ import annotations

import json
import math
import struct
from dataclasses import dataclass
from typing import Any

import numpy as np

from detector.admission.refusals import refused, shown

MOST_HEADER_BYTES = 4 * 1024**2
MOST_TENSORS = 20_000
MOST_BYTES = 512 * 1024**2
SIZES = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "I16": 2, "I8": 1, "U8": 1, "BOOL": 1}
_FLOATS = {"F64": "<f8", "F32": "<f4", "F16": "<f2"}


@dataclass(frozen=True, slots=True)
class Tensor:
    """One tensor as the header declares it; `begin` counts from the start of the file."""

    kind: str
    sides: tuple[int, ...]
    begin: int
    end: int


def check_safetensors(data: bytes) -> tuple[dict[str, Tensor], dict[str, str]]:
    """The tensors and notes of a safetensors file; raises the refusal of one that breaks a rule."""
    if len(data) > MOST_BYTES:
        raise refused("file_too_large", f"The file has {len(data)} bytes, more than {MOST_BYTES}.")
    size = struct.unpack("<Q", data[:8])[0] if len(data) >= 8 else -1
    if size > MOST_HEADER_BYTES:
        raise refused("safetensors_header", f"Its header claims {size} bytes; {MOST_HEADER_BYTES} are read at most.")
    if size < 2 or 8 + size > len(data):
        raise refused("safetensors_header", f"Its header claims {size} bytes and the file has {len(data)}.")
    table = _table(data[8 : 8 + size])
    notes = table.pop("__metadata__", {})
    if not isinstance(notes, dict) or not all(isinstance(value, str) for value in notes.values()):
        raise refused("safetensors_header", "Its notes are no texts.")
    if len(table) > MOST_TENSORS:
        raise refused("safetensors_header", f"It lists {len(table)} tensors, more than {MOST_TENSORS}.")
    tensors = {name: _tensor(name, entry, 8 + size, len(data)) for name, entry in table.items()}
    _judge_places(tensors, 8 + size, len(data))
    for name, tensor in tensors.items():
        _judge_numbers(name, tensor, data)
    return tensors, notes


def _table(header: bytes) -> dict[str, Any]:
    if not header.startswith(b"{"):
        raise refused("safetensors_header", "Its header is no table.")
    try:
        table = json.loads(header.decode("utf-8"), object_pairs_hook=_once, parse_constant=_no_constant)
    except (ValueError, RecursionError) as reason:
        raise refused("safetensors_header", f"Its header cannot be read: {shown(reason)}.") from None
    return dict(table)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({key for key, _ in pairs}) != len(pairs):
        raise ValueError("a name stands in it twice")
    return dict(pairs)


def _no_constant(word: str) -> None:
    raise ValueError(f"{word} is no size")


def _tensor(name: str, entry: Any, start: int, end: int) -> Tensor:
    if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data_offsets"} or len(name) > 500:
        raise refused("safetensors_header", f"The entry {shown(name)} is not as it should be.")
    kind, sides, places = entry["dtype"], entry["shape"], entry["data_offsets"]
    if kind not in SIZES:
        raise refused("safetensors_type", f"The tensor {shown(name)} is of type {shown(kind)}, which is not read.")
    if not _are_counts(sides) or len(sides) > 8 or not isinstance(places, list) or len(places) != 2:
        raise refused("safetensors_header", f"The tensor {shown(name)} has no sides or places.")
    if not _are_counts(places) or not places[0] <= places[1] <= end - start:
        raise refused("safetensors_offsets", f"The tensor {shown(name)} claims the bytes {shown(places)} of {end - start}.")
    if math.prod(sides) * SIZES[kind] != places[1] - places[0]:
        raise refused("safetensors_size", f"The tensor {shown(name)} claims {shown(sides)} and has {places[1] - places[0]} bytes.")
    return Tensor(kind, tuple(sides), start + places[0], start + places[1])


def _are_counts(values: Any) -> bool:
    return isinstance(values, list) and all(type(value) is int and 0 <= value < 1 << 40 for value in values)


def _judge_places(tensors: dict[str, Tensor], start: int, end: int) -> None:
    at = start
    for name, tensor in sorted(tensors.items(), key=lambda item: (item[1].begin, item[1].end)):
        if tensor.begin < at:
            raise refused("safetensors_overlap", f"The tensor {shown(name)} shares bytes with another.")
        if tensor.begin > at:
            raise refused("safetensors_gap", f"{tensor.begin - at} bytes before the tensor {shown(name)} belong to none.")
        at = tensor.end
    if at != end:
        raise refused("safetensors_gap", f"{end - at} bytes at the end belong to no tensor.")


def _judge_numbers(name: str, tensor: Tensor, data: bytes) -> None:
    held = memoryview(data)[tensor.begin : tensor.end]
    if tensor.kind in _FLOATS:
        is_finite = bool(np.isfinite(np.frombuffer(held, _FLOATS[tensor.kind])).all())
    elif tensor.kind == "BF16":
        is_finite = bool(((np.frombuffer(held, "<u2") & 0x7F80) != 0x7F80).all())
    else:
        is_finite = True
    if not is_finite:
        raise refused("not_finite", f"The tensor {shown(name)} holds what is no number.")
