"""From a trained frame encoder to a weights folder that `load_stager` serves: ONNX, manifest and card."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import safetensors.torch
import torch

from detector.errors import WeightsError
from detector.loading import read_verified
from detector.stages.crops import NAME, SIZE
from detector.stages.stager import CALIBRATION, CLASSES, ENCODER, ConvNextStager
from detector.training.exporting import CODE_VERSION, FILE, LICENCE, as_toml, onnx_of, zipped
from detector.training.stages_network import ServedNet, Shape, StageNet

ADAPTER = "detector.stages.stager:ConvNextStager"
TENSORS, SHAPE = "encoder.safetensors", "shape.json"
"""Members of the weights file that training goes on from; serving reads neither."""


def weights_of(network: StageNet, *, temperature: float = 1.0) -> bytes:
    """The net and its calibration as one file."""
    network = network.cpu().float().eval()
    onnx = onnx_of(ServedNet(network).eval(), torch.zeros(2, 1, SIZE, SIZE))
    tensors = safetensors.torch.save({name: value.contiguous() for name, value in network.state_dict().items()})
    notes = json.dumps({"temperature": round(temperature, 4)}).encode()
    return zipped({ENCODER: onnx, CALIBRATION: notes, TENSORS: tensors, SHAPE: json.dumps(network.shape.as_dict()).encode()})


def network_of(folder: Path) -> StageNet:
    """The net of a weights folder, to go on training; raises WeightsError where it was made without what that needs."""
    manifest, data = read_verified(folder)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as members:
            network = StageNet(Shape.of(json.loads(members.read(SHAPE))))
            network.load_state_dict(safetensors.torch.load(members.read(TENSORS)))
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError, RuntimeError) as reason:
        detail = f"{manifest.name} holds no net that training can go on from: {reason}"
        raise WeightsError("weights_unreadable", detail, "Start from the shipped weights or from scratch.") from reason
    return network


def write_stager(
    folder: Path, data: bytes, *, name: str, command: str, learned_from: str, renderer: str, metrics: Mapping[str, Any], card: str,
    marks: Mapping[str, str] | None = None,
) -> Path:  # fmt: skip
    """Write weights, card and manifest; the manifest comes last, so that a folder with one is whole.

    `marks` are what whoever had it made wants to find in the manifest again.
    """
    folder.mkdir(parents=True, exist_ok=True)
    head = {
        "name": name, "task": "stages", "family": "convnextv2", "adapter": ADAPTER, "classes": list(CLASSES), "preprocessing": NAME,
        "file": FILE, "sha256": hashlib.sha256(data).hexdigest(), "licence": LICENCE, "renderer_version": renderer,
        "code_version": CODE_VERSION, "created": datetime.now(UTC).date().isoformat(), "command": command, "learned_from": learned_from,
    }  # fmt: skip
    (folder / FILE).write_bytes(data)
    (folder / "card.md").write_text(card, encoding="utf-8")
    shape = {"width": SIZE, "height": SIZE, "channels": 1}
    tables = {"input": shape, "metrics": metrics} | ({"origin": marks} if marks else {})
    (folder / "manifest.toml").write_text(as_toml(head, **tables), encoding="utf-8")
    return folder


def served(folder: Path, *, threads: int) -> ConvNextStager:
    """The written folder as it is served, so that figures are of what will run."""
    return ConvNextStager(*read_verified(folder), threads=threads)
