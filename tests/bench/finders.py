"""Finders in one process: ours, plain ultralytics predict on the same weights, and Hough, over the same recording."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from detector.evaluation.plain import plain_onnx, plain_torch, predict
from detector.loading import SHIPPED, WEIGHTS_HOME, load_finder, load_reader
from detector.pipeline import analyse
from detector.protocols import WellFinder
from detector.stacks import open_stack
from detector.types import Progress
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

        weights = WEIGHTS_HOME / SHIPPED["yolo"]
        with tempfile.TemporaryDirectory() as scratch:
            seconds = {
                "ours": _whole_seconds(recording, yolo),
                "torch": _plain_seconds(plain_torch(weights, threads=threads), recording, count),
                "onnx": _plain_seconds(plain_onnx(weights, Path(scratch), threads=threads), recording, count),
            }
        rates = {name: count / taken for name, taken in seconds.items()}
        rates["hough"] = min(count, 40) / _whole_seconds(recording, hough, frames=min(count, 40))
        figures += [
            Figure(f"{size}: ours, the whole way of every frame", rates["ours"] * WELLS, "wells/s"),
            Figure(f"{size}: plain ultralytics predict, same weights, torch", rates["torch"] * WELLS, "wells/s"),
            Figure(f"{size}: plain ultralytics predict, same weights, ONNX", rates["onnx"] * WELLS, "wells/s"),
            Figure(f"{size}: Hough circles", rates["hough"] * WELLS, "wells/s"),
            Figure(f"{size}: ours against plain predict", rates["ours"] / rates["torch"], "times", "target >= 3"),
            Figure(f"{size}: ours against plain predict on ONNX", rates["ours"] / rates["onnx"], "times"),
        ]
    return figures


def _whole_seconds(recording: Path, finder: WellFinder, frames: int | None = None) -> float:
    """Decoding, finding, naming and following; `frames` ends it early."""

    def read() -> None:
        with open_stack(recording) as stack:
            for finding in analyse(stack, finder=finder, reader=load_reader()):
                if frames is not None and isinstance(finding, Progress) and finding.frames_done >= frames:
                    return

    return seconds_of(read, times=3 if frames is None else 1)


def _plain_seconds(network: Any, recording: Path, count: int) -> float:
    """What one gets without thinking: a picture at a time from file to boxes through `YOLO.predict`."""
    pictures = sorted(recording.rglob("*.jpg"))[: min(count, 150)]

    def predict_all() -> None:
        for picture in pictures:
            predict(network, picture)

    return seconds_of(predict_all) * count / len(pictures)
