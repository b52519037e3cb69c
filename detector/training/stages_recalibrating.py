"""How sure a lab's stager may be, fitted anew on what people of the lab said; its nets stay as they are.

A person's onsets say of every frame between them which stage it shows. What the frames told alone was kept when the recording was read, so
neither pictures nor nets are needed. Judged on patients whose embryos were left out of fitting, before and after.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from detector.errors import DetectorError
from detector.loading import read_verified
from detector.stages.calibration import Calibration
from detector.stages.looks import AUXILIARY, Looks
from detector.stages.onsets import onsets_of
from detector.stages.priors import PHASES
from detector.stages.profiles import ProfileBuilder, builder_from
from detector.stages.stager import CALIBRATION
from detector.training.exporting import CODE_VERSION, zipped
from detector.training.stages_sequence_calibration import calibrated, clock_of, true_onset
from detector.training.stages_sequence_learning import Course
from detector.training.stages_weights import write_stager
from detector.types import STAGES

LEAST_EMBRYOS, LEAST_PATIENTS = 12, 4
FOLDS = 5
DRAWS = 1000
_LEAST_SHARE = 1 / 510
"""Shares were kept in steps of 1/255: what reads as nought was less than half a step."""


@dataclass(frozen=True, slots=True)
class Told:
    """One embryo whose onsets a person gave."""

    patient: str
    course: Course


@dataclass(frozen=True, slots=True)
class _Judged:
    """One embryo read with one calibration."""

    surprise: float
    sureness: npt.NDArray[np.float64]
    is_right: npt.NDArray[np.bool_]
    within: tuple[bool, ...]
    widths: tuple[float, ...]


def recalibrate(
    start: Path, verdicts: Path, out: Path, *, made_on: str, command: str, marks: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Write the weights of `start` with another calibration to `out`; returns the figures before and after.

    Raises DetectorError where there are too few embryos, or where a temporal net reads more than what was kept.
    """
    manifest, data = read_verified(start)
    builder = builder_from(data)
    if builder.temporal is not None:
        detail = f"{manifest.name} reads its frames with a temporal net, which needs more of them than is kept"
        raise DetectorError("weights_temporal", detail, "Choose weights without one.")
    told = read_verdicts(verdicts)
    before, after = _apart(told, builder)
    answer: dict[str, Any] = {
        "embryos": len(told),
        "patients": len({one.patient for one in told}),
        "frames": int(sum((one.course.stages >= 0).sum() for one in told)),
        "before": _figures(before),
        "after": _figures(after),
        "gain": _gain(told, before, after),
    }
    fitted = calibrated([one.course for one in told], None, made_on=made_on)
    answer |= {"temperature": [round(one.temperature, 3) for one in (builder.calibration, fitted)]}
    answer |= {"hours_apart": [round(one.hours_apart, 3) for one in (builder.calibration, fitted)]}
    _write(out, manifest.name, start, data, fitted, command, answer, marks or {})
    return answer | {"out": str(out)}


def read_verdicts(path: Path) -> list[Told]:
    """One embryo a line: {patient, hours, probabilities, onsets: {phase: hour}, until}; raises DetectorError that names the line."""
    told = []
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            try:
                told.append(_told(json.loads(line)))
            except (ValueError, KeyError, TypeError, AttributeError) as problem:
                detail = f"line {number} of {path.name} cannot be read: {problem}"
                raise DetectorError("verdicts_unreadable", detail, "Write one JSON object an embryo.") from problem
    told.sort(key=lambda one: hashlib.sha256(one.patient.encode()).hexdigest())
    patients = len({one.patient for one in told})
    if len(told) < LEAST_EMBRYOS or patients < LEAST_PATIENTS:
        detail = f"{len(told)} embryos of {patients} patients are too few to say how sure one may be"
        hint = f"At least {LEAST_EMBRYOS} embryos of {LEAST_PATIENTS} patients need a submitted reading."
        raise DetectorError("verdicts_too_few", detail, hint)
    return told


def _told(said: Mapping[str, Any]) -> Told:
    hours = np.asarray(said["hours"], dtype=np.float64)
    shares = np.asarray(said["probabilities"], dtype=np.float64)
    if shares.shape != (len(hours), len(STAGES)) or not len(hours) or not np.isfinite(shares).all() or not (np.diff(hours) > 0).all():
        raise ValueError(f"{len(hours)} hours in order need as many rows of {len(STAGES)} shares, not {shares.shape}")
    logs = np.log(np.maximum(shares, _LEAST_SHARE))
    logs -= np.logaddexp.reduce(logs, axis=1, keepdims=True)
    nothing = np.zeros(len(hours), np.float32)
    looks = Looks(logs.astype(np.float32), np.zeros((len(hours), 0), np.float32), *(nothing for _ in AUXILIARY))
    onsets = sorted((float(hour), str(phase)) for phase, hour in said["onsets"].items())
    stages = np.full(len(hours), -1)
    names = [phase.value for phase in PHASES]
    for hour, phase in onsets:
        stages[hours >= hour - 1e-6] = names.index(phase)
    if said.get("until") is not None:
        stages[hours > float(said["until"])] = -1
    if not (stages >= 0).any():
        raise ValueError("no frame lies between its onsets")
    return Told(str(said["patient"]), Course(looks, hours, stages))


