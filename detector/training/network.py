"""The ultralytics YOLO nano, built from its description with fresh weights; nothing is downloaded."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from typing import Any

OFFLINE = {"YOLO_OFFLINE": "true", "YOLO_AUTOINSTALL": "false", "YOLO_VERBOSE": "false"}


def build_network(classes: int, *, width: int, height: int) -> Any:
    """A one-channel yolo11n with random weights, its loss set up; the torch seed decides the weights."""
    network_type, configuration = _ultralytics()
    network = network_type("yolo11n.yaml", ch=1, nc=classes, verbose=False)
    network.args = configuration(overrides={"imgsz": max(width, height), "box": 6.0, "cls": 1.0, "dfl": 1.2})
    return network


def _ultralytics() -> tuple[Any, Any]:
    """Its detection net and its reader of settings, imported such that nothing goes over the network."""
    for name, value in OFFLINE.items():
        os.environ.setdefault(name, value)
    if "YOLO_CONFIG_DIR" not in os.environ:
        os.environ["YOLO_CONFIG_DIR"] = tempfile.mkdtemp(prefix="yolo-settings-")
        atexit.register(shutil.rmtree, os.environ["YOLO_CONFIG_DIR"], ignore_errors=True)
    # Ultralytics reads these variables on import, and reports use over the network unless told not to.
    from ultralytics import settings
    from ultralytics.cfg import get_cfg
    from ultralytics.nn.tasks import DetectionModel

    store: Any = settings
    store.update({"sync": False})
    return DetectionModel, get_cfg
