"""A net that runs in another process: the one that owns the device."""

from __future__ import annotations

import hashlib
import socket
import threading
import time
import weakref
from collections.abc import Callable
from typing import TypeVar

from detector.errors import DetectorError, WeightsError
from detector.serving import wire
from detector.serving.nets import Values

PATIENCE_S = 120.0
"""Longer than any batch takes; a device that says nothing for so long hangs."""
RETURN_S = 20.0
"""Within which a device process that starts, or died, is there again."""
PAUSE_S = 0.2
T = TypeVar("T")


class RemoteNet:
    """Asks over one connection of its own; a device process that was started anew is told the net again."""

    def __init__(self, path: str, onnx: bytes, name: str, *, share: int) -> None:
        self._path, self._onnx, self._name, self._share = path, onnx, name, share
        self._key = hashlib.sha256(onnx).hexdigest()
        self._connection: socket.socket | None = None
        self._lock = threading.Lock()
        with self._lock:
            self._patiently(self._tell)

    def answers(self, inputs: Values) -> Values:
        """Raises DetectorError "device_lost" where the device process does not come back, WeightsError where it refuses the net."""
        with self._lock:
            return self._patiently(lambda: self._ask(inputs))

    def _ask(self, inputs: Values) -> Values:
        for _ in range(2):
            head, body = self._said({"ask": self._key, "shape": list(inputs.shape)}, wire.as_body(inputs))
            if "unknown" not in head:
                return wire.as_values(head.get("shape"), body)
            # It was let go to make room for others.
            self._tell()
        raise DetectorError("device_crowded", f"{self._name} is let go before it can answer", "Give the device process more memory.")

    def _tell(self) -> None:
        self._said({"open": self._key, "name": self._name, "share": self._share}, memoryview(self._onnx))

    def _said(self, head: dict[str, object], body: memoryview) -> tuple[dict[str, object], bytearray]:
        if self._connection is None:
            self._connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self._connection.settimeout(PATIENCE_S)
            # Nets are dropped, not closed: whoever lets go of one hangs up with it.
            weakref.finalize(self, self._connection.close)
            try:
                self._connection.connect(self._path)
            except OSError as reason:
                raise wire.Broken(str(reason)) from reason
        wire.send(self._connection, head, body)
        answer, payload = wire.receive(self._connection)
        if "code" in answer:
            code = str(answer["code"])
            kind = WeightsError if code.startswith("weights_") else DetectorError
            raise kind(code, str(answer.get("detail", "")), str(answer.get("hint", "")))
        return answer, payload

    def _patiently(self, work: Callable[[], T]) -> T:
        until = time.monotonic() + RETURN_S
        while True:
            try:
                return work()
            except wire.Broken as reason:
                self._hang_up()
                if time.monotonic() >= until:
                    detail = f"the process that owns the device does not answer: {reason}"
                    raise DetectorError("device_lost", detail, "It is started again by itself; try once more.") from reason
            time.sleep(PAUSE_S)

    def _hang_up(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
