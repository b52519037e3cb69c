"""Every net that finds wells, served alike: one net finds the wells, a small one may look into each; torch is never loaded."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from detector.errors import WeightsError
from detector.loading import Manifest
from detector.serving.nets import opened
from detector.types import Image, Sighting
from detector.wells.crops import as_input, crop_well
from detector.wells.decoding import CONTENTS, Found, decode, joined
from detector.wells.preprocess import HEIGHT, NAME, WIDTH, prepare

CLASSES = (*(content.value for content in CONTENTS), "gas_outside")
WELLS, CONTENT = "wells.onnx", "contents.onnx"
"""Members of the weights file; the second may be missing."""
CLOSER_LOOK = 0.9
"""Weight of the small net's opinion on a content, chosen on held-out renderings with the YOLO11n."""
_BATCH = 16
_REMAKE = "Make the weights anew with `make train`."


class NetFinder:
    """A WellFinder over verified weights of any family; pictures are answered in batches, each on its own merits.

    With `closer` false the net that looks into each well is left alone.
    """

    def __init__(self, manifest: Manifest, data: bytes, *, threads: int = 1, closer: bool = True) -> None:
        served = (manifest.preprocessing, manifest.classes, manifest.width, manifest.height, manifest.channels)
        if served != (NAME, CLASSES, WIDTH, HEIGHT, 1):
            raise WeightsError(
                "weights_foreign", f"{manifest.name} expects {served}", f"This version serves {NAME!r}, {WIDTH}x{HEIGHT}x1 and {CLASSES}."
            )
        self.name = manifest.name
        self.weights_hash = manifest.sha256
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as nets:
                wells = nets.read(WELLS)
                contents = nets.read(CONTENT) if closer and CONTENT in nets.namelist() else None
        except (zipfile.BadZipFile, KeyError) as reason:
            raise WeightsError("weights_unreadable", f"{manifest.file} holds no {WELLS}: {reason}", _REMAKE) from reason
        self._wells = opened(wells, manifest.name, threads=threads, share=8)
        self._contents = opened(contents, manifest.name, threads=threads, share=32) if contents is not None else None

    def find(self, images: Sequence[Image]) -> list[Sighting]:
        """One sighting an image, in the same order; a picture's answer does not depend on its neighbours in the batch."""
        sightings: list[Sighting] = []
        for start in range(0, len(images), _BATCH):
            prepared = [prepare(image) for image in images[start : start + _BATCH]]
            seen = self.see(np.stack([place.pixels for place in prepared]))
            sightings += [found.sighting(place) for found, place in zip(seen, prepared, strict=True)]
        return sightings

    def see(self, pictures: npt.NDArray[np.uint8]) -> list[Found]:
        """The wells in canonical pictures (n, 288, 384)."""
        seen = [decode(raw) for raw in self._wells.answers(np.divide(pictures[:, None], 255, dtype=np.float32))]
        if self._contents is None:
            return seen
        crops = [crop_well(picture, *box) for picture, found in zip(pictures, seen, strict=True) for box in found.boxes.tolist()]
        if not crops:
            return seen
        opinions = self._contents.answers(as_input(np.stack(crops)))
        ends = np.cumsum([len(found.boxes) for found in seen])
        return [
            replace(found, shares=joined(found.shares, opinion, CLOSER_LOOK))
            for found, opinion in zip(seen, np.split(opinions, ends[:-1]), strict=True)
        ]
