"""Recordings that are rendered once and kept outside the repository, for rendering is no part of any figure."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from detector.synth.developing import DEVELOPING_VERSION
from tests.bench.client import zipped

CACHE = Path.home() / ".cache" / "embryovision" / "bench"
WELLS = 9
WIDTH, HEIGHT = 2048, 1536
INTERVAL_MINUTES = 12
SEED = 10


def developing(cache: Path, *, frames: int, seed: int = SEED) -> Path:
    """A 3x3 dish with eight embryos and an empty well, every frame of it rendered at its full size (some minutes for 576); a stored ZIP."""
    file = cache / f"developing-{DEVELOPING_VERSION}-{seed}-{frames}-{WIDTH}x{HEIGHT}.zip"
    if file.exists():
        return file
    print(f"rendering {frames} frames into {cache}; they are kept for the next time", file=sys.stderr, flush=True)
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as scratch:
        drawn = Path(scratch, "drawn")
        size = ["--layout", "3x3", "--width", str(WIDTH), "--height", str(HEIGHT), "--frames", str(frames)]
        times = ["--start-hpi", "3", "--interval-minutes", str(INTERVAL_MINUTES)]
        contents = ["--contents", ",".join(["embryo"] * 8 + ["empty"])]
        command = [sys.executable, "-m", "detector", "render", "recording", "--developing", "--seed", str(seed), "--out", str(drawn)]
        subprocess.run([*command, *size, *times, *contents], check=True, stdout=subprocess.DEVNULL)
        # Under its name only once it is whole.
        zipped(drawn, Path(scratch, "whole.zip")).rename(file)
    return file
