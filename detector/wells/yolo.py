"""Serves the exported YOLO through OpenVINO; neither torch nor ultralytics is loaded."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from detector.errors import WeightsError
from detector.loading import Manifest
from detector.types import Image, Sighting
from detector.wells.decoding import CONTENTS, decode
from detector.wells.preprocess import HEIGHT, NAME, WIDTH, prepare

CLASSES = (*(content.value for content in CONTENTS), "gas_outside")
_BATCH = 16
_LARGEST_SHARE = 8


class YoloFinder:
    """A WellFinder over ONNX weights; pictures are answered in batches, each on its own merits."""

    def __init__(self, manifest: Manifest, data: bytes, *, threads: int = 1) -> None:
        served = (manifest.preprocessing, manifest.classes, manifest.width, manifest.height, manifest.channels)
        if served != (NAME, CLASSES, WIDTH, HEIGHT, 1):
            raise WeightsError(
                "weights_foreign",
                f"{manifest.name} expects {served}",
                f"This version serves {NAME!r}, {WIDTH}x{HEIGHT}x1 and {CLASSES}.",
            )
        self.name = manifest.name
        self.weights_hash = manifest.sha256
        self._queue = _compiled(data, manifest.name, threads)
        # The queue keeps the answers of one call at a time; without the lock two callers could get each other's.
        self._lock = threading.Lock()

    def find(self, images: Sequence[Image]) -> list[Sighting]:
        """One sighting an image, in the same order; a picture's answer does not depend on its neighbours in the batch."""
        sightings: list[Sighting] = []
        for start in range(0, len(images), _BATCH):
            prepared = [prepare(image) for image in images[start : start + _BATCH]]
            answers = self.raw(np.stack([place.pixels for place in prepared]))
            sightings += [decode(raw, place) for raw, place in zip(answers, prepared, strict=True)]
        return sightings

    def raw(self, pictures: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """The net's own answers (n, 9, anchors) to canonical pictures (n, 288, 384)."""
        answers: dict[int, npt.NDArray[np.float32]] = {}
        scaled = pictures[:, None].astype(np.float32) / 255
        share = min(_LARGEST_SHARE, max(1, -(-len(scaled) // len(self._queue))))
        with self._lock:
            self._queue.set_callback(lambda request, start: answers.update({start: request.get_output_tensor().data.copy()}))
            for start in range(0, len(scaled), share):
                self._queue.start_async({0: scaled[start : start + share]}, start)
            self._queue.wait_all()
        return np.concatenate([answers[start] for start in sorted(answers)])


def _compiled(data: bytes, name: str, threads: int) -> Any:
    """A queue of one-thread streams on the CPU: on small nets whole pictures side by side beat threads inside one picture."""
    import openvino

    core = openvino.Core()
    # bfloat16 halves the time where the processor has it and moved no figure of the card by more than its interval.
    precision = "bf16" if "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES") else "f32"
    settings = {
        "INFERENCE_NUM_THREADS": threads,
        "NUM_STREAMS": threads,
        "INFERENCE_PRECISION_HINT": precision,
        "ENABLE_CPU_PINNING": False,
    }
    try:
        return openvino.AsyncInferQueue(core.compile_model(core.read_model(data), "CPU", settings), threads)
    except RuntimeError as reason:
        raise WeightsError("weights_unreadable", f"{name} is no net that OpenVINO reads: {reason}", "Make the weights anew.") from reason
