"""python -m detector evaluate and benchmark: finders side by side, as JSON on stdout and a table on stderr."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from detector.__main__ import main


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, Any, str]:
    status = main(words)
    said = capsys.readouterr()
    return status, json.loads(said.out), said.err


@pytest.fixture(scope="module")
def dishes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dishes")
    assert main(["render", "dish", "--seed", "5", "--count", "2", "--width", "384", "--height", "276", "--out", str(folder)]) == 0
    return folder


def test_finders_are_compared_on_folders_and_renderings(dishes: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    status, figures, shown = run(capsys, "evaluate", str(dishes), "--finder", "hough", "--renderings", "usual", "--count", "2")
    assert status == 0
    assert set(figures) == {dishes.name, "usual"}
    for rows in figures.values():
        assert set(rows) == {"hough, boxes as found", "hough, named"}
        assert rows["hough, named"]["pictures"] == 2
    assert shown.count("| hough, named |") == 2


def test_robustness_is_told_for_every_change(dishes: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    status, figures, _ = run(capsys, "evaluate", "--robustness", str(dishes), "--finder", "hough")
    assert status == 0
    assert len(figures["hough"]) == 16
    assert all(one["silently_wrong_places"] == 0 for one in figures["hough"].values())


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["evaluate", "nowhere", "--count", "0", "--finder", "hough"], "bad_truth"),
        (["evaluate", "--count", "-1", "--finder", "hough"], "bad_count"),
        (["benchmark", "--frames", "2"], "bad_count"),
        (["benchmark", "nowhere.zip"], "file_missing"),
    ],
)
def test_what_cannot_be_measured_is_refused(words: list[str], code: str, capsys: pytest.CaptureFixture[str]) -> None:
    status, refusal, _ = run(capsys, *words)
    assert (status, refusal["code"]) == (2, code)


def test_every_step_of_the_way_is_timed(capsys: pytest.CaptureFixture[str]) -> None:
    status, answer, _ = run(capsys, "benchmark", "--frames", "16", "--finder", "yolo", "--threads", "1", "--onnx")
    assert status == 0
    steps = {one["step"]: one for one in answer["timings"]}
    assert {"decode", "yolo: find, batch of 1", "yolo: find, batch of 8", "yolo: whole recording"} <= set(steps)
    assert {"name and outline a key frame", "follow, smooth and tell a frame", "ONNX Runtime: boxes, batch of 1"} <= set(steps)
    for one in steps.values():
        assert 0 < one["median_ms"] <= one["p95_ms"]
        assert one["threads"] == 1
    assert steps["yolo: whole recording"]["is_decoding_included"]
    assert not steps["yolo: find, batch of 8"]["is_decoding_included"]


def test_plain_ultralytics_is_timed_beside_it(capsys: pytest.CaptureFixture[str]) -> None:
    status, answer, _ = run(capsys, "benchmark", "--frames", "16", "--finder", "hough", "--threads", "1", "--plain")
    assert status == 0
    assert [one for one in answer["timings"] if one["step"] == "plain ultralytics predict, ONNX"]
