"""Loopback ports, waiting and ending, for servers that the tests start."""

from __future__ import annotations

import itertools
import os
import random
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

# Below those that systems give to outgoing connections: a server that is stopped and started again finds its port still free.
PORTS = range(12_000, 32_000)
# Test processes that run side by side begin at different places.
_candidates = itertools.cycle(random.Random(os.getpid()).sample(PORTS, len(PORTS)))


def free_port() -> int:
    """A port that nothing listens on and that this process has not given before."""
    return next(port for port in _candidates if _can_be_bound(port))


def _can_be_bound(port: int) -> bool:
    with socket.socket() as probe:
        # As servers ask: what is left of closed connections does not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def wait_until(is_true: Callable[[], bool], *, within_s: float, what: str) -> None:
    """Look every 50 ms; an AssertionError names what did not come."""
    end = time.monotonic() + within_s
    while not is_true():
        assert time.monotonic() < end, f"{what} did not happen within {within_s} s"
        time.sleep(0.05)


def accepts(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def ending_with_us(command: Sequence[str], *privileges: str, signal: str = "TERM") -> list[str]:
    """The command, told to end when this process does, also where that is interrupted or killed before it has tidied up."""
    return ["setpriv", *privileges, f"--pdeathsig={signal}", "--", *command]


def stop(process: subprocess.Popen[bytes], *, within_s: float = 15) -> None:
    """Ask the process to end, and make it."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(within_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(5)


def tail_of(file: Path, lines: int = 40) -> str:
    return "\n".join(file.read_text(errors="replace").splitlines()[-lines:]) if file.exists() else ""
