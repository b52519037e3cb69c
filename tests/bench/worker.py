"""The whole way: upload, decode, find every frame, write, publish, through the real web and worker processes."""

from __future__ import annotations

import time
from datetime import datetime
from pathlib import Path

from tests.bench.client import Client, zipped
from tests.bench.figures import Figure, PeakMemory
from tests.bench.finders import SIZES, WELLS, render
from tests.running.product import Installation


def measure(folder: Path, *, frames: int) -> list[Figure]:
    installation = Installation(folder / "product")
    figures: list[Figure] = []
    try:
        seeded = installation.seed()
        web = installation.start_product("--no-demo")
        client = Client(installation, web, seeded)
        memory = PeakMemory(web.process.pid)
        with memory.watching():
            for size, (width, height, fewer) in SIZES.items():
                recording = render(folder / size, width=width, height=height, frames=max(frames // fewer, 8))
                figures += _one(client, zipped(recording, folder / f"{size}.zip"), size)
        figures += [
            Figure("largest web process", memory.web_mib, "MiB", "target <= 250"),
            Figure("largest worker process", memory.worker_mib, "MiB"),
            Figure("largest decoder child", memory.decoder_mib, "MiB"),
            Figure("all worker processes and decoders together", memory.workers_mib, "MiB", "target <= 1,536"),
        ]
    finally:
        installation.close()
    return figures


def _one(client: Client, file: Path, size: str) -> list[Figure]:
    stack = client.take_in(client.upload(file, name=file.name), name=file.name)
    assert stack["state"] == "recognised", stack
    ready = client.confirm(stack, dish=size, analyse=False)
    firsts, rates = [], []
    for _ in range(3):
        seq = client.http.get(f"/api/dishes/{ready['dish']}/").json()["live_seq"]
        with client.following(f"dish.{ready['dish']}", seq) as when:
            asked = time.perf_counter()
            made = client.http.post("/api/runs/", json={"stack": ready["id"]})
            made.raise_for_status()
            firsts.append(when("wells.found") - asked)
        run = client.wait_for_run(made.json()["id"])
        assert run["state"] == "finished", run
        taken = datetime.fromisoformat(run["finished_at"]) - datetime.fromisoformat(run["started_at"])
        rates.append(run["frames_done"] / taken.total_seconds())
    cold, warm, rate = firsts[0], sorted(firsts[1:])[0], sorted(rates)[1]
    return [
        Figure(f"{size}: from request to first wells on a websocket, cold worker", cold, "s", "target <= 2"),
        Figure(f"{size}: from request to first wells on a websocket, warm worker", warm, "s", "target <= 2"),
        Figure(f"{size}: frames through the whole worker", rate, "frames/s", "target >= 300" if size.startswith("384") else ""),
        Figure(f"{size}: wells through the whole worker", rate * WELLS, "wells/s"),
    ]
