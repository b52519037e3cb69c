"""Decoding: exact against brute force on tiny chains, and what must hold whatever the frames say."""

from __future__ import annotations

import itertools

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detector.stages.decoding import Clock, decode, decode_clocked, draw_onsets, likelihoods, path_through
from detector.stages.priors import GROUPS, PHASES, Length, Priors, default_priors
from detector.types import STAGES, Phase, Unphased
from tests.detector.stages_sequence.embryos import USUAL, log_probabilities, stages_at

Logs = npt.NDArray[np.float64]


@st.composite
def recordings(draw: st.DrawFn, longest: int = 24) -> tuple[Logs, Clock]:
    """Frames at any times that say anything."""
    count = draw(st.integers(1, longest))
    gaps = draw(st.lists(st.sampled_from([0.0, 1.0, 5.0, 10.0, 15.4, 60.0, 600.0, 6000.0]), min_size=count - 1, max_size=count - 1))
    rng = np.random.default_rng(draw(st.integers(0, 2**31)))
    logs = rng.normal(0, draw(st.sampled_from([0.1, 1.0, 6.0])), (count, len(STAGES)))
    start = draw(st.sampled_from([None, 0.0, 17.3, 110.0]))
    return logs, Clock(np.cumsum([0.0, *gaps]), start)


@pytest.fixture(scope="module")
def tiny() -> Priors:
    """One hidden step a phase, so that every course can be written down."""
    return Priors({phase: (Length(1.0, 6.0, 1),) for phase in PHASES})


def by_brute_force(logs: Logs, clock: Clock, priors: Priors) -> tuple[Logs, Logs, float]:
    """Posteriors of groups, of onsets, and the probability of all frames, by summing over every course of hidden states."""
    likelihood, _, _ = likelihoods(logs, priors)
    start = priors.at_hour(clock.start_hpi or 0.0)
    steps = [priors.step(gap) for gap in np.diff(np.rint(clock.minutes))]
    groups, onsets, total = np.zeros((len(logs), GROUPS)), np.zeros((len(logs), len(PHASES))), 0.0
    for course in itertools.product(range(priors.size), repeat=len(logs)):
        weight = start[course[0]] * likelihood[0, priors.group[course[0]]]
        for t in range(1, len(logs)):
            weight *= steps[t - 1][course[t - 1], course[t]] * likelihood[t, priors.group[course[t]]]
        total += weight
        shown = [int(priors.group[state]) for state in course]
        for t, group in enumerate(shown):
            groups[t, group] += weight
            if group < len(PHASES) and group not in shown[:t]:
                onsets[t, group] += weight
    return groups / total, onsets / total, total


