"""Every bad recording gets a typed refusal in time and leaves nothing behind."""

from __future__ import annotations

import os
import time
import zipfile
from pathlib import Path

import pytest

from detector.errors import StackError
from detector.stacks import Code, open_stack
from tests.hostile import CASES, Maker, files, good, videos


def _tree(root: Path) -> set[str]:
    return {str(path.relative_to(root)) for path in root.rglob("*")}


def _open_files() -> int:
    return len(os.listdir("/proc/self/fd"))


@pytest.mark.parametrize(("maker", "code"), CASES.values(), ids=CASES.keys())
def test_bad_input_is_refused_in_time_and_leaves_nothing_behind(maker: Maker, code: str, tmp_path: Path) -> None:
    path = maker(tmp_path)
    before, open_before = _tree(tmp_path), _open_files()
    started = time.monotonic()
    with pytest.raises(StackError) as refused, open_stack(path) as stack:
        for _ in stack.frames():
            pass
    assert refused.value.code == code
    assert time.monotonic() - started < 10
    assert refused.value.detail.endswith(".")
    assert refused.value.hint
    assert str(tmp_path) not in refused.value.detail, "a message must not tell where the server keeps files"
    assert _tree(tmp_path) == before
    assert _open_files() == open_before


@pytest.mark.parametrize("name", ["frame003.jpg", "frame003.png"])
@pytest.mark.parametrize("packing", [None, 0, 8])
def test_a_cut_frame_among_good_ones_is_found_on_opening(tmp_path: Path, name: str, packing: int | None) -> None:
    good.folder(tmp_path / "dish", 5)
    (tmp_path / "dish" / "frame003.jpg").unlink()
    whole = good.jpeg(3) if name.endswith("jpg") else good.png(3)
    (tmp_path / "dish" / name).write_bytes(whole[:-40])
    path = tmp_path / "dish"
    if packing is not None:
        path = good.archive(tmp_path / "dish.zip", [(p.name, p.read_bytes()) for p in path.iterdir()], packing)
    with pytest.raises(StackError, match=name) as refused:
        open_stack(path)
    assert refused.value.code == "file_truncated"


def test_every_code_that_is_refused_with_is_documented() -> None:
    assert {code for _, code in CASES.values()} <= {code.value for code in Code}


def test_a_jpeg_with_html_behind_it_is_read_as_the_jpeg_alone(tmp_path: Path) -> None:
    """Accepted on purpose: what stands behind the picture is never decoded, and originals are never shown."""
    with open_stack(files.polyglot(tmp_path)) as stack:
        assert stack.info.format == "image"
        assert good.number_of(stack.read(0)) == 3


def test_climbing_identifiers_of_a_dicom_are_not_even_read(tmp_path: Path) -> None:
    with open_stack(videos.climbing_dicom(tmp_path)) as stack:
        assert good.number_of(stack.read(2)) == 2
        assert ".." not in repr(stack.info)
    assert _tree(tmp_path) == {"dish.dcm"}


def test_a_name_is_shown_in_one_line_without_what_deceives() -> None:
    with pytest.raises(StackError) as refused:
        open_stack(Path("/nowhere"), name="dish\n\u202eavi.exe" + "x" * 500)
    assert "\n" not in refused.value.detail
    assert "\u202e" not in refused.value.detail
    assert len(refused.value.detail) < 200


@pytest.mark.parametrize(("count", "said"), [(1, "only 1 other file."), (2, "only 2 other files.")])
def test_an_archive_without_pictures_says_how_many_other_files_it_holds(tmp_path: Path, count: int, said: str) -> None:
    path = tmp_path / "notes.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(count):
            archive.writestr(f"note{number}.txt", "kept at 37 C")
    with pytest.raises(StackError) as refused:
        open_stack(path)
    assert refused.value.detail.endswith(said)
