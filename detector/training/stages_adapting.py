"""Adapting to a lab without any label: phases are guessed from hours, learned from pictures, corrected by both, and learned again."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from detector.errors import DetectorError
from detector.training.stages_clock import Clock, Onsets, smoothed
from detector.training.stages_folders import GROUPS, Frame, Say, Windows, read_labels, read_recordings, read_windows
from detector.training.stages_lab import HeldBack, Origin, publish
from detector.training.stages_learning import Recipe, learn, named
from detector.training.stages_lessons import Lessons, lessons_of
from detector.training.stages_network import Shape, StageNet
from detector.training.stages_weights import network_of

NAME = "stages-lab-adapted"
LEAST_EMBRYOS = 4
GUESS = Recipe(steps=600, rate=3e-3, doubt=0.08)
LAST = Recipe(steps=2000, rate=3e-3, doubt=0.05)
_TRUST = 0.7
"""How far a picture's probabilities are believed: neighbours look alike, and the nets that gave them learned from guesses."""

Posteriors = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Plan:
    """How long is trained, how often is guessed anew, and how many frames are looked at."""

    guess: Recipe = GUESS
    last: Recipe = LAST
    fine_rate: float = 8e-4
    """The rate where training goes on from other weights."""
    rounds: int = 3
    stable: float = 0.045
    """Rounds end when fewer frames than this share change their phase."""
    sure: float = 0.85
    """A guess from the hour alone is taught only where it is at least this probable: frames near a change are left out."""
    agreed: float = 0.9
    """The same where pictures and their order have spoken too; frames at a division would teach what the clock supposed of them."""
    most_frames: int = 4000
    shape: Shape | None = None
    """Of a net from scratch; the shipped one otherwise."""
    threads: int = 2


@dataclass(frozen=True, slots=True)
class Recordings:
    """Frames in order of embryo and time, their windows and hours; `whose` numbers the embryos from 0."""

    frames: Sequence[Frame]
    windows: Windows
    hours: npt.NDArray[np.float64]
    whose: npt.NDArray[np.int_]

    def by_embryo(self) -> list[npt.NDArray[np.bool_]]:
        """The rows of each embryo."""
        return [self.whose == embryo for embryo in range(self.embryos)]

    @property
    def embryos(self) -> int:
        return int(self.whose.max()) + 1


def adapt(
    data: Path, out: Path, plan: Plan, clock: Clock, *, start: Path | None, work: Path, command: str, say: Say
) -> dict[str, Any]:  # fmt: skip
    """Learn from unlabelled recordings, one folder of frames per embryo, and write the weights folder `out`.

    Where `data` has a labels.csv, embryos of its split "dev" are kept out, and its phases are read once everything is learned, to report.
    """
    began = time.monotonic()
    held_back = _held_back(data)
    recordings = _read(data, clock, plan.most_frames, held_back, say)
    onsets, guesses, is_taught = _first_guesses(recordings, plan, start)
    changes = []
    for number in range(plan.rounds):
        evidence = _evidence(recordings, guesses, is_taught, plan, start, number, work, say)
        corrected = _along_time(recordings, evidence, onsets)
        changes.append(float((corrected.argmax(1) != guesses.argmax(1)).mean()))
        onsets = onsets.fitted([(recordings.hours[rows], corrected[rows].argmax(1)) for rows in recordings.by_embryo()])
        guesses, is_taught = corrected, corrected.max(1) >= plan.agreed
        say(json.dumps({"round": number + 1, "changed": round(changes[-1], 4), "onsets_h": [round(m, 1) for m in onsets.medians]}))
        if changes[-1] < plan.stable:
            break
    recipe = plan.last if start is None else replace(plan.last, rate=plan.fine_rate)
    lessons = _lessons(recordings, guesses, is_taught)
    _say_where(2 * plan.rounds, plan, say)
    network = learn(lessons, recipe, work / "last", start=_network(start), shape=plan.shape, threads=plan.threads, say=say)
    minutes = round((time.monotonic() - began) / 60, 1)
    started_from = "random weights" if start is None else "other weights"
    origin = Origin(NAME, "a lab's unlabelled recordings", command, started_from, len(lessons), recordings.embryos, minutes)
    dev = _dev(data, held_back, say)
    figures = publish(network, out, origin, dev, plan.threads)
    if figures:
        figures["sequence_accuracy3"] = _sequence_accuracy(network, dev, clock, onsets)
    facts = {"embryos": recordings.embryos, "frames": len(recordings.windows), "changed": [round(c, 4) for c in changes]} | {
        "onsets_h": list(onsets.medians)
    }
    return {"out": str(out), "minutes": minutes, **facts, "dev": figures}


def _say_where(training: int, plan: Plan, say: Say) -> None:
    """How many steps lie before this training, of how many where no round is saved."""
    say(json.dumps({"begins": training * plan.guess.steps, "of": 2 * plan.rounds * plan.guess.steps + plan.last.steps}))


def _first_guesses(recordings: Recordings, plan: Plan, start: Path | None) -> tuple[Onsets, Posteriors, npt.NDArray[np.bool_]]:
    """What the hours suggest and, where there are weights to start from, what those see: onsets, guesses and which to teach."""
    onsets = Onsets()
    if start is None:
        guesses = onsets.suggested(recordings.hours)
        return onsets, guesses, guesses.max(1) >= plan.sure
    evidence = _trusted(named(network_of(start), recordings.windows, turns=4))
    for _ in range(3):
        guesses = _along_time(recordings, evidence, onsets)
        onsets = onsets.fitted([(recordings.hours[rows], guesses[rows].argmax(1)) for rows in recordings.by_embryo()])
    return onsets, guesses, guesses.max(1) >= plan.agreed


