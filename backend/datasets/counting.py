"""How much of what a data set holds, for each split and class."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from backend.datasets.gathering import Gathered
from backend.datasets.values import CLASSES, SPLITS, Candidate, Task

KINDS = ("patient", "dish", "embryo")


def count(task: Task, gathered: Gathered) -> dict[str, Any]:
    """`{items, classes, splits: [{split, items, patients, dishes, embryos, classes}], doubtful, unnamed}` as JSON."""
    of_split: dict[str, list[Candidate]] = {split: [] for split in SPLITS}
    for candidate, split in zip(gathered.candidates, gathered.splits, strict=True):
        of_split[split].append(candidate)
    return {
        "items": len(gathered.candidates),
        "classes": _classes(task, gathered.candidates),
        "splits": [{"split": split, **_split(task, of_split[split])} for split in SPLITS],
        # Pictures that got two phases are neither taught nor scored.
        "doubtful": sum(bool(candidate.label.get("in_two_phases")) for candidate in gathered.candidates),
        # Nobody says whose these are, so they are kept apart picture by picture only.
        "unnamed": sum(not (candidate.patient or candidate.dish or candidate.embryo) for candidate in gathered.candidates),
    }


def _split(task: Task, candidates: Sequence[Candidate]) -> dict[str, Any]:
    held = {kind: len({getattr(candidate, kind) for candidate in candidates if getattr(candidate, kind)}) for kind in KINDS}
    return {
        "items": len(candidates),
        "patients": held["patient"],
        "dishes": held["dish"],
        "embryos": held["embryo"],
        "classes": _classes(task, candidates),
    }


def _classes(task: Task, candidates: Sequence[Candidate]) -> list[dict[str, Any]]:
    """Every class of the task in order, those that nothing shows too: a class that is missing is what one looks for."""
    counted = Counter(name for candidate in candidates for name in candidate.classes)
    return [{"name": name, "count": counted[name]} for name in CLASSES[task]]
