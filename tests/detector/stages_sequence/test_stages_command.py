"""python -m detector stages: one JSON line a folder, whatever its frames are called, and refusals with their reason."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from detector.__main__ import main
from detector.stages.wells_on_disk import read_well_folder
from tests.detector.stages_sequence.tiny import untrained_stager


@pytest.fixture(scope="module")
def stager(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Weights that were never trained: what they say means nothing, its form is that of the shipped ones."""
    return untrained_stager(tmp_path_factory.mktemp("weights") / "stages-tiny")


def well(folder: Path, *names: str) -> Path:
    """A folder of pictures that show something."""
    rng = np.random.default_rng(0)
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        assert cv2.imwrite(str(path), cv2.GaussianBlur(rng.integers(0, 255, (96, 96), dtype=np.uint8), (0, 0), 2.0))
    return folder


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, list[Any]]:
    status = main(["stages", *words])
    return status, [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_each_folder_gives_one_line_with_its_own_frame_numbers(tmp_path: Path, stager: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sparse = well(tmp_path / "e1", "0033.png", "0120.png", "0700.png")
    dense = well(tmp_path / "e2", *(f"frame_{k}.jpg" for k in range(8, 12)))
    status, lines = run(capsys, str(sparse), str(dense), "--stager", str(stager), "--interval-minutes", "10", "--start-hpi", "2")
    assert status == 0
    assert [line["source"] for line in lines] == [str(sparse), str(dense)]
    assert [frame["index"] for frame in lines[0]["frames"]] == [33, 120, 700]
    assert [frame["index"] for frame in lines[1]["frames"]] == [8, 9, 10, 11]
    assert lines[0]["frames"][0]["hpi"] == pytest.approx(7.5)
    for line in lines:
        assert set(line) - {"intervals"} == {"source", "frames", "onsets", "events"}
        for frame in line["frames"]:
            assert set(frame) == {"index", "hpi", "phase", "confidence"}
            assert 0 <= frame["confidence"] <= 1
        for onset in line["onsets"]:
            assert set(onset) - {"censored"} == {"phase", "frame", "hpi", "low", "high", "confidence"}
            assert onset["low"] <= onset["hpi"] <= onset["high"]


def test_hours_are_never_guessed(tmp_path: Path, stager: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = well(tmp_path / "e1", "0033.png", "0120.png", "0700.png")
    for words in ([], ["--interval-minutes", "10"], ["--start-hpi", "0"]):
        _, (line,) = run(capsys, str(folder), "--stager", str(stager), *words)
        assert {frame["hpi"] for frame in line["frames"]} == {None}
        for onset in line["onsets"]:
            assert onset["hpi"] is None
            assert onset["low"] <= onset["frame"] <= onset["high"]


def test_hours_in_names_are_read(tmp_path: Path, stager: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = well(tmp_path / "e1", "003_t0.50h.png", "004_t0.75h.png", "005_t3.00h.png")
    _, (line,) = run(capsys, str(folder), "--stager", str(stager), "--start-hpi", "17")
    assert [(frame["index"], frame["hpi"]) for frame in line["frames"]] == [(3, 17.5), (4, 17.75), (5, 20.0)]


def test_frames_are_those_of_the_middle_plane(tmp_path: Path, stager: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = well(tmp_path / "e1", "F-15/001.png", "F0/001.png", "F0/002.png", "F15/001.png")
    _, (line,) = run(capsys, str(folder), "--stager", str(stager))
    assert [frame["index"] for frame in line["frames"]] == [1, 2]


def test_the_planes_next_to_the_middle_one_are_read_with_it_where_they_have_every_frame(tmp_path: Path) -> None:
    names = [f"F{focus}/{frame:03d}.png" for focus in (-30, -15, 0, 15, 30) for frame in (1, 2) if (focus, frame) != (15, 2)]
    folder = read_well_folder(well(tmp_path / "e1", *names))
    assert folder.names == ("F0/001.png", "F0/002.png")
    assert folder.beside == (("F-15/001.png", "F-15/002.png"),)
    assert [len(list(pictures)) for pictures in folder.planes()] == [2, 2]


@pytest.mark.parametrize(
    ("names", "words", "code"),
    [
        ((), [], "folder_missing"),
        (("notes/readme.txt",), [], "frames_none"),
        (("a.png",), [], "frame_unnumbered"),
        (("1.png", "01.png"), [], "frames_ambiguous"),
        (("one/1.png", "two/1.png"), [], "wells_several"),
        (("1.png",), ["--interval-minutes", "0"], "bad_interval"),
        (("1.png",), ["--interval-minutes", "nan"], "bad_interval"),
        (("1.png",), ["--start-hpi", "9000"], "bad_start"),
        (("1.png",), ["--stager", "nowhere"], "weights_missing"),
    ],
)
def test_what_cannot_be_read_is_refused_before_anything_is(
    tmp_path: Path, stager: Path, capsys: pytest.CaptureFixture[str], names: tuple[str, ...], words: list[str], code: str
) -> None:
    for name in names:
        if name.endswith(".txt"):
            (tmp_path / "e1" / name).parent.mkdir(parents=True)
            (tmp_path / "e1" / name).write_text("no picture")
        else:
            well(tmp_path / "e1", name)
    status, (refusal,) = run(capsys, str(tmp_path / "e1"), "--stager", str(stager), *words)
    assert status == 2
    assert refusal["code"] == code
    assert refusal["detail"]
    assert refusal["hint"]


def test_a_truncated_frame_is_refused(tmp_path: Path, stager: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = well(tmp_path / "e1", "1.jpg", "2.jpg")
    whole = (folder / "2.jpg").read_bytes()
    (folder / "2.jpg").write_bytes(whole[: len(whole) // 2])
    status, (refusal,) = run(capsys, str(folder), "--stager", str(stager))
    assert status == 2
    assert "2.jpg" in refusal["detail"]


def test_a_folder_and_a_table_are_evaluated_side_by_side(tmp_path: Path, stager: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = well(tmp_path / "e1", *(f"{k:03d}.png" for k in range(6)))
    (folder / "phases.csv").write_text("phase,first_frame,last_frame\nt2,0,2\nt4,3,5\n")
    table = tmp_path / "phases.csv"
    table.write_text("embryo,phase,first_frame,last_frame\ne9,tPNa,0,60\ne9,tPNf,61,70\ne9,t2,71,110\n")
    words = ["--count", "0", "--stager", str(stager), "--interval-minutes", "15", "--start-hpi", "26"]
    assert main(["evaluate", "--task", "stages", str(folder), str(table), *words]) == 0
    said = capsys.readouterr()
    answer = json.loads(said.out)
    assert set(answer) == {"e1", "phases.csv"}
    assert {"image alone", "monotone", "clock alone", "decoded"} <= set(answer["phases.csv"])
    assert answer["e1"]["decoded"]["frames"] == 6
    assert answer["phases.csv"]["decoded"]["accuracy"] > answer["phases.csv"]["clock alone"]["accuracy"]
    assert said.err.count("| clock alone |") == 2


def test_labelled_stills_are_evaluated_on_coarse_stages(tmp_path: Path, stager: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = well(tmp_path / "stills", "a/0010.png", "a/0300.png", "b/0100.png")
    (folder / "labels.csv").write_text(
        "file,embryo,frame,phase,split,in_two_phases\na/0010.png,a,10,1,dev,0\na/0300.png,a,300,2,dev,1\nb/0100.png,b,100,1,train,0\n"
    )
    assert main(["evaluate", "--task", "stages", str(folder), "--split", "dev", "--count", "0", "--stager", str(stager)]) == 0
    answer = json.loads(capsys.readouterr().out)["stills"]
    assert (answer["decoded"]["embryos"], answer["decoded"]["frames"]) == (1, 1)


def test_a_table_that_cannot_be_read_is_refused(tmp_path: Path, stager: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "phases.csv").write_text("embryo,phase\n1,2\n")
    assert main(["evaluate", "--task", "stages", str(tmp_path / "phases.csv"), "--count", "0", "--stager", str(stager)]) == 2
    assert json.loads(capsys.readouterr().out)["code"] == "bad_truth"
