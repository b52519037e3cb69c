"""Wells drawn in a few lines: enough to find an embryo in, and different enough between phases to be learned in seconds."""

from __future__ import annotations

import csv
from pathlib import Path

import cv2
import numpy as np

from detector.types import Image

FLOOR, WALL = 150, 15


def well(
    *, x: float = 128, y: float = 128, radius: float = 45, cells: int = 1, size: int = 256, seed: int = 0, light: float = 1.0,
    wall: bool = True,
) -> Image:  # fmt: skip
    """A grey well with an embryo of so many cells; no embryo where there are none."""
    rng = np.random.default_rng(seed)
    picture = np.full((size, size), WALL if wall else FLOOR, np.float32)
    if wall:
        cv2.circle(picture, (size // 2, size // 2), int(0.47 * size), FLOOR, -1, cv2.LINE_AA)
    if cells:
        cv2.circle(picture, (int(x), int(y)), int(radius), 185, 3, cv2.LINE_AA)
        small = radius * (0.85 if cells == 1 else 1.05 / np.sqrt(cells))
        reach = 0 if cells == 1 else radius - small
        for k in range(cells):
            angle = 2 * np.pi * (k / cells) + rng.uniform(0, 0.4)
            ring = reach * (0.55 if cells > 8 and k % 2 else 0.9)
            centre = (int(x + ring * np.cos(angle)), int(y + ring * np.sin(angle)))
            cv2.circle(picture, centre, int(small), 125, -1, cv2.LINE_AA)
            cv2.circle(picture, centre, int(small), 70, 2, cv2.LINE_AA)
    picture += rng.normal(0, 3, picture.shape).astype(np.float32)
    return np.clip(light * picture, 0, 255).astype(np.uint8)


def lab(folder: Path, embryos: int, frames: tuple[tuple[int, int, int], ...], *, labels: bool = True) -> Path:
    """A lab's folder: `frames` are (frame number, cells drawn, phase 1 to 4) of every embryo; every fourth embryo is held back."""
    rows = []
    for k in range(embryos):
        home = folder / f"e{k:03d}"
        home.mkdir(parents=True)
        for number, cells, phase in frames:
            picture = well(x=110 + 5 * (k % 7), y=140 - 4 * (k % 5), cells=cells, seed=31 * k + number)
            cv2.imwrite(str(home / f"{number:04d}.png"), picture)
            rows.append((f"e{k:03d}/{number:04d}.png", f"e{k:03d}", number, phase, "dev" if k % 4 == 3 else "train"))
    if labels:
        with (folder / "labels.csv").open("w", newline="") as file:
            csv.writer(file).writerows([("file", "embryo", "frame", "phase", "split"), *rows])
    return folder
