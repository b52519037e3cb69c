"""Weights like others but for one array of their net: what they say otherwise is known."""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import numpy_helper

from detector.stages.stager import ENCODER
from detector.wells.net import WELLS

Array = npt.NDArray[Any]


def blind_for(place: int) -> Callable[[Array], Array]:
    """Of `tests.exact.weights`: never sees the well of this number, in rows."""

    def change(anchors: Array) -> Array:
        anchors[:, 4:, place] = 0
        return anchors

    return change


def altered(source: Path, out: Path, name: str, change: Callable[[Array], Array]) -> Path:
    """A weights folder `out` like `source`, whose net has its only learned array changed."""
    packed = io.BytesIO()
    with zipfile.ZipFile(source / "weights.zip") as old, zipfile.ZipFile(packed, "w") as new:
        for member in old.namelist():
            data = old.read(member)
            new.writestr(member, _changed(data, change) if member in (WELLS, ENCODER) else data)
    out.mkdir(parents=True)
    (out / "weights.zip").write_bytes(packed.getvalue())
    manifest = (source / "manifest.toml").read_text(encoding="utf-8")
    manifest = re.sub(r'^sha256 = ".*"$', f'sha256 = "{hashlib.sha256(packed.getvalue()).hexdigest()}"', manifest, flags=re.M)
    (out / "manifest.toml").write_text(re.sub(r'^name = ".*"$', f'name = "{name}"', manifest, flags=re.M), encoding="utf-8")
    return out


def _changed(data: bytes, change: Callable[[Array], Array]) -> bytes:
    net = onnx.load_from_string(data)
    (tensor,) = [one for one in net.graph.initializer if one.name in ("anchors", "weights")]
    array = np.array(numpy_helper.to_array(tensor))
    tensor.CopyFrom(numpy_helper.from_array(change(array).astype(array.dtype), tensor.name))
    return bytes(net.SerializeToString())
