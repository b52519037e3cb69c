"""Nothing that the detector runs keeps books about its user or reaches the network on its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

USE = """
import io, sys, zipfile
from detector.loading import SHIPPED, WEIGHTS_HOME
import onnxruntime
with zipfile.ZipFile(WEIGHTS_HOME / SHIPPED["yolo"] / "weights.zip") as members:
    onnxruntime.InferenceSession(members.read("contents.onnx"), providers=["CPUExecutionProvider"])
"""


def test_onnx_runtime_leaves_no_store_of_what_was_done_with_it(tmp_path: Path) -> None:
    environment = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}
    subprocess.run([sys.executable, "-c", USE], env=environment, check=True, timeout=120)
    assert not list(tmp_path.rglob("*"))