@pytest.mark.parametrize("seed", range(3))
def test_the_decoder_equals_the_sum_over_every_course(tiny: Priors, seed: int) -> None:
    rng = np.random.default_rng(seed)
    logs = rng.normal(0, 2, (3, len(STAGES)))
    clock = Clock(np.array([0.0, 130.0, 1000.0]), 20.0)
    decoded = decode_clocked(logs, clock, tiny)
    groups, onsets, total = by_brute_force(logs, clock, tiny)
    assert np.allclose(decoded.onsets, onsets, atol=1e-9)
    _, _, offset = likelihoods(logs, tiny)
    assert decoded.evidence == pytest.approx(np.log(total) + offset)
    # What a frame shows is the hidden phase or that it is hidden, so phases may only lose to the latter.
    phases = decoded.posteriors[:, : len(PHASES)]
    assert np.all(phases <= groups[:, : len(PHASES)] + 1e-9)
    lost = (groups[:, : len(PHASES)] - phases).sum(axis=1)
    assert np.all(lost <= decoded.posteriors[:, [STAGES.index(Unphased.NOT_SEEN), STAGES.index(Unphased.EMPTY)]].sum(axis=1) + 1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_the_path_is_the_monotone_one_with_most_posterior(seed: int) -> None:
    rng = np.random.default_rng(seed)
    posteriors = np.zeros((4, len(STAGES)))
    posteriors[:, :4] = rng.dirichlet(np.ones(4), 4) * 0.49
    posteriors[:, 4:16] = 0.51 / 12
    path = [STAGES.index(stage) for stage in path_through(posteriors)]
    best = max(sum(posteriors[t, k] for t, k in enumerate(way)) for way in itertools.combinations_with_replacement(range(16), 4))
    assert sum(posteriors[t, k] for t, k in enumerate(path)) == pytest.approx(best)


@settings(max_examples=60, deadline=None)
@given(recordings())
def test_whatever_the_frames_say_probabilities_sum_to_one_and_phases_never_go_back(recording: tuple[Logs, Clock]) -> None:
    logs, clock = recording
    decoded = decode_clocked(logs, clock, default_priors())
    assert np.allclose(decoded.posteriors.sum(axis=1), 1.0)
    assert np.all(decoded.posteriors >= 0)
    assert np.all(decoded.onsets >= 0)
    assert np.all(decoded.onsets.sum(axis=0) <= 1 + 1e-6)
    phases = [PHASES.index(stage) for stage in decoded.path if isinstance(stage, Phase)]
    assert phases == sorted(phases)
    assert np.isfinite(decoded.evidence)


@settings(max_examples=40, deadline=None)
@given(recordings(12), st.integers(0, 2**31))
def test_a_frame_that_says_nothing_changes_nothing(recording: tuple[Logs, Clock], seed: int) -> None:
    logs, clock = recording
    rng = np.random.default_rng(seed)
    place = int(rng.integers(1, len(logs) + 1))
    after = clock.minutes[place] if place < len(logs) else clock.minutes[-1] + 500.0
    between = rng.uniform(clock.minutes[place - 1], after)
    added = Clock(np.insert(clock.minutes, place, between), clock.start_hpi)
    plain = decode_clocked(logs, clock, default_priors())
    dull = decode_clocked(np.insert(logs, place, 0.0, axis=0), added, default_priors())
    assert np.allclose(np.delete(dull.posteriors, place, axis=0), plain.posteriors, atol=1e-6)
    assert dull.evidence == pytest.approx(plain.evidence, abs=1e-6)


@settings(max_examples=30, deadline=None)
@given(recordings(10), st.floats(-50, 50))
def test_only_differences_between_log_probabilities_matter(recording: tuple[Logs, Clock], shift: float) -> None:
    logs, clock = recording
    plain, moved = (decode_clocked(rows, clock, default_priors()) for rows in (logs, logs + shift))
    assert np.allclose(plain.posteriors, moved.posteriors, atol=1e-9)


def test_frames_that_are_far_apart_are_bridged_and_what_passed_unseen_is_not_claimed() -> None:
    hours = [10.0, 33.0, 75.0, 112.0]
    decoded = decode(log_probabilities(stages_at(hours, USUAL), np.random.default_rng(1), 0.995), hours, range(4), default_priors())
    assert decoded.path == (Phase.TPNA, Phase.T2, Phase.T9_PLUS, Phase.TB)
    seen = decoded.onsets.sum(axis=0)
    assert seen[PHASES.index(Phase.T2)] > 0.9
    assert seen[PHASES.index(Phase.T5)] < 0.05


def test_one_frame_is_enough_for_an_answer() -> None:
    decoded = decode(log_probabilities([Phase.T4], np.random.default_rng(1)), [42.0], [7], default_priors())
    assert decoded.path == (Phase.T4,)


def test_the_hour_decides_where_the_picture_cannot() -> None:
    logs = np.log(np.full((1, len(STAGES)), 0.001))
    logs[0, [PHASES.index(Phase.T4), PHASES.index(Phase.TM)]] = np.log(0.45)
    assert decode(logs, [42.0], [0], default_priors()).path == (Phase.T4,)
    assert decode(logs, [98.0], [0], default_priors()).path == (Phase.TM,)


@pytest.mark.parametrize("minutes", [5.0, 10.0, 20.0])
def test_without_any_clock_the_course_is_still_found(minutes: float) -> None:
    hours = np.arange(5.0, 110.0, minutes / 60)
    stages = stages_at(hours.tolist(), USUAL)
    decoded = decode(log_probabilities(stages, np.random.default_rng(2)), None, range(len(hours)), default_priors())
    assert np.mean([a is b for a, b in zip(decoded.path, stages, strict=True)]) > 0.93
    assert decoded.clock.hours_post_insemination() is None


def test_hidden_frames_do_not_end_a_phase_and_an_emptied_well_stays_empty() -> None:
    hours = np.arange(28.0, 60.0, 0.25)
    stages = stages_at(hours.tolist(), USUAL)
    stages[10:14] = [Unphased.NOT_SEEN] * 4
    stages[20] = Unphased.EMPTY
    stages[-40:] = [Unphased.EMPTY] * 40
    decoded = decode(log_probabilities(stages, np.random.default_rng(3), 0.95), hours.tolist(), range(len(hours)), default_priors())
    assert [t for t, stage in enumerate(decoded.path) if stage is Unphased.NOT_SEEN] == [10, 11, 12, 13]
    assert [t for t, stage in enumerate(decoded.path) if stage is Unphased.EMPTY] == [20, *range(len(hours) - 40, len(hours))]
    assert decoded.path[21] is stages[21]


def test_a_degenerate_embryo_stays_so() -> None:
    hours = np.arange(28.0, 70.0, 0.5)
    stages = stages_at(hours.tolist(), USUAL)
    stages[40:] = [Unphased.DEGENERATE] * (len(stages) - 40)
    decoded = decode(log_probabilities(stages, np.random.default_rng(3)), hours.tolist(), range(len(hours)), default_priors())
    assert set(decoded.path[41:]) == {Unphased.DEGENERATE}


def test_an_embryo_that_stops_is_told_from_one_that_is_slow() -> None:
    hours = np.arange(3.0, 96.0, 0.5)
    stopped = {phase: hour for phase, hour in USUAL.items() if hour < 45}
    rng = np.random.default_rng(4)
    logs = log_probabilities(stages_at(hours.tolist(), stopped), rng)
    decoded = decode(logs, hours.tolist(), range(len(hours)), default_priors())
    assert decoded.arrested[-1] > 0.9
    early = int(np.searchsorted(hours, 46.0))
    going = decode(logs[:early], hours[:early].tolist(), range(early), default_priors())
    assert going.arrested[-1] < 0.1


def test_drawn_courses_agree_with_the_posteriors_they_are_drawn_from() -> None:
    hours = np.arange(26.0, 60.0, 0.5)
    logs = 0.1 * log_probabilities(stages_at(hours.tolist(), USUAL), np.random.default_rng(5), 0.6)
    decoded = decode(logs, hours.tolist(), range(len(hours)), default_priors())
    drawn = draw_onsets(decoded, 3000, np.random.default_rng(6))
    assert np.allclose((drawn >= 0).mean(axis=0), decoded.onsets.sum(axis=0), atol=0.04)
    column = PHASES.index(Phase.T4)
    some = drawn[drawn[:, column] >= 0, column]
    expected = float((np.arange(len(hours)) * decoded.onsets[:, column]).sum() / decoded.onsets[:, column].sum())
    assert some.mean() == pytest.approx(expected, abs=0.6)
    seen = np.where(drawn < 0, len(hours), drawn)
    assert np.all(np.diff(np.minimum.accumulate(seen[:, ::-1], axis=1)[:, ::-1], axis=1) >= 0)


@pytest.mark.parametrize(("logs", "hours", "words"), [(np.zeros((0, 19)), [], "T > 0"), (np.zeros((2, 16)), [0.0, 1.0], r"\(T, 19\)")])
def test_wrong_shapes_are_refused_with_what_was_given(logs: Logs, hours: list[float], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        decode(logs, hours, range(len(hours)), default_priors())


def test_times_that_go_back_are_refused() -> None:
    with pytest.raises(ValueError, match="frame 2 goes back"):
        decode(np.zeros((3, len(STAGES))), [1.0, 3.0, 2.0], range(3), default_priors())
