"""From a dish's recording to the profiles of its embryos, through the real worker and beside the naive way."""

from __future__ import annotations

import statistics
import tempfile
import time
import zipfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tests.bench import naive
from tests.bench.client import Client
from tests.bench.figures import Figure, PeakMemory
from tests.bench.recordings import WELLS, developing
from tests.running.product import Installation

RUNS = 3
"""The first meets a cold worker, the others a warm one."""
STRETCH = 18
"""Frames that the naive way is timed on, spread over the recording; all of them would take it many minutes."""


@dataclass(frozen=True)
class Timed:
    """One run as a page meets it; seconds from the request on, except for `taken`, which is the run's own."""

    wells: float
    stages: float
    profile: float
    taken: float
    called: float
    """Frames in which an embryo's stage was called, a mean over the embryos."""


def measure(folder: Path, *, frames: int, cache: Path) -> list[Figure]:
    """Everything about one recording; the recording is rendered once and kept in `cache`."""
    file = developing(cache, frames=frames)
    installation = Installation(folder / "product")
    try:
        seeded = installation.seed()
        web = installation.start_product("--no-demo")
        memory = PeakMemory(web.process.pid)
        with memory.watching():
            runs = _runs(Client(installation, web, seeded), file)
    finally:
        installation.close()
    ours = frames * WELLS / statistics.median(run.taken for run in runs)
    called = statistics.median(run.called for run in runs)
    return [
        *_of_runs(runs, frames),
        Figure("ours: wells in frames, the whole way", ours, "well-frames/s", "target >= 600, aim >= 1,200"),
        Figure("ours: frames in which an embryo's stage was called, mean", called, f"of {frames}"),
        *_beside(file, ours, frames, called),
        Figure("largest worker process", memory.worker_mib, "MiB"),
        Figure("largest decoder child", memory.decoder_mib, "MiB"),
        Figure("all worker processes and decoders together", memory.workers_mib, "MiB", "target <= 2,048"),
    ]


def _of_runs(runs: list[Timed], frames: int) -> list[Figure]:
    cold, warm = runs[0], runs[1:]
    return [
        Figure("from request to first wells, cold worker", cold.wells, "s", "target <= 2"),
        Figure("from request to first stage, cold worker", cold.stages, "s", "target <= 3"),
        Figure("from request to first wells, warm worker", min(run.wells for run in warm), "s", "target <= 2"),
        Figure("from request to first stage, warm worker", min(run.stages for run in warm), "s", "target <= 3"),
        Figure("from request to first profile, warm worker", min(run.profile for run in warm), "s"),
        Figure(f"a run of {frames} frames, median of {len(runs)}", statistics.median(run.taken for run in runs), "s"),
    ]


def _runs(client: Client, file: Path) -> list[Timed]:
    stack = client.take_in(client.upload(file, name=file.name), name=file.name)
    assert stack["state"] == "recognised", stack
    ready = client.confirm(stack, dish="developing", analyse=False)
    return [_run(client, ready["id"], ready["dish"]) for _ in range(RUNS)]


def _run(client: Client, stack: str, dish: str) -> Timed:
    seq = client.http.get(f"/api/dishes/{dish}/").json()["live_seq"]
    with client.following(f"dish.{dish}", seq) as when:
        asked = time.perf_counter()
        made = client.http.post("/api/runs/", json={"stack": stack})
        made.raise_for_status()
        wells, stages, profile = (when(kind) - asked for kind in ("wells.found", "stages.called", "profile.decoded"))
    run = client.wait_for_run(made.json()["id"])
    assert run["state"] == "finished", run
    profiles = client.http.get(f"/api/dishes/{dish}/").json()["profiles"]
    assert profiles, "no embryo has a profile"
    assert all(told["is_final"] for told in profiles), profiles
    taken = datetime.fromisoformat(run["finished_at"]) - datetime.fromisoformat(run["started_at"])
    return Timed(wells, stages, profile, taken.total_seconds(), statistics.mean(told["frames_called"] for told in profiles))


def _beside(file: Path, ours: float, frames: int, called: float) -> list[Figure]:
    """The naive way with either size of net, timed on a stretch of the same frames and taken for all of them."""
    figures = []
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(file) as archive:
        names = sorted(archive.namelist())
        step = max(len(names) // STRETCH, 1)
        pictures = [Path(archive.extract(name, folder)) for name in names[::step][:STRETCH]]
        for vit in naive.VITS:
            rate = naive.measure(pictures, vit=vit)
            naive_wells = rate.wells / rate.seconds_a_frame
            what = f"naive, ViT-{vit}"
            figures += [
                Figure(f"{what}: predict and one call a crop, {len(pictures)} frames timed", naive_wells, "well-frames/s"),
                Figure(f"{what}: {rate.wells:.1f} wells a frame, taken for {frames} frames", rate.seconds_a_frame * frames, "s"),
                Figure(f"ours against naive, ViT-{vit}", ours / naive_wells, "times", "target >= 8"),
                Figure(f"the same, were ViT-{vit} told which frames to read", ours / naive_wells * called / frames, "times"),
            ]
    return figures
