"""Dishes whose embryos change their looks with the hours, as the exact detector can read them, and a tiny net that knows those looks."""

from __future__ import annotations

import zipfile
from pathlib import Path

import cv2
import numpy as np
import torch

from detector.training.stages_learning import Recipe, learn
from detector.training.stages_lessons import any_of, lessons_of, window_of
from detector.training.stages_network import Shape, StageNet
from detector.training.stages_weights import weights_of, write_stager
from detector.types import Coarse, Image
from tests.exact.recording import CENTRES, RADIUS, STARTS, content_at, picture

TINY = Shape((4, 8, 8, 16), (16, 16), (1, 1), 0.0)
ONSETS_H = (27.0, 72.0)
KINDS = (Coarse.PRONUCLEAR, Coarse.CLEAVAGE, Coarse.BLASTULATION)
EMBRYOS = [place for place, content in STARTS.items() if content == "embryo"]


def dish_at(hour: float, noise: int) -> Image:
    """A smooth disc before cleavage, four dark cells after it, a bright cavity in the end."""
    field = picture(content_at(0, {}), noise)
    kind = sum(hour >= onset for onset in ONSETS_H)
    for place in EMBRYOS:
        x, y = CENTRES[place]
        if kind == 1:
            for dx, dy in ((-7, -7), (7, -7), (-7, 7), (7, 7)):
                cv2.circle(field, (x + dx, y + dy), 6, 85, 2, cv2.LINE_AA)
        if kind == 2:
            cv2.circle(field, (x, y), 16, 60, 3, cv2.LINE_AA)
            cv2.circle(field, (x + 3, y), 8, 170, -1, cv2.LINE_AA)
    return field


def write_dish(path: Path, frames: int, interval_minutes: int, start_hpi: float, seed: int) -> Path:
    """A ZIP of numbered JPEGs with their times in the names."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for frame in range(frames):
            hours = frame * interval_minutes / 60
            _, data = cv2.imencode(".jpg", dish_at(start_hpi + hours, 100 * seed + frame), [cv2.IMWRITE_JPEG_QUALITY, 90])
            archive.writestr(f"{frame:05d}_t{hours:07.3f}h.jpg", data.tobytes())
    return path


def write_tiny_stager(folder: Path) -> Path:
    """A net that has seen a few such embryos, taught in seconds."""
    windows, allowed = [], []
    reach = RADIUS + 4
    for number in range(8):
        for kind, hour in zip(KINDS, (10.0, 50.0, 100.0), strict=True):
            field = dish_at(hour, 1000 + number)
            for place in EMBRYOS:
                x, y = CENTRES[place]
                windows.append(window_of(np.ascontiguousarray(field[y - reach : y + reach, x - reach : x + reach])))
                allowed.append(any_of(kind))
    torch.manual_seed(3)
    recipe = Recipe(steps=120, batch=12, rate=8e-3, warm_up_steps=5, averaging=0.9, steps_an_epoch=120)
    network: StageNet = learn(lessons_of(windows, allowed), recipe, None, shape=TINY, threads=1, say=lambda _: None)
    said = {"name": "tiny", "command": "none", "learned_from": "drawings", "renderer": "none"}
    return write_stager(folder, weights_of(network), metrics={}, card="", **said)
