"""Embryos with truth: annotated recordings, labelled stills of many embryos, annotations without any picture."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from detector.errors import DetectorError
from detector.evaluation.stages_scores import TrueEvent, Truth
from detector.stages.decoding import Clock
from detector.stages.looks import AUXILIARY, COARSE_OF, Looks
from detector.stages.wells_on_disk import WellFolder, read_well_folder
from detector.types import STAGES, Coarse, Phase, Stage

_COARSE = (Coarse.PRONUCLEAR, Coarse.CLEAVAGE, Coarse.BLASTULATION, Coarse.EXPANSION)
_FORM = (
    "A folder of pictures with phases.csv (phase, first_frame, last_frame), one with labels.csv (file, embryo, frame, phase 1-4, split), "
    "one well's rendered recording with truth.json, or a CSV file (embryo, phase, first_frame, last_frame)."
)


@dataclass(frozen=True, slots=True)
class Annotated:
    """One embryo's truth and where its pictures are; `well` is None where there are none."""

    truth: Truth
    well: WellFolder | None


def read_annotated(path: Path, split: str | None, *, minutes_a_frame: float | None) -> list[Annotated]:
    """All embryos of a folder or table; hours are frame numbers where no interval is given. Raises DetectorError with the reason."""
    scale = (minutes_a_frame or 60.0) / 60.0
    try:
        if path.is_file():
            return [Annotated(truth, None) for truth in _table(path, scale)]
        if (path / "labels.csv").is_file():
            return list(_labelled(path, split, scale))
        if (path / "phases.csv").is_file():
            return [_recording(path, scale)]
        if (path / "truth.json").is_file():
            return [_rendered(path)]
    except (KeyError, ValueError, TypeError, StopIteration, OSError) as reason:
        raise DetectorError("bad_truth", f"{path.name} cannot be read: {reason!r}", _FORM) from reason
    raise DetectorError("bad_truth", f"{path.name} holds no phases.csv, labels.csv or truth.json", _FORM)


def _recording(path: Path, scale: float) -> Annotated:
    well = read_well_folder(path)
    stages: dict[int, Stage] = {}
    for row in _rows(path / "phases.csv"):
        for frame in range(int(row["first_frame"]), int(row["last_frame"]) + 1):
            stages.setdefault(frame, Phase(row["phase"]))
    allowed = tuple(frozenset({stages[n]}) if n in stages else frozenset() for n in well.numbers)
    return Annotated(Truth(path.name, well.numbers, tuple(n * scale for n in well.numbers), allowed), well)


def _rendered(path: Path) -> Annotated:
    """A well that was rendered, with its exact hours."""
    told = json.loads((path / "truth.json").read_text(encoding="utf-8"))
    frames = {int(frame["index"]): frame for frame in told["frames"]}
    well = read_well_folder(path)
    missing = [n for n in well.numbers if n not in frames]
    if missing:
        raise ValueError(f"truth.json says nothing of frame {missing[0]}")
    hours = tuple(float(frames[n]["hpi"]) for n in well.numbers)
    allowed = tuple(frozenset({_stage(frames[n]["stage"])}) for n in well.numbers)
    shown = [event for event in told["events"] if event["first_frame"] is not None]
    events = tuple(TrueEvent(str(e["kind"]), int(e["first_frame"]), int(e["last_frame"])) for e in shown)
    return Annotated(Truth(path.name, well.numbers, hours, allowed, events), replace(well, hours=hours))


def _stage(name: str) -> Stage:
    return next(stage for stage in STAGES if stage.value == name)


