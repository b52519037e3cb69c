"""How a client and the process that owns the device speak: a JSON head of known length, then plain bytes. Nothing is ever unpickled."""

from __future__ import annotations

import json
import math
import socket
import struct
from typing import Any

import numpy as np

from detector.serving.nets import Values

_LENGTH = struct.Struct("!IQ")
_MOST_HEAD = 64 * 1024
MOST_BYTES = 1024**3
"""Of one message; a batch of pictures has a hundredth of it."""


class Broken(Exception):
    """The other side has gone, or says what is no message."""


def send(connection: socket.socket, head: dict[str, Any], body: bytes | memoryview = b"") -> None:
    """One message; raises Broken."""
    text = json.dumps(head).encode()
    try:
        connection.sendall(_LENGTH.pack(len(text), len(body)) + text)
        if len(body):
            connection.sendall(body)
    except OSError as reason:
        raise Broken(str(reason)) from reason


def receive(connection: socket.socket) -> tuple[dict[str, Any], bytearray]:
    """The next message; raises Broken where there is none or it is none."""
    head_length, body_length = _LENGTH.unpack(_exactly(connection, _LENGTH.size))
    if head_length > _MOST_HEAD or body_length > MOST_BYTES:
        raise Broken(f"a message of {head_length} and {body_length} bytes")
    try:
        head = json.loads(_exactly(connection, head_length))
    except ValueError as reason:
        raise Broken(f"a message that is no JSON: {reason}") from reason
    if not isinstance(head, dict):
        raise Broken("a message whose head is no object")
    return head, _exactly(connection, body_length)


def as_body(values: Values) -> memoryview:
    return np.ascontiguousarray(values, dtype=np.float32).data.cast("B")


def as_values(shape: Any, body: bytearray) -> Values:
    """The array of a message; raises Broken where shape and bytes do not agree."""
    if not (isinstance(shape, list) and shape and all(isinstance(side, int) and side >= 0 for side in shape)):
        raise Broken(f"an array of shape {shape!r}"[:80])
    if math.prod(shape) * 4 != len(body):
        raise Broken(f"an array of shape {shape} in {len(body)} bytes")
    return np.frombuffer(body, dtype=np.float32).reshape(shape)


def _exactly(connection: socket.socket, count: int) -> bytearray:
    taken = bytearray(count)
    view = memoryview(taken)
    while len(view):
        try:
            got = connection.recv_into(view)
        except OSError as reason:
            raise Broken(str(reason)) from reason
        if not got:
            raise Broken("the connection ended")
        view = view[got:]
    return taken
