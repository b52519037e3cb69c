from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from detector.__main__ import main
from detector.errors import DetectorError
from detector.training.preparing import prepare
from detector.training.stages_folders import read_labels
from detector.training.steps import PARAMETERS, apply, parse
from detector.types import Image as Picture


def spotted(x: int = 60, y: int = 30, radius: int = 9, size: tuple[int, int] = (80, 120)) -> Picture:
    """One bright disc on grey, whose box is [x - radius, y - radius, x + radius, y + radius]."""
    rows, columns = np.mgrid[: size[0], : size[1]]
    inside = (rows + 0.5 - y) ** 2 + (columns + 0.5 - x) ** 2 <= radius**2
    return np.where(inside, 220, 60).astype(np.uint8)


def box_of_spot(picture: Picture) -> tuple[float, float, float, float]:
    rows, columns = np.nonzero(picture > 140)
    return float(columns.min()), float(rows.min()), float(columns.max() + 1), float(rows.max() + 1)


def taken(steps: list[dict[str, Any]], *, at_random: bool = False, seed: int = 1) -> Any:
    return apply(spotted(), [(51, 21, 69, 39)], parse(steps), np.random.default_rng(seed), at_random=at_random)


MOVES: list[list[dict[str, Any]]] = [
    [{"step": "flip", "across": 1, "down": 0}],
    [{"step": "flip", "across": 0, "down": 1}],
    [{"step": "rotate", "degrees": 90}],
    [{"step": "rotate", "degrees": -17}],
    [{"step": "shift", "x": -0.2, "y": 0.1}],
    [{"step": "crop", "keep": 0.8}],
    [{"step": "rotate", "degrees": 30}, {"step": "crop", "keep": 0.9}, {"step": "flip"}, {"step": "shift", "x": 0.1, "y": 0}],
]


@pytest.mark.parametrize("steps", MOVES)
def test_labels_move_with_what_they_mark(steps: list[dict[str, Any]]) -> None:
    done = taken(steps)
    assert done.kept == (0,)
    assert np.abs(np.subtract(done.boxes[0], box_of_spot(done.picture))).max() <= 1.01


def test_moves_drawn_at_random_move_labels_too_and_one_seed_draws_the_same() -> None:
    steps = [
        {"step": "rotate", "degrees": 40},
        {"step": "shift", "x": 0.1, "y": 0.1},
        {"step": "flip", "down": 1},
        {"step": "crop", "keep": 0.8},
    ]
    seen = set()
    for seed in range(12):
        done = taken(steps, at_random=True, seed=seed)
        assert np.array_equal(done.picture, taken(steps, at_random=True, seed=seed).picture)
        assert np.abs(np.subtract(done.boxes[0], box_of_spot(done.picture))).max() <= 1.01
        seen.add(done.boxes)
    assert len(seen) == 12


def test_a_well_that_leaves_the_picture_loses_its_label() -> None:
    done = apply(spotted(), [(51, 21, 69, 39), (2, 2, 20, 20)], parse([{"step": "shift", "x": -0.2, "y": 0}]), np.random.default_rng(1))
    assert done.kept == (0,)


@pytest.mark.parametrize("name", [name for name in PARAMETERS if name not in ("flip", "rotate", "shift", "crop")])
def test_other_steps_change_grey_values_and_leave_everything_in_its_place(name: str) -> None:
    noisy = np.clip(spotted() + np.random.default_rng(3).normal(0, 8, (80, 120)), 0, 255).astype(np.uint8)
    done = apply(noisy, [(51, 21, 69, 39)], parse([{"step": name}]), np.random.default_rng(1))
    assert done.boxes == ((51, 21, 69, 39),)
    assert done.picture.shape == noisy.shape
    assert not np.array_equal(done.picture, noisy)
    if name in ("gaussian", "median", "bilateral"):
        flat = np.s_[50:78, 80:118]
        assert done.picture[flat].std() < 0.8 * noisy[flat].std()


