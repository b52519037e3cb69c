"""Recordings whose every content is known: a 3x3 dish that lies still while contents change at known frames."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

WIDTH, HEIGHT = 384, 288
RADIUS = 36
PLACES = tuple((row, column) for row in range(3) for column in range(3))
CENTRES = {(row, column): (104 + 88 * column, 56 + 88 * row) for row, column in PLACES}
GREY = {"empty": 205, "embryo": 130, "gas": 40}
STARTS = {(0, 1): "embryo", (1, 0): "embryo", (1, 2): "gas", (2, 2): "embryo"}
"""What lies where in the first frame; every other well is empty."""

Changes = Mapping[int, Mapping[tuple[int, int], str]]


def content_at(frame: int, changes: Changes) -> dict[tuple[int, int], str]:
    """What each well holds in a frame."""
    held = {place: STARTS.get(place, "empty") for place in PLACES}
    for start in sorted(changes):
        if start <= frame:
            held |= changes[start]
    return held


def picture(held: Mapping[tuple[int, int], str], noise: int = 0) -> npt.NDArray[np.uint8]:
    """A field with nine dark rings; the floor's middle says what a well holds."""
    image = np.full((HEIGHT, WIDTH), 165, np.uint8)
    # Fixed extremes, so that the contrast does not depend on the contents.
    cv2.rectangle(image, (0, 0), (40, 24), 0, -1)
    cv2.rectangle(image, (0, 264), (40, 288), 255, -1)
    for place, centre in CENTRES.items():
        cv2.circle(image, centre, RADIUS, 15, 9, cv2.LINE_AA)
        cv2.circle(image, centre, RADIUS - 8, 205, -1, cv2.LINE_AA)
        cv2.circle(image, centre, 17, GREY[held[place]], -1, cv2.LINE_AA)
    grain = np.random.default_rng(noise).integers(-3, 4, image.shape)
    return np.clip(image.astype(np.int16) + grain, 0, 255).astype(np.uint8)


def write_zip(path: Path, frames: int, changes: Changes | None = None, *, interval_minutes: int = 10) -> Path:
    """A ZIP of numbered JPEGs with their times in the names."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for frame in range(frames):
            _, data = cv2.imencode(".jpg", picture(content_at(frame, changes or {}), frame % 16), [cv2.IMWRITE_JPEG_QUALITY, 85])
            archive.writestr(f"{frame:05d}_t{frame * interval_minutes / 60:07.3f}h.jpg", data.tobytes())
    return path
