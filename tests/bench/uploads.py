"""Upload throughput, and what web and worker need in memory while a large recording comes in and is looked at."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import tifffile

from tests.bench.client import Client
from tests.bench.figures import Figure, PeakMemory
from tests.running.product import Installation

SIDE = 2048


def measure(folder: Path, *, gib: float) -> list[Figure]:
    file = _large_recording(folder / "large.tif", gib)
    size_mib = file.stat().st_size / 2**20
    installation = Installation(folder / "product")
    try:
        seeded = installation.seed()
        web = installation.start_product("--no-demo")
        client = Client(installation, web, seeded)
        memory = PeakMemory(web.process.pid)
        with memory.watching():
            started = time.perf_counter()
            batch = client.upload(file, name="large.tif")
            sent = time.perf_counter()
            stack = client.take_in(batch, name="large.tif", within_s=600)
            recognised = time.perf_counter()
        assert stack["state"] == "recognised", stack
        return [
            Figure("size of the recording", size_mib, "MiB"),
            Figure("upload", size_mib / (sent - started), "MiB/s"),
            Figure("hash, store and recognise", recognised - sent, "s"),
            Figure("largest web process", memory.web_mib, "MiB", "target <= 250"),
            Figure("largest worker process", memory.worker_mib, "MiB"),
            Figure("largest decoder child", memory.decoder_mib, "MiB"),
            Figure("all worker processes and decoders together", memory.workers_mib, "MiB", "target <= 1,536"),
        ]
    finally:
        installation.close()


def _large_recording(file: Path, gib: float) -> Path:
    """A multi-page TIFF of noise: as large as a recording gets, and nothing in it can be compressed away."""
    pages = max(int(gib * 2**30 / SIDE**2), 1)
    noise = np.random.default_rng(1).integers(0, 255, (SIDE, SIDE), dtype=np.uint8)
    with tifffile.TiffWriter(file, bigtiff=True) as writer:
        for page in range(pages):
            writer.write(np.roll(noise, page, axis=1), contiguous=False)
    return file
