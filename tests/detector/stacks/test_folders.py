"""Folders and ZIPs of frames: order, planes, times beside them, and what is left out."""

from __future__ import annotations

import zipfile
from datetime import datetime
from pathlib import Path

import cv2
import numpy as np
import pytest

from detector.errors import StackError
from detector.protocols import Stack
from detector.stacks import Limits, open_stack, probe
from tests.hostile import good


def _numbers(stack: Stack, plane: int = 0) -> list[int]:
    return [good.number_of(picture) for _, picture in stack.frames(plane=plane)]


def test_a_folder_of_frames_is_read_in_the_order_of_its_numbers(tmp_path: Path) -> None:
    with open_stack(good.folder(tmp_path / "dish", 12, "frame{}.jpg")) as stack:
        assert isinstance(stack, Stack)
        assert (stack.info.format, stack.info.frames, stack.info.width_px, stack.info.height_px) == ("image-folder", 12, 96, 64)
        assert _numbers(stack) == list(range(12))
        assert stack.read(11).dtype == np.uint8


def test_frames_are_told_by_content_and_not_by_name(tmp_path: Path) -> None:
    for i, data in enumerate((good.jpeg(0), good.png(1), good.tiff(1))):
        (tmp_path / f"frame{i}.jpg").write_bytes(data)
    with open_stack(tmp_path) as stack:
        assert _numbers(stack) == [0, 1, 0]


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_zip_in_a_wrapping_folder_reads_like_the_folder(tmp_path: Path, method: int) -> None:
    path = good.archive(tmp_path / "dish.zip", [(f"DISH_pdb/WELL01/{i}.png", good.png(i)) for i in range(11)], method)
    with open_stack(path) as stack:
        assert stack.info.format == "image-zip"
        assert _numbers(stack) == list(range(11))


def test_folders_of_focal_planes_become_planes_in_micrometres(tmp_path: Path) -> None:
    for plane, first in (("F-15", 0), ("F0", 5), ("F15", 10)):
        for i in range(3):
            (tmp_path / "W" / plane).mkdir(parents=True, exist_ok=True)
            (tmp_path / "W" / plane / f"{i:03}.jpg").write_bytes(good.jpeg(first + i))
    with open_stack(tmp_path) as stack:
        assert stack.info.planes == (-15.0, 0.0, 15.0)
        assert [_numbers(stack, plane) for plane in range(3)] == [[0, 1, 2], [5, 6, 7], [10, 11, 12]]


def test_planes_with_fewer_frames_are_told_in_a_note_and_no_frame_is_invented(tmp_path: Path) -> None:
    good.folder(tmp_path / "F0", 4, "{:03}.jpg")
    good.folder(tmp_path / "F15", 1, "{:03}.jpg")
    with open_stack(tmp_path) as stack:
        assert stack.info.frames == 4
        assert "plane 15 has 1" in stack.info.notes[0]
        assert [index for index, _ in stack.frames(plane=1)] == [0]
        with pytest.raises(StackError, match="frame_missing"):
            stack.read(2, 1)


def test_missing_numbers_are_told_in_a_note(tmp_path: Path) -> None:
    good.folder(tmp_path, 8)
    for number in (3, 5, 6):
        (tmp_path / f"frame{number:03}.jpg").unlink()
    info = probe(tmp_path)
    assert info.frames == 5
    assert "3 frame numbers are missing (3, 5 to 6)" in info.notes[0]


def test_two_files_for_one_frame_are_refused(tmp_path: Path) -> None:
    good.folder(tmp_path, 3)
    (tmp_path / "frame01.png").write_bytes(good.png(1))
    with pytest.raises(StackError, match="frames_ambiguous"):
        open_stack(tmp_path)


