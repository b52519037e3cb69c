"""The archive: ratio, speed and memory on generated frames, what a second run and a killed one cost, and what 8 TB would take."""

from __future__ import annotations

import io
import json
import multiprocessing
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from PIL import Image

from detector.synth import TRAINING, render_dish
from tests.bench.figures import Figure

FRAMES = 50_000
A_FOLDER = 500
PNG_EVERY = 10
DUPLICATE_EVERY = 50
EIGHT_TB = 8e12
ROOT = Path(__file__).resolve().parents[2]


def measure(folder: Path, *, frames: int = FRAMES, workers: int = 2, sample: Path | None = None) -> list[Figure]:
    source, out = folder / "frames", folder / "archive"
    size = generate(source, frames)
    first, peaks, third, worked_s = _watched([str(source), "--out", str(out), "--workers", str(workers)])
    began = time.monotonic()
    again = _ingested([str(source), "--out", str(out), "--workers", str(workers)])
    second_s = time.monotonic() - began
    killed = _killed(source, folder / "killed", workers)
    seconds = first["run"]["seconds"]
    hours = EIGHT_TB / size * seconds / 3600
    figures = [
        Figure("files taken in", first["files"], "files", f"{first['duplicates']} twice"),
        Figure("size of the files", size / 1e9, "GB"),
        Figure("files : shards and journal", size / _held(out), ": 1"),
        *(
            Figure(f"ratio of {code}", one["bytes"] / one["kept"], ": 1", f"{one['pictures']} pictures")
            for code, one in first["codes"].items()
        ),
        Figure("taken in", first["files"] / seconds, "files/s", f"with {workers} processes"),
        Figure("taken in", size / 1e6 / seconds, "MB/s"),
        Figure("processor time a file", worked_s / frames * 1e3, "ms"),
        Figure("peak memory, all processes together", peaks[0], "MiB"),
        Figure("peak memory, the process that writes", peaks[1], "MiB"),
        Figure("the same in the first third", third[0], "MiB"),
        Figure("the same in the last third", third[1], "MiB", "the journal's page cache fills to 64 MiB and no further"),
        Figure("second run, nothing new", second_s, "s", f"{again['run']['files_new']} new"),
        Figure("second run", frames / second_s, "files/s"),
        Figure(
            "killed on the way and run again", killed["pictures"], "pictures", f"of {killed['files']} files, {killed['damaged']} damaged"
        ),
        Figure("8 TB: files", EIGHT_TB / size * frames / 1e6, "million"),
        Figure("8 TB: time as measured", hours / 24, "days", f"with {workers} processes"),
        Figure("8 TB: processor time", EIGHT_TB / size * worked_s / 86400, "core-days"),
        Figure("8 TB: kept", EIGHT_TB / size * _held(out) / 1e12, "TB"),
        Figure("8 TB: of it the journal", EIGHT_TB / size * _journal(out) / 1e9, "GB"),
    ]
    return figures + (_on_real(sample, folder / "real", workers) if sample is not None and sample.is_dir() else [])


def generate(folder: Path, frames: int) -> int:
    """Grey dishes in folders of a recording each, most as JPEG, some as PNG, a few twice; gives their size."""
    numbers = range(0, frames, A_FOLDER)
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        return sum(pool.imap_unordered(partial(_recording, folder, frames), numbers))


