"""What weights cost: how fast they answer, in rounds taken in turns, and how much memory a process with nothing but them takes."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from detector.errors import DetectorError

ROUNDS = 21
MEASURE_S = 900.0


def speeds(works: Mapping[str, Callable[[], int]]) -> dict[str, float]:
    """Things a second of each in its quickest round; rounds are taken in turns, and what else a machine does can only slow one down."""
    rates = dict.fromkeys(works, 0.0)
    for number in range(ROUNDS + 1):
        for name, work in works.items():
            began = time.perf_counter()
            done = work()
            # The first round warms up.
            if number:
                rates[name] = max(rates[name], done / max(time.perf_counter() - began, 1e-9))
    return {name: round(rate, 2) for name, rate in rates.items()}


def peak_of(weights: Path, *, task: str, check_set: Path, threads: int) -> float:
    """MiB that a process of its own takes at most while it loads these weights and answers some pictures."""
    words = ["check", "--task", task, "--weights", str(weights), "--set", str(check_set), "--threads", str(threads), "--measure"]
    ended = subprocess.run([sys.executable, "-s", "-m", "detector", *words], capture_output=True, timeout=MEASURE_S, check=False)
    try:
        told = json.loads(ended.stdout.decode(errors="replace").strip().rpartition("\n")[2])
    except ValueError:
        told = {}
    if ended.returncode == 2 and "code" in told:
        raise DetectorError(str(told["code"]), str(told.get("detail")), str(told.get("hint")))
    if ended.returncode != 0 or "peak_mib" not in told:
        detail = f"The process that measures memory ended with {ended.returncode}."
        raise DetectorError("measuring_failed", detail, "Check that the server has memory enough.")
    return float(told["peak_mib"])


def own_peak_mib() -> float:
    """The most that this process has held in memory."""
    # Not ru_maxrss where it can be helped: Linux hands that on from the process that started this one.
    try:
        for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return round(int(line.split()[1]) / 1024, 1)
    except (OSError, ValueError, IndexError):
        pass
    unit = 1024 if sys.platform == "linux" else 1024 * 1024
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit, 1)
