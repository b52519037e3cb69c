"""The same weights the plain way: served by ultralytics itself, one file at a time; torch is loaded here and nowhere else."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path
from typing import Any

from detector.loading import read_verified
from detector.wells.net import CLASSES, WELLS
from detector.wells.preprocess import HEIGHT, WIDTH


def wells_onnx(weights: Path) -> bytes:
    """The net that finds wells, out of a weights folder."""
    with zipfile.ZipFile(io.BytesIO(read_verified(weights)[1])) as nets:
        return nets.read(WELLS)


def plain_onnx(weights: Path, scratch: Path, *, threads: int) -> Any:
    """The same on ONNX Runtime, as after its own export; `scratch` gets a copy, for ultralytics goes by file names."""
    import onnx

    yolo = _ultralytics(threads)
    model = onnx.load_from_string(wells_onnx(weights))
    # What ultralytics would otherwise take for granted is a net for colour pictures.
    described = {
        "channels": "1", "stride": "48", "task": "detect", "batch": "1", "imgsz": str([HEIGHT, WIDTH]), "args": "{'dynamic': True}",
        "names": str(dict(enumerate(CLASSES))),
    }  # fmt: skip
    for key, value in described.items():
        model.metadata_props.add(key=key, value=value)
    path = scratch / "plain.onnx"
    onnx.save(model, str(path))
    return yolo(str(path), task="detect")


def plain_torch(weights: Path, *, threads: int) -> Any:
    """The net of a weights folder as an ultralytics YOLO on torch, what its manual's first page shows."""
    import onnx
    import torch

    yolo = _ultralytics(threads)
    from detector.training.network import build_network

    network = build_network(len(CLASSES), width=WIDTH, height=HEIGHT).eval().fuse(verbose=False)
    held = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in onnx.load_from_string(wells_onnx(weights)).graph.initializer}
    network.load_state_dict({name: torch.from_numpy(held[name].copy()) for name in network.state_dict()})
    network.names = dict(enumerate(CLASSES))
    served = yolo("yolo11n.yaml", task="detect")
    served.model = network
    return served


def predict(network: Any, file: Path) -> Any:
    """Boxes in one picture file, the way the manual shows it."""
    return network.predict(str(file), imgsz=(HEIGHT, WIDTH), device="cpu", verbose=False)


def _ultralytics(threads: int) -> Any:
    os.environ["OMP_NUM_THREADS"] = str(threads)
    import torch

    from detector.training.network import build_network

    torch.set_num_threads(threads)
    # Sets ultralytics up so that it stays off the network.
    build_network(1, width=64, height=64)
    from ultralytics.models.yolo.model import YOLO

    return YOLO
