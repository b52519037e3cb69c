"""python -m detector analyse with stages: lines as they come, one row an embryo at the end, and how stages are left out."""

from __future__ import annotations

import csv
import io
import json
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import pytest

from detector.__main__ import main
from detector.synth.developing import DevelopingSettings, render_developing
from detector.synth.recording import RecordingSettings
from detector.types import Content, Layout
from tests.detector.stages_sequence.tiny import untrained_stager

FRAMES = 5


@pytest.fixture(scope="module")
def stager(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return untrained_stager(tmp_path_factory.mktemp("stager"))


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Nine embryos that develop, in frames just large enough for single phases."""
    folder = tmp_path_factory.mktemp("recordings") / "dish-3"
    settings = RecordingSettings(width=960, height=720, layout=Layout(3, 3), contents=(Content.EMBRYO,), interval_minutes=300.0)
    render_developing(3, FRAMES, folder, DevelopingSettings(settings, 20.0))
    return folder


@pytest.fixture(scope="module")
def lines_and_tables(recording: Path, stager: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[list[dict[str, Any]], Path]:
    out = tmp_path_factory.mktemp("tables")
    with redirect_stdout(io.StringIO()) as said:
        assert main(["analyse", str(recording), "--stager", str(stager), "--start-hpi", "20", "--out", str(out)]) == 0
    return [json.loads(line) for line in said.getvalue().splitlines()], out


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_calls_and_profiles_come_as_json_lines_between_first_wells_and_settled_dish(
    lines_and_tables: tuple[list[dict[str, Any]], Path],
) -> None:
    told, _ = lines_and_tables
    assert (told[0]["finding"], told[-1]["finding"]) == ("wells_found", "dish_settled")
    calls = [one for one in told if one["finding"] == "stages_called"]
    assert {one["well"] for one in calls} == {"A1", "A2", "A3", "B1", "B2", "B3", "C1", "C2", "C3"}
    assert set(calls[0]["frames"][0]) == {"index", "hpi", "phase", "coarse", "confidence", "focus", "is_dark", "is_out_of_view"}
    final = [one for one in told if one["finding"] == "profile_decoded" and one["is_final"]]
    assert [one["well"] for one in final] == ["A1", "A2", "A3", "B1", "B2", "B3", "C1", "C2", "C3"]
    assert [frame["hpi"] for frame in final[0]["frames"]] == [20.0, 25.0, 30.0, 35.0, 40.0]


def test_tables_hold_one_row_an_embryo_and_one_an_event(lines_and_tables: tuple[list[dict[str, Any]], Path]) -> None:
    told, out = lines_and_tables
    final = {one["well"]: one for one in told if one["finding"] == "profile_decoded" and one["is_final"]}
    embryos = rows(out / "profiles.csv")
    assert [row["well"] for row in embryos] == sorted(final)
    for row in embryos:
        known = {onset["phase"]: onset for onset in final[row["well"]]["onsets"]}
        for phase in ("tPNa", "t2", "t8", "tB"):
            expected = str(known[phase]["hpi"]) if phase in known else ""
            assert (row[f"{phase}_hpi"], bool(row[f"{phase}_low"])) == (expected, phase in known)
    assert {"VP", "VP_low", "cc2_high", "CS2-8"} <= set(embryos[0])
    events = rows(out / "events.csv")
    assert sorted((row["well"], row["kind"]) for row in events) == sorted((w, e["kind"]) for w, one in final.items() for e in one["events"])
    told_whole = {well: {key: value for key, value in one.items() if key not in ("finding", "is_final")} for well, one in final.items()}
    assert {one["well"]: one for one in json.loads((out / "profiles.json").read_text(encoding="utf-8"))} == told_whole


def test_stages_can_be_left_out(recording: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["analyse", str(recording), "--finder", "hough", "--stager", "none", "--out", str(tmp_path)]) == 0
    found = {json.loads(line)["finding"] for line in capsys.readouterr().out.splitlines()}
    assert not found & {"stages_called", "profile_decoded"}
    assert {path.name for path in tmp_path.iterdir()} == {"wells.csv", "contents.csv", "alerts.csv"}


def test_without_installed_weights_it_is_said_that_stages_are_left_out(
    recording: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("detector.loading.WEIGHTS_HOME", tmp_path)
    assert main(["analyse", str(recording), "--finder", "hough"]) == 0
    said = capsys.readouterr()
    assert "Stages are left out" in said.err
    assert "stages_called" not in said.out


def test_times_that_no_recording_has_are_refused(recording: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["analyse", str(recording), "--finder", "hough", "--start-hpi", "9999"]) == 2
    assert json.loads(capsys.readouterr().out)["code"] == "bad_start"