def _evidence(
    recordings: Recordings, guesses: Posteriors, is_taught: npt.NDArray[np.bool_], plan: Plan, start: Path | None, number: int, work: Path,
    say: Say,
) -> Posteriors:  # fmt: skip
    """What half the embryos teach about the other half: no net judges its own lessons."""
    answer = np.zeros_like(guesses)
    recipe = plan.guess if start is None else replace(plan.guess, rate=plan.fine_rate)
    for half in (0, 1):
        learning, judged = recordings.whose % 2 != half, recordings.whose % 2 == half
        lessons = _lessons(recordings, guesses, is_taught & learning)
        _say_where(2 * number + half, plan, say)
        folder = work / f"round-{number + 1}" / f"half-{half}"
        network = learn(lessons, recipe, folder, start=_network(start), shape=plan.shape, threads=plan.threads, say=say)
        shown = (lessons.weights[:, None] * (lessons.allowed @ GROUPS.T > 0)).sum(0) + 1.0
        answer[judged] = _trusted(named(network, recordings.windows[judged], turns=2), shown / shown.sum())
    return answer


def _along_time(recordings: Recordings, evidence: Posteriors, onsets: Onsets) -> Posteriors:
    """The evidence made consistent along each embryo's time."""
    answer = np.zeros_like(evidence)
    for rows in recordings.by_embryo():
        answer[rows] = smoothed(evidence[rows], recordings.hours[rows], onsets)
    return answer


def _trusted(log_probabilities: npt.NDArray[np.float32], shown: npt.NDArray[np.floating[Any]] | float = 0.25) -> Posteriors:
    """(n, 4): how likely each picture is in each phase, up to a factor: what a net says over what it was shown, not wholly believed."""
    shares = np.exp(log_probabilities.astype(np.float64)) @ GROUPS.T
    evidence = ((shares + 1e-3) / shown) ** _TRUST
    return np.asarray(evidence / evidence.sum(1, keepdims=True), dtype=np.float64)


def _lessons(recordings: Recordings, guesses: Posteriors, is_taught: npt.NDArray[np.bool_]) -> Lessons:
    """The likeliest phase of every frame that is taught; surer guesses are shown more often, rarer phases are not.

    Showing rare phases more often made the nets name frames at a phase's edge after the rarer neighbour.
    """
    phases = guesses.argmax(1)
    places = np.flatnonzero(is_taught)
    weights = [float(2 * guesses[k, phases[k]] - 1 + 0.05) for k in places]
    if len(set(phases[places].tolist())) < 2:
        detail = f"{len(places)} of {len(phases)} frames are sure of their phase by the hour, and all are in one"
        raise DetectorError("recordings_too_short", detail, "Check --interval-minutes and --start-hpi, or add longer recordings.")
    return lessons_of(
        [recordings.windows[k] for k in places],
        [GROUPS[phases[k]] for k in places],
        weights=weights,
        times=recordings.hours[places].tolist(),
    )


def _network(start: Path | None) -> StageNet | None:
    return None if start is None else network_of(start)


def _read(data: Path, clock: Clock, most: int, held_back: frozenset[str], say: Say) -> Recordings:
    frames = [frame for frame in read_recordings(data) if frame.embryo not in held_back]
    if len(frames) > most:
        # Neighbours in time look alike; frames spread over all embryos teach more than all frames of a few.
        frames = [frames[k] for k in np.linspace(0, len(frames) - 1, most).round().astype(int)]
    names = sorted({frame.embryo for frame in frames})
    if len(names) < LEAST_EMBRYOS:
        detail = f"{len(names)} embryos are too few to learn from"
        raise DetectorError("recordings_too_few", detail, f"Give at least {LEAST_EMBRYOS} folders of frames; the more, the better.")
    windows, places = read_windows([frame.path for frame in frames], say)
    frames = [frames[place] for place in places]
    say(f"{len(frames)} frames of {len(names)} embryos")
    hours = clock.hours(np.array([frame.number for frame in frames]))
    present = {name: k for k, name in enumerate(sorted({frame.embryo for frame in frames}))}
    return Recordings(frames, windows, hours, np.array([present[frame.embryo] for frame in frames]))


def _held_back(data: Path) -> frozenset[str]:
    if not (data / "labels.csv").is_file():
        return frozenset()
    return frozenset(row.embryo for row in read_labels(data) if row.split != "train")


def _dev(data: Path, held_back: frozenset[str], say: Say) -> HeldBack:
    """The labelled pictures of embryos that were kept out."""
    rows = [row for row in read_labels(data) if row.embryo in held_back] if held_back else []
    if not rows:
        return HeldBack(np.zeros((0, 1, 1), np.uint8), [])
    windows, places = read_windows([row.path for row in rows], say)
    return HeldBack.of(windows, [rows[place] for place in places])


def _sequence_accuracy(network: StageNet, dev: HeldBack, clock: Clock, onsets: Onsets) -> float:
    """Accuracy on three classes where each embryo's frames are named together, in order of time."""
    evidence = _trusted(named(network, dev.windows, turns=8))
    embryos, frames = np.array([row.embryo for row in dev.rows]), np.array([row.frame for row in dev.rows])
    said = np.zeros(len(dev.rows), dtype=int)
    for embryo in np.unique(embryos):
        rows = np.flatnonzero(embryos == embryo)
        rows = rows[np.argsort(frames[rows], kind="stable")]
        said[rows] = smoothed(evidence[rows], clock.hours(frames[rows]), onsets).argmax(1)
    return round(float(np.mean(np.minimum(said, 2) == np.minimum([row.phase for row in dev.rows], 2))), 4)
