"""Scoring courses: frames, onsets, calibration and events of any number of embryos; intervals are drawn by embryo."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from detector.stages.looks import COARSE_OF
from detector.types import STAGES, Coarse, EmbryoEvent, Onset, Phase, Stage

PHASES = tuple(Phase)
WITHIN_HOURS = (0.5, 1.0, 2.0, 4.0)
_BINS = 15
_NEAR_HOURS = 4.0
Values = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class TrueEvent:
    """Something that truly happened, between two frames."""

    kind: str
    first_frame: int
    last_frame: int


@dataclass(frozen=True, slots=True)
class Truth:
    """What is true of one embryo; `stages` holds None where nobody knows, and one of several for coarse labels."""

    embryo: str
    frames: tuple[int, ...]
    hours: tuple[float, ...]
    """Of each frame on any scale; onset errors are in them."""
    allowed: tuple[frozenset[Stage], ...]
    """The stages each frame may be; empty where unknown."""
    events: tuple[TrueEvent, ...] | None = None
    """None where nobody looked for events."""
    is_coarse: bool = False

    def onsets(self) -> dict[Phase, float]:
        """Hours at which phases begin, those under way at the first frame left out; none where only coarse stages are known."""
        if self.is_coarse:
            return {}
        first: dict[Phase, float] = {}
        for place, allowed in enumerate(self.allowed):
            (stage,) = allowed or {None}
            if isinstance(stage, Phase) and stage not in first:
                first[stage] = self.hours[place]
        under_way = next(iter(first), None)
        return {phase: hour for phase, hour in first.items() if phase is not under_way}


@dataclass(frozen=True, slots=True)
class Answer:
    """What one way of reading said of one embryo, frame by frame."""

    path: tuple[Stage, ...]
    probabilities: Values | None = None
    """(T, 19), None where the way has none to tell."""
    onsets: tuple[Onset, ...] | None = None
    """With bounds; None where the path alone tells."""
    events: tuple[EmbryoEvent, ...] | None = None


@dataclass(slots=True)
class StageTally:
    """Counts over embryos; `figures` turns them into scores."""

    right: list[float] = field(default_factory=list)
    near: list[float] = field(default_factory=list)
    frames: list[int] = field(default_factory=list)
    three: list[tuple[int, int]] = field(default_factory=list)
    four: list[tuple[int, int]] = field(default_factory=list)
    errors: dict[Phase, list[float]] = field(default_factory=dict)
    covered: dict[Phase, list[bool]] = field(default_factory=dict)
    skipped: int = 0
    invented: int = 0
    phases: int = 0
    sure: list[tuple[float, bool]] = field(default_factory=list)
    brier: list[float] = field(default_factory=list)
    surprise: list[float] = field(default_factory=list)
    told: dict[str, list[int]] = field(default_factory=dict)
    """Of each kind of event: truly there, told, told and truly there."""

    def add(self, truth: Truth, answer: Answer) -> None:
        """Count one embryo."""
        known = [t for t, allowed in enumerate(truth.allowed) if allowed]
        if not known:
            return
        right = [answer.path[t] in truth.allowed[t] for t in known]
        self.frames.append(len(known))
        self.right.append(float(np.sum(right)))
        self.near.append(float(sum(_is_near(answer.path[t], truth.allowed[t]) for t in known)))
        for t in known:
            real, said = (_coarse_number(stage) for stage in (next(iter(truth.allowed[t])), answer.path[t]))
            self.four.append((real, said))
            self.three.append((min(real, 3), min(said, 3)))
        if answer.probabilities is not None:
            self._add_probabilities(truth, answer, known, answer.probabilities)
        if not truth.is_coarse:
            self._add_onsets(truth, answer)
        if truth.events is not None and answer.events is not None:
            self._add_events(truth, answer.events)

    def _add_probabilities(self, truth: Truth, answer: Answer, known: Sequence[int], probabilities: Values) -> None:
        for t in known:
            row = probabilities[t]
            is_true = np.array([stage in truth.allowed[t] for stage in STAGES])
            place = STAGES.index(answer.path[t])
            self.sure.append((float(row[place]), bool(is_true[place])))
            if truth.is_coarse:
                share = float(row[is_true].sum())
                self.brier.append(2 * (1 - share) ** 2)
            else:
                share = float(row[is_true].sum())
                self.brier.append(float(((row - is_true) ** 2).sum()))
            self.surprise.append(-float(np.log(max(share, 1e-6))))

    def _add_onsets(self, truth: Truth, answer: Answer) -> None:
        real, hour_of = truth.onsets(), dict(zip(truth.frames, truth.hours, strict=True))
        if answer.onsets is None:
            said = {stage: hour for stage, hour in reversed(list(zip(answer.path, truth.hours, strict=True))) if isinstance(stage, Phase)}
        else:
            said = {onset.phase: hour_of[onset.frame_index] for onset in answer.onsets}
        first = next((next(iter(allowed)) for allowed in truth.allowed if allowed), None)
        self.phases += len(real)
        self.skipped += sum(phase not in said for phase in real)
        self.invented += sum(phase not in real and phase is not first for phase in said)
        for phase in real:
            if phase in said:
                self.errors.setdefault(phase, []).append(said[phase] - real[phase])
        for onset in answer.onsets or ():
            if onset.phase in real and not onset.is_censored and onset.hours_post_insemination is not None:
                off = onset.hours_post_insemination - hour_of[onset.frame_index]
                self.covered.setdefault(onset.phase, []).append(onset.low - 1e-3 <= real[onset.phase] + off <= onset.high + 1e-3)

    def _add_events(self, truth: Truth, told: Sequence[EmbryoEvent]) -> None:
        hour_of = dict(zip(truth.frames, truth.hours, strict=True))
        assert truth.events is not None  # noqa: S101 - asked by the caller
        for event in truth.events:
            self.told.setdefault(event.kind, [0, 0, 0])[0] += 1
        for said in told:
            counts = self.told.setdefault(said.kind, [0, 0, 0])
            counts[1] += 1
            counts[2] += any(_is_the_same(event, said, hour_of) for event in truth.events)

    def figures(self) -> dict[str, Any]:
        """Scores and counts, rounded for people; None where nothing was there to score."""
        if not self.frames:
            return {"embryos": 0}
        errors = np.array([error for some in self.errors.values() for error in some])
        covered = [hit for some in self.covered.values() for hit in some]
        shares = {f"within_{hours:g}h": _rounded(float(np.mean(np.abs(errors) <= hours + 1e-6))) for hours in WITHIN_HOURS if len(errors)}
        figures: dict[str, Any] = {
            "embryos": len(self.frames),
            "frames": sum(self.frames),
            "accuracy": _rounded(sum(self.right) / sum(self.frames)),
            "accuracy_interval": self._by_embryo(),
            "within_one_phase": _rounded(sum(self.near) / sum(self.frames)),
            "accuracy_3": _rounded(float(np.mean([real == said for real, said in self.three]))),
            "f1_3": _rounded(_macro_f1(self.three, (1, 2, 3))),
            "accuracy_4": _rounded(float(np.mean([real == said for real, said in self.four]))),
            "ece": _rounded(_calibration_error(self.sure)),
            "brier": _rounded(float(np.mean(self.brier))) if self.brier else None,
            "log_loss": _rounded(float(np.mean(self.surprise))) if self.surprise else None,
        }
        if self.phases:
            figures |= {
                "onset_error_h": _rounded(float(np.mean(np.abs(errors)))) if len(errors) else None,
                "onset_bias_h": _rounded(float(np.mean(errors))) if len(errors) else None,
                **shares,
                "skipped": self.skipped, "invented": self.invented, "phases": self.phases,
                "coverage_90": _rounded(float(np.mean(covered))) if covered else None,
                "onsets": {phase.value: self._onset(phase) for phase in PHASES if phase in self.errors},
            }  # fmt: skip
        return figures | ({"events": self._events()} if self.told else {})

    def _onset(self, phase: Phase) -> dict[str, Any]:
        errors, covered = np.array(self.errors[phase]), self.covered.get(phase, [])
        return {
            "embryos": len(errors), "error_h": _rounded(float(np.abs(errors).mean())), "bias_h": _rounded(float(errors.mean())),
            "coverage_90": _rounded(float(np.mean(covered))) if covered else None,
        }  # fmt: skip

    def _events(self) -> dict[str, dict[str, Any]]:
        return {
            kind: {
                "true": true, "told": told, "recall": _rounded(hits / true) if true else None,
                "precision": _rounded(hits / told) if told else None,
            }
            for kind, (true, told, hits) in sorted(self.told.items())
        }  # fmt: skip

    def _by_embryo(self) -> list[float]:
        """95 % of the accuracy when embryos are drawn anew."""
        rng = np.random.default_rng(0)
        right, frames = np.array(self.right), np.array(self.frames)
        drawn = rng.integers(0, len(frames), (400, len(frames)))
        return [round(float(v), 4) for v in np.quantile(right[drawn].sum(axis=1) / frames[drawn].sum(axis=1), (0.025, 0.975))]


def stage_table(rows: Mapping[str, Mapping[str, Any]]) -> str:
    """Figures as a Markdown table, one row a way of reading."""
    columns = (
        "embryos", "frames", "accuracy", "within_one_phase", "accuracy_3", "f1_3", "accuracy_4", "onset_error_h", "onset_bias_h",
        "within_0.5h", "within_1h", "within_2h", "within_4h", "skipped", "invented", "coverage_90", "ece", "brier",
    )  # fmt: skip
    shown = [name for name in columns if any(row.get(name) is not None for row in rows.values())]
    lines = ["| way | " + " | ".join(shown) + " |", "|---" * (len(shown) + 1) + "|"]
    for name, row in rows.items():
        lines.append(f"| {name} | " + " | ".join("–" if row.get(column) is None else str(row[column]) for column in shown) + " |")
    return "\n".join(lines)


def _coarse_number(stage: Stage) -> int:
    order = (Coarse.PRONUCLEAR, Coarse.CLEAVAGE, Coarse.BLASTULATION, Coarse.EXPANSION)
    return order.index(COARSE_OF[stage]) + 1 if COARSE_OF[stage] in order else 0


def _is_near(said: Stage, allowed: frozenset[Stage]) -> bool:
    if said in allowed:
        return True
    return said in PHASES and any(real in PHASES and abs(PHASES.index(real) - PHASES.index(said)) <= 1 for real in allowed)


def _is_the_same(event: TrueEvent, said: EmbryoEvent, hour_of: Mapping[int, float]) -> bool:
    if event.kind != said.kind:
        return False
    return bool(
        hour_of[said.first_frame] - _NEAR_HOURS <= hour_of[event.last_frame]
        and hour_of[event.first_frame] <= hour_of[said.last_frame] + _NEAR_HOURS
    )


def _macro_f1(pairs: Sequence[tuple[int, int]], classes: Sequence[int]) -> float:
    scores = []
    for one in classes:
        hits = sum(real == one == said for real, said in pairs)
        wrong = sum((real == one) != (said == one) for real, said in pairs)
        scores.append(2 * hits / (2 * hits + wrong) if hits or wrong else 0.0)
    return float(np.mean(scores))


def _calibration_error(sure: Sequence[tuple[float, bool]]) -> float | None:
    """Expected calibration error: how far confidence and truth lie apart, over bins of confidence."""
    if not sure:
        return None
    confidence, is_right = (np.array(column, dtype=float) for column in zip(*sure, strict=True))
    bins = np.minimum((confidence * _BINS).astype(int), _BINS - 1)
    return float(sum((bins == b).mean() * abs(confidence[bins == b].mean() - is_right[bins == b].mean()) for b in np.unique(bins)))


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
