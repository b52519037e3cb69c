"""Calibration: frames close together count once, bounds that hold as often as they say, a file that survives being read."""

from __future__ import annotations

import json

import numpy as np
import pytest

from detector.errors import WeightsError
from detector.stages.calibration import Calibration, conformal_margin, fitted_temperature, shares_of_time
from detector.types import STAGES, Phase, Unphased


def rows(*stages: object, sure: float = 0.9) -> np.ndarray:  # type: ignore[type-arg]
    table = np.full((len(stages), len(STAGES)), (1 - sure) / (len(STAGES) - 1))
    for row, stage in zip(table, stages, strict=True):
        row[STAGES.index(stage)] = sure  # type: ignore[arg-type]
    return np.log(table)


def favour(evidence: np.ndarray) -> float:  # type: ignore[type-arg]
    """How much all frames together favour four cells over five."""
    return float((evidence[:, STAGES.index(Phase.T4)] - evidence[:, STAGES.index(Phase.T5)]).sum())


def test_twice_as_many_frames_of_the_same_hours_do_not_say_it_twice_as_loud() -> None:
    calibration = Calibration(hours_apart=2.0)
    sparse = calibration.evidence(rows(*[Phase.T4] * 12), np.arange(12) * 10.0)
    dense = calibration.evidence(rows(*[Phase.T4] * 24), np.arange(24) * 5.0)
    assert favour(dense) == pytest.approx(favour(sparse), rel=0.01)
    far = calibration.evidence(rows(*[Phase.T4] * 12), np.arange(12) * 600.0)
    assert favour(far) > 5 * favour(sparse)


def test_a_frame_that_says_nothing_takes_no_time_from_its_neighbours() -> None:
    calibration = Calibration(hours_apart=2.0)
    logs = rows(Phase.T4, Phase.T4, Phase.T5)
    plain = calibration.evidence(logs, np.array([0.0, 30.0, 60.0]))
    dull = calibration.evidence(np.insert(logs, 1, -np.log(len(STAGES)), axis=0), np.array([0.0, 15.0, 30.0, 60.0]))
    assert np.allclose(np.delete(dull, 1, axis=0), plain)
    assert np.ptp(dull[1]) == 0


def test_a_hidden_frame_is_as_plain_among_many_as_alone() -> None:
    among = Calibration(hours_apart=4.0).evidence(rows(*[Phase.T4] * 5, Unphased.NOT_SEEN, *[Phase.T4] * 5), np.arange(11) * 5.0)
    hidden = STAGES.index(Unphased.NOT_SEEN)
    assert among[5, hidden] - among[5, STAGES.index(Phase.T4)] > 4
    assert among[4, hidden] - among[4, STAGES.index(Phase.T4)] < -2


def test_time_is_shared_out_whole() -> None:
    assert shares_of_time(np.array([0.0, 10.0, 20.0, 60.0])).tolist() == [10.0, 10.0, 25.0, 40.0]
    assert shares_of_time(np.array([5.0])).tolist() == [np.inf]


def test_a_net_that_is_too_sure_is_cooled() -> None:
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 16, 3000)
    said = np.where(rng.random(3000) < 0.7, truth, (truth + 1) % 16)
    table = np.full((3000, len(STAGES)), 0.0001)
    table[np.arange(3000), said] = 0.99
    assert fitted_temperature(np.log(table), truth) > 1.5
    honest = np.full((3000, len(STAGES)), 0.3 / 18)
    honest[np.arange(3000), said] = 0.7
    assert fitted_temperature(np.log(honest), truth) == pytest.approx(1.0, abs=0.1)


@pytest.mark.parametrize("embryos", [60, 300])
def test_conformal_bounds_hold_nine_times_in_ten_on_new_embryos(embryos: int) -> None:
    rng = np.random.default_rng(1)
    held = []
    for _ in range(400):
        truth = rng.normal(0, 3, embryos + 1)
        said = rng.normal(0, 1, embryos + 1)
        low, high = said - 1, said + 1
        margin = conformal_margin(low[:-1], high[:-1], truth[:-1])
        held.append(low[-1] - margin <= truth[-1] <= high[-1] + margin)
    assert 0.86 <= np.mean(held) <= 0.95


def test_too_few_embryos_promise_nothing() -> None:
    assert conformal_margin(np.zeros(5), np.ones(5), np.full(5, 0.5)) == float("inf")


def test_what_was_written_is_read_and_what_stood_beside_is_kept() -> None:
    calibration = Calibration(1.5, 0.5, {Phase.T2: 0.25, Phase.TM: -0.5}, 0.4, "synthetic data", 120)
    text = calibration.to_json(json.dumps({"temperature": 1.3}))
    assert Calibration.from_json(text) == calibration
    assert json.loads(text)["temperature"] == 1.3
    assert calibration.margin(Phase.T2) == 0.25
    assert calibration.margin(Phase.T3) == 0.4


def test_a_file_without_a_word_on_sequences_leaves_the_defaults() -> None:
    assert Calibration.from_json(json.dumps({"temperature": 1.3})) == Calibration()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        '{"sequence": 3}',
        '{"sequence": {"form": 9}}',
        Calibration().to_json().replace('"hours_apart": 1.0', '"hours_apart": 0'),
    ],
)
def test_a_broken_file_is_refused_with_its_reason(text: str) -> None:
    with pytest.raises(WeightsError) as refusal:
        Calibration.from_json(text)
    assert refusal.value.code == "calibration_broken"


def test_frames_of_one_moment_and_stages_ruled_out_leave_numbers() -> None:
    logs = rows(Phase.T4, Phase.T4, Phase.T5)
    logs[:, STAGES.index(Phase.THB)] = -np.inf
    assert np.all(np.isfinite(Calibration().evidence(logs, np.array([0.0, 0.0, 0.0]))))
