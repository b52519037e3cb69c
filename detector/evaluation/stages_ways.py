"""Ways of reading an embryo's frames, from the clock alone to everything together, so that each step shows what it is worth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from detector.evaluation.stages_scores import Answer
from detector.stages.calibration import Calibration
from detector.stages.decoding import Clock, path_through
from detector.stages.looks import Looks, most_likely
from detector.stages.profiles import Built, ProfileBuilder
from detector.types import STAGES, Unphased

_LASTING = 16


def ways_of(
    looks: Looks,
    frames: Sequence[int],
    clock: Clock | None,
    builder: ProfileBuilder,
    plain: ProfileBuilder | None,
) -> dict[str, Answer]:
    """Every way's answer; `plain` reads the same frames without the temporal net, where `builder` has one."""
    answers = {"image alone": alone(looks), "monotone": monotone(looks)}
    if clock is not None and clock.start_hpi is not None:
        answers["clock alone"] = clock_alone(looks, frames, clock)
        unclocked = replace(clock, start_hpi=None)
        answers["decoded, start unknown"] = decoded(builder.build(looks, frames, unclocked))
    answers["decoded, no times"] = decoded(builder.build(looks, frames, None))
    if builder.temporal is not None and plain is not None:
        answers["temporal net alone"] = alone(replace(looks, log_probabilities=builder.temporal.read(looks, clock)))
        answers["decoded without temporal net"] = decoded(plain.build(looks, frames, clock))
    return answers | {"decoded": decoded(builder.build(looks, frames, clock))}


def alone(looks: Looks) -> Answer:
    """Each frame by itself."""
    return Answer(tuple(most_likely(row)[0] for row in looks.log_probabilities), np.exp(looks.log_probabilities.astype(float)))


def monotone(looks: Looks) -> Answer:
    """The likeliest course that never goes back, without any idea of how long phases last."""
    logs = looks.log_probabilities.astype(float)
    phases = logs[:, :_LASTING]
    # `path_through` adds up gains, so log-likelihoods moved above zero serve it as well as probabilities do.
    gains = np.zeros((len(logs), len(STAGES)))
    gains[:, :_LASTING] = (np.maximum(phases, -12.0) + 12.0) / 24.0
    course = list(path_through(gains))
    for t, best in enumerate(logs.argmax(axis=1)):
        if isinstance(STAGES[best], Unphased):
            course[t] = STAGES[best]
    return Answer(tuple(course))


def clock_alone(looks: Looks, frames: Sequence[int], clock: Clock) -> Answer:
    """What the hour tells without any picture."""
    blank = replace(looks, log_probabilities=np.zeros_like(looks.log_probabilities))
    built = ProfileBuilder(Calibration()).build(blank, frames, clock)
    return Answer(tuple(call.stage for call in built.profile.calls), built.decoded.posteriors)


def decoded(built: Built) -> Answer:
    """A whole profile."""
    return Answer(tuple(call.stage for call in built.profile.calls), built.decoded.posteriors, built.profile.onsets, built.profile.events)
