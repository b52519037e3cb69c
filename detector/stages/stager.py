"""The served frame encoder: one verified net looks at crops in batches; neither torch nor transformers is loaded."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Sequence

import numpy as np

from detector.errors import WeightsError
from detector.loading import Manifest
from detector.serving.nets import opened
from detector.stages.crops import NAME, SIZE, crop_embryo, find_embryo
from detector.stages.looks import AUXILIARY, Looks, Values
from detector.types import STAGES, Image

ENCODER, CALIBRATION = "encoder.onnx", "calibration.json"
"""Members of the weights file; the second may be missing."""
CLASSES = tuple(stage.value for stage in STAGES)
VIEWS = 8
_REMAKE = "Make the weights anew with `python -m detector train stages`."


class ConvNextStager:
    """A FrameStager over verified weights; a crop's answer does not depend on its neighbours in the batch."""

    def __init__(self, manifest: Manifest, data: bytes, *, threads: int = 1) -> None:
        served = (manifest.preprocessing, manifest.classes, manifest.width, manifest.height, manifest.channels)
        if served != (NAME, CLASSES, SIZE, SIZE, 1):
            raise WeightsError("weights_foreign", f"{manifest.name} expects {served}", f"This version serves {NAME!r}, {SIZE}x{SIZE}x1.")
        self.name = manifest.name
        self.weights_hash = manifest.sha256
        encoder, self.temperature = _members(manifest, data)
        self._net = opened(encoder, manifest.name, threads=threads, share=32)

    def look(self, crops: Values) -> Looks:
        """One row a crop float32 (n, SIZE, SIZE), in the same order."""
        if not len(crops):
            return _looks(np.zeros((0, len(STAGES) + len(AUXILIARY)), np.float32), self.temperature)
        return _looks(self._net.answers(np.ascontiguousarray(crops[:, None], dtype=np.float32)), self.temperature)

    def look_from_all_sides(self, crops: Values) -> Looks:
        """The mean over the eight turned and mirrored views: eight times the work, for single pictures that somebody waits for."""
        seen = [self.look(np.ascontiguousarray(view)) for view in views(crops)]
        mean = np.logaddexp.reduce([one.log_probabilities for one in seen], axis=0) - np.float32(np.log(len(seen)))
        beside = (np.mean([getattr(one, name) for one in seen], axis=0) for name in ("features", *AUXILIARY))
        return Looks(mean.astype(np.float32), *beside)


def views(crops: Values) -> list[Values]:
    """The eight views of a square crop: an embryo has no upper side."""
    return [np.rot90(side, turn, (1, 2)) for turn in range(4) for side in (crops, crops[:, :, ::-1])]


def crops_of(wells: Sequence[Image]) -> Values:
    """The crops (n, SIZE, SIZE) around the embryos of pictures of single wells."""
    return np.stack([crop_embryo(well, find_embryo(well)) for well in wells]) if wells else np.zeros((0, SIZE, SIZE), np.float32)


def _members(manifest: Manifest, data: bytes) -> tuple[bytes, float]:
    """The net, and the temperature its logits are divided by."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as members:
            encoder = members.read(ENCODER)
            notes = json.loads(members.read(CALIBRATION)) if CALIBRATION in members.namelist() else {}
            return encoder, float(notes.get("temperature", 1.0))
    except (zipfile.BadZipFile, KeyError, ValueError, AttributeError) as reason:
        raise WeightsError("weights_unreadable", f"{manifest.file} holds no readable {ENCODER}: {reason}", _REMAKE) from reason


def _looks(answers: Values, temperature: float) -> Looks:
    logits = answers[:, : len(STAGES)] / np.float32(temperature)
    logits = logits - logits.max(axis=1, keepdims=True, initial=-np.inf)
    logs = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    end = len(STAGES) + len(AUXILIARY)
    return Looks(logs, answers[:, end:], *(answers[:, k] for k in range(len(STAGES), end)))
