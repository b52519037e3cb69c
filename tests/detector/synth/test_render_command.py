"""python -m detector render: what it writes and what it refuses."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import cv2
import pytest

from detector.commands import render
from detector.errors import DetectorError


def arguments(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    render.add_arguments(parser)
    return parser.parse_args(words)


def test_dishes_are_written_beside_their_truth(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("dish", "--seed", "5", "--count", "2", "--out", str(tmp_path), "--width", "384", "--height", "275", "--layout", "5x5")
    assert render.run(arguments(*words)) == 0
    truth = json.loads(Path(json.loads(capsys.readouterr().out)["truth"]).read_text())
    assert [entry["file"] for entry in truth] == ["dish-000005.png", "dish-000006.png"]
    assert {entry["layout"] for entry in truth} == {"5x5"}
    assert cv2.imread(str(tmp_path / "dish-000005.png"), cv2.IMREAD_UNCHANGED).shape == (275, 384)


def test_a_recording_is_written_beside_its_truth(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    size = ("--width", "384", "--height", "275", "--frames", "3", "--contents", "gas,embryo_gas", "--unusable", "1")
    assert render.run(arguments("recording", "--seed", "1", "--out", str(tmp_path), *size)) == 0
    truth = json.loads(Path(json.loads(capsys.readouterr().out)["truth"]).read_text())
    assert len(truth) == len(list(tmp_path.glob("*.jpg"))) == 3
    assert sum(not entry["usable"] for entry in truth) == 1
    assert {well["content"] for entry in truth for well in entry["wells"]} <= {"gas", "embryo_gas"}


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--layout", "7x7"), "bad_layout"),
        (("--layout", "three"), "bad_layout"),
        (("--width", "100"), "bad_size"),
        (("--width", "10", "--height", "10"), "bad_size"),
        (("--count", "0"), "bad_count"),
    ],
)
def test_bad_wishes_are_refused_before_anything_is_written(tmp_path: Path, words: tuple[str, ...], code: str) -> None:
    with pytest.raises(DetectorError) as refusal:
        render.run(arguments("dish", "--seed", "1", "--out", str(tmp_path / "out"), *words))
    assert refusal.value.code == code
    assert not (tmp_path / "out").exists()


def test_an_unknown_content_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DetectorError) as refusal:
        render.run(arguments("recording", "--seed", "1", "--out", str(tmp_path), "--contents", "embryo,cells"))
    assert refusal.value.code == "bad_contents"
