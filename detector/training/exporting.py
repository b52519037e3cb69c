"""From trained nets to a weights folder: ONNX, manifest and card."""

from __future__ import annotations

import hashlib
import io
import json
import tempfile
import warnings
import zipfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch

from detector.synth import RENDERER_VERSION
from detector.training.families import DEFAULT, family_of
from detector.training.renderings import CLASSES
from detector.wells.crops import SIDE
from detector.wells.net import CONTENT, WELLS
from detector.wells.preprocess import HEIGHT, NAME, WIDTH

FILE = "weights.zip"
CODE_VERSION = "0.1.0"
LICENCE = "AGPL-3.0-or-later"


def finder_onnx(network: Any, family: str = DEFAULT) -> bytes:
    """A net of a family as ONNX: pictures (n, 1, 288, 384) to answers (n, 4 + classes, candidates), float32."""
    return onnx_of(family_of(family).answers(network.cpu().float().eval()).eval(), torch.zeros(2, 1, HEIGHT, WIDTH))


def contents_onnx(network: torch.nn.Module) -> bytes:
    """The content net as ONNX: standardised crops (n, 1, 64, 64) to probabilities (n, 4), float32."""
    return onnx_of(torch.nn.Sequential(network.cpu().float().eval(), torch.nn.Softmax(dim=1)), torch.zeros(2, 1, SIDE, SIDE))


def weights_bytes(finder: bytes, contents: bytes | None) -> bytes:
    """Both nets as one file, so that one hash speaks for all that is served; the closer look may be left out."""
    return zipped({WELLS: finder} | ({CONTENT: contents} if contents is not None else {}))


def zipped(members: Mapping[str, bytes]) -> bytes:
    """Named members as one file; the same members give the same bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as nets:
        for name, data in members.items():
            nets.writestr(zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0)), data)
    return buffer.getvalue()


def onnx_of(network: Any, sample: torch.Tensor) -> bytes:
    """A net with one input and one output as ONNX, the batch open, free of notes on the machine it was made on."""
    with warnings.catch_warnings(), torch.inference_mode(), tempfile.TemporaryDirectory() as folder:
        # The tracing exporter announces its retirement and the constants it folds.
        warnings.simplefilter("ignore")
        network(sample)
        path = Path(folder) / "net.onnx"
        torch.onnx.export(
            network, (sample,), path, input_names=["inputs"], output_names=["answers"], opset_version=17,
            dynamic_axes={"inputs": {0: "n"}, "answers": {0: "n"}}, dynamo=False,
        )  # fmt: skip
        return without_traces(path.read_bytes())


def write_folder(
    folder: Path, data: bytes, *, name: str, command: str, metrics: dict[str, Any], card: str, marks: Mapping[str, str] | None = None,
    family: str = DEFAULT,
) -> Path:  # fmt: skip
    """Write weights, manifest and card; the manifest comes last, so that a folder with one is whole."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / FILE).write_bytes(data)
    (folder / "card.md").write_text(card, encoding="utf-8")
    manifest = manifest_text(data, name=name, command=command, metrics=metrics, marks=marks, family=family)
    (folder / "manifest.toml").write_text(manifest, encoding="utf-8")
    return folder


def manifest_text(
    data: bytes, *, name: str, command: str, metrics: dict[str, Any], marks: Mapping[str, str] | None = None, family: str = DEFAULT
) -> str:
    """The manifest of `data` as TOML; `marks` are what whoever had it made wants to find in it again."""
    head = {
        "name": name, "task": "wells", "family": family, "adapter": "detector.wells.net:NetFinder", "classes": list(CLASSES),
        "preprocessing": NAME, "file": FILE, "sha256": hashlib.sha256(data).hexdigest(), "licence": LICENCE,
        "renderer_version": RENDERER_VERSION, "code_version": CODE_VERSION,
        "created": datetime.now(UTC).date().isoformat(), "command": command,
    }  # fmt: skip
    shape = {"width": WIDTH, "height": HEIGHT, "channels": 1}
    return as_toml(head, input=shape, metrics=metrics, **({"origin": marks} if marks else {}))


def as_toml(head: Mapping[str, Any], **tables: Mapping[str, Any]) -> str:
    """A flat TOML document; strings, numbers and lists of either are written alike in JSON and TOML."""
    blocks = [
        "\n".join([*([f"[{title}]"] if title else []), *(f"{k} = {json.dumps(v, ensure_ascii=False)}" for k, v in table.items())])
        for title, table in (("", head), *tables.items())
    ]
    return "\n\n".join(blocks) + "\n"


def without_traces(data: bytes) -> bytes:
    """The same net without notes on the machine and source files it was made from."""
    import onnx

    net = onnx.load_from_string(data)
    net.doc_string = ""
    for node in net.graph.node:
        node.doc_string = ""
        del node.metadata_props[:]
    onnx.checker.check_model(net)
    return bytes(net.SerializeToString())
