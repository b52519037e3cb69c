"""The recipe "phases-from-labels": a lab's coarse phases teach the frame encoder, from the shipped weights and, beside it, from scratch."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from detector.errors import DetectorError
from detector.training.checkpoints import has_chosen
from detector.training.stages_final import contenders, final
from detector.training.stages_folders import GROUPS, Labelled, Say, Windows, read_labels, read_windows
from detector.training.stages_judging import columns_of
from detector.training.stages_lab import HeldBack, Origin, judged_split, publish, write_folder
from detector.training.stages_learning import Recipe, learn, named
from detector.training.stages_lessons import Lessons, lessons_of
from detector.training.stages_network import Shape, StageNet
from detector.training.stages_weights import network_of, weights_of
from detector.training.watching import Watch

NAME = "stages-lab-labels"
LEAST_PICTURES = 8
ONE_IN = 6
"""Of how many embryos one chooses the step where nobody set embryos apart for that."""
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
    patience: int = 0
    """How long is learned is chosen by the validation split, which so many worse looks settle; then both are learned from anew, so long.

    0: all steps are made, and none is chosen.
    """
    marks: Mapping[str, str] = field(default_factory=dict)


def make_weights(
    data: Path, out: Path, plan: Plan, *, start: Path | None, beside_scratch: bool, work: Path, command: str, say: Say,
    against: Path | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Learn from the rows of split "train" and write the weights folder `out`; held-back rows are only reported on.

    Held back is the split "test", or "dev" where there is no test. With patience, steps are chosen by the split "validation" (or "dev"
    beside a test), or by a part of "train"; then so many are made anew, from all of these. `start` are the weights to go on from, None
    to begin with nothing; `against` are others to judge on the same pictures; checkpoints lie in `work`.
    """
    rows, windows = labelled_windows(data, say)
    held_back = HeldBack.of(windows, rows)
    chosen_by = _validation(rows, plan)
    taught = [place for place, row in enumerate(rows) if row.split == "train" and not row.is_doubtful and place not in chosen_by]
    lessons, _ = lessons_of_rows(rows, windows, taught)
    everything, embryos = lessons_of_rows(rows, windows, sorted({*taught, *chosen_by}))
    say(f"{len(everything)} pictures of {embryos} embryos to learn from, {len(chosen_by)} to choose by, {len(held_back.rows)} held back")
    answer: dict[str, Any] = {"out": str(out), "pictures": len(everything), "embryos": embryos, "validation_pictures": len(chosen_by)}
    for way, folder in _ways(start, beside_scratch, out, work).items():
        network = None if way == "scratch" or start is None else network_of(start)
        recipe = plan.scratch if network is None else plan.fine
        watch = Watch(_judge(windows, rows, sorted(chosen_by)) if chosen_by else None, plan.patience, len(chosen_by))
        home = work if folder == out else work / way
        learning = partial(learn, recipe=recipe, folder=home, start=network, shape=plan.shape, threads=plan.threads, say=say)
        if not chosen_by:
            learned = learning(everything, watch=watch)
        else:
            if not has_chosen(home, recipe, watch, say):
                learning(lessons, watch=watch)
            watch = watch.once_more()
            learned = learning(everything, watch=watch)
        minutes = watch.facts(recipe.steps)["minutes"]
        source = "random weights" if network is None else "other weights"
        origin = Origin(NAME, "a lab's labels", command, source, len(everything), embryos, minutes, plan.marks, len(chosen_by))
        if folder != out:
            answer[way] = {"minutes": minutes, "dev": publish(learned, folder, origin, held_back, plan.threads)}
            continue
        data_of = weights_of(learned)
        write_folder(data_of, out, origin, {})
        answer |= watch.facts(recipe.steps)
        figures: dict[str, Any] = {}
        if held_back.rows:
            sure = [rows[place] for place in sorted({*taught, *chosen_by})]
            answer["final"] = final(held_back, sure, contenders(out, against, start), threads=plan.threads, say=say)
            figures = answer["final"]["contenders"][0]["phases"]
            write_folder(data_of, out, origin, figures)
        answer[way] = {"minutes": minutes, "dev": figures}
        say(json.dumps({"way": way, **answer[way]}))
    return answer


def labelled_windows(data: Path, say: Say) -> tuple[list[Labelled], Windows]:
    """The labelled pictures of a folder that can be read, each with its window."""
    rows = read_labels(data)
    windows, places = read_windows([row.path for row in rows], say)
    return [rows[place] for place in places], windows


def lessons_of_rows(rows: Sequence[Labelled], windows: Windows, taught: Sequence[int]) -> tuple[Lessons, int]:
    """Lessons of the rows at these places, and of how many embryos; raises DetectorError where a phase is missing."""
    phases = {rows[place].phase for place in taught}
    if len(taught) < LEAST_PICTURES or len(phases) < 2:
        detail = f"{len(taught)} pictures of {len(phases)} phases are too few to learn from"
        raise DetectorError("labels_too_few", detail, f"Label at least {LEAST_PICTURES} pictures of two phases as split train.")
    lessons = lessons_of(
        [windows[place] for place in taught], [GROUPS[rows[place].phase] for place in taught],
        times=[rows[place].frame for place in taught],
    )  # fmt: skip
    return lessons, len({rows[place].embryo for place in taught})


def _validation(rows: Sequence[Labelled], plan: Plan) -> set[int]:
    """Places of the rows that steps are chosen by: those set apart, or every sixth embryo of what would be learned from."""
    if not plan.patience:
        return set()
    apart = {"validation", "dev"} - {judged_split(rows)}
    sure = [place for place, row in enumerate(rows) if not row.is_doubtful]
    found = {place for place in sure if rows[place].split in apart}
    if found:
        return found
    embryos = sorted({rows[place].embryo for place in sure if rows[place].split == "train"})
    drawn = np.random.default_rng([plan.fine.seed, 17]).permutation(len(embryos))[: len(embryos) // ONE_IN]
    chosen = {embryos[number] for number in drawn}
    return {place for place in sure if rows[place].split == "train" and rows[place].embryo in chosen}


def _judge(windows: Windows, rows: Sequence[Labelled], places: Sequence[int]) -> Any:
    """Share of the validation pictures that are named right, all four phases told apart as the lab does."""
    apart, phases = windows[list(places)], [rows[place].phase for place in places]

    def judge(network: StageNet) -> float:
        return float(np.mean(np.array(columns_of(named(network, apart, turns=2))) == phases))

    return judge


def _ways(start: Path | None, beside_scratch: bool, out: Path, work: Path) -> dict[str, Path]:
    """Where the weights of each way go: the first is what was asked for, scratch beside it only for its figures."""
    if start is None:
        return {"scratch": out}
    return {"fine_tuned": out} | ({"scratch": work / "scratch-weights"} if beside_scratch else {})
