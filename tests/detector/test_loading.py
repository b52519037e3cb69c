"""The door to the finders: nothing is served whose hash was not verified, and refusals say what to do."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from detector.errors import WeightsError
from detector.loading import SHIPPED, WEIGHTS_HOME, load_finder, load_weights
from detector.protocols import WellFinder

SHIPPED_FOLDER = WEIGHTS_HOME / SHIPPED["yolo"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the shipped weights that a test may spoil."""
    return Path(shutil.copytree(SHIPPED_FOLDER, tmp_path / "weights"))


def replace_in_manifest(folder: Path, old: str, new: str) -> None:
    path = folder / "manifest.toml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_the_shipped_weights_have_the_hash_their_manifest_names() -> None:
    manifest = load_weights(SHIPPED_FOLDER)
    assert manifest.task == "wells"
    assert (SHIPPED_FOLDER / manifest.file).stat().st_size <= 12_000_000


def test_the_shipped_folder_tells_nothing_of_the_machine_that_made_it() -> None:
    for path in SHIPPED_FOLDER.iterdir():
        content = path.read_bytes()
        for trace in (b"/root", b"/home/", b"/work", b"/tmp", b"site-packages"):
            assert trace not in content, f"{path.name} holds {trace!r}"


@pytest.mark.parametrize("name", ["yolo", "hough", None])
def test_a_finder_is_found_by_name(name: str | None) -> None:
    finder = load_finder(name)
    assert isinstance(finder, WellFinder)
    assert bool(finder.weights_hash) == (name != "hough")


def test_a_finder_is_found_by_its_folder(folder: Path) -> None:
    assert load_finder(folder).weights_hash == load_weights(SHIPPED_FOLDER).sha256


def test_weights_changed_by_one_bit_are_refused(folder: Path) -> None:
    weights = folder / load_weights(folder).file
    data = bytearray(weights.read_bytes())
    data[len(data) // 2] ^= 1
    weights.write_bytes(bytes(data))
    with pytest.raises(WeightsError) as refusal:
        load_finder(folder)
    assert refusal.value.code == "weights_changed"
    assert "make train" in refusal.value.hint


def test_weights_that_are_gone_are_refused(folder: Path) -> None:
    (folder / load_weights(folder).file).unlink()
    with pytest.raises(WeightsError) as refusal:
        load_finder(folder)
    assert refusal.value.code == "weights_missing"


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    with pytest.raises(WeightsError) as refusal:
        load_finder("no-such-finder")
    assert refusal.value.code == "weights_missing"
    assert "hough" in refusal.value.hint
    assert "yolo" in refusal.value.hint


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ('task = "wells"', 'task = "stages"', "weights_task"),
        ('file = "weights.zip"', 'file = "../weights.zip"', "manifest_broken"),
        ('adapter = "detector.wells.net:NetFinder"', 'adapter = "os:system"', "manifest_broken"),
        ('adapter = "detector.wells.net:NetFinder"', 'adapter = "detector.wells.none:Finder"', "adapter_missing"),
        ("width = 384", "width = 640", "weights_foreign"),
        ("[input]", "[input", "manifest_broken"),
        ('licence = "', 'other = "', "manifest_broken"),
    ],
)
def test_a_manifest_that_does_not_fit_is_refused(folder: Path, old: str, new: str, code: str) -> None:
    replace_in_manifest(folder, old, new)
    with pytest.raises(WeightsError) as refusal:
        load_finder(folder)
    assert refusal.value.code == code