WRONG = [
    ("nothing", "steps are a list"),
    ([{"step": "sharpen"}], "there is no step 'sharpen'"),
    ([{"step": "median", "size_px": 4}], "is an odd number"),
    ([{"step": "gaussian", "sigma_px": 99}], "lies between 0.1 and 20"),
    ([{"step": "gaussian", "sigma_px": "much"}], "lies between"),
    ([{"step": "crop", "by": 1}], "crop has no 'by'"),
    ([["crop"]], "there is no step"),
    ([{"step": "flip"}] * 13, "at most 12"),
]


@pytest.mark.parametrize(("said", "words"), WRONG)
def test_a_wrong_step_is_refused_by_name(said: Any, words: str) -> None:
    with pytest.raises(DetectorError, match=words):
        parse(said)


@pytest.fixture
def phases(tmp_path: Path) -> Path:
    """Four pictures of four embryos, one of them held back."""
    (tmp_path / "images").mkdir()
    with (tmp_path / "labels.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["file", "embryo", "frame", "phase", "split", "in_two_phases"])
        for number in range(4):
            Image.fromarray(spotted(50 + number)).save(tmp_path / "images" / f"{number}.png")
            table.writerow([f"images/{number}.png", f"e{number}", number, 1 + number % 2, "dev" if number == 3 else "train", 0])
    return tmp_path


def steps_of(folder: Path, **said: Any) -> None:
    (folder / "steps.json").write_text(json.dumps({"preprocessing": [], "augmentation": [], "copies": 0, "seed": 5} | said))


def test_a_data_set_of_phases_goes_through_its_steps_and_only_what_is_taught_gets_copies(phases: Path) -> None:
    steps_of(phases, preprocessing=[{"step": "median"}], augmentation=[{"step": "flip"}, {"step": "noise"}], copies=2)
    assert prepare(phases, lambda said: None) == {"pictures": 4, "copies": 6}
    rows = read_labels(phases)
    assert sorted(row.split for row in rows) == ["dev"] + ["train"] * 9
    assert all(row.path.is_file() for row in rows)
    labels = (phases / "labels.csv").read_bytes()
    assert prepare(phases, lambda said: None) == {"pictures": 4, "copies": 6}
    assert (phases / "labels.csv").read_bytes() == labels


def test_a_data_set_of_wells_keeps_its_labels_on_the_wells(tmp_path: Path) -> None:
    Image.fromarray(spotted()).save(tmp_path / "1.png")
    wells = [{"row": None, "column": None, "box": [51, 21, 69, 39], "content": "embryo"}]
    (tmp_path / "truth.json").write_text(json.dumps([{"file": "1.png", "split": "train", "wells": wells}]))
    steps_of(tmp_path, augmentation=[{"step": "rotate", "degrees": 60}, {"step": "shift", "x": 0.1, "y": 0.1}], copies=3)
    assert main(["prepare", "--data", str(tmp_path)]) == 0
    entries = json.loads((tmp_path / "truth.json").read_text())
    assert len({entry["file"] for entry in entries}) == 4
    for entry in entries:
        picture = np.asarray(Image.open(tmp_path / entry["file"]))
        assert np.abs(np.subtract(entry["wells"][0]["box"], box_of_spot(picture))).max() <= 1.01
        assert entry["wells"][0]["content"] == "embryo"


def test_originals_are_never_written_over(phases: Path) -> None:
    before = {path: path.read_bytes() for path in (phases / "images").iterdir()}
    steps_of(phases, preprocessing=[{"step": "clahe"}])
    prepare(phases, lambda said: None)
    assert all(path.read_bytes() == data for path, data in before.items())


def test_without_steps_nothing_is_written(phases: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (phases / "steps.json").write_text("{}")
    before = sorted(phases.rglob("*"))
    assert main(["prepare", "--data", str(phases)]) == 0
    assert json.loads(capsys.readouterr().out) == {"pictures": 0, "copies": 0}
    assert sorted(phases.rglob("*")) == before


def test_steps_that_cannot_be_read_are_refused_before_anything_is_written(phases: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (phases / "steps.json").write_text('{"copies": 900}')
    assert main(["prepare", "--data", str(phases)]) == 2
    assert json.loads(capsys.readouterr().out)["code"] == "bad_steps"
