"""Teaching a weights folder to read sequences: the temporal net that helps most, if any does, and a calibration beside the encoder."""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from detector.evaluation.stages_scores import StageTally, Truth
from detector.evaluation.stages_ways import alone, decoded, monotone
from detector.loading import load_stager, read_verified
from detector.stages import calibration as calibrations
from detector.stages import temporal_serving
from detector.stages.calibration import Calibration
from detector.stages.profiles import ProfileBuilder
from detector.stages.temporal_serving import Temporal
from detector.training.exporting import zipped
from detector.training.stages_sequence_calibration import calibrated, clock_of
from detector.training.stages_sequence_courses import CHOOSING, LEARNING, TESTING, courses
from detector.training.stages_sequence_learning import Course, Say, SequenceRecipe, learn_sequences, sequence_onnx
from detector.training.stages_sequence_network import FAMILIES
from detector.types import STAGES

NONE = "encoder and decoder alone"


@dataclass(frozen=True, slots=True)
class Courses:
    """Embryos that share nothing: to learn from, to choose and calibrate by, and to report."""

    learning: Sequence[Course]
    choosing: Sequence[Course]
    testing: Sequence[Course]


def teach(folder: Path, courses: Courses, *, made_on: str, steps: int, threads: int, say: Say = print) -> dict[str, Any]:
    """Learn, choose by what is said after decoding, write into `folder`; answers the figures of every way on `testing`."""
    nets: dict[str, Temporal | None] = {NONE: None}
    files: dict[str, bytes] = {}
    for family in FAMILIES:
        recipe = SequenceRecipe(family=family, steps=steps)
        files[family] = sequence_onnx(learn_sequences(courses.learning, courses.choosing, recipe, threads=threads, say=say))
        nets[family] = Temporal(files[family], threads=1)
    fitted = {way: calibrated(courses.choosing, net, made_on=made_on) for way, net in nets.items()}
    figures = {way: _figures(courses.choosing, ProfileBuilder(fitted[way], net)) for way, net in nets.items()}
    # By what a person reads: a net can make single frames likelier and onsets worse. It is shipped only where it is worth the bytes.
    best = max(nets, key=lambda way: figures[way]["accuracy"] + (0.005 if way == NONE else 0.0))
    say(json.dumps({"chosen": best, "accuracy": {way: one["accuracy"] for way, one in figures.items()}}))
    tested = {way: _figures(courses.testing, ProfileBuilder(fitted[way], net)) for way, net in nets.items()}
    tested |= _baselines(courses.testing)
    put_beside(folder, files.get(best), fitted[best], {"sequence_chosen": best, **_metrics(tested[best])})
    return {"chosen": best, "figures": tested}


def teach_from_renderings(
    folder: Path, cache: Path, *, lives: tuple[int, int, int] = (400, 80, 60), steps: int = 1500, threads: int = 2, say: Say = print
) -> dict[str, Any]:
    """Teach the weights of `folder` on rendered lives: so many to learn from, to choose and calibrate by, and to report."""
    stager = load_stager(folder, threads=threads)
    say("the frame encoder looks at rendered lives")
    parts = [
        courses(cache, first, count, stager, is_whole=is_whole, processes=threads, say=say)
        for (first, is_whole), count in zip(((LEARNING, False), (CHOOSING, True), (TESTING, True)), lives, strict=True)
    ]
    return teach(folder, Courses(*parts), made_on="synthetic data", steps=steps, threads=threads, say=say)


def put_beside(folder: Path, net: bytes | None, calibration: Calibration, metrics: dict[str, Any]) -> None:
    """Write net and calibration into the weights file of `folder`, in place of earlier ones, and the manifest to match."""
    manifest, data = read_verified(folder)
    with zipfile.ZipFile(io.BytesIO(data)) as held:
        members = {name: held.read(name) for name in held.namelist() if name != temporal_serving.FILE}
    members[calibrations.FILE] = calibration.to_json(members.get(calibrations.FILE)).encode()
    if net is not None:
        members[temporal_serving.FILE] = net
    changed = zipped(members)
    text = (folder / "manifest.toml").read_text(encoding="utf-8").replace(manifest.sha256, hashlib.sha256(changed).hexdigest())
    (folder / manifest.file).write_bytes(changed)
    (folder / "manifest.toml").write_text(text, encoding="utf-8")
    note(folder, metrics)


def note(folder: Path, metrics: dict[str, Any]) -> None:
    """Write these metrics into the manifest of `folder`, in place of earlier ones of the same name."""
    manifest = folder / "manifest.toml"
    manifest.write_text(_with_metrics(manifest.read_text(encoding="utf-8"), metrics), encoding="utf-8")


def truth_of(name: str, course: Course) -> Truth:
    """A course as scorers read it."""
    allowed = tuple(frozenset({STAGES[k]}) if k >= 0 else frozenset() for k in course.stages)
    return Truth(name, tuple(range(len(course))), tuple(float(h) for h in course.hours), allowed, course.events)


def _figures(courses: Sequence[Course], builder: ProfileBuilder) -> dict[str, Any]:
    tally = StageTally()
    for number, course in enumerate(courses):
        tally.add(truth_of(str(number), course), decoded(builder.build(course.looks, range(len(course)), clock_of(course))))
    return tally.figures()


def _baselines(courses: Sequence[Course]) -> dict[str, dict[str, Any]]:
    tallies = {"image alone": StageTally(), "monotone": StageTally()}
    for number, course in enumerate(courses):
        for way, read in (("image alone", alone), ("monotone", monotone)):
            tallies[way].add(truth_of(str(number), course), read(course.looks))
    return {way: tally.figures() for way, tally in tallies.items()}


def _metrics(figures: dict[str, Any]) -> dict[str, Any]:
    kept = ("embryos", "accuracy", "within_one_phase", "onset_error_h", "onset_bias_h", "coverage_90", "ece", "brier")
    told = {f"sequence_{key}": figures[key] for key in kept if figures.get(key) is not None}
    for kind, counts in figures.get("events", {}).items():
        if counts["recall"] is not None and counts["precision"] is not None:
            told |= {f"event_{kind}_recall": counts["recall"], f"event_{kind}_precision": counts["precision"]}
    return told


def _with_metrics(text: str, metrics: dict[str, Any]) -> str:
    """The manifest with these metrics in place of earlier ones of the same name."""
    for key, value in metrics.items():
        line = f"{key} = {json.dumps(value if not isinstance(value, np.floating) else float(value))}"
        found = re.search(rf"^{key} = .*$", text, re.MULTILINE)
        if found:
            text = text[: found.start()] + line + text[found.end() :]
        else:
            text = text.replace("[metrics]\n", f"[metrics]\n{line}\n", 1) if "[metrics]\n" in text else f"{text}\n[metrics]\n{line}\n"
    return text
