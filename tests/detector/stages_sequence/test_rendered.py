"""Rendered lives: the same seed gives the same film, truth fits it, and everything is scored and taught from it."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from detector.__main__ import main
from detector.evaluation.stages_rendered import SIZE_PX, filmed, truth_of
from detector.loading import load_profile_builder, load_stager, load_weights
from detector.synth.developing import FilmSettings, LifeSettings, live, render_life
from detector.training.stages_sequence import teach_from_renderings
from detector.training.stages_sequence_courses import courses
from detector.types import Phase, Unphased
from tests.detector.stages_sequence.tiny import untrained_stager

HOURS = np.arange(20.0, 60.0, 8.0)
DARK = np.array([False, False, True, False, False])


def test_the_same_seed_gives_the_same_film() -> None:
    once, again = ([one for (one,) in filmed(live(5), HOURS, DARK, np.random.default_rng(1))] for _ in range(2))
    assert [picture.shape for picture in once] == [(SIZE_PX, SIZE_PX)] * len(HOURS)
    assert all(np.array_equal(a, b) for a, b in zip(once, again, strict=True))


def test_a_dark_frame_shows_nothing_and_nothing_is_held_true_of_it() -> None:
    pictures = [one for (one,) in filmed(live(5), HOURS, DARK, np.random.default_rng(1))]
    # Grain aside, which a lamp that is out does not silence.
    plain, dark = (cv2.GaussianBlur(picture, (0, 0), 4.0).std() for picture in pictures[1:3])
    assert dark < 0.4 * plain
    allowed = truth_of(live(5), HOURS, DARK).allowed
    assert [bool(stages) for stages in allowed] == [True, True, False, True, True]


def test_truth_tells_stages_and_events_frame_by_frame() -> None:
    life = live(11, LifeSettings(rates={}, certain=("direct_cleavage_1_3", "well_emptied")))
    hours = np.arange(2.0, 130.0, 0.5)
    truth = truth_of(life, hours, np.zeros(len(hours), dtype=bool))
    onsets = truth.onsets()
    assert onsets[Phase.T2] == pytest.approx(life.onsets[Phase.T2], abs=0.5)
    assert truth.allowed[-1] == {Unphased.EMPTY}
    events = {event.kind: event for event in truth.events or ()}
    direct = events["direct_cleavage_1_3"]
    assert hours[direct.first_frame] == pytest.approx(life.onsets[Phase.T2], abs=1.0)
    assert "well_emptied" in events


def test_planes_of_one_moment_show_the_same_embryo_in_another_focus() -> None:
    low, middle, high = next(filmed(live(5), HOURS, DARK, np.random.default_rng(1), planes=3))
    assert len({plane.tobytes() for plane in (low, middle, high)}) == 3
    # What moves between planes is less than what moves between embryos.
    (other,) = next(filmed(live(6), HOURS, DARK, np.random.default_rng(1)))
    blurred = [cv2.GaussianBlur(plane.astype(np.float32), (0, 0), 6.0) for plane in (low, middle, high, other)]
    assert max(np.abs(blurred[1] - blurred[k]).mean() for k in (0, 2)) < np.abs(blurred[1] - blurred[3]).mean()


def test_a_shifted_film_is_another_film() -> None:
    usual, shifted = (next(filmed(live(5), HOURS, DARK, np.random.default_rng(1), is_shifted=shift)) for shift in (False, True))
    assert not np.array_equal(usual[0], shifted[0])


def test_films_are_kept_and_looked_at_again(tmp_path: Path) -> None:
    stager = load_stager(untrained_stager(tmp_path / "stages-tiny"))
    said: list[str] = []
    first = courses(tmp_path / "cache", 900, 1, stager, is_whole=False, say=said.append)
    again = courses(tmp_path / "cache", 900, 1, stager, is_whole=False, say=said.append)
    assert len(said) == 1
    assert np.array_equal(first[0].looks.log_probabilities, again[0].looks.log_probabilities)
    assert np.all(np.diff(first[0].hours) >= 0)
    assert first[0].stages.shape == first[0].hours.shape


def test_weights_are_taught_from_renderings_alone(tmp_path: Path) -> None:
    folder = untrained_stager(tmp_path / "stages-tiny")
    told = teach_from_renderings(folder, tmp_path / "cache", lives=(2, 1, 1), steps=4, threads=1, say=lambda _: None)
    assert load_weights(folder).metrics["sequence_chosen"] == told["chosen"]
    assert load_profile_builder(folder).calibration.made_on == "synthetic data"


def test_held_out_and_shifted_lives_are_evaluated_in_one_plane_and_in_all(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = untrained_stager(tmp_path / "stages-tiny")
    assert main(["evaluate", "--task", "stages", "--count", "1", "--planes", "3", "--stager", str(folder)]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert set(answer) == {"held-out", "held-out, 3 planes", "shifted", "shifted, 3 planes"}
    for rows in answer.values():
        assert {"image alone", "monotone", "clock alone", "decoded"} <= set(rows)
        assert rows["decoded"]["embryos"] == 1


def test_an_even_number_of_planes_has_no_middle_and_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", "--task", "stages", "--count", "1", "--planes", "2"]) == 2
    assert json.loads(capsys.readouterr().out)["code"] == "bad_count"


def test_a_rendered_recording_on_disk_is_read_with_its_truth(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = untrained_stager(tmp_path / "stages-tiny")
    render_life(5, tmp_path / "well", FilmSettings(size_px=96, um_per_px=3.0, interval_minutes=480.0, start_hpi=2.0, planes=3))
    assert main(["evaluate", "--task", "stages", str(tmp_path / "well"), "--count", "0", "--stager", str(folder)]) == 0
    scored = json.loads(capsys.readouterr().out)["well"]
    assert scored["decoded"]["frames"] == 17
    assert scored["clock alone"]["accuracy"] > 0.2
    assert main(["stages", str(tmp_path / "well"), "--start-hpi", "2", "--stager", str(folder)]) == 0
    line = json.loads(capsys.readouterr().out)
    assert [frame["hpi"] for frame in line["frames"]][:3] == [2.0, 10.0, 18.0]
