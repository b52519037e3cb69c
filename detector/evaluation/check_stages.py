"""Stagers side by side on the check set and a lab's own pictures: figures, honesty, and every picture on which they differ."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

import numpy as np

from detector.evaluation.check_calibration import Honesty
from detector.evaluation.check_differences import Differences
from detector.evaluation.check_gain import Gains
from detector.evaluation.check_set import Single
from detector.stages.crops import crop_embryo, find_embryo
from detector.stages.looks import COARSE_OF, FrameStager, Values, most_likely
from detector.training.stages_folders import GROUPS, Say
from detector.training.stages_judging import agreement_of, columns_of
from detector.training.stages_lessons import COARSE_PHASES
from detector.types import STAGES, Phase, Stage

BATCH = 32
_BY_NAME: dict[str, Stage] = {stage.value: stage for stage in STAGES}


class Contender:
    """One stager and all that is counted of it."""

    def __init__(self, stager: FrameStager) -> None:
        self.stager = stager
        self._rendered: list[tuple[Stage, Stage, bool]] = []
        """True stage, named stage, and whether the coarse stage is right."""
        self._labelled: list[tuple[int, int, str]] = []
        """True and named phase, 0 to 3 or 4 for none, and the picture's name."""
        self._honesty = {"renderings": Honesty(), "labels": Honesty()}

    def look(self, singles: list[Single], crops: Values) -> list[str]:
        """What each is called, in the words of its truth."""
        logs = self.stager.look(crops).log_probabilities
        return [self._count(one, row) for one, row in zip(singles, logs, strict=True)]

    def _count(self, one: Single, row: Values) -> str:
        if isinstance(one.truth, str):
            truth, said = _BY_NAME[one.truth], STAGES[int(row.argmax())]
            self._rendered.append((truth, said, most_likely(row)[1] is COARSE_OF[truth]))
            self._honesty["renderings"].add(np.exp(row.astype(np.float64)), STAGES.index(truth))
            return said.value
        (column,) = columns_of(row[None])
        self._labelled.append((one.truth, column, one.name))
        self._honesty["labels"].add(GROUPS @ np.exp(row.astype(np.float64)), one.truth)
        return phase_name(column)

    def figures(self) -> dict[str, Any]:
        sets: dict[str, Any] = {}
        if self._rendered:
            sets["rendered"] = _figures(self._rendered)
        if self._labelled:
            columns = [column for _, column, _ in self._labelled]
            sets["labels"] = agreement_of(
                columns, [truth for truth, _, _ in self._labelled], [name for *_, name in self._labelled]
            ).as_dict()
        honest = {name: honesty.figures() for name, honesty in self._honesty.items()}
        return {"sets": sets, "calibration": {name: figures for name, figures in honest.items() if figures is not None}}


def side_by_side(
    contenders: Mapping[str, Contender], singles: Iterable[Single], differences: Differences, *, say: Say, of: int
) -> list[dict[str, Any]]:
    """Every picture is read once and shown to all; differences are those from "before" where it is there, else from the truth.

    Answers how much more often "after" names a picture right than "before", a set each.
    """
    gains = Gains()
    done = 0
    for part, crops in batches(singles):
        named = {role: contender.look(part, crops) for role, contender in contenders.items()}
        for number, one in enumerate(part):
            truth = one.truth if isinstance(one.truth, str) else phase_name(one.truth)
            after, before = named["after"][number], named["before"][number] if "before" in named else None
            if before is not None:
                gains.add(one.set, before=int(before == truth), after=int(after == truth), answers=1)
            if after != (truth if before is None else before):
                about = {"set": one.set, "picture": one.name, "place": "", "truth": truth}
                differences.add(one.image, None, **about, before=before, after=after)
        done += len(part)
        say(json.dumps({"done": done, "of": of}))
    return gains.told()


def batches(singles: Iterable[Single]) -> Iterator[tuple[list[Single], Values]]:
    """Some pictures at a time, with the crops that a stager sees of them."""
    waiting = iter(singles)
    while part := list(islice(waiting, BATCH)):
        yield part, np.stack([crop_embryo(one.image, find_embryo(one.image)) for one in part]).astype(np.float32)


def phase_name(column: int) -> str:
    """A lab's coarse phase; beyond them what was called empty or not seen."""
    return COARSE_PHASES[column].value if column < len(COARSE_PHASES) else "not_seen"


def _figures(rows: list[tuple[Stage, Stage, bool]]) -> dict[str, Any]:
    order = {stage: k for k, stage in enumerate(STAGES)}
    truth, said = np.array([order[true] for true, _, _ in rows]), np.array([order[named] for _, named, _ in rows])
    phased = truth < len(Phase)
    near = (np.abs(said - truth) <= 1) & (said < len(Phase))
    return {
        "pictures": len(rows),
        "stage_accuracy": round(float((said == truth).mean()), 4),
        "phase_accuracy": _mean((said == truth)[phased]),
        "within_one_phase": _mean(near[phased]),
        "coarse_accuracy": round(float(np.mean([row[2] for row in rows])), 4),
    }


def _mean(values: Any) -> float | None:
    return round(float(values.mean()), 4) if len(values) else None
