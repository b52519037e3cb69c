"""The whole chain on a handful of pictures: train, stop, resume, export, serve."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import pytest

from detector.commands import export, train
from detector.errors import DetectorError
from detector.loading import load_finder, load_weights


def arguments(module: object, *words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    module.add_arguments(parser)  # type: ignore[attr-defined]
    return parser.parse_args(words)


def train_arguments(home: Path, epochs: int, out: str = "weights") -> argparse.Namespace:
    sizes = ("--renderings", "8", "--held-out", "2", "--threads", "1", "--epochs", str(epochs), "--content-epochs", "1")
    return arguments(train, "wells-yolo", "--data", str(home / "data"), "--out", str(home / out), *sizes)


def test_training_resumes_exports_and_is_served(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert train.run(train_arguments(tmp_path, 2)) == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out)["metrics"]["hard_pictures"] == 2
    log = (tmp_path / "data" / "checkpoints" / "log.jsonl").read_text().splitlines()
    assert [json.loads(line)["epoch"] for line in log] == [1, 2]

    assert train.run(train_arguments(tmp_path, 2, "again")) == 0
    assert "resuming after epoch 2" in capsys.readouterr().err
    first, again = (load_weights(tmp_path / name) for name in ("weights", "again"))
    assert first.sha256 == again.sha256

    args = arguments(export, "--data", str(tmp_path / "data"), "--out", str(tmp_path / "out"), "--renderings", "8", "--held-out", "2")
    assert export.run(args) == 0
    exported = load_weights(tmp_path / "out")
    assert exported.sha256 == first.sha256
    assert exported.command == first.command
    assert str(tmp_path) not in (tmp_path / "out" / "manifest.toml").read_text() + (tmp_path / "out" / "card.md").read_text()

    finder = load_finder(tmp_path / "out")
    assert len(finder.find([np.zeros((275, 384), np.uint8)] * 3)) == 3


def test_export_without_a_training_says_so(tmp_path: Path) -> None:
    with pytest.raises(DetectorError) as refusal:
        export.run(arguments(export, "--data", str(tmp_path), "--out", str(tmp_path / "out")))
    assert refusal.value.code == "no_checkpoint"


def test_a_training_without_epochs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DetectorError) as refusal:
        train.run(train_arguments(tmp_path, 0))
    assert refusal.value.code == "bad_count"