def test_clutter_of_operating_systems_is_ignored_and_other_files_are_noted(tmp_path: Path) -> None:
    good.folder(tmp_path, 2)
    (tmp_path / "__MACOSX").mkdir()
    (tmp_path / "__MACOSX" / "._frame000.jpg").write_bytes(b"\0\5\x16\7")
    for clutter in ("Thumbs.db", ".DS_Store", "._frame001.jpg", "desktop.ini"):
        (tmp_path / clutter).write_bytes(b"\0\1")
    (tmp_path / "labels.json").write_text("{}")
    info = probe(tmp_path)
    assert info.frames == 2
    assert info.notes == ('1 other file was ignored: "labels.json".',)


def test_dates_and_hours_in_names_become_times(tmp_path: Path) -> None:
    for minute in (0, 10, 20, 40):
        (tmp_path / f"dish_2026-01-02_03-{minute:02}-00.jpg").write_bytes(good.jpeg(minute // 10))
    info = probe(tmp_path)
    assert (info.times_from, info.interval_minutes, info.started_at) == ("names", 10.0, datetime(2026, 1, 2, 3, 0))
    assert info.hours_since_start == pytest.approx((0, 1 / 6, 2 / 6, 4 / 6), abs=1e-5)
    for name in ("w_t17.5h.jpg", "w_t17.75h.jpg", "w_t18.0h.jpg"):
        (tmp_path / "b").mkdir(exist_ok=True)
        (tmp_path / "b" / name).write_bytes(good.jpeg(1))
    other = probe(tmp_path / "b")
    assert (other.times_from, other.interval_minutes) == ("names", 15.0)
    assert "17.5 h" in other.notes[0]


def test_times_in_names_decide_the_order_where_the_spelling_would_not(tmp_path: Path) -> None:
    for number, day in enumerate(("31.01.2026 23-50", "01.02.2026 00-00", "01.02.2026 00-10")):
        (tmp_path / f"{day}.jpg").write_bytes(good.jpeg(number))
    with open_stack(tmp_path) as stack:
        assert _numbers(stack) == [0, 1, 2]
        assert stack.info.interval_minutes == 10


def test_exif_gives_times_and_nothing_else(tmp_path: Path) -> None:
    for i in range(3):
        (tmp_path / f"{i}.jpg").write_bytes(good.jpeg(i, taken=f"2026:01:02 03:{i * 5:02}:00"))
    info = probe(tmp_path)
    assert (info.times_from, info.interval_minutes, info.started_at) == ("exif", 5.0, datetime(2026, 1, 2, 3, 0))
    assert "DOE" not in repr(info)


@pytest.mark.parametrize(
    "table",
    [
        "file,hours\nframe000.jpg,17.0\nframe001.jpg,17.25\nframe002.jpg,17.5\n",
        "frame;time (h)\n0;17,0\n1;17,25\n2;17,5\n",
        "Frame,Time_min\n1,1020\n2,1035\n3,1050\n",
        "frame\ttime\n0\t17:00\n1\t17:15\n2\t17:30\n",
        "image,timestamp\nframe000,2026-01-02T03:00:00\nframe001,2026-01-02T03:15:00\nframe002,2026-01-02T03:30:00\n",
        "name,time\nframe000.jpg,17.0\nframe001.jpg,17.25\nframe002.jpg,17.5\n",
    ],
)
def test_a_table_beside_the_frames_gives_their_times(tmp_path: Path, table: str) -> None:
    good.folder(tmp_path, 3)
    (tmp_path / "times.csv").write_text(table)
    info = probe(tmp_path)
    assert (info.times_from, info.interval_minutes) == ("csv", 15.0)
    assert info.hours_since_start == pytest.approx((0, 0.25, 0.5))


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("name,time\nframe000.jpg,0\nframe001.jpg,600\nframe002.jpg,1200\n", "has no unit"),
        ("file,hours\nframe000.jpg,1\nframe001.jpg,2\n", "names 2 of 3"),
        ("file,hours\nframe000.jpg,3\nframe001.jpg,2\nframe002.jpg,1\n", "run backwards"),
    ],
)
def test_a_table_that_leaves_doubt_gives_no_times(tmp_path: Path, table: str, words: str) -> None:
    good.folder(tmp_path, 3)
    (tmp_path / "times.csv").write_text(table)
    info = probe(tmp_path)
    assert (info.times_from, info.hours_since_start, info.interval_minutes) == ("none", None, None)
    assert words in info.notes[0]


