"""A lab's folder is read as it says, or refused with the line that is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from detector.errors import DetectorError
from detector.training.stages_folders import read_labels, read_recordings, read_windows

HEAD = "file,embryo,frame,phase,split,in_two_phases\n"


def written(folder: Path, text: str) -> Path:
    (folder / "labels.csv").write_text(HEAD + text)
    return folder


def test_labels_are_read_with_their_split_and_doubt(tmp_path: Path) -> None:
    rows = read_labels(written(tmp_path, "a/1.png,a,1,1,train,0\nb/7.png,b,7,4,dev,1\n"))
    assert [(r.embryo, r.frame, r.phase, r.split, r.is_doubtful) for r in rows] == [("a", 1, 0, "train", False), ("b", 7, 3, "dev", True)]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a/1.png,a,1,5,train,0\n", "labels_broken"),
        ("a/1.png,a,x,1,train,0\n", "labels_broken"),
        ("a/1.png,,1,1,train,0\n", "labels_broken"),
        ("../1.png,a,1,1,train,0\n", "labels_broken"),
        ("a/1.png,a,1,1,train,0\na/2.png,a,2,1,dev,0\n", "splits_overlap"),
    ],
)
def test_labels_that_cannot_be_used_are_refused(tmp_path: Path, text: str, code: str) -> None:
    with pytest.raises(DetectorError) as refusal:
        read_labels(written(tmp_path, text))
    assert refusal.value.code == code


def test_a_folder_without_labels_says_so(tmp_path: Path) -> None:
    with pytest.raises(DetectorError) as refusal:
        read_labels(tmp_path)
    assert refusal.value.code == "labels_missing"


def test_recordings_come_in_order_of_embryo_and_frame(tmp_path: Path) -> None:
    for name in ("b/0010.png", "b/0009.jpg", "a/3.png", "a/notes.txt"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
    assert [(f.embryo, f.number) for f in read_recordings(tmp_path)] == [("a", 3), ("b", 9), ("b", 10)]


def test_an_unreadable_picture_is_left_out_and_named(tmp_path: Path) -> None:
    (tmp_path / "broken.png").write_bytes(b"no picture")
    said: list[str] = []
    with pytest.raises(DetectorError) as refusal:
        read_windows([tmp_path / "broken.png"], said.append)
    assert refusal.value.code == "pictures_unreadable"
    assert "broken.png" in said[0]
