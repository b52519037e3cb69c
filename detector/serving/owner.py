"""The process that owns a device: it opens nets by hash and computes what waits for one net together, whichever dish it comes from."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import socket
import struct
import sys
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from detector.errors import DetectorError
from detector.serving import wire
from detector.serving.nets import Net, Values, on_device
from detector.serving.shelf import Shelf, resident_bytes

logger = logging.getLogger(__name__)
MOST_TOGETHER = 128
"""Inputs of one round; more only makes whoever waits wait longer."""
STATUS_EVERY_S = 5.0


@dataclass(slots=True)
class _Wish:
    inputs: Values
    answer: Future[Values] = field(default_factory=Future)


@dataclass(slots=True)
class Served:
    """What was done so far, for whoever watches."""

    rounds: int = 0
    inputs: int = 0
    together: int = 0
    """Rounds in which more than one client was answered."""
    seconds: float = 0.0


class Owner:
    """Opens nets and answers wishes, one round after the other; any number of threads may wish."""

    def __init__(self, *, device: str, threads: int, memory_mb: int) -> None:
        self._device, self._threads = device, threads
        self._shelf: Shelf[Net] = Shelf(memory_mb * 1024**2)
        self._waiting: OrderedDict[str, deque[_Wish]] = OrderedDict()
        self._there_is = threading.Condition()
        # Held while the device computes or a net is opened: one thing at a time on one device.
        self._device_lock = threading.Lock()
        self.served = Served()

    def open(self, key: str, onnx: bytes, name: str, share: int) -> None:
        """Have the net at hand; raises WeightsError where it is none or not the one its key says."""
        if hashlib.sha256(onnx).hexdigest() != key:
            raise DetectorError("weights_changed", f"{name} is not the net that was announced", "Load the weights again.")
        with self._device_lock:
            if self._shelf.get(key) is None:
                made = lambda: on_device(onnx, name, device=self._device, threads=self._threads, share=share)  # noqa: E731
                self._shelf.put(key, made, at_least=len(onnx))

    def ask(self, key: str, inputs: Values) -> Values:
        """The net's answers, waiting for them; raises KeyError where it was let go meanwhile."""
        wish = _Wish(inputs)
        with self._there_is:
            self._waiting.setdefault(key, deque()).append(wish)
            self._there_is.notify()
        return wish.answer.result()

    def work(self) -> None:
        """Compute rounds for ever; the net whose first wish has waited longest comes first."""
        while True:
            key, wishes = self._next()
            try:
                self._round(key, wishes)
            except Exception as problem:
                for wish in wishes:
                    if not wish.answer.done():
                        wish.answer.set_exception(problem)

    def status(self) -> dict[str, float]:
        """Figures for whoever watches."""
        with self._there_is:
            waiting = sum(len(wish.inputs) for wishes in self._waiting.values() for wish in wishes)
        told = self.served
        return {
            "waiting_inputs": waiting, "rounds": told.rounds, "inputs": told.inputs, "rounds_for_several": told.together,
            "busy_seconds": round(told.seconds, 3), "nets": len(self._shelf), "net_bytes": self._shelf.bytes,
            "nets_let_go": self._shelf.let_go, "memory_bytes": resident_bytes(), "told_at": time.time(),
        }  # fmt: skip

    def _next(self) -> tuple[str, list[_Wish]]:
        """Wishes for one net whose inputs fit together; the others of that net go to the end of the queue."""
        with self._there_is:
            while not self._waiting:
                self._there_is.wait()
            key, queue = self._waiting.popitem(last=False)
            wishes = [queue.popleft()]
            while queue and queue[0].inputs.shape[1:] == wishes[0].inputs.shape[1:]:
                if sum(len(wish.inputs) for wish in wishes) + len(queue[0].inputs) > MOST_TOGETHER:
                    break
                wishes.append(queue.popleft())
            if queue:
                self._waiting[key] = queue
        return key, wishes

    def _round(self, key: str, wishes: list[_Wish]) -> None:
        with self._device_lock:
            net = self._shelf.get(key)
            if net is None:
                raise KeyError(key)
            began = time.perf_counter()
            inputs = wishes[0].inputs if len(wishes) == 1 else np.concatenate([wish.inputs for wish in wishes])
            answers = net.answers(inputs)
            self.served.seconds += time.perf_counter() - began
        if len(answers) != len(inputs):
            raise DetectorError("weights_unreadable", f"{len(inputs)} inputs got {len(answers)} answers", "Make the weights anew.")
        self.served.rounds += 1
        self.served.inputs += len(inputs)
        self.served.together += len(wishes) > 1
        ends = np.cumsum([len(wish.inputs) for wish in wishes])[:-1]
        for wish, part in zip(wishes, np.split(answers, ends), strict=True):
            wish.answer.set_result(part)


def serve(path: Path, owner: Owner, *, status: Path | None = None) -> None:
    """Answer at the socket `path` for ever; it belongs to this user alone. `status` is a file the figures are written to now and then."""
    threading.Thread(target=owner.work, name="device", daemon=True).start()
    if status is not None:
        threading.Thread(target=_tell, args=(owner, status), name="status", daemon=True).start()
    with _listening(path) as door:
        while True:
            connection, _ = door.accept()
            if not _is_ours(connection):
                connection.close()
                continue
            threading.Thread(target=_talk, args=(connection, owner), name="client", daemon=True).start()


@contextmanager
def _listening(path: Path) -> Iterator[socket.socket]:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as door:
        before = os.umask(0o177)
        try:
            door.bind(str(path))
        finally:
            os.umask(before)
        door.listen(64)
        yield door


def _is_ours(connection: socket.socket) -> bool:
    """Whether the other side is a process of this user; the socket's own mode says the same where the system knows no peers."""
    if sys.platform != "linux":
        return True
    _, user, _ = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i")))
    return bool(user in (os.getuid(), 0))


def _talk(connection: socket.socket, owner: Owner) -> None:
    """One client's wishes, one after the other, until it hangs up."""
    with connection:
        try:
            while True:
                head, body = wire.receive(connection)
                _answer(connection, owner, head, body)
        except wire.Broken as reason:
            logger.debug("a client has gone: %s", reason)


def _answer(connection: socket.socket, owner: Owner, head: dict[str, object], body: bytearray) -> None:
    try:
        if "open" in head:
            share = head.get("share")
            owner.open(str(head["open"]), bytes(body), str(head.get("name", "a net"))[:80], share if isinstance(share, int) else 1)
            wire.send(connection, {"is_open": True})
            return
        key = str(head.get("ask", ""))
        answers = owner.ask(key, wire.as_values(head.get("shape"), body))
        wire.send(connection, {"shape": list(answers.shape)}, wire.as_body(answers))
    except KeyError:
        wire.send(connection, {"unknown": True})
    except DetectorError as refusal:
        wire.send(connection, refusal.as_dict())
    except (RuntimeError, ValueError) as problem:
        failed = DetectorError("net_failed", f"the net could not answer: {problem}"[:400], "Check the weights on the page Detectors.")
        wire.send(connection, failed.as_dict())


def _tell(owner: Owner, status: Path) -> None:
    status.parent.mkdir(parents=True, exist_ok=True)
    while True:
        draft = status.with_suffix(".tmp")
        draft.write_text(json.dumps(owner.status()), encoding="ascii")
        draft.replace(status)
        time.sleep(STATUS_EVERY_S)