def test_without_any_time_no_interval_is_assumed(tmp_path: Path) -> None:
    info = probe(good.folder(tmp_path, 5))
    assert (info.times_from, info.hours_since_start, info.interval_minutes, info.started_at) == ("none", None, None, None)


def test_deep_frames_share_one_scale_so_that_a_dark_frame_stays_dark(tmp_path: Path) -> None:
    for i in range(6):
        (tmp_path / f"{i}.png").write_bytes(good.png(3 * i, deep=True))
    with open_stack(tmp_path) as stack:
        means = [float(picture.mean()) for _, picture in stack.frames()]
        again = [float(stack.read(i).mean()) for i in (3, 1)]
    assert stack.info.bit_depth == 16
    assert means[0] < 20
    assert means[5] > 235
    assert np.allclose(np.diff(means), np.diff(means).mean(), atol=1.0)
    assert again == [means[3], means[1]]
    with open_stack(tmp_path) as other:
        assert float(other.read(3).mean()) == means[3]


def test_colour_becomes_grey(tmp_path: Path) -> None:
    from PIL import Image

    Image.fromarray(np.full((20, 30, 3), (255, 0, 0), np.uint8)).save(tmp_path / "red.png")
    Image.fromarray(np.full((20, 30, 4), (0, 255, 0, 9), np.uint8)).save(tmp_path / "green.png")
    Image.fromarray(np.full((20, 30, 3), (0, 0, 255), np.uint8)).save(tmp_path / "blue.tif", compression="tiff_lzw")
    with open_stack(tmp_path) as stack:
        assert [int(picture[0, 0]) for _, picture in stack.frames()] == [29, 150, 76]


def test_more_frames_than_the_limit_are_refused(tmp_path: Path) -> None:
    good.folder(tmp_path, 6)
    with pytest.raises(StackError, match="more than 5"):
        open_stack(tmp_path, limits=Limits(frames=5))


def test_a_frame_outside_the_recording_is_refused_with_the_value(tmp_path: Path) -> None:
    with open_stack(good.folder(tmp_path, 2)) as stack:
        for frame, plane in ((2, 0), (-1, 0), (0, 1)):
            with pytest.raises(StackError, match="frame_out_of_range"):
                stack.read(frame, plane)


def test_a_single_image_does_not_look_at_its_neighbours(tmp_path: Path) -> None:
    good.folder(tmp_path, 3)
    with open_stack(tmp_path / "frame001.jpg") as stack:
        assert (stack.info.format, stack.info.frames) == ("image", 1)
        assert good.number_of(stack.read(0)) == 1


def test_frames_beside_a_video_are_refused_as_two_recordings(tmp_path: Path) -> None:
    good.folder(tmp_path, 2)
    good.video(tmp_path / "export.avi")
    with pytest.raises(StackError, match="recordings_several"):
        open_stack(tmp_path)


@pytest.mark.parametrize("kind", [".jpg", ".png"])
@pytest.mark.parametrize("shrink", [2, 4, 8])
def test_frames_can_be_had_smaller_and_show_the_same(tmp_path: Path, kind: str, shrink: int) -> None:
    y, x = np.mgrid[:203, :317]
    picture = (128 + 90 * np.sin(x / 30) * np.cos(y / 25)).astype(np.uint8)
    (tmp_path / f"a{kind}").write_bytes(cv2.imencode(kind, picture)[1].tobytes())
    with open_stack(tmp_path / f"a{kind}") as stack:
        ((_, small),) = stack.frames(shrink=shrink)
    assert small.shape == (-(-203 // shrink), -(-317 // shrink))
    inside = picture[: 203 // shrink * shrink, : 317 // shrink * shrink]
    means = inside.reshape(203 // shrink, shrink, 317 // shrink, shrink).mean((1, 3))
    # Only where each small pixel stands for a whole block do both ways agree to the last grey level.
    assert np.abs(small[: means.shape[0], : means.shape[1]] - means).mean() < 2.5
