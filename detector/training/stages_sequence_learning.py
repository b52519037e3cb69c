"""The sequence nets' training: parts of courses at any interval, times and hours dropped at random, the best epoch kept."""

from __future__ import annotations

import copy
import json
import math
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional

from detector.evaluation.stages_scores import TrueEvent
from detector.stages.decoding import Clock
from detector.stages.looks import Looks
from detector.stages.temporal_serving import rows_of, times_of
from detector.training.checkpoints import follow
from detector.training.stages_sequence_network import SequenceNet, SequenceShape
from detector.types import STAGES

Say = Callable[[str], None]
LENGTHS = (8, 16, 32, 64)
"""Frames read at once in training; served sequences may be longer, since times are told as hours."""


@dataclass(frozen=True, slots=True)
class Course:
    """One embryo's frames: what each told alone, the hour of each, and its true stage as a place in STAGES, -1 where unknown."""

    looks: Looks
    hours: npt.NDArray[np.float64]
    stages: npt.NDArray[np.int_]
    events: tuple[TrueEvent, ...] = ()

    def __len__(self) -> int:
        return len(self.hours)


@dataclass(frozen=True, slots=True)
class SequenceRecipe:
    """Everything besides the data that decides the result."""

    family: str = "transformer"
    steps: int = 1500
    batch: int = 16
    rate: float = 1e-3
    weight_decay: float = 0.05
    hours_dropped: float = 0.5
    """Share of parts that do not tell hours post insemination."""
    times_dropped: float = 0.15
    """Share of parts that tell no times at all."""
    noise: float = 0.05
    judged_every: int = 250
    seed: int = 1


def learn_sequences(
    courses: Sequence[Course], held_out: Sequence[Course], recipe: SequenceRecipe, *, threads: int = 2, say: Say = print
) -> SequenceNet:
    """The averaged net at its best on `held_out`."""
    torch.set_num_threads(threads)
    torch.manual_seed(recipe.seed)
    network = SequenceNet(SequenceShape(recipe.family, rows_of(courses[0].looks).shape[1]))
    average = copy.deepcopy(network).eval().requires_grad_(False)
    optimizer = torch.optim.AdamW(network.parameters(), lr=recipe.rate, weight_decay=recipe.weight_decay)
    best, kept = math.inf, copy.deepcopy(average)
    started, total = time.monotonic(), 0.0
    for step in range(recipe.steps):
        rng = np.random.default_rng([recipe.seed, 23, step])
        for group in optimizer.param_groups:
            group["lr"] = recipe.rate * max(0.5 * (1 + math.cos(math.pi * step / recipe.steps)), 0.01) * min(1.0, (step + 1) / 100)
        rows, times, truth = (torch.from_numpy(part) for part in _batch(courses, recipe, rng))
        loss = functional.nll_loss(network.train()(rows, times).flatten(0, 1), truth.flatten(), ignore_index=-1)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        follow(average, network, 0.99 * (1 - math.exp(-(step + 1) / 100)))
        total += float(loss.detach())
        if (step + 1) % recipe.judged_every == 0 or step + 1 == recipe.steps:
            surprise, right = judged(average, held_out)
            spent = round(time.monotonic() - started)
            say(
                json.dumps({"step": step + 1, "loss": round(total / (step + 1), 4), "held_out": surprise, "right": right, "seconds": spent})
            )
            if surprise < best:
                best, kept = surprise, copy.deepcopy(average)
    return kept


def judged(network: SequenceNet, courses: Sequence[Course]) -> tuple[float, float]:
    """Mean surprise and share right over all frames, half of the courses with hours, half without."""
    surprise, right, frames = 0.0, 0, 0
    with torch.inference_mode():
        for number, course in enumerate(courses):
            known = course.stages >= 0
            logs = network(*_whole(course, with_hours=number % 2 == 0))[0].numpy()[known]
            truth = course.stages[known]
            surprise -= float(logs[np.arange(len(truth)), truth].sum())
            right += int((logs.argmax(axis=1) == truth).sum())
            frames += len(truth)
    return round(surprise / max(frames, 1), 4), round(right / max(frames, 1), 4)


def sequence_onnx(network: SequenceNet) -> bytes:
    """The net as ONNX: rows (1, T, F) and times (1, T, 4) to log-probabilities (1, T, 19)."""
    from detector.training.exporting import without_traces

    shape = network.shape
    samples = (torch.zeros(1, 9, shape.numbers), torch.zeros(1, 9, 4))
    axes = {"rows": {1: "frames"}, "times": {1: "frames"}, "answers": {1: "frames"}}
    with warnings.catch_warnings(), torch.inference_mode(), TemporaryDirectory() as folder:
        # The tracing exporter announces its retirement and the constants it folds.
        warnings.simplefilter("ignore")
        path = Path(folder) / "net.onnx"
        torch.onnx.export(
            network.cpu().float().eval(), samples, path, input_names=["rows", "times"], output_names=["answers"], opset_version=17,
            dynamic_axes=axes, dynamo=False,
        )  # fmt: skip
        return without_traces(path.read_bytes())


def _whole(course: Course, *, with_hours: bool) -> tuple[torch.Tensor, torch.Tensor]:
    clock = Clock((course.hours - course.hours[0]) * 60.0, float(course.hours[0]) if with_hours else None)
    return torch.from_numpy(rows_of(course.looks))[None], torch.from_numpy(times_of(len(course), clock))[None]


def _batch(
    courses: Sequence[Course], recipe: SequenceRecipe, rng: np.random.Generator
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32], npt.NDArray[np.int64]]:
    """Parts of one length, from courses that have it: neighbouring frames, or any frames in order."""
    longest = max(len(course) for course in courses)
    length = int(rng.choice([n for n in LENGTHS if n <= longest] or [longest]))
    fitting = [course for course in courses if len(course) >= length]
    rows, times, truth = [], [], []
    for k in rng.integers(0, len(fitting), recipe.batch):
        course = fitting[int(k)]
        chosen = _some_frames(len(course), length, rng)
        hours = course.hours[chosen]
        start = float(hours[0]) + rng.normal(0, 1.0) if rng.random() >= recipe.hours_dropped else None
        clock = None if rng.random() < recipe.times_dropped else Clock((hours - hours[0]) * 60.0, start)
        row = rows_of(course.looks)[chosen]
        row[:, len(STAGES) :] += rng.normal(0, recipe.noise, (length, row.shape[1] - len(STAGES)))
        rows.append(row)
        times.append(times_of(length, clock))
        truth.append(course.stages[chosen])
    return np.stack(rows).astype(np.float32), np.stack(times), np.stack(truth).astype(np.int64)


def _some_frames(frames: int, length: int, rng: np.random.Generator) -> npt.NDArray[np.int_]:
    if rng.random() < 0.5:
        first = int(rng.integers(0, frames - length + 1))
        return np.arange(first, first + length)
    return np.sort(rng.choice(frames, length, replace=False))
