"""The recipe "stages" from nothing to a weights folder: render, train, calibrate, judge what is served, read sequences, write the card."""

from __future__ import annotations

import json
import math
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from detector.loading import read_verified
from detector.stages.looks import COARSE_OF, Values, most_likely
from detector.stages.stager import ConvNextStager
from detector.synth.developing import DEVELOPING_VERSION, contact_sheet
from detector.training.stages_augment import plain
from detector.training.stages_card import card_text
from detector.training.stages_folders import Say
from detector.training.stages_learning import Recipe, learn, named
from detector.training.stages_lessons import Lessons
from detector.training.stages_network import Shape
from detector.training.stages_renderings import SETTINGS, Wanted, cached_lessons
from detector.training.stages_sequence import note, teach_from_renderings
from detector.training.stages_weights import served, weights_of, write_stager
from detector.types import STAGES, Phase

NAME = "stages-convnextv2"
TRAINING_SEED, CALIBRATION_SEED, TEST_SEED = 1, 2, 3
RECIPE = Recipe(steps=9000, rate=3e-3, batch=48, averaging=0.998, steps_an_epoch=250, warm_up_steps=300)


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is rendered and trained; the defaults made the shipped weights."""

    renderings: int = 30000
    held_out: int = 1900
    recipe: Recipe = RECIPE
    shape: Shape | None = None
    threads: int = 2
    processes: int = 2
    lives: tuple[int, int, int] = (400, 80, 60)
    """Rendered lives to learn sequences from, to choose and calibrate by, and to report."""
    sequence_steps: int = 1500
    beside: Path | None = None
    """Real pictures to lay beside the renderings of the report; nothing learns from them."""


def make_weights(data: Path, out: Path, plan: Plan, *, command: str, say: Say) -> dict[str, Any]:
    """Render what `data` lacks, train or resume there, and write the weights folder `out`; returns its metrics.

    `data`/report holds pages of the renderings, beside real pictures where those are given, and the figures of every way of reading
    sequences.
    """
    began = time.monotonic()
    report = data / "report"
    report.mkdir(parents=True, exist_ok=True)
    # First of all, so that what is wrong with the renderings is seen before an hour of training.
    contact_sheet(TEST_SEED, report, plan.beside)
    lessons = cached_lessons(data, SETTINGS, Wanted(TRAINING_SEED, 0, plan.renderings), processes=plan.processes, say=say)
    held_out = [
        cached_lessons(data, SETTINGS, Wanted(seed, 0, plan.held_out), processes=plan.processes, say=say)
        for seed in (CALIBRATION_SEED, TEST_SEED)
    ]
    network = learn(lessons, plan.recipe, data / f"checkpoints-{DEVELOPING_VERSION}", shape=plan.shape, threads=plan.threads, say=say)
    temperature = calibrated(named(network, held_out[0].windows), held_out[0].allowed)
    weights = weights_of(network, temperature=temperature)
    facts: dict[str, Any] = {"renderings": plan.renderings, "steps": plan.recipe.steps, "temperature": round(temperature, 3)}

    def write(metrics: dict[str, Any]) -> None:
        write_stager(
            out, weights, name=NAME, command=command, learned_from="renderings", renderer=DEVELOPING_VERSION, metrics=metrics,
            card=card_text(metrics, command=command, renderer=DEVELOPING_VERSION),
        )  # fmt: skip

    write(facts)
    say(f"judging on {plan.held_out} renderings that nothing was chosen by")
    facts |= judged(served(out, threads=plan.threads), held_out[1])
    write(facts)
    told = teach_from_renderings(out, data, lives=plan.lives, steps=plan.sequence_steps, threads=plan.threads, say=say)
    (report / "sequences.json").write_text(json.dumps(told, indent=1), encoding="utf-8")
    note(out, {"minutes": round((time.monotonic() - began) / 60, 1)})
    metrics = read_verified(out)[0].metrics
    (out / "card.md").write_text(card_text(metrics, command=command, renderer=DEVELOPING_VERSION), encoding="utf-8")
    return metrics


def calibrated(log_probabilities: Values, truth: Values) -> float:
    """The temperature that makes the true stages likeliest, to a fiftieth of itself."""
    places = truth.argmax(1)
    best, temperature = math.inf, 1.0
    for candidate in np.geomspace(0.5, 4.0, 105):
        scaled = log_probabilities / candidate
        surprise = np.logaddexp.reduce(scaled, axis=1) - scaled[np.arange(len(scaled)), places]
        if float(surprise.mean()) < best:
            best, temperature = float(surprise.mean()), float(candidate)
    return temperature


def judged(stager: ConvNextStager, lessons: Lessons) -> dict[str, Any]:
    """How renderings are named one by one, as they are served: phase, within one phase, coarse, and how honest the confidences are."""
    logs = np.concatenate([stager.look(np.stack([plain(w) for w in part])).log_probabilities for part in _parts(lessons.windows)])
    truth, said = lessons.allowed.argmax(1), logs.argmax(1)
    phased = truth < len(Phase)
    coarse = np.array([most_likely(row)[1] is COARSE_OF[STAGES[k]] for row, k in zip(logs, truth, strict=True)])
    near = (np.abs(said - truth) <= 1) & (said < len(Phase))
    sure = np.exp(logs.max(1))
    return {
        "test_pictures": len(truth),
        "test_stage_accuracy": round(float((said == truth).mean()), 4),
        "test_phase_accuracy": round(float((said == truth)[phased].mean()), 4),
        "test_within_one_phase": round(float(near[phased].mean()), 4),
        "test_coarse_accuracy": round(float(coarse.mean()), 4),
        "test_calibration_error": round(calibration_error(sure, said == truth), 4),
    }


def calibration_error(confidences: npt.NDArray[np.floating[Any]], right: npt.NDArray[np.bool_], bins: int = 10) -> float:
    """Mean gap between confidence and share right over bins of confidence, by how many fall into each."""
    place = np.minimum((confidences * bins).astype(int), bins - 1)
    gaps = [abs(float(confidences[place == k].mean()) - float(right[place == k].mean())) * float((place == k).mean()) for k in set(place)]
    return float(sum(gaps))


def _parts(windows: npt.NDArray[np.uint8], size: int = 256) -> list[npt.NDArray[np.uint8]]:
    return [windows[start : start + size] for start in range(0, len(windows), size)]
