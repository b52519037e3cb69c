"""From a trained net to a weights folder: ONNX, manifest and card."""

from __future__ import annotations

import hashlib
import json
import tempfile
import warnings
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch

from detector.synth import RENDERER_VERSION
from detector.training.renderings import CLASSES
from detector.wells.preprocess import HEIGHT, NAME, WIDTH

FILE = "weights.onnx"
CODE_VERSION = "0.1.0"
LICENCE = "AGPL-3.0-or-later"


def onnx_bytes(network: Any) -> bytes:
    """`network` as ONNX with a free batch size, in float32; the answer is (n, 4 + classes, anchors)."""
    network = network.cpu().float().eval().fuse(verbose=False)
    network.model[-1].export = True
    network.model[-1].format = "onnx"
    sample = torch.zeros(2, 1, HEIGHT, WIDTH)
    with warnings.catch_warnings(), torch.inference_mode(), tempfile.TemporaryDirectory() as folder:
        # The tracing exporter announces its retirement and the constants it folds.
        warnings.simplefilter("ignore")
        network(sample)
        path = Path(folder) / FILE
        torch.onnx.export(
            network, (sample,), path, input_names=["pictures"], output_names=["answer"], opset_version=17,
            dynamic_axes={"pictures": {0: "n"}, "answer": {0: "n"}}, dynamo=False,
        )  # fmt: skip
        return _without_traces(path.read_bytes())


def write_folder(folder: Path, data: bytes, *, name: str, command: str, metrics: dict[str, Any], card: str) -> Path:
    """Write weights, manifest and card; the manifest comes last, so that a folder with one is whole."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / FILE).write_bytes(data)
    (folder / "card.md").write_text(card, encoding="utf-8")
    (folder / "manifest.toml").write_text(manifest_text(data, name=name, command=command, metrics=metrics), encoding="utf-8")
    return folder


def manifest_text(data: bytes, *, name: str, command: str, metrics: dict[str, Any]) -> str:
    """The manifest of `data` as TOML."""
    head = {
        "name": name, "task": "wells", "family": "yolo", "adapter": "detector.wells.yolo:YoloFinder", "classes": list(CLASSES),
        "preprocessing": NAME, "file": FILE, "sha256": hashlib.sha256(data).hexdigest(), "licence": LICENCE,
        "renderer_version": RENDERER_VERSION, "code_version": CODE_VERSION,
        "created": datetime.now(UTC).date().isoformat(), "command": command,
    }  # fmt: skip
    shape = {"width": WIDTH, "height": HEIGHT, "channels": 1}
    tables = (("", head), ("[input]", shape), ("[metrics]", metrics))
    # Strings, numbers and lists of either are written alike in JSON and TOML.
    blocks = [
        "\n".join([*([title] if title else []), *(f"{k} = {json.dumps(v, ensure_ascii=False)}" for k, v in t.items())])
        for title, t in tables
    ]
    return "\n\n".join(blocks) + "\n"


def _without_traces(data: bytes) -> bytes:
    """The same net without notes on the machine and source files it was made from."""
    import onnx

    net = onnx.load_from_string(data)
    net.doc_string = ""
    for node in net.graph.node:
        node.doc_string = ""
        del node.metadata_props[:]
    onnx.checker.check_model(net)
    return bytes(net.SerializeToString())
