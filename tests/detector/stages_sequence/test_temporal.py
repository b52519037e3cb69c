"""The sequence nets: learned, written, served, and read in the weights file beside the frame encoder."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from detector.errors import WeightsError
from detector.loading import load_profile_builder, load_stager, load_weights
from detector.stages import calibration, temporal_serving
from detector.stages.calibration import Calibration
from detector.stages.decoding import Clock
from detector.stages.looks import Looks
from detector.stages.profiles import ProfileBuilder
from detector.stages.temporal_serving import LONGEST, Temporal, windows
from detector.training.stages_sequence import Courses, put_beside, teach
from detector.training.stages_sequence_calibration import calibrated, clock_of
from detector.training.stages_sequence_learning import Course, SequenceRecipe, judged, learn_sequences, sequence_onnx
from detector.training.stages_sequence_network import FAMILIES, SequenceNet, SequenceShape
from detector.types import STAGES, Phase
from tests.detector.stages_sequence.embryos import USUAL, looks, stages_at
from tests.detector.stages_sequence.tiny import untrained_stager

NUMBERS = len(STAGES) + 5 + 4


def course(seed: int, interval: float = 0.5, honesty: float = 0.6) -> Course:
    """An embryo that is faster or slower than usual."""
    rng = np.random.default_rng(seed)
    pace = float(np.exp(rng.normal(0, 0.08)))
    hours = np.arange(3.0, 116.0, interval)
    stages = stages_at(hours.tolist(), {phase: hour * pace for phase, hour in USUAL.items()})
    return Course(looks(stages, rng, honesty), hours, np.array([STAGES.index(s) for s in stages]))


def untrained(family: str = "transformer") -> SequenceNet:
    return SequenceNet(SequenceShape(family, NUMBERS)).eval()


@pytest.mark.parametrize("family", FAMILIES)
def test_a_net_that_has_learned_nothing_changes_nothing(family: str) -> None:
    one = course(1)
    said = Temporal(sequence_onnx(untrained(family))).read(one.looks, Clock(one.hours * 60, 0.0))
    assert np.allclose(said, one.looks.log_probabilities, atol=1e-4)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_net_learns_from_neighbouring_frames_what_single_ones_do_not_tell(family: str) -> None:
    courses = [course(seed) for seed in range(12)]
    recipe = SequenceRecipe(family=family, steps=60, batch=8, judged_every=30)
    learned = learn_sequences(courses[:9], courses[9:], recipe, threads=1, say=lambda _: None)
    assert judged(learned, courses[9:])[0] < judged(untrained(family), courses[9:])[0] - 0.02
    served = Temporal(sequence_onnx(learned)).read(courses[0].looks, None)
    assert np.allclose(np.exp(served).sum(axis=1), 1, atol=1e-4)


def test_what_is_served_is_what_was_learned() -> None:
    network = untrained()
    torch.manual_seed(0)
    torch.nn.init.normal_(network.correction.weight)
    one = course(2)
    clock = Clock((one.hours - one.hours[0]) * 60, 3.0)
    served = Temporal(sequence_onnx(network)).read(one.looks, clock)
    rows, times = temporal_serving.rows_of(one.looks), temporal_serving.times_of(len(one), clock)
    with torch.inference_mode():
        expected = network(torch.from_numpy(rows)[None], torch.from_numpy(times)[None])[0].numpy()
    assert np.allclose(served, expected, atol=1e-4)


@pytest.mark.parametrize("frames", [1, LONGEST, LONGEST + 1, 1000, 5 * LONGEST + 3])
def test_windows_keep_every_frame_once_and_read_both_sides_of_it(frames: int) -> None:
    kept = []
    for read, part in windows(frames):
        kept += list(range(read.start + part.start, read.start + part.stop))
        assert 0 <= read.start < read.stop <= frames
        assert read.stop - read.start <= LONGEST
        if read.start:
            assert part.start >= LONGEST // 8
    assert kept == list(range(frames))


def test_a_recording_longer_than_a_window_is_read_whole() -> None:
    one = course(3, interval=0.1)
    assert len(one) > LONGEST
    said = Temporal(sequence_onnx(untrained())).read(one.looks, Clock(one.hours * 60, 0.0))
    assert np.allclose(said, one.looks.log_probabilities, atol=1e-4)


def test_net_and_calibration_are_read_from_the_weights_file(tmp_path: Path) -> None:
    measured = Calibration(1.2, 0.5, {Phase.T2: 0.1}, 0.2, "synthetic data", 40)
    members = {temporal_serving.FILE: sequence_onnx(untrained()), calibration.FILE: measured.to_json().encode()}
    builder = load_profile_builder(untrained_stager(tmp_path / "stages-tiny", members))
    assert builder.calibration == measured
    one = course(4)
    built = builder.build(one.looks, range(len(one)), Clock(one.hours * 60, 0.0))
    assert len(built.profile.calls) == len(one)
    assert builder.without_temporal().temporal is None


def test_a_net_of_another_encoder_is_refused() -> None:
    one = course(5)
    served = Temporal(sequence_onnx(untrained()))
    foreign: Looks = replace(one.looks, features=np.zeros((len(one), 7), np.float32))
    with pytest.raises(WeightsError, match="reads 28 numbers a frame, not 31"):
        served.read(foreign, None)


def test_what_is_no_net_is_refused(tmp_path: Path) -> None:
    folder = untrained_stager(tmp_path / "stages-tiny", {temporal_serving.FILE: b"no net"})
    with pytest.raises(WeightsError) as refusal:
        load_profile_builder(folder)
    assert refusal.value.code == "weights_broken"


def test_calibration_is_fitted_on_courses_and_its_bounds_hold_on_new_ones() -> None:
    fitted = calibrated([course(seed, 1.0, 0.7) for seed in range(80)], None, made_on="courses drawn here")
    assert fitted.embryos == 80
    assert set(fitted.margins) <= set(Phase)
    assert Phase.T2 in fitted.margins
    held = []
    for seed in range(1000, 1030):
        one = course(seed, 1.0, 0.7)
        for onset in ProfileBuilder(fitted).build(one.looks, range(len(one)), clock_of(one)).profile.onsets[1:]:
            truth = one.hours[np.flatnonzero(one.stages == STAGES.index(onset.phase))]
            if len(truth):
                held.append(onset.low - 0.01 <= truth[0] <= onset.high + 0.01)
    # Frames an hour apart make bounds wider than they need be, never narrower.
    assert np.mean(held) >= 0.86


def test_a_weights_folder_is_taught_to_read_sequences_and_still_serves(tmp_path: Path) -> None:
    folder = untrained_stager(tmp_path / "stages-tiny")
    before = load_weights(folder)
    parts = Courses(*([course(seed, 2.0) for seed in range(first, first + 6)] for first in (0, 100, 200)))
    told = teach(folder, parts, made_on="courses drawn here", steps=20, threads=1, say=lambda _: None)
    assert set(told["figures"]) == {"encoder and decoder alone", "transformer", "cnn-lstm", "image alone", "monotone"}
    after = load_weights(folder)
    assert after.sha256 != before.sha256
    assert after.metrics["sequence_chosen"] == told["chosen"]
    assert load_profile_builder(folder).calibration.made_on == "courses drawn here"
    load_stager(folder)

    put_beside(folder, None, Calibration(), {"sequence_chosen": "nothing"})
    assert load_weights(folder).metrics["sequence_chosen"] == "nothing"
    assert load_profile_builder(folder).temporal is None
