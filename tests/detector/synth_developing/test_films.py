"""Recordings of one well and of whole dishes, and the command that writes them."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from detector.__main__ import main
from detector.stages.wells_on_disk import read_well_folder
from detector.synth.developing import (
    DevelopingSettings,
    FilmSettings,
    LifeSettings,
    developing,
    filmed,
    live,
    render_developing,
    render_life,
)
from detector.synth.recording import RecordingSettings
from detector.types import Content, Layout, Phase

QUICK = FilmSettings(size_px=64, um_per_px=4.5, interval_minutes=120.0, start_hpi=3.0)
PHASES = tuple(p.value for p in Phase)


def told(path: Path) -> dict:
    return json.loads(path.read_text())


def test_a_recording_has_a_picture_for_every_frame_and_the_truth_of_each(tmp_path: Path) -> None:
    truth = told(render_life(3, tmp_path, QUICK))
    assert [frame["file"] for frame in truth["frames"]] == sorted(p.name for p in tmp_path.glob("*.jpg"))
    life = live(3)
    for frame in truth["frames"]:
        assert frame["hpi"] == pytest.approx(3.0 + 2.0 * frame["index"])
        if frame["stage"] != "not_seen":
            assert frame["stage"] == life.stage_at(frame["hpi"]).value
    assert {"index", "hpi", "stage", "cell_count"} <= set(truth["frames"][0])


def test_the_same_seed_writes_the_same_recording(tmp_path: Path) -> None:
    few = FilmSettings(size_px=64, um_per_px=4.5, interval_minutes=600.0)
    for name in ("one", "two"):
        render_life(4, tmp_path / name, few)
    assert {p.name: p.read_bytes() for p in (tmp_path / "one").iterdir()} == {p.name: p.read_bytes() for p in (tmp_path / "two").iterdir()}


def test_onsets_of_a_recording_are_the_first_frames_of_each_phase(tmp_path: Path) -> None:
    truth = told(render_life(5, tmp_path, QUICK))
    stages = {frame["index"]: frame["stage"] for frame in truth["frames"]}
    order = [PHASES.index(onset["phase"]) for onset in truth["onsets"]]
    assert order == sorted(order)
    for onset in truth["onsets"]:
        assert onset["frame"] == min(index for index, stage in stages.items() if stage == onset["phase"])
        assert onset["is_censored"] == (onset["hpi"] < truth["start_hpi"])


def test_phases_shorter_than_the_interval_are_skipped_and_said_to_be(tmp_path: Path) -> None:
    skipped = set()
    for seed in range(6):
        truth = told(
            render_life(seed, tmp_path / str(seed), FilmSettings(size_px=32, um_per_px=9.0, interval_minutes=240.0, start_hpi=3.0))
        )
        seen = {frame["stage"] for frame in truth["frames"]}
        assert not seen & set(truth["skipped"])
        skipped |= set(truth["skipped"])
    assert skipped & {"t3", "t5", "t6", "t7"}


def test_missing_frames_leave_a_gap_in_the_numbers(tmp_path: Path) -> None:
    truth = told(render_life(6, tmp_path, FilmSettings(size_px=32, um_per_px=9.0, interval_minutes=120.0, missing_share=0.3)))
    assert truth["missing"]
    assert not any((tmp_path / frame["file"]).exists() for frame in truth["frames"] if frame["index"] in truth["missing"])
    well = read_well_folder(tmp_path)
    assert list(well.numbers) == [frame["index"] for frame in truth["frames"]]
    assert well.hours is not None


def test_planes_are_folders_and_the_reader_takes_the_middle_one(tmp_path: Path) -> None:
    truth = told(render_life(7, tmp_path, FilmSettings(size_px=48, um_per_px=6.0, interval_minutes=1200.0, planes=7)))
    assert sorted(p.name for p in tmp_path.iterdir() if p.is_dir()) == ["F-15", "F-30", "F-45", "F0", "F15", "F30", "F45"]
    assert truth["planes_um"] == [-45.0, -30.0, -15.0, 0.0, 15.0, 30.0, 45.0]
    assert all(name.startswith("F0/") for name in read_well_folder(tmp_path).names)


def test_more_planes_than_a_microscope_has_are_refused() -> None:
    with pytest.raises(ValueError, match="1 to 7 planes, not 8"):
        FilmSettings(planes=8)


def test_light_flickers_and_the_well_drifts_but_little_from_frame_to_frame() -> None:
    frames = list(filmed(8, live(8), FilmSettings(size_px=96, um_per_px=3.2, interval_minutes=5.0, start_hpi=10.0, most_frames=30)))
    levels = np.array([frame.images[0].mean() for frame in frames if not frame.is_dark])
    assert 0.0 < np.abs(np.diff(levels)).mean() < 0.08 * levels.mean()


def test_a_lamp_that_is_off_leaves_nothing_to_be_seen() -> None:
    frames = list(filmed(2, live(2), FilmSettings(size_px=48, um_per_px=6.0, interval_minutes=120.0, dark_share=0.5, most_frames=20)))
    dark = [frame for frame in frames if frame.is_dark]
    assert dark
    assert all(frame.images[0].max() < 30 for frame in dark)


def test_every_event_is_told_with_the_frames_that_show_it(tmp_path: Path) -> None:
    film = FilmSettings(
        size_px=32, um_per_px=9.0, interval_minutes=30.0, start_hpi=2.0, missing_share=0.0,
        lives=LifeSettings(rates={}, certain=("multinucleation", "gas_bubble", "fragmentation")),
    )  # fmt: skip
    truth = told(render_life(9, tmp_path, film))
    assert {event["kind"] for event in truth["events"]} == {"multinucleation", "gas_bubble", "fragmentation"}
    for event in truth["events"]:
        hours = [2.0 + 0.5 * index for index in range(event["first_frame"], event["last_frame"] + 1)]
        assert all(event["first_hpi"] <= hour <= event["last_hpi"] for hour in hours)


SMALL = DevelopingSettings(
    RecordingSettings(
        width=384, height=288, layout=Layout(3, 3), contents=(Content.EMBRYO, Content.EMBRYO, Content.EMPTY), interval_minutes=960.0,
    )
)  # fmt: skip


def test_a_dish_of_developing_embryos_tells_each_well_stage_by_stage(tmp_path: Path) -> None:
    truth = json.loads(render_developing(3, 8, tmp_path, SMALL).read_text())
    embryos = json.loads((tmp_path / "embryos.json").read_text())
    assert len(truth) == len(list(tmp_path.glob("*.jpg"))) == 8
    held = {(w["row"], w["column"]) for w in truth[0]["wells"] if w["content"] == "embryo"}
    assert held == {(e["row"], e["column"]) for e in embryos}
    for embryo in embryos:
        course = [w["stage"] for frame in truth for w in frame["wells"] if (w["row"], w["column"]) == (embryo["row"], embryo["column"])]
        phases = [PHASES.index(stage) for stage in course if stage in PHASES]
        assert phases == sorted(phases)
        assert len(set(course)) > 2


def test_a_developing_dish_is_the_same_for_the_same_seed_and_changes_over_time(tmp_path: Path) -> None:
    first, again = ([frame.dish.image for frame in developing(4, 2, SMALL)] for _ in range(2))
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not np.array_equal(first[0], first[1])


def test_a_well_whose_embryo_was_taken_out_is_empty_from_then_on() -> None:
    settings = DevelopingSettings(SMALL.recording, lives=LifeSettings(rates={}, certain=("well_emptied",)))
    frames = list(developing(5, 10, settings))
    first = {(w.row, w.column): w.content for w in frames[0].dish.truth.wells}
    last = {(w.row, w.column): w.content for w in frames[-1].dish.truth.wells}
    assert Content.EMBRYO in first.values()
    assert set(last.values()) == {Content.EMPTY}


def test_the_same_dish_can_be_had_at_native_size(tmp_path: Path) -> None:
    assert main(["render", "recording", "--developing", "--seed", "2", "--frames", "1", "--out", str(tmp_path), "--layout", "3x3"]) == 0
    (picture,) = tmp_path.glob("*.jpg")
    image = cv2.imread(str(picture), cv2.IMREAD_GRAYSCALE)
    assert image is not None
    assert image.shape == (1536, 2048)


def test_the_command_renders_wells_lives_and_sheets(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["render", "well", "--seed", "1", "--count", "3", "--size", "64", "--out", str(tmp_path / "wells")]) == 0
    assert len(json.loads((tmp_path / "wells" / "truth.json").read_text())) == 3
    arguments = [
        "--seed",
        "1",
        "--frames",
        "2",
        "--interval-minutes",
        "60",
        "--planes",
        "3",
        "--size",
        "64",
        "--out",
        str(tmp_path / "life"),
    ]
    assert main(["render", "life", *arguments]) == 0
    assert len(list((tmp_path / "life" / "F0").glob("*.jpg"))) == 2
    assert main(["render", "sheet", "--seed", "1", "--out", str(tmp_path / "sheet"), "--beside", str(tmp_path / "life" / "F0")]) == 0
    page = cv2.imread(str(tmp_path / "sheet" / "page-1.png"), cv2.IMREAD_GRAYSCALE)
    assert page is not None
    assert page.shape[1] > 2 * 8 * 256
    assert all(json.loads(line)["seed"] == 1 for line in capsys.readouterr().out.splitlines())


def test_a_folder_without_pictures_to_put_beside_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["render", "sheet", "--seed", "1", "--out", str(tmp_path / "sheet"), "--beside", str(tmp_path / "nothing")]) == 2
    assert json.loads(capsys.readouterr().out)["code"] == "pictures_none"


def test_planes_that_no_microscope_has_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["render", "life", "--seed", "1", "--planes", "9", "--out", str(tmp_path)]) == 2
    assert json.loads(capsys.readouterr().out)["code"] == "bad_size"
