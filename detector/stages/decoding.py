"""From what single frames look like to what an embryo was when: exact inference in a chain of hidden steps, forward only.

Phases last as `priors` says, may be skipped, may have begun before the first frame and go on after the last; the time between frames may be
anything. Frames far apart are bridged exactly, so a frame that says nothing changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from detector.stages.priors import DEGENERATE, GROUPS, PHASES, REMOVED, Priors, Values
from detector.types import STAGES, Stage, Unphased

Times = npt.NDArray[np.float64]
_EMPTY, _NOT_SEEN, _DEGENERATE = (STAGES.index(s) for s in (Unphased.EMPTY, Unphased.NOT_SEEN, Unphased.DEGENERATE))
UNKNOWN_INTERVALS: tuple[tuple[float, float], ...] = ((0.08, 5.0), (0.12, 7.5), (0.35, 10.0), (0.25, 15.0), (0.15, 20.0), (0.05, 30.0))
"""(share, minutes a frame) that are weighed against each other where nobody said how much time lies between frames."""
NOMINAL_MINUTES = 12.0
"""What stands in for the interval where frames are only weighed against each other; courses rest on UNKNOWN_INTERVALS."""


@dataclass(frozen=True, slots=True)
class Clock:
    """When frames were taken: minutes on any common scale, and the hour post insemination of minute 0 where it is known."""

    minutes: Times
    start_hpi: float | None = None
    is_supposed: bool = False
    """True where the minutes are only supposed, so that no hours may be told."""

    def hours_post_insemination(self) -> Times | None:
        """One value a frame, or None where the start or the minutes are unknown."""
        return None if self.start_hpi is None or self.is_supposed else self.start_hpi + self.minutes / 60.0


@dataclass(frozen=True, slots=True)
class Decoded:
    """What the frames together say; rows are frames in order of time."""

    path: tuple[Stage, ...]
    """One stage a frame, phases never going back; the path that is right in most frames on average."""
    posteriors: Values
    """(T, 19) in the order of STAGES, rows sum to one."""
    onsets: Values
    """(T, 16): probability that a phase is first seen in a frame; a column sums to the probability that it is seen at all."""
    arrested: Values
    """(T,): probability that no further phase will come."""
    evidence: float
    """Log-probability of all frames."""
    clock: Clock
    alpha: Values
    """(T, states): filtered states, from which whole courses are drawn."""
    priors: Priors


def decode(
    log_probabilities: npt.NDArray[np.floating], hours: Sequence[float] | None, frame_indices: Sequence[int], priors: Priors,
    *, minutes_a_frame: float | None = None,
) -> Decoded:  # fmt: skip
    """Decode T frames; `log_probabilities` (T, 19) says how well each stage explains each frame alone, up to a constant.

    `hours` post insemination rise with the frames. Where they are None, `minutes_a_frame` gives the time between frame numbers; where that
    is None too, common intervals are weighed by how well they explain the frames.
    """
    numbers = np.asarray(frame_indices, dtype=float)
    if len(numbers) == 0 or log_probabilities.shape != (len(numbers), len(STAGES)):
        raise ValueError(f"need (T, {len(STAGES)}) log-probabilities for T > 0 frames, got {log_probabilities.shape} for {len(numbers)}")
    if hours is not None:
        start = float(hours[0])
        return decode_clocked(log_probabilities, Clock((np.asarray(hours, dtype=float) - start) * 60.0, start), priors)
    if minutes_a_frame is not None:
        return decode_clocked(log_probabilities, Clock(numbers * minutes_a_frame), priors)
    return over_intervals(log_probabilities, numbers, priors)


def over_intervals(
    log_probabilities: npt.NDArray[np.floating], numbers: Times, priors: Priors, *, start_hpi: float | None = None
) -> Decoded:
    """Decode frames of which only the numbers are known, and perhaps the hour of number 0.

    Posteriors are averages over UNKNOWN_INTERVALS by how well each explains the frames; clock and courses are those of the likeliest.
    """
    clocks = [Clock(numbers * minutes, start_hpi, is_supposed=True) for _, minutes in UNKNOWN_INTERVALS]
    tried = [decode_clocked(log_probabilities, clock, priors) for clock in clocks]
    weights = np.array([np.log(share) + one.evidence for one, (share, _) in zip(tried, UNKNOWN_INTERVALS, strict=True)])
    weights = np.exp(weights - weights.max())
    weights /= weights.sum()
    posteriors = np.tensordot(weights, np.array([one.posteriors for one in tried]), 1)
    return replace(
        tried[int(weights.argmax())],
        path=path_through(posteriors),
        posteriors=posteriors,
        onsets=np.tensordot(weights, np.array([one.onsets for one in tried]), 1),
        arrested=np.tensordot(weights, np.array([one.arrested for one in tried]), 1),
    )


def decode_clocked(log_probabilities: npt.NDArray[np.floating], clock: Clock, priors: Priors) -> Decoded:
    """The same with known times; raises ValueError where they go back."""
    gaps = np.diff(clock.minutes)
    if np.any(gaps < 0):
        raise ValueError(f"frames must come in order of time, frame {int(np.argmax(gaps < 0)) + 1} goes back")
    likelihood, hidden, offset = likelihoods(log_probabilities, priors)
    steps = [priors.step(gap) for gap in _rounded(clock.minutes)]
    alpha, scales = _forward(likelihood[:, priors.group], _beginning(clock, priors), steps)
    beta = _backward(likelihood[:, priors.group], scales, steps)
    states = alpha * beta
    states /= states.sum(axis=1, keepdims=True)
    groups = _by_group(states, priors)
    posteriors = _shown(groups, likelihood, hidden)
    onsets = _onsets(groups, alpha, beta, likelihood, scales, steps, priors)
    evidence = float(np.log(scales).sum() + offset)
    return Decoded(path_through(posteriors), posteriors, onsets, states[:, priors.arrested].sum(axis=1), evidence, clock, alpha, priors)


def likelihoods(log_probabilities: npt.NDArray[np.floating], priors: Priors) -> tuple[Values, Values, float]:
    """(T, groups) up to one constant, whose logarithm comes last; (T, 2) is the part of an embryo hidden, or looking like an empty well.

    An embryo may be hidden in any frame, and a net may be wrong with confidence; neither must end a phase.
    """
    rates = priors.rates
    logs = np.asarray(log_probabilities, dtype=float)
    top = logs.max(axis=1, keepdims=True)
    raw = np.exp(logs - top)
    raw = (1 - rates.slip) * raw + rates.slip * raw.mean(axis=1, keepdims=True)
    seen = 1 - rates.not_seen - rates.looks_empty
    dark = rates.not_seen * raw[:, _NOT_SEEN]
    bare = rates.looks_empty * raw[:, _EMPTY]
    answer = np.empty((len(logs), GROUPS))
    answer[:, : len(PHASES)] = seen * raw[:, : len(PHASES)] + (dark + bare)[:, None]
    answer[:, REMOVED] = (seen + rates.looks_empty) * raw[:, _EMPTY] + dark
    answer[:, DEGENERATE] = seen * raw[:, _DEGENERATE] + dark + bare
    return answer, np.stack([dark, bare], axis=1), float(top.sum())


def path_through(posteriors: Values) -> tuple[Stage, ...]:
    """The course with most posterior in all, among those whose phases never go back; hidden frames are named for what they are."""
    lasting = [*range(len(PHASES)), _DEGENERATE, _EMPTY]
    gains = posteriors[:, lasting].copy()
    total = np.empty_like(gains)
    total[0] = gains[0]
    best = np.maximum.accumulate(total[0])
    for t in range(1, len(gains)):
        total[t] = best + gains[t]
        best = np.maximum.accumulate(total[t])
    course = np.empty(len(gains), dtype=int)
    last = len(lasting) - 1
    for t in range(len(gains) - 1, -1, -1):
        last = int(total[t, : last + 1].argmax())
        course[t] = lasting[last]
    hidden = posteriors[:, _NOT_SEEN] > 0.5
    bare = posteriors[:, _EMPTY] > 0.5
    return tuple(Unphased.NOT_SEEN if hidden[t] else Unphased.EMPTY if bare[t] else STAGES[course[t]] for t in range(len(course)))


def draw_onsets(decoded: Decoded, count: int, rng: np.random.Generator) -> npt.NDArray[np.int_]:
    """`count` whole courses drawn from what is known: (count, 16) rows where each phase is first seen, -1 where it is not."""
    priors, alpha = decoded.priors, decoded.alpha
    steps = [priors.step(gap) for gap in _rounded(decoded.clock.minutes)]
    now = _pick(alpha[-1][:, None], np.zeros(count, dtype=int), rng)
    course = np.empty((len(alpha), count), dtype=int)
    course[-1] = priors.group[now]
    for t in range(len(alpha) - 2, -1, -1):
        # Courses share few states, so one column serves many of them.
        values, where = np.unique(now, return_inverse=True)
        now = _pick(alpha[t][:, None] * steps[t][:, values], where, rng)
        course[t] = priors.group[now]
    drawn = np.full((count, len(PHASES)), -1)
    for t in range(len(alpha) - 1, -1, -1):
        living = course[t] < len(PHASES)
        drawn[living, course[t][living]] = t
    return drawn


def _rounded(minutes: Times) -> npt.NDArray[np.int_]:
    """Gaps whose sums stay true: the times are rounded, not the gaps."""
    return np.diff(np.rint(minutes - minutes[0]).astype(int))


def _beginning(clock: Clock, priors: Priors) -> Values:
    """The states at the first frame before anything was seen."""
    if clock.start_hpi is not None:
        return priors.at_hour(max(clock.start_hpi + clock.minutes[0] / 60.0, 0.0))
    return priors.after(priors.at_unknown_start, max(clock.minutes[0], 0.0))


def _forward(likelihood: Values, start: Values, steps: list[Values]) -> tuple[Values, Values]:
    alpha, scales = np.empty_like(likelihood), np.empty(len(likelihood))
    row = start
    for t in range(len(likelihood)):
        if t:
            row = row @ steps[t - 1]
        row = row * likelihood[t]
        scales[t] = row.sum()
        row = row / scales[t]
        alpha[t] = row
    return alpha, scales


def _backward(likelihood: Values, scales: Values, steps: list[Values]) -> Values:
    beta = np.empty_like(likelihood)
    row = beta[-1] = np.ones(likelihood.shape[1])
    for t in range(len(likelihood) - 2, -1, -1):
        row = steps[t] @ (row * (likelihood[t + 1] / scales[t + 1]))
        beta[t] = row
    return beta


def _by_group(states: Values, priors: Priors) -> Values:
    shown = np.zeros((len(states), GROUPS))
    for group in range(GROUPS):
        shown[:, group] = states[:, priors.group == group].sum(axis=1)
    return shown


def _shown(groups: Values, likelihood: Values, hidden: Values) -> Values:
    """What each frame shows: the hidden state, or that it is hidden."""
    answer = np.zeros((len(groups), len(STAGES)))
    share = groups / np.maximum(likelihood, 1e-300)
    dark = np.minimum(hidden[:, :1] * share, groups)
    bare = np.minimum(hidden[:, 1:] * share, groups - dark)
    bare[:, REMOVED] = 0.0
    kept = groups - dark - bare
    answer[:, : len(PHASES)] = kept[:, : len(PHASES)]
    answer[:, _EMPTY] = kept[:, REMOVED] + bare.sum(axis=1)
    answer[:, _NOT_SEEN] = dark.sum(axis=1)
    answer[:, _DEGENERATE] = kept[:, DEGENERATE]
    return np.asarray(answer / answer.sum(axis=1, keepdims=True))


def _onsets(groups: Values, alpha: Values, beta: Values, likelihood: Values, scales: Values, steps: list[Values], priors: Priors) -> Values:
    """A phase begins where it is and was not a frame before; phases are left for good, so each begins once."""
    onsets = groups[:, : len(PHASES)].copy()
    if len(groups) > 1:
        within = priors.within
        ahead = beta[1:] * (likelihood[1:] / scales[1:, None])[:, priors.group]
        stayed = np.empty((len(steps), priors.size))
        for step in {id(s): s for s in steps}.values():
            rows = np.array([s is step for s in steps])
            stayed[rows] = (alpha[:-1][rows] @ (step * within)) * ahead[rows]
        onsets[1:] = np.maximum(groups[1:, : len(PHASES)] - _by_group(stayed, priors)[:, : len(PHASES)], 0.0)
    return onsets


def _pick(weights: Values, column: npt.NDArray[np.int_], rng: np.random.Generator) -> npt.NDArray[np.int_]:
    """One row for each of `column`, drawn by the weights in that column."""
    sums = np.cumsum(weights, axis=0)
    passed = sums[:, column] < rng.random(len(column)) * sums[-1, column]
    return np.asarray(np.minimum(passed.sum(axis=0), len(weights) - 1))
