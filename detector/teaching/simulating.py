"""What choosing saves: a person who labels is played by the truth, batch by batch, until a small learner is nearly as good as with all."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from detector.teaching.choosing import Rows, Values, mixed_batch, teaching, whole_embryos
from detector.teaching.labs import Lab

ENOUGH = 0.95
"""Share of the score that all labels give."""
FIRST = 16
"""Labels by chance that every way begins with."""
RANDOM, TEACHING, MIXED, WHOLE, WHOLE_RANDOM = "by chance", "teaches most", "mixed 70/20/10", "whole embryos", "whole embryos by chance"
WAYS = (RANDOM, TEACHING, MIXED, WHOLE_RANDOM, WHOLE)


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds of a person's time; taken for granted, not measured here."""

    label_s: float
    """To find and set one label."""
    accept_s: float
    """To accept a label that stands there already and is right."""
    open_s: float
    """To open another embryo."""


@dataclass(frozen=True, slots=True)
class Step:
    """After one batch: labels in all, minutes without and with the detector's guess standing there, and the score."""

    labels: int
    minutes: float
    minutes_beside: float
    score: float


@dataclass(frozen=True, slots=True)
class Reached:
    """What one way needed in one lab; None where it never got there."""

    labels: int | None
    minutes: float | None
    minutes_beside: float | None


def full_score(lab: Lab) -> float:
    """The share of held-out pictures right with every label of the pool."""
    return _score(_taught(lab, np.arange(len(lab.pool))), lab)


def simulate(lab: Lab, way: str, *, batch: int, seed: int, cost: Cost) -> list[Step]:
    """The course of one way of asking, to the end of the pool."""
    rng = np.random.default_rng([seed, 98])
    labelled = np.sort(rng.choice(len(lab.pool), min(FIRST, len(lab.pool)), replace=False))
    seconds = seconds_beside = 0.0
    asked, guess = labelled, lab.shipped
    steps: list[Step] = []
    while True:
        opened = len(np.unique(lab.pool.embryos[asked])) * cost.open_s
        right = int((guess[asked].argmax(axis=1) == lab.labels[asked]).sum())
        seconds += opened + len(asked) * cost.label_s
        seconds_beside += opened + right * cost.accept_s + (len(asked) - right) * cost.label_s
        learner = _taught(lab, labelled)
        steps.append(Step(len(labelled), seconds / 60, seconds_beside / 60, _score(learner, lab)))
        if len(labelled) == len(lab.pool):
            return steps
        guess = _says(learner, lab.pool.features, lab.shipped)
        asked = _next(way, lab, guess, labelled, batch, rng)
        labelled = np.union1d(labelled, asked)


def reached(steps: Sequence[Step], goal: float) -> Reached:
    """Where the score meets `goal` and the mean with the next batch still does, so that one lucky batch does not count."""
    for at, step in enumerate(steps):
        lasting = np.mean([one.score for one in steps[at : at + 2]])
        if step.score >= goal and lasting >= goal:
            return Reached(step.labels, round(step.minutes, 1), round(step.minutes_beside, 1))
    return Reached(None, None, None)


def summary(
    found: Mapping[str, Sequence[Reached]], pools: Sequence[int], scores: Sequence[float], shipped: Sequence[float]
) -> dict[str, Any]:
    """Medians and ranges over labs, and what each way saves against labels by chance; where a way never arrived, all labels count."""
    answer: dict[str, Any] = {
        "labs": len(pools), "pictures_in_pool": _range(pools), "score_with_all_labels": _range(scores), "score_of_shipped": _range(shipped),
    }  # fmt: skip
    base = [one.labels or pool for one, pool in zip(found[RANDOM], pools, strict=True)]
    minutes = [one.minutes for one in found[RANDOM]]
    for way, labs in found.items():
        labels = [one.labels or pool for one, pool in zip(labs, pools, strict=True)]
        answer[way] = {
            "arrived_in": sum(one.labels is not None for one in labs),
            "labels": _range(labels),
            "labels_saved": _saved(labels, base),
            "minutes": _range([one.minutes for one in labs]),
            "minutes_saved": _saved([one.minutes for one in labs], minutes),
            "minutes_with_guesses": _range([one.minutes_beside for one in labs]),
            "minutes_saved_with_guesses": _saved([one.minutes_beside for one in labs], minutes),
            "minutes_saved_against_chance_with_guesses": _saved(
                [one.minutes_beside for one in labs], [one.minutes_beside for one in found[RANDOM]]
            ),
        }
    return answer


