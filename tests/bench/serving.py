"""Two runs at once: each worker process with nets of its own, and both served by the one process that owns the device."""

from __future__ import annotations

import time
from pathlib import Path

from tests.bench.client import Client
from tests.bench.figures import Figure, PeakMemory
from tests.bench.recordings import SEED, WELLS, developing
from tests.running.product import Installation

ROUNDS = 3
"""In the first both are cold."""
WAYS = {"nets in each worker": "false", "one process for the device": "true"}


def measure(folder: Path, *, frames: int, cache: Path) -> list[Figure]:
    """Both ways in turn over the same two recordings, which are rendered once and kept in `cache`."""
    files = [developing(cache, frames=frames, seed=seed) for seed in (SEED, SEED + 1)]
    return [figure for name, shared in WAYS.items() for figure in _one_way(folder / shared, name, shared, files, frames)]


def _one_way(folder: Path, name: str, shared: str, files: list[Path], frames: int) -> list[Figure]:
    installation = Installation(folder, {"WORKER_PROCESSES": "2", "DETECTOR_SHARED": shared})
    try:
        seeded = installation.seed()
        web = installation.start_product("--no-demo")
        client = Client(installation, web, seeded)
        ready = []
        for number, file in enumerate(files):
            stack = client.take_in(client.upload(file, name=file.name), name=file.name)
            ready.append(client.confirm(stack, dish=f"dish {number}", analyse=False)["id"])
        memory = PeakMemory(web.process.pid)
        with memory.watching():
            taken = [_both(client, ready) for _ in range(ROUNDS)]
    finally:
        installation.close()
    return [
        Figure(f"{name}: two dishes of {frames} frames at once, cold", taken[0], "s"),
        Figure(f"{name}: the same, warm", min(taken[1:]), "s"),
        Figure(f"{name}: wells in frames", len(files) * frames * WELLS / min(taken[1:]), "well-frames/s"),
        Figure(f"{name}: all worker processes and decoders together", memory.workers_mib, "MiB"),
    ]


def _both(client: Client, stacks: list[str]) -> float:
    """Seconds from asking for both runs to the end of the later one."""
    asked = time.perf_counter()
    runs = [client.http.post("/api/runs/", json={"stack": stack}).raise_for_status().json()["id"] for stack in stacks]
    for run in runs:
        ended = client.wait_for_run(run)
        assert ended["state"] == "finished", ended
    return time.perf_counter() - asked
