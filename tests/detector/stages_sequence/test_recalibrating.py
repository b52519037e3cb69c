"""People's readings say how far a stager may be trusted: a boastful one is cooled, and the figures are of patients left out."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from detector.__main__ import main
from detector.errors import DetectorError
from detector.loading import SHIPPED_STAGERS, WEIGHTS_HOME, load_profile_builder, load_stages, read_verified
from detector.training.stages_recalibrating import read_verdicts, recalibrate
from tests.detector.stages_sequence.embryos import USUAL, log_probabilities, stages_at

SHIPPED = WEIGHTS_HOME / SHIPPED_STAGERS["convnextv2"]


def verdicts(path: Path, *, embryos: int = 16, boast: float = 3.0, patients: int | None = None, **changed: Any) -> Path:
    """Embryos as a net saw them that is right as often as its neighbours, but says so `boast` times as loud; a person told their onsets."""
    lines = []
    for number in range(embryos):
        rng = np.random.default_rng([7, number])
        shift = rng.normal(0, 2.0)
        onsets = {phase: max(hour + shift * hour / 60 + rng.normal(0, 0.8), 0.5) for phase, hour in USUAL.items()}
        hours = np.arange(4.0, 118.0, 1.5)
        stages = stages_at(hours.tolist(), onsets)
        # A net's mistakes last: frames near each other are mistaken together.
        logs = boast * np.repeat(log_probabilities(stages[::4], rng, 0.55), 4, axis=0)[: len(hours)]
        shares = np.exp(logs - np.logaddexp.reduce(logs, axis=1, keepdims=True))
        said = {phase.value: round(hour, 2) for phase, hour in onsets.items() if hour > hours[0]}
        one = {
            "patient": f"p{number % (patients or embryos)}",
            "hours": hours.tolist(),
            "probabilities": shares.round(4).tolist(),
            "onsets": said,
        }
        lines.append(json.dumps(one | {"until": 115.0} | changed))
    path.write_text("\n".join(lines) + "\n")
    return path


def test_a_boastful_stager_is_trusted_less_and_surprises_less_in_patients_left_out(tmp_path: Path) -> None:
    out = tmp_path / "out"
    answer = recalibrate(SHIPPED, verdicts(tmp_path / "v.jsonl"), out, made_on="tests", command="test")
    assert answer["after"]["surprise"] < answer["before"]["surprise"]
    assert answer["gain"]["low"] > 0
    assert answer["after"]["calibration_error"] < answer["before"]["calibration_error"]
    assert (answer["embryos"], answer["patients"]) == (16, 16)


def test_the_weights_it_writes_are_served_with_the_same_nets_and_say_what_they_were_calibrated_on(tmp_path: Path) -> None:
    out = tmp_path / "out"
    recalibrate(SHIPPED, verdicts(tmp_path / "v.jsonl"), out, made_on="readings of a lab", command="test", marks={"lab": "x"})
    load_stages(out)
    assert load_profile_builder(out).calibration.made_on == "readings of a lab"
    (_, before), (manifest, after) = read_verified(SHIPPED), read_verified(out)
    assert manifest.sha256 != read_verified(SHIPPED)[0].sha256
    with zipfile.ZipFile(io.BytesIO(before)) as was, zipfile.ZipFile(io.BytesIO(after)) as now:
        assert was.read("encoder.onnx") == now.read("encoder.onnx")
    card = (out / "card.md").read_text()
    assert "16 embryos of 16 patients" in card
    assert 'lab = "x"' in (out / "manifest.toml").read_text()


def test_embryos_of_one_patient_are_never_judged_by_what_another_of_theirs_taught(tmp_path: Path) -> None:
    from detector.training.stages_recalibrating import _folds

    told = read_verdicts(verdicts(tmp_path / "v.jsonl", patients=6))
    for inside, outside in _folds(told):
        assert not {told[p].patient for p in inside} & {told[p].patient for p in outside}
        assert sorted([*inside, *outside]) == list(range(16))


@pytest.mark.parametrize(("embryos", "patients"), [(11, 11), (16, 3)])
def test_too_few_embryos_or_patients_say_how_many_it_takes(tmp_path: Path, embryos: int, patients: int) -> None:
    with pytest.raises(DetectorError) as refusal:
        read_verdicts(verdicts(tmp_path / "v.jsonl", embryos=embryos, patients=patients))
    assert refusal.value.code == "verdicts_too_few"
    assert "12 embryos of 4 patients" in refusal.value.hint


@pytest.mark.parametrize(
    "broken",
    [
        {"hours": [1.0]},
        {"onsets": {"t99": 3.0}},
        {"onsets": {}},
        {"probabilities": [[0.1]]},
        {"onsets": {"t2": 5000.0}},
        {"onsets": ["t2"]},
    ],
)
def test_a_line_that_makes_no_sense_is_named(tmp_path: Path, broken: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    path = verdicts(tmp_path / "v.jsonl", **broken)
    assert main(["recalibrate", "--weights", str(SHIPPED), "--verdicts", str(path), "--out", str(tmp_path / "out")]) == 2
    refusal = json.loads(capsys.readouterr().out)
    assert refusal["code"] == "verdicts_unreadable"
    assert "line 1" in refusal["detail"]
    assert not (tmp_path / "out").exists()
