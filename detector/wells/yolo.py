"""The shipped finder: a YOLO finds the wells, a small net looks into each; neither torch nor ultralytics is loaded."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from detector.errors import WeightsError
from detector.loading import Manifest
from detector.types import Image, Sighting
from detector.wells.crops import as_input, crop_well
from detector.wells.decoding import CONTENTS, Found, decode, joined
from detector.wells.preprocess import HEIGHT, NAME, WIDTH, prepare
from detector.wells.serving import Net

CLASSES = (*(content.value for content in CONTENTS), "gas_outside")
WELLS, CONTENT = "wells.onnx", "contents.onnx"
"""Members of the weights file."""
CLOSER_LOOK = 0.9
"""Weight of the small net's opinion on a content, chosen on held-out renderings."""
_BATCH = 16
_REMAKE = "Make the weights anew with `make train`."


class YoloFinder:
    """A WellFinder over verified weights; pictures are answered in batches, each on its own merits."""

    def __init__(self, manifest: Manifest, data: bytes, *, threads: int = 1) -> None:
        served = (manifest.preprocessing, manifest.classes, manifest.width, manifest.height, manifest.channels)
        if served != (NAME, CLASSES, WIDTH, HEIGHT, 1):
            raise WeightsError(
                "weights_foreign", f"{manifest.name} expects {served}", f"This version serves {NAME!r}, {WIDTH}x{HEIGHT}x1 and {CLASSES}."
            )
        self.name = manifest.name
        self.weights_hash = manifest.sha256
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as nets:
                wells, contents = nets.read(WELLS), nets.read(CONTENT)
        except (zipfile.BadZipFile, KeyError) as reason:
            raise WeightsError("weights_unreadable", f"{manifest.file} holds no {WELLS} and {CONTENT}: {reason}", _REMAKE) from reason
        self._wells = Net(wells, manifest.name, threads=threads, share=8)
        self._contents = Net(contents, manifest.name, threads=threads, share=32)

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
        crops = [crop_well(picture, *box) for picture, found in zip(pictures, seen, strict=True) for box in found.boxes.tolist()]
        if not crops:
            return seen
        opinions = self._contents.answers(as_input(np.stack(crops)))
        ends = np.cumsum([len(found.boxes) for found in seen])
        return [
            replace(found, shares=joined(found.shares, opinion, CLOSER_LOOK))
            for found, opinion in zip(seen, np.split(opinions, ends[:-1]), strict=True)
        ]
