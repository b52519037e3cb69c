"""python -m detector phase IMAGE...: a JSON list with what the embryo of every single-well picture is, by the picture alone."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from detector.loading import load_stager
from detector.stacks import open_stack
from detector.stages.crops import crop_embryo, find_embryo
from detector.stages.looks import FrameStager, most_likely
from detector.types import STAGES, Image

_TOGETHER = 64
"""Pictures looked at in one go, so that memory does not grow with their number."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("images", nargs="+", type=Path, metavar="IMAGE")
    parser.add_argument("--stager", help="convnextv2 or a weights folder; the shipped default otherwise")
    parser.add_argument("--threads", type=int, default=2)


def run(args: argparse.Namespace) -> int:
    stager = load_stager(args.stager, threads=max(args.threads, 1))
    answers: list[dict[str, Any]] = []
    for start in range(0, len(args.images), _TOGETHER):
        paths = args.images[start : start + _TOGETHER]
        answers += phases_of(paths, stager)
        print(f"{min(start + _TOGETHER, len(args.images))} of {len(args.images)}", file=sys.stderr)
    print(json.dumps(answers, ensure_ascii=False))
    return 0


def phases_of(paths: list[Path], stager: FrameStager) -> list[dict[str, Any]]:
    """One answer a picture, in the same order; nothing is known but the picture, not even its name."""
    wells = [picture(path) for path in paths]
    looks = stager.look_from_all_sides(np.stack([crop_embryo(well, find_embryo(well)) for well in wells]))
    return [as_dict(str(path), row) for path, row in zip(paths, looks.log_probabilities, strict=True)]


def picture(path: Path) -> Image:
    """The picture, or the first of a file with several."""
    with open_stack(path) as stack:
        return stack.read(0)


def as_dict(file: str, log_probabilities: np.ndarray[Any, np.dtype[np.float32]]) -> dict[str, Any]:
    """The form other programs rely on."""
    stage, coarse = most_likely(log_probabilities)
    shares = {stage.value: round(float(p), 4) for stage, p in zip(STAGES, np.exp(log_probabilities), strict=True)}
    return {"file": file, "phase": stage.value, "coarse": coarse.value, "probabilities": shares}