class _Learner:
    """Logistic regression on what the shipped encoder sees; real training tunes the encoder as well and takes minutes a batch."""

    def __init__(self, features: Values, labels: npt.NDArray[np.int_], classes: int) -> None:
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.linear_model import LogisticRegression

        self._mean, self._spread = features.mean(axis=0), np.maximum(features.std(axis=0), 1e-6)
        self._classes = classes
        self._only = int(labels[0]) if len(set(labels.tolist())) == 1 else None
        if self._only is None:
            self._model = LogisticRegression(C=0.05, max_iter=200)
            with warnings.catch_warnings():
                # Where the classes part cleanly it never quite ends, and is as good by then.
                warnings.simplefilter("ignore", ConvergenceWarning)
                self._model.fit((features - self._mean) / self._spread, labels)

    def says(self, features: Values) -> Values:
        shares = np.full((len(features), self._classes), 1e-6)
        if self._only is not None:
            shares[:, self._only] = 1.0
        else:
            shares[:, self._model.classes_] += self._model.predict_proba((features - self._mean) / self._spread)
        return np.asarray(shares / shares.sum(axis=1, keepdims=True))


def _taught(lab: Lab, labelled: Rows) -> _Learner:
    return _Learner(_input(lab.pool.features[labelled], lab.shipped[labelled]), lab.labels[labelled], lab.shipped.shape[1])


def _says(learner: _Learner, features: Values, shipped: Values) -> Values:
    return learner.says(_input(features, shipped))


def _score(learner: _Learner, lab: Lab) -> float:
    said = _says(learner, lab.test, lab.test_shipped)
    return float((said.argmax(axis=1) == lab.test_labels).mean())


def _input(features: Values, shipped: Values) -> Values:
    return np.concatenate([features, np.log(np.clip(shipped, 1e-4, 1.0))], axis=1)


def _next(way: str, lab: Lab, guess: Values, labelled: Rows, batch: int, rng: np.random.Generator) -> Rows:
    left = np.setdiff1d(np.arange(len(lab.pool)), labelled)
    if way == RANDOM:
        return np.asarray(rng.choice(left, min(batch, len(left)), replace=False))
    if way == WHOLE_RANDOM:
        # One number an embryo: the mean of many would prefer embryos with few frames.
        chance = {name: rng.random() for name in np.unique(lab.pool.embryos)}
        return whole_embryos(lab.pool, np.array([chance[name] for name in lab.pool.embryos]), labelled, batch)
    teaches = teaching(lab.pool, guess, lab.shipped, labelled)
    if way == TEACHING:
        return left[np.argsort(-teaches[left], kind="stable")][:batch]
    if way == MIXED:
        return mixed_batch(lab.pool, teaches, labelled, batch, rng)
    return whole_embryos(lab.pool, teaches, labelled, batch)


def _range(values: Sequence[float | None]) -> dict[str, float] | None:
    known = [float(value) for value in values if value is not None]
    if not known:
        return None
    return {"median": round(float(np.median(known)), 3), "least": round(min(known), 3), "most": round(max(known), 3)}


def _saved(ours: Sequence[float | None], base: Sequence[float | None]) -> dict[str, float] | None:
    """Share of the base that was not needed, lab by lab."""
    return _range([1 - mine / theirs if mine is not None and theirs else None for mine, theirs in zip(ours, base, strict=True)])
