"""Figures as they are printed, and how they are taken."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psutil


@dataclass(frozen=True)
class Figure:
    """One measured value; `target` says in words what was aimed at."""

    what: str
    value: float
    unit: str
    target: str = ""


def table(title: str, figures: list[Figure]) -> str:
    wide = max(len(figure.what) for figure in figures)
    lines = [f"{figure.what:<{wide}}  {figure.value:>10,.1f} {figure.unit:<14} {figure.target}".rstrip() for figure in figures]
    return "\n".join([f"\n== {title}", *lines])


def seconds_of(work: Callable[[], object], *, times: int = 3) -> float:
    """Median wall time after one run that warms up."""
    work()
    taken = []
    for _ in range(times):
        started = time.perf_counter()
        work()
        taken.append(time.perf_counter() - started)
    return statistics.median(taken)


class PeakMemory:
    """Watches the resident memory of web, workers and decoders below a supervisor, in MiB: the largest single one of each kind."""

    def __init__(self, root_pid: int) -> None:
        self._root = psutil.Process(root_pid)
        self.web_mib = 0.0
        self.worker_mib = 0.0
        self.decoder_mib = 0.0
        self.workers_mib = 0.0

    def look(self) -> None:
        together = 0.0
        for process in [self._root, *self._root.children(recursive=True)]:
            try:
                command, resident = " ".join(process.cmdline()), process.memory_info().rss / 2**20
            except psutil.Error:
                continue
            if "uvicorn" in command:
                self.web_mib = max(self.web_mib, resident)
            elif "celery" in command or "manage.py worker" in command or "detector serve" in command:
                self.worker_mib = max(self.worker_mib, resident)
                together += resident
            elif "backend.imaging.decoding" in command:
                self.decoder_mib = max(self.decoder_mib, resident)
                together += resident
        # Pages that processes share are counted once for each, so this is an upper bound.
        self.workers_mib = max(self.workers_mib, together)

    @contextmanager
    def watching(self, every_s: float = 0.1) -> Iterator[None]:
        is_over = threading.Event()

        def watch() -> None:
            while not is_over.wait(every_s):
                self.look()

        thread = threading.Thread(target=watch, daemon=True)
        thread.start()
        try:
            yield
        finally:
            is_over.set()
            thread.join()