def _labelled(path: Path, split: str | None, scale: float) -> Iterator[Annotated]:
    """Frames that carry two labels have no truth."""
    embryos: dict[str, dict[int, tuple[str, int, bool]]] = {}
    for row in _rows(path / "labels.csv"):
        if split is None or row["split"] == split:
            # Names come from a file, so only what lies below this folder is read.
            if ".." in Path(row["file"]).parts or Path(row["file"]).is_absolute():
                raise ValueError(f"{row['file']!r} leads out of its folder")
            known = row.get("in_two_phases", "0") == "0"
            embryos.setdefault(row["embryo"], {})[int(row["frame"])] = (row["file"], int(row["phase"]), known)
    for embryo, frames in embryos.items():
        numbers = tuple(sorted(frames))
        names = tuple(frames[n][0] for n in numbers)
        allowed = tuple(_any_of(_COARSE[frames[n][1] - 1]) if frames[n][2] else frozenset[Stage]() for n in numbers)
        truth = Truth(embryo, numbers, tuple(n * scale for n in numbers), allowed, is_coarse=True)
        yield Annotated(truth, WellFolder(path, numbers, names, None))


def _table(path: Path, scale: float) -> Iterator[Truth]:
    embryos: dict[str, dict[int, Phase]] = {}
    for row in _rows(path):
        for frame in range(int(row["first_frame"]), int(row["last_frame"]) + 1):
            embryos.setdefault(row["embryo"], {}).setdefault(frame, Phase(row["phase"]))
    for embryo, frames in embryos.items():
        numbers = tuple(sorted(frames))
        places = [tuple(Phase).index(frames[n]) for n in numbers]
        # A few annotations go back; what is true of them cannot be told.
        if all(np.diff(places) >= 0):
            yield Truth(embryo, numbers, tuple(n * scale for n in numbers), tuple(frozenset({frames[n]}) for n in numbers))


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _any_of(coarse: Coarse) -> frozenset[Stage]:
    return frozenset(stage for stage in STAGES if COARSE_OF[stage] is coarse)


_DEPTH = np.array([0, 1.2, 2.2, 3.6, 4.6, 5.2, 6.2, 6.9, 7.5, 8.1, 9.6, 11.4, 12.8, 14.2, 15.2, 16.6])
"""How far development has come at each phase, in steps an observer can tell apart: seven cells from eight they cannot."""


def simulated_looks(truth: Truth, rng: np.random.Generator, *, lasting: float = 0.45, passing: float = 0.35) -> Looks:
    """What a net might say of an annotated embryo: it mistakes how far it has come, partly for hours on end, partly frame by frame."""
    phases = tuple(Phase)
    true = np.array([phases.index(next(s for s in allowed if isinstance(s, Phase))) for allowed in truth.allowed])
    count = len(true)
    drift = np.empty(count)
    keep = np.exp(-1 / 20)
    drift[0] = rng.normal()
    for t in range(1, count):
        drift[t] = keep * drift[t - 1] + np.sqrt(1 - keep**2) * rng.normal()
    seen = _DEPTH[true] + lasting * drift + passing * rng.normal(size=count)
    logs = np.full((count, len(STAGES)), -9.0)
    logs[:, : len(phases)] = -0.5 * ((seen[:, None] - _DEPTH) / 0.6) ** 2
    logs -= np.logaddexp.reduce(logs, axis=1, keepdims=True)
    logs = np.logaddexp(logs, np.log(0.004))
    nothing = np.zeros(count, np.float32)
    return Looks(logs.astype(np.float32), np.zeros((count, 1), np.float32), *[nothing] * len(AUXILIARY))


def clock_of(annotated: Annotated, interval_minutes: float | None, start_hpi: float | None) -> Clock | None:
    """The times of an embryo's frames, if there are any; what truth tells of a rendered one's hours goes before all else."""
    if annotated.well is not None and annotated.well.hours is not None and annotated.truth.hours == annotated.well.hours:
        first = annotated.truth.hours[0]
        return Clock((np.array(annotated.truth.hours) - first) * 60.0, first)
    if interval_minutes is not None:
        return Clock(np.array(annotated.truth.frames, dtype=float) * interval_minutes, start_hpi)
    return None if annotated.well is None else annotated.well.clock(None, start_hpi)
