"""The naive way to an embryo's stages: `YOLO.predict` on every frame, then one call of a Vision Transformer for every crop."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from detector.evaluation.plain import plain_torch, predict
from detector.loading import SHIPPED, WEIGHTS_HOME
from detector.types import STAGES

SIDE = 224
VITS = {"tiny": (192, 3), "small": (384, 6)}
"""Width of a token and heads, as the two smallest of the family are built."""


@dataclass(frozen=True)
class NaiveRate:
    """What one frame costs, decoding included; `wells` is how many crops a frame had on average."""

    seconds_a_frame: float
    wells: float


def measure(pictures: list[Path], *, vit: str) -> NaiveRate:
    """Time these pictures one after the other; the first is taken once more before, to warm up."""
    import torch

    threads = os.cpu_count() or 1
    finder = plain_torch(WEIGHTS_HOME / SHIPPED["yolo"], threads=threads)
    encoder = build_vit(vit)
    torch.set_num_threads(threads)
    _stages(finder, encoder, pictures[0])
    started = time.perf_counter()
    wells = sum(_stages(finder, encoder, picture) for picture in pictures)
    return NaiveRate((time.perf_counter() - started) / len(pictures), wells / len(pictures))


def build_vit(size: str) -> Any:
    """A ViT with 16-pixel patches that tells stages apart, with random weights: what it says means nothing, what it costs does."""
    from transformers import ViTConfig, ViTForImageClassification

    width, heads = VITS[size]
    config = ViTConfig(hidden_size=width, num_attention_heads=heads, intermediate_size=4 * width, image_size=SIDE, patch_size=16)
    config.num_labels = len(STAGES)
    encoder: Any = ViTForImageClassification(config)
    return encoder.eval()


def _stages(finder: Any, encoder: Any, picture: Path) -> int:
    """From one file to a stage a well; gives the number of wells."""
    import torch

    result = predict(finder, picture)[0]
    frame = np.asarray(result.orig_img, dtype=np.uint8)
    boxes = result.boxes.xyxy.cpu().numpy()
    for box in boxes:
        with torch.inference_mode():
            encoder(pixel_values=torch.from_numpy(_crop(frame, box))).logits.softmax(-1)
    return len(boxes)


def _crop(frame: npt.NDArray[np.uint8], box: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """A well as three equal channels, shape (1, 3, SIDE, SIDE), from -1 to 1."""
    x0, y0, x1, y1 = np.clip(np.rint(box), 0, None).astype(int)
    grey = frame[y0:y1, x0:x1].reshape(y1 - y0, min(x1, frame.shape[1]) - x0, -1)[:, :, 0]
    small = cv2.resize(grey, (SIDE, SIDE), interpolation=cv2.INTER_AREA).astype(np.float32) / 127.5 - 1
    return np.ascontiguousarray(np.broadcast_to(small, (1, 3, SIDE, SIDE)))
