"""Loopback ports and waiting, for servers that the tests start."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


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
