"""Finders in one process: ours, plain ultralytics predict on the same weights, and Hough, over the same recording."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from detector.evaluation.plain import plain_network, predict
from detector.loading import SHIPPED, WEIGHTS_HOME, load_finder
from detector.protocols import WellFinder
from detector.stacks import open_stack
from tests.bench.figures import Figure, seconds_of

SIZES = {"384x275": (384, 275, 1), "2048x1536": (2048, 1536, 4)}
"""Width, height, and by how much fewer frames are read at that size."""
WELLS = 9
DRAWN = 48


def render(folder: Path, *, width: int, height: int, frames: int) -> Path:
    """A recording of a 3x3 dish as JPEG frames; rendering is slow and no part of any figure, so few frames run forth and back."""
    drawn, size = folder / "drawn", ["--width", str(width), "--height", str(height)]
    command = ["render", "recording", "--seed", "5", "--out", str(drawn), "--layout", "3x3", "--frames", str(min(frames, DRAWN))]
    subprocess.run([sys.executable, "-m", "detector", *command, *size], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    pictures = sorted(drawn.glob("*.jpg"))
    there_and_back = pictures + pictures[-2:0:-1]
    recording = folder / "recording"
    recording.mkdir()
    for index in range(frames):
        shutil.copy(there_and_back[index % len(there_and_back)], recording / f"{index:05d}.jpg")
    return recording


def measure(folder: Path, *, frames: int) -> list[Figure]:
    """Wells a second, decoding included: read every frame, find every well."""
    figures: list[Figure] = []
    threads = os.cpu_count() or 1
    for size, (width, height, fewer) in SIZES.items():
        count = max(frames // fewer, 8)
        recording = render(folder / size, width=width, height=height, frames=count)
        yolo, hough = load_finder("yolo", threads=threads), load_finder("hough")

        seconds = {"ours": seconds_of(partial(_read_and_find, recording, yolo)), "plain": _plain_predict_seconds(recording, count, threads)}
        rates = {name: count / taken for name, taken in seconds.items()}
        few = min(count, 40)
        rates["hough"] = few / seconds_of(partial(_read_and_find, recording, hough, few), times=1)
        figures += [
            Figure(f"{size}: ours, decode and find every frame", rates["ours"] * WELLS, "wells/s"),
            Figure(f"{size}: plain ultralytics predict, same weights", rates["plain"] * WELLS, "wells/s"),
            Figure(f"{size}: Hough circles", rates["hough"] * WELLS, "wells/s"),
            Figure(f"{size}: ours against plain predict", rates["ours"] / rates["plain"], "times", "target >= 3"),
        ]
    return figures


def _read_and_find(recording: Path, finder: WellFinder, frames: int | None = None) -> None:
    with open_stack(recording) as stack:
        batch: list[NDArray[np.uint8]] = []
        for _, image in stack.frames(None if frames is None else range(frames)):
            batch.append(image)
            if len(batch) == 8:
                finder.find(batch)
                batch = []
        if batch:
            finder.find(batch)


def _plain_predict_seconds(recording: Path, count: int, threads: int) -> float:
    """What one gets without thinking: a picture at a time from file to boxes through `YOLO.predict`."""
    with tempfile.TemporaryDirectory() as scratch:
        network = plain_network(WEIGHTS_HOME / SHIPPED["yolo"], Path(scratch), threads=threads)
        pictures = sorted(recording.rglob("*.jpg"))[: min(count, 150)]

        def predict_all() -> None:
            for picture in pictures:
                predict(network, picture)

        return seconds_of(predict_all) * count / len(pictures)
