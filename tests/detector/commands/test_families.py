"""python -m detector families: every folder and Hough in one table; a net that knows nothing is seen to fail."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from detector.__main__ import main
from detector.loading import SHIPPED, WEIGHTS_HOME
from detector.training.exporting import finder_onnx, weights_bytes, write_folder
from detector.training.families import build
from detector.training.renderings import CLASSES

SHIPPED_FOLDER = WEIGHTS_HOME / SHIPPED["yolo"]


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, Any, str]:
    capsys.readouterr()
    status = main(["families", *words])
    said = capsys.readouterr()
    return status, json.loads(said.out), said.err


@pytest.fixture(scope="module")
def ignorant(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A net that was never trained, as a weights folder."""
    torch.manual_seed(3)
    data = weights_bytes(finder_onnx(build("modcnn-dense", CLASSES), "modcnn-dense"), None)
    folder = tmp_path_factory.mktemp("weights") / "ignorant"
    return write_folder(folder, data, name="ignorant", command="none", metrics={}, card="", family="modcnn-dense")


@pytest.fixture(scope="module")
def dishes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dishes")
    assert main(["render", "dish", "--seed", "5", "--count", "2", "--width", "384", "--height", "276", "--out", str(folder)]) == 0
    return folder


def test_all_are_scored_on_every_set_and_what_never_learned_finds_nothing(
    ignorant: Path, dishes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [str(SHIPPED_FOLDER), str(ignorant), "--real", str(dishes), "--count", "1", "--rounds", "0", "--out", str(tmp_path)]
    status, told, shown = run(capsys, *words)
    assert status == 0
    scores = told["wells"]["scores"]
    assert set(scores) == {"usual", "hard", "shifted", dishes.name}
    for kind, detectors in scores.items():
        assert set(detectors) == {"wells-yolo11n", "ignorant", "hough"}
        assert set(detectors["wells-yolo11n"]) == {"closer look", "one net", "8 bits"}
        assert detectors["ignorant"]["closer look"]["found"]["recall"] < 0.2, kind
    on_dishes = scores[dishes.name]
    assert on_dishes["wells-yolo11n"]["closer look"]["found"]["ap50"] == 1.0
    assert on_dishes["wells-yolo11n"]["8 bits"]["named"]["place"] == 1.0
    assert json.loads((tmp_path / "families.json").read_text()) == told
    page = (tmp_path / "families.md").read_text()
    assert page.strip() in shown
    assert page.count("| hough |") == 4
    assert "What 8 bits change" in page


def test_every_runtime_is_timed_in_32_and_8_bits(ignorant: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, told, shown = run(capsys, str(ignorant), "--count", "0", "--rounds", "2")
    assert status == 0
    times = told["wells"]["ms"]["ignorant"]
    wanted = {"torch", "ONNX Runtime", "ONNX Runtime, 8 bits", "OpenVINO", "OpenVINO, 8 bits", "as served", "as served, 8 bits"}
    assert wanted <= set(times)
    assert all(value > 0 for value in times.values())
    assert "| MB in 8 bits |" in shown


def test_stagers_stand_in_a_table_of_their_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = [str(WEIGHTS_HOME / "stages-convnextv2"), "--lessons", "30", "--rounds", "1", "--data", str(tmp_path)]
    status, told, _ = run(capsys, *words)
    assert status == 0
    assert "wells" not in told
    scores = told["stages"]["scores"]["stages-convnextv2"]
    assert scores["closer look"]["test_pictures"] == scores["8 bits"]["test_pictures"] == 30
    assert told["stages"]["ms"]["stages-convnextv2"]["torch"] > 0


@pytest.mark.parametrize(
    ("words", "code"), [(["nowhere"], "weights_missing"), ([str(SHIPPED_FOLDER), "--count", "-1"], "bad_count"), ([], "bad_arguments")]
)
def test_what_cannot_be_compared_is_refused(words: list[str], code: str, capsys: pytest.CaptureFixture[str]) -> None:
    status, refusal, _ = run(capsys, *words)
    assert (status, refusal["code"]) == (2, code)