def _apart(told: Sequence[Told], builder: ProfileBuilder) -> tuple[list[_Judged], list[_Judged]]:
    """Every embryo judged as the weights are, and by what the other patients' embryos make of them."""
    before = [_judged(one.course, builder) for one in told]
    after: list[_Judged | None] = [None] * len(told)
    for inside, outside in _folds(told):
        fitted = ProfileBuilder(calibrated([told[place].course for place in inside], None, made_on="the rest"))
        for place in outside:
            after[place] = _judged(told[place].course, fitted)
    return before, [one for one in after if one is not None]


def _folds(told: Sequence[Told]) -> Iterator[tuple[list[int], list[int]]]:
    patients = list(dict.fromkeys(one.patient for one in told))
    for number in range(min(FOLDS, len(patients))):
        apart = set(patients[number::FOLDS])
        places = range(len(told))
        yield [p for p in places if told[p].patient not in apart], [p for p in places if told[p].patient in apart]


def _judged(course: Course, builder: ProfileBuilder) -> _Judged:
    decoded = builder.decode(course.looks, range(len(course)), clock_of(course))
    known = np.flatnonzero(course.stages >= 0)
    posteriors = decoded.posteriors[known]
    of_truth = posteriors[np.arange(len(known)), course.stages[known]]
    within, widths = [], []
    for onset in onsets_of(decoded, tuple(range(len(course))), builder.calibration):
        truth = true_onset(course, onset.phase)
        if truth is not None and not onset.is_censored:
            within.append(bool(onset.low <= truth <= onset.high))
            widths.append(float(onset.high - onset.low))
    return _Judged(
        float(-np.log(np.maximum(of_truth, 1e-4)).mean()), posteriors.max(axis=1), posteriors.argmax(axis=1) == course.stages[known],
        tuple(within), tuple(widths),
    )  # fmt: skip


def _figures(judged: Sequence[_Judged]) -> dict[str, float | None]:
    """Over all embryos: surprise by what is true, sureness against rightness, and how often the 90 % bounds hold."""
    sureness, is_right = np.concatenate([one.sureness for one in judged]), np.concatenate([one.is_right for one in judged])
    bins = np.minimum((sureness * 10).astype(int), 9)
    gaps = [abs(sureness[bins == k].mean() - is_right[bins == k].mean()) * (bins == k).mean() for k in range(10) if (bins == k).any()]
    within, widths = [held for one in judged for held in one.within], [width for one in judged for width in one.widths]
    return {
        "surprise": round(float(np.mean([one.surprise for one in judged])), 4),
        "accuracy": round(float(is_right.mean()), 4),
        "calibration_error": round(float(sum(gaps)), 4),
        "coverage_90": round(float(np.mean(within)), 4) if within else None,
        "width_h": round(float(np.mean(widths)), 2) if widths else None,
        "onsets": len(within),
    }


def _gain(told: Sequence[Told], before: Sequence[_Judged], after: Sequence[_Judged]) -> dict[str, float]:
    """How much less surprising the truth is, with its 95 % interval, patients drawn anew."""
    by_patient: dict[str, list[float]] = {}
    for one, was, now in zip(told, before, after, strict=True):
        by_patient.setdefault(one.patient, []).append(was.surprise - now.surprise)
    sums = np.array([[sum(rows), len(rows)] for rows in by_patient.values()])
    drawn = np.random.default_rng(11).integers(0, len(sums), (DRAWS, len(sums)))
    means = sums[drawn, 0].sum(axis=1) / sums[drawn, 1].sum(axis=1)
    low, high = np.percentile(means, (2.5, 97.5))
    return {"surprise": round(float(sums[:, 0].sum() / sums[:, 1].sum()), 4), "low": round(float(low), 4), "high": round(float(high), 4)}


def _write(
    out: Path, name: str, start: Path, data: bytes, fitted: Calibration, command: str, answer: Mapping[str, Any], marks: Mapping[str, str]
) -> None:  # fmt: skip
    manifest, _ = read_verified(start)
    with zipfile.ZipFile(io.BytesIO(data)) as members:
        contents = {member: members.read(member) for member in members.namelist()}
    contents[CALIBRATION] = fitted.to_json(beside=contents.get(CALIBRATION)).encode()
    figures = {
        f"recalibrated_{when}_{key}": value for when in ("before", "after") for key, value in answer[when].items() if value is not None
    }
    base = name.partition("-recalibrated-")[0]
    write_stager(
        out, zipped(contents), name=f"{base}-recalibrated-{datetime.now(UTC):%Y%m%d}"[:80], command=command, learned_from="verdicts",
        renderer=manifest.renderer_version, metrics=dict(manifest.metrics) | figures, card=_card(start, answer, fitted), marks=marks,
    )  # fmt: skip


def _card(start: Path, answer: Mapping[str, Any], fitted: Calibration) -> str:
    rows = "\n".join(
        f"| {words} | {answer['before'][key]} | {answer['after'][key]} |"
        for key, words in (
            ("surprise", "surprise by the true stage (nats)"),
            ("calibration_error", "calibration error"),
            ("coverage_90", "90 % bounds hold"),
            ("width_h", "mean width of the bounds, h"),
            ("accuracy", "stage right"),
        )
    )
    earlier = (start / "card.md").read_text(encoding="utf-8") if (start / "card.md").is_file() else ""
    return f"""# Calibrated anew

The nets are those of the weights below, unchanged; only how far their words are trusted was fitted anew, on {fitted.made_on}:
{answer["embryos"]} embryos of {answer["patients"]} patients, {answer["frames"]} frames (detector {CODE_VERSION}).
Figures are of patients that were left out of fitting.

| | before | after |
|---|---|---|
{rows}

{earlier}"""
