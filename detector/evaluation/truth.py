"""Pictures with truth: renderings that no net was trained on, and folders of pictures with truth.json beside them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from detector.errors import DetectorError
from detector.stacks import open_stack
from detector.synth import DEMO, HARD, TRAINING, DishSettings, render_dish
from detector.types import Box, Content, Image, Layout

FIRST_SEED = 5_000_000
"""Far from every seed that training renders, chooses epochs or makes its card by."""
SHIFTED = replace(HARD, width=800, height=600, blur_px=3.0, border_rate=0.4)
"""Beyond what training draws: larger, softer, and taken by a camera of another kind (see `_otherwise_taken`)."""
SETTINGS: dict[str, DishSettings] = {"clean": DEMO, "usual": TRAINING, "hard": HARD, "shifted": SHIFTED}


@dataclass(frozen=True, slots=True)
class TrueWell:
    """What a person or the renderer says of one well."""

    row: int
    column: int
    box: Box
    content: Content
    is_content_sure: bool = True


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture and everything true of it; `ignored` boxes are neither wells nor false alarms."""

    name: str
    image: Image
    wells: tuple[TrueWell, ...]
    ignored: tuple[Box, ...]
    layout: Layout | None
    is_usable: bool
    gas_outside_wells: bool


def rendered(kind: str, count: int, first_seed: int = FIRST_SEED) -> Iterator[Picture]:
    """`count` renderings of one of SETTINGS."""
    for seed in range(first_seed, first_seed + count):
        dish = render_dish(seed, SETTINGS[kind])
        image = _otherwise_taken(dish.image, seed) if kind == "shifted" else dish.image
        yield from_dict(dish.truth.as_dict(f"{kind}-{seed}"), image)


def read_folder(folder: Path) -> Iterator[Picture]:
    """The pictures that `folder`/truth.json names; raises DetectorError where it cannot be read."""
    for entry in _entries(folder):
        # A truth file names pictures beside it, nothing elsewhere.
        path = folder / Path(str(entry["file"])).name
        with open_stack(path) as stack:
            image = stack.read(0)
        yield from_dict(entry, image)


def from_dict(entry: dict[str, Any], image: Image) -> Picture:
    """A picture from one entry of truth.json; raises DetectorError that names the entry where its form is wrong."""
    try:
        layout = entry.get("layout")
        return Picture(
            name=str(entry["file"]),
            image=image,
            wells=tuple(
                TrueWell(int(w["row"]), int(w["column"]), _box(w["box"]), Content(w["content"]), not w.get("content_unsure"))
                for w in entry["wells"]
            ),
            ignored=tuple(_box(box) for box in entry.get("ignore", [])),
            layout=Layout.parse(layout) if layout else None,
            is_usable=bool(entry.get("usable", bool(entry["wells"]))),
            gas_outside_wells=bool(entry.get("gas_outside_wells", False)),
        )
    except (KeyError, TypeError, ValueError) as reason:
        raise DetectorError("bad_truth", f"the entry {str(entry.get('file'))[:80]!r} cannot be read: {reason!r}", _FORM) from reason


_FORM = "truth.json is a list of {file, layout, wells: [{row, column, box: [x0, y0, x1, y1], content}]}."


def _entries(folder: Path) -> list[dict[str, Any]]:
    path = folder / "truth.json"
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as reason:
        raise DetectorError("bad_truth", f"{path} cannot be read: {reason}", _FORM) from reason
    if not isinstance(entries, list) or not all(isinstance(one, dict) and "file" in one for one in entries):
        raise DetectorError("bad_truth", f"{path} is no list of pictures", _FORM)
    return entries


def _box(values: Any) -> Box:
    x0, y0, x1, y1 = (float(v) for v in values)
    return Box(x0, y0, x1, y1)


def _otherwise_taken(image: Image, seed: int) -> Image:
    """Another camera: its own gamma, a shade across the picture, coarse noise and strong JPEG compression."""
    rng = np.random.default_rng([seed, 74])
    height, width = image.shape
    light = (image.astype(np.float32) / 255) ** float(rng.choice([0.6, 1.7]))
    light *= np.linspace(1.0, float(rng.uniform(0.5, 0.8)), width, dtype=np.float32)[None, :]
    noise = cv2.GaussianBlur(rng.normal(0, 1, (height, width)).astype(np.float32), (0, 0), 1.5)
    grey = np.clip(light * 255 + noise * (8 / float(noise.std())), 0, 255).astype(np.uint8)
    data = cv2.imencode(".jpg", grey, [cv2.IMWRITE_JPEG_QUALITY, 45])[1]
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE), dtype=np.uint8)
