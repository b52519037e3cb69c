"""The ultralytics YOLO nano with a coarser first step, built from its description with fresh weights; nothing is downloaded."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from typing import Any

FIRST_KERNEL, FIRST_STEP, FIRST_PADDING = 5, 3, 1
"""A well is 25 pixels across at least, so the first convolution steps by three instead of two pixels: less than half the work."""
OFFLINE = {"YOLO_OFFLINE": "true", "YOLO_AUTOINSTALL": "false", "YOLO_VERBOSE": "false"}


def build_network(classes: int, *, width: int, height: int, plan: str = "yolo11n") -> Any:
    """A one-channel YOLO of a nano `plan` with random weights, its loss set up; the torch seed decides the weights.

    Sides must be multiples of 48. It has plain ReLUs, which cost a processor a fifth less than the usual SiLUs.
    """
    network_type, configuration, described, initialize_weights = _ultralytics()
    description = described(f"{plan}.yaml")
    description["activation"] = "torch.nn.ReLU()"
    network = network_type(description, ch=1, nc=classes, verbose=False)
    # Only now, as ultralytics measures strides on 256 pixels, which three does not divide.
    usual = network.model[0]
    network.model[0] = type(usual)(1, usual.conv.out_channels, FIRST_KERNEL, FIRST_STEP, FIRST_PADDING, act=usual.act)
    for name in ("i", "f", "type", "np"):
        setattr(network.model[0], name, getattr(usual, name))
    initialize_weights(network.model[0])
    network.stride *= FIRST_STEP / 2
    network.model[-1].stride = network.stride
    network.model[-1].bias_init()
    network.args = configuration(overrides={"imgsz": max(width, height), "box": 6.0, "cls": 1.0, "dfl": 1.2})
    return network


def _ultralytics() -> tuple[Any, Any, Any, Any]:
    """Its net, its readers of settings and descriptions, and how it starts weights, imported such that nothing goes over the network."""
    for name, value in OFFLINE.items():
        os.environ.setdefault(name, value)
    if "YOLO_CONFIG_DIR" not in os.environ:
        os.environ["YOLO_CONFIG_DIR"] = tempfile.mkdtemp(prefix="yolo-settings-")
        atexit.register(shutil.rmtree, os.environ["YOLO_CONFIG_DIR"], ignore_errors=True)
    # Ultralytics reads these variables on import, and reports use over the network unless told not to.
    from ultralytics import settings
    from ultralytics.cfg import get_cfg
    from ultralytics.nn.tasks import DetectionModel, yaml_model_load
    from ultralytics.utils.torch_utils import initialize_weights

    store: Any = settings
    store.update({"sync": False})
    return DetectionModel, get_cfg, yaml_model_load, initialize_weights
