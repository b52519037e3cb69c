"""The second job inside: the finished weights folder is loaded as it will be served, and has to answer sanely."""

from __future__ import annotations

import io
import time
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from detector.admission.reading import CONTENT, ENCODER, WELLS
from detector.admission.refusals import refused
from detector.errors import DetectorError
from detector.loading import load_finder, load_stages, read_verified

MOST_CANDIDATES = 50_000
MOST_FOUND = 500
MOST_S = 5.0
_FARTHEST = 1e5
_SEEDS = (7_300_001, 7_300_002)
"""Of renderings that nothing is taught or judged by."""
_BATCHES = range(1, 9)
Values = npt.NDArray[np.float32]


def try_out(told: dict[str, Any]) -> dict[str, Any]:
    """How long a picture takes and what was found on renderings; raises the refusal of answers that make no sense."""
    folder = Path(told["folder"])
    manifest, data = read_verified(folder)
    with zipfile.ZipFile(io.BytesIO(data)) as parts:
        nets = {name: parts.read(name) for name in parts.namelist() if name.endswith(".onnx")}
    try:
        return _stages(folder, nets) if manifest.task == "stages" else _wells(folder, nets, manifest.width, manifest.height)
    except DetectorError as reason:
        if reason.code != "weights_unreadable":
            raise
        # OpenVINO reckons what does not depend on the picture as it reads the net.
        raise _unreadable(reason.detail) from None
    except (MemoryError, PermissionError):
        raise
    except Exception as reason:  # OpenVINO and ONNX Runtime raise classes of their own that share no other parent
        raise _unreadable(str(reason)) from None


def _unreadable(said: str) -> Exception:
    if "alloc" in said.lower() or "memory" in said.lower():
        return MemoryError()
    lines = [line for line in said.splitlines() if line.strip() and not line.startswith("Exception from")]
    return refused("net_unreadable", f"The net does not run: {' '.join(lines)[-400:]}")


def _wells(folder: Path, nets: dict[str, bytes], width: int, height: int) -> dict[str, Any]:
    from detector.serving.nets import opened
    from detector.synth import TRAINING, render_dish

    rng = np.random.default_rng(1)
    renderings = [render_dish(seed, TRAINING).image for seed in _SEEDS]
    odd = [np.zeros((480, 640), np.uint8), rng.integers(0, 256, (333, 517), dtype=np.uint8), np.full((1, 1), 255, np.uint8)]
    finder: Any = load_finder(folder)
    if WELLS in nets:
        net = opened(nets[WELLS], "the net", threads=1, share=8)
        sample = rng.random((max(_BATCHES), 1, height, width), dtype=np.float32)
        rows = 4 + 5
    else:
        net = finder.net
        sample = finder.as_input([finder.fit(image).pixels for image in (*renderings, *odd)])
        sample = np.concatenate([sample, sample])[: max(_BATCHES)]
        rows = 4 + len(finder.rows)
    slowest = max(_asked(net, sample[:count], rows) / count for count in _BATCHES)
    if slowest > MOST_S:
        raise refused("weights_too_slow", f"A picture takes {slowest:.1f} seconds.")
    if CONTENT in nets:
        _contents(opened(nets[CONTENT], "the closer look", threads=1, share=32), rng)
    began = time.monotonic()
    sightings = finder.find([*renderings, *odd])
    found = [len(sighting.candidates) for sighting in sightings]
    if max(found) > MOST_FOUND:
        raise refused("answers_too_many", f"It finds {max(found)} wells in one picture.")
    for sighting in sightings:
        numbers = [value for one in sighting.candidates for value in (*one.box.as_list(), one.confidence)]
        if not np.isfinite([sighting.gas_outside_wells, *numbers]).all():
            raise refused("not_finite", "It answers what is no number.")
    seconds = (time.monotonic() - began) / len(sightings)
    return {"seconds_a_picture": round(seconds, 4), "wells_in_renderings": found[: len(renderings)]}


def _asked(net: Any, inputs: Values, rows: int) -> float:
    """Seconds for one batch, whose answers have to be as many, finite and in reason."""
    began = time.monotonic()
    answers = net.answers(inputs)
    seconds = time.monotonic() - began
    if answers.ndim != 3 or len(answers) != len(inputs):
        raise refused("answers_wrong", f"To {len(inputs)} pictures it answers {_sides(answers)}.")
    selects = answers.shape[2] == 6 and answers.shape[1] != rows
    if not selects and answers.shape[1] != rows:
        raise refused("classes_wrong", f"It answers {answers.shape[1]} rows, where {rows} belong: four of a box and one a class.")
    count = answers.shape[1] if selects else answers.shape[2]
    if count > MOST_CANDIDATES:
        raise refused("answers_too_many", f"It answers {count} boxes a picture; {MOST_CANDIDATES} are read at most.")
    if not np.isfinite(answers).all():
        raise refused("not_finite", "It answers what is no number.")
    boxes, scores = (answers[..., :4], answers[..., 4]) if selects else (answers[:, :4], answers[:, 4:])
    if np.abs(boxes).max(initial=0.0) > _FARTHEST or scores.min(initial=0.0) < -0.01 or scores.max(initial=0.0) > 1.01:
        raise refused("answers_wrong", "Its boxes or scores are out of reason; scores go from 0 to 1.")
    return seconds


def _contents(net: Any, rng: np.random.Generator) -> None:
    from detector.wells.crops import SIDE

    answers = net.answers(rng.standard_normal((33, 1, SIDE, SIDE)).astype(np.float32))
    if answers.shape != (33, 4):
        raise refused("classes_wrong", f"The closer look answers {_sides(answers)} to 33 crops.")
    if not np.isfinite(answers).all() or answers.min() < -0.01 or np.abs(answers.sum(1) - 1).max() > 0.05:
        raise refused("not_finite", "The closer look answers what are no probabilities.")


def _stages(folder: Path, nets: dict[str, bytes]) -> dict[str, Any]:
    from detector.serving.nets import opened
    from detector.stages.crops import SIZE
    from detector.stages.looks import AUXILIARY
    from detector.types import STAGES

    rng = np.random.default_rng(1)
    crops = rng.standard_normal((33, SIZE, SIZE)).astype(np.float32)
    net = opened(nets[ENCODER], "the net", threads=1, share=32)
    for count in (*_BATCHES, 33):
        answers = net.answers(crops[:count, None])
        if answers.ndim != 2 or len(answers) != count or answers.shape[1] > 10_000:
            raise refused("answers_wrong", f"To {count} crops it answers {_sides(answers)}.")
        if answers.shape[1] < len(STAGES) + len(AUXILIARY):
            raise refused("classes_wrong", f"It answers {answers.shape[1]} numbers, fewer than stages and what goes with them.")
        if not np.isfinite(answers).all():
            raise refused("not_finite", "It answers what is no number.")
    stages = load_stages(folder)
    began = time.monotonic()
    looks = stages.stager.look(crops)
    seconds = (time.monotonic() - began) / len(crops)
    if seconds > MOST_S:
        raise refused("weights_too_slow", f"A crop takes {seconds:.1f} seconds.")
    decoded = stages.builder.build(looks, range(len(crops)), None)
    if not np.isfinite([call.confidence for call in decoded.profile.calls]).all():
        raise refused("not_finite", "It answers what is no number.")
    return {"seconds_a_crop": round(seconds, 5)}


def _sides(values: Any) -> str:
    return "x".join(str(side) for side in values.shape)
