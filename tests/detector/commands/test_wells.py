"""python -m detector wells: the form other programs rely on, refusals in JSON, and nothing heavy loaded."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from detector.__main__ import main
from tests.detector.exact import dish

KEYS = {"file", "width", "height", "layout", "usable", "gas_outside_wells", "wells"}


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "dish.png"
    cv2.imwrite(str(path), dish(71).image)
    return path


def answer(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, Any]:
    status = main(words)
    return status, json.loads(capsys.readouterr().out)


def test_every_picture_gets_its_entry_in_the_promised_form(picture: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = tmp_path / "other.jpg"
    cv2.imwrite(str(other), dish(33).image)
    status, found = answer(capsys, "wells", str(picture), str(other), "--finder", "hough")
    assert status == 0
    assert [entry["file"] for entry in found] == [str(picture), str(other)]
    for entry in found:
        assert set(entry) - {"reason"} == KEYS
        assert (entry["width"], entry["height"], entry["layout"]) == (384, 276, "3x3")
        for well in entry["wells"]:
            assert set(well) - {"filled_in"} == {"row", "column", "box", "content", "confidence"}
            assert well["content"] in {"empty", "embryo", "gas", "embryo_gas"}
            assert 0 <= well["confidence"] <= 1
            assert len(well["box"]) == 4


def test_colour_and_sixteen_bit_pictures_are_read_as_grey(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    grey = dish(71).image
    paths = [tmp_path / name for name in ("grey.png", "colour.png", "deep.tif")]
    cv2.imwrite(str(paths[0]), grey)
    cv2.imwrite(str(paths[1]), cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR))
    cv2.imwrite(str(paths[2]), grey.astype(np.uint16) * 257)
    status, found = answer(capsys, "wells", *map(str, paths), "--finder", "hough")
    assert status == 0
    boxes = [[well["box"] for well in entry["wells"]] for entry in found]
    assert len(boxes[0]) == 9
    for other in boxes[1:]:
        assert np.array(other) == pytest.approx(np.array(boxes[0]), abs=1.0)


def test_a_picture_without_a_dish_is_unusable_with_its_reason(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "black.png"
    cv2.imwrite(str(path), np.zeros((80, 120), np.uint8))
    _, found = answer(capsys, "wells", str(path), "--finder", "hough")
    assert (found[0]["usable"], found[0]["layout"], found[0]["wells"]) == (False, None, [])
    assert found[0]["reason"] == "the picture is blank"


def test_a_bad_picture_among_good_ones_is_refused_by_name(picture: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(picture.read_bytes()[:400])
    status, refusal = answer(capsys, "wells", str(picture), str(broken), "--finder", "hough")
    assert status == 2
    assert set(refusal) == {"code", "detail", "hint"}
    assert "broken.png" in refusal["detail"]


@pytest.mark.parametrize(
    "words",
    [
        ["wells"],
        ["wells", "nowhere.png", "--finder", "hough"],
        ["wells", "x.png", "--layout", "many"],
        ["wells", "x.png", "--layout", "1x99"],
        ["wells", "x.png", "--finder", "no such finder"],
        ["wells", "x.png", "--colour"],
        ["dance"],
        [],
    ],
)
def test_whatever_is_wrong_is_said_in_json_with_status_2(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    status, refusal = answer(capsys, *words)
    assert status == 2
    assert set(refusal) == {"code", "detail", "hint"}
    assert all(refusal.values())


def test_a_layout_said_by_a_person_is_taken(picture: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, found = answer(capsys, "wells", str(picture), "--finder", "hough", "--layout", "3x3")
    assert found[0]["layout"] == "3x3"


def test_finding_wells_loads_neither_torch_nor_ultralytics(picture: Path) -> None:
    program = (
        "import sys; from detector.__main__ import main; status = main(sys.argv[1:]);"
        "print(sorted({'torch', 'ultralytics', 'django', 'transformers'} & set(sys.modules)), file=sys.stderr); sys.exit(status)"
    )
    done = subprocess.run([sys.executable, "-c", program, "wells", str(picture)], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout
    assert done.stderr.strip().splitlines()[-1] == "[]"
    assert len(json.loads(done.stdout)[0]["wells"]) == 9


def test_progress_goes_to_stderr_and_only_json_to_stdout(picture: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["wells", str(picture), "--finder", "hough"])
    said = capsys.readouterr()
    json.loads(said.out)
    assert "1 of 1" in said.err


@pytest.mark.real_data
def test_real_dishes_are_found_named_and_outlined(real_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    dishes = real_data / "wow_dishes"
    status, found = answer(capsys, "wells", *map(str, sorted(dishes.glob("*.jpg"))))
    assert status == 0
    predictions = tmp_path / "predictions.json"
    predictions.write_text(json.dumps(found))
    scorer = real_data.parent / "tools" / "score_wells.py"
    bars = ["--min-recall", "1", "--max-false", "0", "--min-map", ".93", "--min-content", ".94", "--min-place", "1"]
    scored = subprocess.run([sys.executable, scorer, dishes / "truth.json", predictions, *bars], capture_output=True, text=True, timeout=60)
    assert scored.returncode == 0, scored.stdout + scored.stderr
