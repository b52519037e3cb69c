"""A YOLO from elsewhere as a finder: its own size of picture, one channel or three, its own classes, told apart by what they mean here."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from detector.errors import WeightsError
from detector.loading import Manifest
from detector.serving.nets import opened
from detector.types import Image, Sighting
from detector.wells.decoding import CONTENTS, decode
from detector.wells.preprocess import Prepared

NET, READING = "net.onnx", "reading.json"
"""Members of the weights file."""
NAME = "letterbox-grey-255"
"""The preprocessing that such nets are taught with: fitted in, the rest grey 114, values from 0 to 1."""
PADDING = 114
LEAST_CONFIDENCE = 0.25
"""The usual threshold of ultralytics; a stranger's net has none that was chosen here."""
ROWS = (*(content.value for content in CONTENTS), "gas_outside")
_BATCH = 8
_SELECTED = 6
"""Columns of a net that selects its boxes itself: corners, score, class."""
_REMAKE = "Bring the net in again through the page."

Values = npt.NDArray[np.float32]


class GeneralYoloFinder:
    """A WellFinder over verified weights; a picture's answer does not depend on its neighbours in the batch."""

    def __init__(self, manifest: Manifest, data: bytes, *, threads: int = 1) -> None:
        if manifest.preprocessing != NAME or manifest.channels not in (1, 3):
            raise WeightsError("weights_foreign", f"{manifest.name} expects {manifest.preprocessing!r}", f"This adapter serves {NAME!r}.")
        self.name = manifest.name
        self.weights_hash = manifest.sha256
        self._width, self._height, self._channels = manifest.width, manifest.height, manifest.channels
        net, said = members(manifest.file, data)
        self.rows = rows_of(said)
        self.net = opened(net, manifest.name, threads=threads, share=_BATCH if said.get("is_batched") else 1)

    def find(self, images: Sequence[Image]) -> list[Sighting]:
        """One sighting an image, in the same order."""
        sightings: list[Sighting] = []
        for start in range(0, len(images), _BATCH):
            prepared = [self.fit(image) for image in images[start : start + _BATCH]]
            answers = self.net.answers(self.as_input([place.pixels for place in prepared]))
            sightings += [
                decode(self.canonical(raw), LEAST_CONFIDENCE).sighting(place) for raw, place in zip(answers, prepared, strict=True)
            ]
        return sightings

    def fit(self, image: Image) -> Prepared:
        """A grey picture of any size fitted into the net's, and how to find its places."""
        height, width = image.shape
        scale = min(self._width / width, self._height / height)
        new_w, new_h = max(1, round(width * scale)), max(1, round(height * scale))
        if (new_w, new_h) != (width, height):
            image = np.asarray(cv2.resize(image, (new_w, new_h), interpolation=cv2.INTER_LINEAR), dtype=np.uint8)
        pixels = np.full((self._height, self._width), PADDING, dtype=np.uint8)
        left, top = (self._width - new_w) // 2, (self._height - new_h) // 2
        pixels[top : top + new_h, left : left + new_w] = image
        return Prepared(pixels, new_w / width, new_h / height, left, top, width, height)

    def as_input(self, pictures: Sequence[Image]) -> Values:
        """(n, channels, height, width) from 0 to 1."""
        grey = np.divide(np.stack(pictures)[:, None], 255, dtype=np.float32)
        return np.ascontiguousarray(np.repeat(grey, self._channels, axis=1))

    def canonical(self, raw: Values) -> Values:
        """One answer of the net as (4 + 5, candidates): middles and sizes in the net's pixels, then a share for each meaning."""
        boxes, scores = _selected(raw, len(self.rows)) if raw.shape[1] == _SELECTED else (raw[:4], raw[4:])
        if len(scores) != len(self.rows):
            raise WeightsError("weights_foreign", f"{self.name} tells {len(scores)} classes, not {len(self.rows)}", _REMAKE)
        shares = np.zeros((len(ROWS), boxes.shape[1]), np.float32)
        for row, score in zip(self.rows, scores, strict=True):
            if row is not None:
                # Two classes of one meaning: the surer one speaks.
                shares[row] = np.maximum(shares[row], score)
        whole = np.concatenate([boxes, shares]).astype(np.float32)
        # What is no number is nowhere and nothing.
        return np.asarray(whole[:, np.isfinite(whole).all(0)], dtype=np.float32)


def members(file: str, data: bytes) -> tuple[bytes, dict[str, Any]]:
    """The net, and how its answers are to be read; raises WeightsError."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as parts:
            net, said = parts.read(NET), json.loads(parts.read(READING))
    except (zipfile.BadZipFile, KeyError, ValueError) as reason:
        raise WeightsError("weights_unreadable", f"{file} holds no {NET} and {READING}: {reason}", _REMAKE) from reason
    if not isinstance(said, dict):
        raise WeightsError("weights_unreadable", f"{READING} in {file} is no table", _REMAKE)
    return net, said


def rows_of(said: dict[str, Any]) -> list[int | None]:
    """For each class of the net, in order, which of ROWS it means; None for nothing."""
    try:
        meanings = [said["mapping"][name] for name in said["names"]]
    except (KeyError, TypeError) as reason:
        raise WeightsError("weights_unreadable", f"{READING} does not tell what the classes mean: {reason!r}", _REMAKE) from reason
    return [ROWS.index(meaning) if meaning in ROWS else None for meaning in meanings]


def _selected(raw: Values, classes: int) -> tuple[Values, Values]:
    """Rows of (x0, y0, x1, y1, score, class) as middles and sizes (4, k) and scores (classes, k)."""
    x0, y0, x1, y1, score, which = raw.T
    boxes = np.stack([(x0 + x1) / 2, (y0 + y1) / 2, x1 - x0, y1 - y0])
    number = np.nan_to_num(which, nan=-1.0).round()
    scores = np.where(number[None] == np.arange(classes)[:, None], score[None], 0.0)
    return boxes, scores.astype(np.float32)
