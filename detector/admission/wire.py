"""Protocol buffers as bytes on the wire, read by our own code: no parser of a stranger's schema ever sees the file.

Encoding: https://protobuf.dev/programming-guides/encoding/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from detector.admission.refusals import refused

Value = int | memoryview
VARINT, EIGHT, BYTES, FOUR = 0, 1, 2, 5
_SIZES = {EIGHT: 8, FOUR: 4}


class Reader:
    """Counts what it reads, so that a file of a million tiny parts ends early."""

    def __init__(self, most_fields: int) -> None:
        self._left = most_fields

    def fields(self, data: memoryview, known: Mapping[int, str], what: str) -> Iterator[tuple[str, Value]]:
        """(name, value) of each field in order; a number outside `known` refuses the file.

        A name in `known` that ends in * may come again; another that comes twice could be read in two ways, and refuses the file.
        """
        at, seen = 0, set()
        while at < len(data):
            self._left -= 1
            if self._left < 0:
                raise refused("onnx_nodes_too_many", "It consists of more parts than a detector has.")
            key, at = _varint(data, at)
            number, kind = key >> 3, key & 7
            name = known.get(number)
            if name is None:
                raise refused("onnx_damaged", f"{what} has an unknown field {number}.")
            if not name.endswith("*"):
                if number in seen:
                    raise refused("onnx_damaged", f"{what} says {name} twice.")
                seen.add(number)
            if kind == VARINT:
                value, at = _varint(data, at)
                yield name, value
                continue
            if kind == BYTES:
                size, at = _varint(data, at)
            elif kind in _SIZES:
                size = _SIZES[kind]
            else:
                raise refused("onnx_damaged", f"{what} has a field of the kind {kind}, which nothing writes.")
            if size > len(data) - at:
                raise refused("onnx_damaged", f"{what} is cut off: {size} bytes are announced and {len(data) - at} follow.")
            yield name, data[at : at + size]
            at += size

    def numbers(self, value: Value) -> list[int]:
        """Packed varints, or a single one."""
        if isinstance(value, int):
            return [value]
        found, at = [], 0
        while at < len(value):
            self._left -= 1
            if self._left < 0:
                raise refused("onnx_nodes_too_many", "It consists of more parts than a detector has.")
            number, at = _varint(value, at)
            found.append(number)
        return found


def text(value: Value, what: str, most: int = 1000) -> str:
    """A short UTF-8 text."""
    if isinstance(value, int) or len(value) > most:
        raise refused("onnx_damaged", f"{what} is no text of {most} bytes at most.")
    try:
        return bytes(value).decode("utf-8")
    except UnicodeDecodeError:
        raise refused("onnx_damaged", f"{what} is no UTF-8.") from None


def part(value: Value, what: str) -> memoryview:
    """A message inside another."""
    if isinstance(value, int):
        raise refused("onnx_damaged", f"{what} is a number where a message belongs.")
    return value


def whole(value: Value, what: str) -> int:
    """A number; those above 2^63 are negative."""
    if not isinstance(value, int):
        raise refused("onnx_damaged", f"{what} is no number.")
    return value - (1 << 64) if value >> 63 else value


def _varint(data: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if at >= len(data) or shift > 63:
            raise refused("onnx_damaged", f"A number at byte {at} has no end.")
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & 0xFFFFFFFFFFFFFFFF, at
        shift += 7
