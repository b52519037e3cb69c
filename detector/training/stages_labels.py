"""The recipe "phases-from-labels": a lab's coarse phases teach the frame encoder, from the shipped weights and, beside it, from scratch."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from detector.errors import DetectorError
from detector.training.stages_folders import GROUPS, Labelled, Say, Windows, read_labels, read_windows
from detector.training.stages_lab import HeldBack, Origin, publish
from detector.training.stages_learning import Recipe, learn
from detector.training.stages_lessons import Lessons, lessons_of
from detector.training.stages_network import Shape
from detector.training.stages_weights import network_of

NAME = "stages-lab-labels"
LEAST_PICTURES = 8
FINE = Recipe(steps=900, rate=8e-4, warm_up_steps=60)
SCRATCH = Recipe(steps=2200, rate=3e-3)


@dataclass(frozen=True, slots=True)
class Plan:
    """How long either training goes on; steps and rates were chosen by cross-validation over embryos of a training split."""

    fine: Recipe = FINE
    scratch: Recipe = SCRATCH
    shape: Shape | None = None
    """Of a net from scratch; the shipped one otherwise."""
    threads: int = 2


def make_weights(
    data: Path, out: Path, plan: Plan, *, start: Path | None, beside_scratch: bool, work: Path, command: str, say: Say
) -> dict[str, Any]:
    """Learn from the rows of split "train" and write the weights folder `out`; rows of split "dev" are only reported on.

    `start` are the weights to go on from, None to begin with nothing; checkpoints lie in `work`.
    """
    rows, windows = labelled_windows(data, say)
    lessons, embryos = lessons_of_rows(rows, windows)
    held_back = HeldBack.of(windows, rows)
    say(f"{len(lessons)} pictures of {embryos} embryos to learn from, {len(held_back.rows)} held back")
    answer: dict[str, Any] = {"out": str(out), "pictures": len(lessons), "embryos": embryos}
    for way, folder in _ways(start, beside_scratch, out, work).items():
        began = time.monotonic()
        network = None if way == "scratch" or start is None else network_of(start)
        recipe = plan.scratch if network is None else plan.fine
        learned = learn(lessons, recipe, work / way, start=network, shape=plan.shape, threads=plan.threads, say=say)
        minutes = round((time.monotonic() - began) / 60, 1)
        source = "random weights" if network is None else "other weights"
        origin = Origin(NAME, "a lab's labels", command, source, len(lessons), embryos, minutes)
        figures = publish(learned, folder, origin, held_back, plan.threads)
        answer[way] = {"minutes": minutes, "dev": figures}
        say(json.dumps({"way": way, **answer[way]}))
    return answer


def labelled_windows(data: Path, say: Say) -> tuple[list[Labelled], Windows]:
    """The labelled pictures of a folder that can be read, each with its window."""
    rows = read_labels(data)
    windows, places = read_windows([row.path for row in rows], say)
    return [rows[place] for place in places], windows


def lessons_of_rows(rows: Sequence[Labelled], windows: Windows) -> tuple[Lessons, int]:
    """Lessons of split "train", and of how many embryos; raises DetectorError where a phase is missing."""
    taught = [place for place, row in enumerate(rows) if row.split == "train" and not row.is_doubtful]
    phases = {rows[place].phase for place in taught}
    if len(taught) < LEAST_PICTURES or len(phases) < 2:
        detail = f"{len(taught)} pictures of {len(phases)} phases are too few to learn from"
        raise DetectorError("labels_too_few", detail, f"Label at least {LEAST_PICTURES} pictures of two phases as split train.")
    lessons = lessons_of(
        [windows[place] for place in taught], [GROUPS[rows[place].phase] for place in taught],
        times=[rows[place].frame for place in taught],
    )  # fmt: skip
    return lessons, len({rows[place].embryo for place in taught})


def _ways(start: Path | None, beside_scratch: bool, out: Path, work: Path) -> dict[str, Path]:
    """Where the weights of each way go: the first is what was asked for, scratch beside it only for its figures."""
    if start is None:
        return {"scratch": out}
    return {"fine_tuned": out} | ({"scratch": work / "scratch-weights"} if beside_scratch else {})
