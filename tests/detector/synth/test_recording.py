"""Rendered recordings: numbered frames, a truth for each, and a dish that drifts without jumping."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from detector.synth import RecordingSettings, render_recording
from detector.types import Content, Layout

SMALL = {"width": 384, "height": 276}


def truth_of(path: Path) -> list[dict[str, Any]]:
    return list(json.loads(path.read_text()))


def test_frames_are_numbered_jpegs_that_the_truth_names_in_order(tmp_path: Path) -> None:
    truth = truth_of(render_recording(3, 4, tmp_path, RecordingSettings(**SMALL)))
    assert [entry["file"] for entry in truth] == sorted(p.name for p in tmp_path.glob("*.jpg"))
    assert [entry["file"] for entry in truth][:2] == ["00000_t000.000h.jpg", "00001_t000.167h.jpg"]
    for entry in truth:
        assert cv2.imread(str(tmp_path / entry["file"]), cv2.IMREAD_UNCHANGED).shape == (276, 384)


def test_without_an_interval_names_are_plain_numbers(tmp_path: Path) -> None:
    render_recording(3, 2, tmp_path, RecordingSettings(**SMALL, interval_minutes=None))
    assert sorted(p.name for p in tmp_path.glob("*.jpg")) == ["00000.jpg", "00001.jpg"]


def test_the_same_seed_writes_the_same_bytes(tmp_path: Path) -> None:
    settings = RecordingSettings(**SMALL, has_gas_outside=True)
    for folder in ("a", "b"):
        render_recording(9, 3, tmp_path / folder, settings)
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()


def test_wells_drift_a_little_from_frame_to_frame_and_keep_their_places(tmp_path: Path) -> None:
    truth = truth_of(render_recording(4, 12, tmp_path, RecordingSettings(**SMALL, layout=Layout(3, 3))))
    centres = np.array([[[(w["box"][0] + w["box"][2]) / 2, (w["box"][1] + w["box"][3]) / 2] for w in e["wells"]] for e in truth])
    steps = np.hypot(*np.diff(centres, axis=0).transpose(2, 0, 1))
    assert centres.shape == (12, 9, 2)
    assert 0 < steps.max() < 6
    assert np.hypot(*(centres[-1] - centres[0]).T).max() < 14


def test_bubbles_vanish_when_their_time_is_over(tmp_path: Path) -> None:
    settings = RecordingSettings(**SMALL, contents=(Content.GAS, Content.EMBRYO_GAS), gas_lasts=0.5, has_gas_outside=True)
    truth = truth_of(render_recording(6, 6, tmp_path, settings))
    early, late = ({w["content"] for w in truth[k]["wells"]} for k in (0, 5))
    assert early <= {"gas", "embryo_gas"}
    assert late <= {"empty", "embryo"}
    assert [entry["gas_outside_wells"] for entry in truth] == [True] * 3 + [False] * 3


def test_unusable_frames_are_dark_and_without_wells_but_never_the_first(tmp_path: Path) -> None:
    truth = truth_of(render_recording(7, 8, tmp_path, RecordingSettings(**SMALL, unusable_frames=3)))
    dark = [entry for entry in truth if not entry["usable"]]
    assert len(dark) == 3
    assert truth[0]["usable"]
    for entry in dark:
        assert entry["wells"] == []
        assert cv2.imread(str(tmp_path / entry["file"]), cv2.IMREAD_GRAYSCALE).max() < 40


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_stray_well_is_there_when_asked_for_and_only_then(tmp_path: Path, seed: int) -> None:
    for wanted in (True, False):
        settings = RecordingSettings(**SMALL, has_stray=wanted)
        truth = truth_of(render_recording(seed, 1, tmp_path / str(wanted), settings))
        assert bool(truth[0]["ignore"]) == wanted
