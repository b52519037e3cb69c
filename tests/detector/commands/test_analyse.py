"""python -m detector analyse: findings as JSON lines, tables at the end."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from detector.__main__ import main
from detector.synth import RecordingSettings, render_recording
from detector.types import Layout

FRAMES = 10


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("recordings") / "dish-7"
    render_recording(7, FRAMES, folder, RecordingSettings(width=384, height=276, layout=Layout(3, 3)))
    return folder


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_findings_come_as_json_lines_from_first_wells_to_settled_dish(recording: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["analyse", str(recording), "--finder", "hough"]) == 0
    told = lines(capsys)
    assert (told[0]["finding"], told[0]["frame"], told[0]["layout"]) == ("wells_found", 0, "3x3")
    assert {"wells_found", "frames_followed", "dish_settled"} <= {one["finding"] for one in told}
    assert (told[-1]["finding"], told[-1]["frames"], len(told[-1]["wells"])) == ("dish_settled", FRAMES, 9)
    assert sum(len(one["placements"]) for one in told if one["finding"] == "frames_followed") == FRAMES


def test_tables_are_written_at_the_end(recording: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["analyse", str(recording), "--finder", "hough", "--out", str(tmp_path / "tables")]) == 0
    settled = lines(capsys)[-1]
    with (tmp_path / "tables" / "wells.csv").open() as file:
        wells = list(csv.DictReader(file))
    assert [row["well"] for row in wells] == ["A1", "A2", "A3", "B1", "B2", "B3", "C1", "C2", "C3"]
    assert [row["content"] for row in wells] == [well["content"] for well in settled["wells"]]
    for name in ("contents.csv", "alerts.csv"):
        with (tmp_path / "tables" / name).open() as file:
            rows = list(csv.reader(file))
        assert rows[0][:2] == ["frame", "hours_since_start"]
        for row in rows[1:]:
            assert float(row[1]) == pytest.approx(int(row[0]) / 6, abs=0.01)


def test_progress_is_told_on_stderr(recording: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["analyse", str(recording), "--finder", "hough"])
    assert f"{FRAMES} of {FRAMES} frames" in capsys.readouterr().err


@pytest.mark.parametrize(("words", "code"), [(["--plane", "3"], "no_such_plane"), (["--layout", "x"], "bad_layout")])
def test_what_cannot_be_done_is_refused_before_anything_is_told(
    recording: Path, words: list[str], code: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["analyse", str(recording), "--finder", "hough", *words]) == 2
    told = lines(capsys)
    assert [one["code"] for one in told] == [code]


def test_tables_that_cannot_be_written_are_refused(recording: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "taken").write_text("a file, not a folder")
    assert main(["analyse", str(recording), "--finder", "hough", "--out", str(tmp_path / "taken")]) == 2
    assert lines(capsys)[-1]["code"] == "not_written"
