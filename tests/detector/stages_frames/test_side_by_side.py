"""Two stagers held against each other where nobody has said what is right."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from detector.__main__ import main
from detector.evaluation.stages_side_by_side import UNREAD, reading_of, steps_back
from detector.types import STAGES, Phase, Stage, Unphased
from tests.detector.stages_frames.drawn import lab
from tests.detector.stages_frames.test_learning import FRAMES, weights

__all__ = ["weights"]


def sure_of(*stages: Stage) -> np.ndarray:
    """Log-probabilities that leave no doubt."""
    logs = np.full((len(stages), len(STAGES)), -20.0, np.float32)
    for row, stage in enumerate(stages):
        logs[row, STAGES.index(stage)] = 0.0
    return logs


def test_stages_become_three_classes_and_what_is_not_seen_is_none() -> None:
    said = reading_of(sure_of(Phase.TPNA, Phase.T4, Phase.TB, Phase.THB, Unphased.EMPTY, Unphased.NOT_SEEN))
    assert said.classes.tolist() == [0, 1, 2, 2, UNREAD, UNREAD]
    assert said.confidences[:4] == pytest.approx(1, abs=1e-3)


def test_only_steps_back_within_one_embryo_count_and_unread_frames_are_passed_over() -> None:
    classes = np.array([0, 1, UNREAD, 0, 2, 1, 0, 2])
    assert steps_back(classes, ["a"] * 5 + ["b"] * 3) == (2, 5)


def test_compare_answers_in_the_promised_form(weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = lab(tmp_path / "lab", 2, FRAMES, labels=False)
    (data / "e000" / "0060.png").write_bytes(b"no picture")
    assert main(["compare", str(weights), str(weights), "--data", str(data)]) == 0
    told = capsys.readouterr()
    answer = json.loads(told.out)
    assert (answer["embryos"], answer["frames"], answer["agreement"]) == (2, 5, 1.0)
    assert answer["first"] == answer["second"]
    assert set(answer["first"]) == {"unread", "pairs", "backwards", "mean_confidence"}
    assert json.loads(told.err.splitlines()[-1]) == {"done": 6, "of": 6}
