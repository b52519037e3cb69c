"""Recordings that the browser uploads: rendered ones, and the real dish images where they lie beside the checkout."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def rendered_zip(folder: Path, *, seed: int, frames: int, repeated: int = 1) -> Path:
    """A stored ZIP of a rendered 3x3 recording, its pictures repeated under new numbers."""
    command = ["render", "recording", "--seed", str(seed), "--out", str(folder / "frames"), "--layout", "3x3", "--frames", str(frames)]
    contents = ["--contents", "embryo,embryo,embryo_gas,empty", "--interval-minutes", "0"]
    subprocess.run([sys.executable, "-m", "detector", *command, *contents], cwd=ROOT, check=True, capture_output=True)
    pictures = sorted((folder / "frames").rglob("*.jpg"))
    assert len(pictures) == frames
    file = folder / f"rendered-{seed}.zip"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for number in range(frames * repeated):
            archive.write(pictures[number % frames], f"{number:05d}.jpg")
    return file


def developing_zip(folder: Path, *, seed: int, frames: int, repeated: int, interval_minutes: float) -> Path:
    """A stored ZIP of a rendered 3x3 dish in which embryos develop for five days; each picture stands for as many frames as it is repeated.

    One well is empty, in one a gas bubble lies beside the embryo; the names tell the time.
    """
    step = interval_minutes * repeated
    command = ["render", "recording", "--developing", "--seed", str(seed), "--out", str(folder / "frames"), "--frames", str(frames)]
    size = ["--layout", "3x3", "--width", "1280", "--height", "960", "--start-hpi", "3", "--interval-minutes", str(step)]
    contents = ["--contents", ",".join(["embryo"] * 7 + ["embryo_gas", "empty"])]
    subprocess.run([sys.executable, "-m", "detector", *command, *size, *contents], cwd=ROOT, check=True, capture_output=True)
    pictures = sorted((folder / "frames").rglob("*.jpg"))
    assert len(pictures) == frames
    file = folder / f"developing-{seed}.zip"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for number in range(frames * repeated):
            archive.write(pictures[number // repeated], f"{number:05d}_t{number * interval_minutes / 60:07.3f}h.jpg")
    return file


def zip_of(folder: Path, name: str, files: list[Path]) -> Path:
    """A ZIP of these pictures, in this order."""
    file = folder / name
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for number, picture in enumerate(files):
            archive.write(picture, f"{number:03d}.jpg")
    return file
