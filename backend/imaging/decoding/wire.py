"""Messages between a worker and its decoder: a JSON object and, behind it, bytes; both of bounded size."""

from __future__ import annotations

import json
import select
import socket
import struct
import time
from typing import Any

_PREFIX = struct.Struct(">II")
_MOST_BYTES = 64 * 1024 * 1024


class Channel:
    """One end of the connection; used by one thread at a time."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection

    def send(self, message: dict[str, Any], body: bytes = b"") -> None:
        """Send a message; raises OSError when the other end is gone."""
        text = json.dumps(message, separators=(",", ":")).encode()
        if len(text) > _MOST_BYTES or len(body) > _MOST_BYTES:
            raise ValueError(f"a message of {len(text)} + {len(body)} bytes")
        self._connection.sendall(_PREFIX.pack(len(text), len(body)) + text + body)

    def receive(self, timeout_s: float | None = None) -> tuple[dict[str, Any], bytes]:
        """The next message; raises TimeoutError, or EOFError when the other end is gone."""
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        text_length, body_length = _PREFIX.unpack(self._exactly(_PREFIX.size, deadline))
        if text_length > _MOST_BYTES or body_length > _MOST_BYTES:
            raise EOFError(f"a message of {text_length} + {body_length} bytes")
        message = json.loads(self._exactly(text_length, deadline))
        if not isinstance(message, dict):
            raise EOFError("a message that is no object")
        return message, self._exactly(body_length, deadline)

    def is_waiting(self) -> bool:
        """True when a message, or the end of the connection, can be read at once."""
        return bool(select.select([self._connection], [], [], 0)[0])

    def close(self) -> None:
        self._connection.close()

    def _exactly(self, length: int, deadline: float | None) -> bytes:
        parts = []
        while length:
            if deadline is not None:
                left = deadline - time.monotonic()
                if left <= 0:
                    raise TimeoutError
                self._connection.settimeout(left)
            try:
                part = self._connection.recv(min(length, 1 << 20))
            except ConnectionError:
                part = b""
            if not part:
                raise EOFError("the other end is gone")
            parts.append(part)
            length -= len(part)
        return b"".join(parts)