def _recording(folder: Path, frames: int, first: int) -> int:
    """Every frame has its own mixture of noise and drifts a little, so that none is another's duplicate by accident."""
    rng = np.random.default_rng(first)
    base = render_dish(6_000_000 + first // A_FOLDER, TRAINING).image.astype(np.float32)
    # Drawn once a recording: drawing it for every frame took longer than all that is measured here.
    noises = rng.normal(0, 1.1, (8, *base.shape)).astype(np.float32)
    home = folder / f"recording-{first // A_FOLDER:04d}"
    home.mkdir(parents=True, exist_ok=True)
    total, last = 0, b""
    for number in range(first, min(first + A_FOLDER, frames)):
        moved = np.roll(base, rng.integers(-2, 3, 2), axis=(0, 1))
        one, other = (np.roll(noises[place], rng.integers(0, 200, 2), axis=(0, 1)) for place in rng.integers(0, len(noises), 2))
        grey = np.clip(moved + one + other, 0, 255).astype(np.uint8)
        written = io.BytesIO()
        if number % PNG_EVERY == 0:
            Image.fromarray(grey).save(written, "PNG", compress_level=1)
        else:
            Image.fromarray(grey).save(written, "JPEG", quality=90)
        data = last if number % DUPLICATE_EVERY == 1 else written.getvalue()
        suffix = "png" if data.startswith(b"\x89PNG") else "jpg"
        (home / f"{number:06d}.{suffix}").write_bytes(data)
        total, last = total + len(data), data
    return total


def _command(words: list[str]) -> list[str]:
    return [sys.executable, "-m", "detector", "ingest", *words]


def _ingested(words: list[str]) -> dict[str, Any]:
    done = subprocess.run(_command(words), cwd=ROOT, capture_output=True, text=True, check=True)
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def _watched(words: list[str]) -> tuple[dict[str, Any], tuple[float, float], tuple[float, float], float]:
    """The answer; peak memory of all together and of the writer; peaks of the writer in the first and last third; processor time."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    seen: list[tuple[float, float]] = []
    process = subprocess.Popen(_command(words), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    told: list[str] = []
    reader = threading.Thread(target=lambda: told.append(process.stdout.read() if process.stdout else ""))
    reader.start()
    writer = psutil.Process(process.pid)
    while process.poll() is None:
        try:
            own = writer.memory_info().rss
            seen.append((own + sum(child.memory_info().rss for child in writer.children(recursive=True)), own))
        except psutil.Error:
            pass
        time.sleep(0.2)
    reader.join()
    third = max(1, len(seen) // 3)
    peak = max(whole for whole, _ in seen) / 2**20, max(own for _, own in seen) / 2**20
    thirds = max(own for _, own in seen[:third]) / 2**20, max(own for _, own in seen[-third:]) / 2**20
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    worked_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return json.loads(told[0]), peak, thirds, worked_s


def _killed(source: Path, out: Path, workers: int) -> dict[str, Any]:
    """A tenth of the folders is taken in, killed without warning on the way, and taken in again."""
    part = out.with_name("part")
    part.mkdir()
    for home in sorted(source.iterdir())[: max(1, len(list(source.iterdir())) // 10)]:
        (part / home.name).mkdir()
        for path in home.iterdir():
            os.link(path, part / home.name / path.name)
    words = [str(part), "--out", str(out), "--workers", str(workers)]
    process = subprocess.Popen(
        _command(words), cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    if process.stderr is not None:
        process.stderr.readline()
        os.killpg(process.pid, signal.SIGKILL)
        process.stderr.close()
    process.wait()
    told = _ingested([*words, "--verify"])
    return {"files": told["files"], "pictures": told["pictures"], "damaged": len(told["verified"]["damaged"])}


def _on_real(sample: Path, out: Path, workers: int) -> list[Figure]:
    told = _ingested([str(sample), "--out", str(out), "--workers", str(workers), "--verify"])
    return [
        Figure("real files", told["files"], "files", f"{told['duplicates']} twice, {len(told['verified']['damaged'])} damaged"),
        Figure("real files : shards", told["bytes_of_files"] / told["bytes_in_shards"], ": 1"),
        *(
            Figure(f"real: ratio of {code}", one["bytes"] / one["kept"], ": 1", f"{one['pictures']} files")
            for code, one in told["codes"].items()
        ),
    ]


def _held(out: Path) -> int:
    return sum(path.stat().st_size for path in out.iterdir())


def _journal(out: Path) -> int:
    return sum(path.stat().st_size for path in out.iterdir() if path.name.startswith("journal"))
