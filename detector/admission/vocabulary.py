"""The classes and kinds of numbers that nets are saved with; a checkpoint that names any other is refused."""

from __future__ import annotations

from typing import NamedTuple


class Kind(NamedTuple):
    """A kind of number, by the name torch has for it."""

    name: str
    bytes: int


STORAGES = {
    f"torch.{name}Storage": kind
    for name, kind in {
        "Float": Kind("float32", 4), "Half": Kind("float16", 2), "BFloat16": Kind("bfloat16", 2), "Double": Kind("float64", 8),
        "Long": Kind("int64", 8), "Int": Kind("int32", 4), "Short": Kind("int16", 2), "Char": Kind("int8", 1), "Byte": Kind("uint8", 1),
        "Bool": Kind("bool", 1),
    }.items()
}  # fmt: skip
DTYPES = frozenset(f"torch.{kind.name}" for kind in STORAGES.values())


def _named(home: str, words: str) -> set[str]:
    return {f"{home}.{word}" for word in words.split()}


DETECTION = "ultralytics.nn.tasks.DetectionModel"
SETTINGS = "ultralytics.utils.IterableSimpleNamespace"
NAMESPACES = frozenset({SETTINGS, "types.SimpleNamespace"})
"""Made by a call without arguments, and filled afterwards."""
CLASSES = frozenset(
    {DETECTION, SETTINGS, "types.SimpleNamespace"}
    | _named("torch.nn.modules.activation", "ELU GELU Hardswish LeakyReLU Mish ReLU ReLU6 SELU SiLU Sigmoid Softmax Softplus Tanh")
    | _named("torch.nn.modules.container", "ModuleDict ModuleList Sequential")
    | _named("torch.nn.modules.pooling", "AdaptiveAvgPool2d AvgPool2d MaxPool2d")
    | {
        "torch.nn.modules.batchnorm.BatchNorm2d", "torch.nn.modules.conv.Conv2d", "torch.nn.modules.conv.ConvTranspose2d",
        "torch.nn.modules.dropout.Dropout", "torch.nn.modules.linear.Identity", "torch.nn.modules.linear.Linear",
        "torch.nn.modules.normalization.LayerNorm", "torch.nn.modules.upsampling.Upsample", "torch.nn.modules.loss.BCEWithLogitsLoss",
    }
    | _named("ultralytics.nn.modules.conv", "Concat Conv DWConv GhostConv RepConv")
    | _named(
        "ultralytics.nn.modules.block",
        "A2C2f AAttn ABlock Attention Bottleneck C2PSA C2f C2fCIB C2fPSA C3 C3k C3k2 CIB DFL PSA PSABlock RepVGGDW SCDown SPP SPPF",
    )
    | _named("ultralytics.nn.modules.head", "Detect v10Detect")
    | _named("ultralytics.utils.loss", "BboxLoss DFLoss E2EDetectLoss E2ELoss v8DetectionLoss")
    | {"ultralytics.utils.tal.TaskAlignedAssigner"}
)  # fmt: skip
_OF_PLANS = "A2C2f Bottleneck C2PSA C2f C2fCIB C2fPSA C3 C3k2 Concat Conv DWConv Detect GhostConv PSA SCDown SPP SPPF nn.Upsample v10Detect"
LAYERS = frozenset(_OF_PLANS.split())
"""What a description of a YOLO may be made of."""
WORDS = frozenset({"None", "nc", "nearest", "bilinear", "True", "False"})
ACTIVATIONS = frozenset(
    f"{home}{name}()" for home in ("nn.", "torch.nn.") for name in ("SiLU", "ReLU", "ReLU6", "LeakyReLU", "GELU", "Hardswish", "Mish")
) | {"nn.LeakyReLU(0.1)", "torch.nn.LeakyReLU(0.1)", "nn.ReLU(inplace=True)", "nn.SiLU(inplace=True)"}
"""Ultralytics evaluates this text; only these are handed to it."""
