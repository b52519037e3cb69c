"""Keeps processes running: starts them, starts them again when they die, and leaves none behind."""

from __future__ import annotations

import ctypes
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import FrameType

from django.conf import settings

PR_SET_PDEATHSIG = 1
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 30.0
STEADY_S = 60.0
"""Who ran for so long before it died is started again at once, as after a first failure."""
GRACE_S = 20.0
LOOK_EVERY_S = 0.2
logger = logging.getLogger(__name__)
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def die_with_parent(sign: int = signal.SIGKILL) -> None:
    """Have the kernel end this process when the one that started it ends, however that ends."""
    if _libc is not None:
        _libc.prctl(PR_SET_PDEATHSIG, int(sign), 0, 0, 0)


@dataclass
class Child:
    """One process that should run; `is_once` is for work that ends by itself."""

    name: str
    command: Sequence[str]
    environment: dict[str, str] = field(default_factory=dict)
    is_once: bool = False
    _process: subprocess.Popen[bytes] | None = None
    _started_at: float = 0.0
    _pause_s: float = 0.0
    _again_at: float = 0.0
    _is_done: bool = False

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        # A session of its own: Ctrl+C reaches the supervisor alone, which then ends the children in order.
        self._process = subprocess.Popen(
            list(self.command),
            cwd=settings.BASE_DIR,
            env={**os.environ, **self.environment},
            start_new_session=True,
            preexec_fn=lambda: die_with_parent(signal.SIGTERM),
        )
        self._started_at = time.monotonic()

    def keep_up(self) -> None:
        """Start the process where it should run and does not; the pause grows with each early death."""
        now = time.monotonic()
        if self._is_done or self.is_running or now < self._again_at:
            return
        if self._process is None or self._again_at:
            self._again_at = 0.0
            self.start()
            return
        status = self._process.returncode
        self._kill_group()
        if self.is_once:
            self._is_done = True
            if status:
                logger.warning("%s ended with %s.", self.name, status)
            return
        # Ended from outside, by the kernel for want of memory or by hand: unlike a broken start, that is no reason to hold back.
        is_steady = status < 0 or now - self._started_at > STEADY_S
        self._pause_s = FIRST_PAUSE_S if is_steady or not self._pause_s else min(self._pause_s * 2, LONGEST_PAUSE_S)
        self._again_at = now + self._pause_s
        logger.warning("%s ended with %s and is started again in %.1f s.", self.name, status, self._pause_s)

    def ask_to_end(self) -> None:
        self._is_done = True
        if self._process is not None and self.is_running:
            self._process.terminate()

    def make_end(self, until: float) -> None:
        """Wait for the end, then take what is left of its session."""
        if self._process is None:
            return
        try:
            self._process.wait(max(until - time.monotonic(), 0.1))
        except subprocess.TimeoutExpired:
            logger.warning("%s does not end and is killed.", self.name)
        self._kill_group()
        self._process.wait()

    def _kill_group(self) -> None:
        """Children of a child that died would go on working unsupervised."""
        if self._process is None:
            return
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            return


class Supervisor:
    """Runs children until SIGINT or SIGTERM, then ends all of them."""

    def __init__(
        self, children: Sequence[Child], *, when_up: Callable[[], None] | None = None, is_up: Callable[[], bool] = lambda: True
    ) -> None:
        self._children = list(children)
        self._when_up, self._is_up = when_up, is_up
        self._is_over = False

    def run(self) -> None:
        """Return once everything has ended; `when_up` is called once, as soon as `is_up` holds."""
        for sign in (signal.SIGINT, signal.SIGTERM):
            signal.signal(sign, self._end)
        try:
            while not self._is_over:
                for child in self._children:
                    child.keep_up()
                if self._when_up is not None and self._is_up():
                    self._when_up()
                    self._when_up = None
                time.sleep(LOOK_EVERY_S)
        finally:
            self.stop()

    def stop(self) -> None:
        until = time.monotonic() + GRACE_S
        for child in reversed(self._children):
            child.ask_to_end()
        for child in reversed(self._children):
            child.make_end(until)

    def _end(self, sign: int, frame: FrameType | None) -> None:  # noqa: ARG002 - the signal module's signature
        self._is_over = True
