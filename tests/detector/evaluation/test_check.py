"""Weights side by side on a frozen set: what is counted, what is shown, and that the set stays what it is."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from detector.errors import DetectorError
from detector.evaluation.check_calibration import Honesty
from detector.evaluation.check_cost import ROUNDS, speeds
from detector.evaluation.check_differences import OF_A_KIND, Differences
from detector.evaluation.check_gain import Gains
from detector.evaluation.check_set import Shown, dishes_in, hash_of, labelled_dishes, make_set, require_whole
from detector.evaluation.check_wells import Contender, side_by_side
from detector.evaluation.truth import from_dict
from detector.types import Box, Candidate, Content, Image, Sighting


def quiet(_: str) -> None:
    """Nobody listens."""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sets")


@pytest.fixture(scope="module")
def wells(home: Path) -> Path:
    return make_set(home, "wells", 1, quiet)


class Says:
    """A finder that says what it was told, of any picture."""

    name, weights_hash = "says", ""

    def __init__(self, *said: tuple[Box, Content]) -> None:
        self._said = said

    def find(self, images: list[Image]) -> list[Sighting]:  # type: ignore[override]
        candidates = tuple(Candidate(box, content, 0.9, {content: 1.0}) for box, content in self._said)
        return [Sighting(candidates, 0.0) for _ in images]


def test_the_set_is_rendered_once_and_the_same_anywhere(wells: Path, home: Path, tmp_path: Path) -> None:
    before = (wells / "truth.json").stat().st_mtime_ns
    assert make_set(home, "wells", 1, quiet) == wells
    assert (wells / "truth.json").stat().st_mtime_ns == before
    assert make_set(tmp_path, "wells", 1, quiet).name == wells.name
    assert {one.set for one in dishes_in(wells)} == {"usual", "hard", "shifted"}


def test_a_set_that_was_changed_is_refused_and_rendered_anew(tmp_path: Path) -> None:
    folder = make_set(tmp_path, "stages", 2, quiet)
    whole = folder.name
    (folder / "000000.png").write_bytes(b"changed")
    with pytest.raises(DetectorError) as refused:
        require_whole(folder)
    assert refused.value.code == "check_set_changed"
    again = make_set(tmp_path, "stages", 2, quiet)
    assert (again.name, hash_of(again)) == (whole, whole)


def test_what_is_missed_named_otherwise_or_invented_is_a_difference_with_its_picture(tmp_path: Path) -> None:
    left, right, far = Box(10, 10, 50, 50), Box(60, 10, 100, 50), Box(110, 60, 150, 100)
    truth = [
        {"row": 0, "column": 0, "box": left.as_list(), "content": "gas"},
        {"row": 0, "column": 1, "box": right.as_list(), "content": "embryo"},
    ]
    picture = from_dict({"file": "d.png", "wells": truth}, np.zeros((120, 160), np.uint8))
    contenders = {
        "before": Contender(Says((left, Content.EMPTY), (right, Content.EMBRYO))),
        "after": Contender(Says((left, Content.GAS), (far, Content.EMPTY))),
    }
    differences = Differences(tmp_path)
    side_by_side(contenders, [Shown("hard", picture, ("A1", "A2"))], differences, say=quiet, of=1)
    told = [(one["place"], one["truth"], one["before"], one["after"], one["verdict"]) for one in differences.told()["shown"]]
    assert told == [
        ("A2", "embryo", "embryo", None, "worse"),
        ("", None, None, "empty", "worse"),
        ("A1", "gas", "empty", "gas", "better"),
    ]
    assert len(list(tmp_path.glob("*.jpg"))) == 3
    figures = contenders["after"].figures()["sets"]["all"]
    assert (figures["wells"], figures["recall"], figures["false_alarms"], figures["content"]) == (2, 0.5, 1, 1.0)


def test_wells_named_right_are_compared_on_the_same_pictures_and_what_nobody_is_sure_of_is_left_out(tmp_path: Path) -> None:
    left, right, third = Box(10, 10, 50, 50), Box(60, 10, 100, 50), Box(110, 10, 150, 50)
    truth = [
        {"row": 0, "column": 0, "box": left.as_list(), "content": "gas"},
        {"row": 0, "column": 1, "box": right.as_list(), "content": "embryo"},
        {"row": 0, "column": 2, "box": third.as_list(), "content": "gas", "content_unsure": True},
    ]
    picture = from_dict({"file": "d.png", "wells": truth}, np.zeros((120, 160), np.uint8))
    shown = Shown("hard", picture, ("A1", "A2", "A3"))
    before, after = Contender(Says((left, Content.EMPTY))), Contender(Says((left, Content.GAS), (right, Content.GAS)))
    both = side_by_side({"before": before, "after": after}, [shown] * 3, Differences(tmp_path), say=quiet, of=3)
    assert {one["set"]: (one["pictures"], one["answers"], one["gain"]) for one in both} == {"all": (3, 6, 0.5), "hard": (3, 6, 0.5)}
    assert side_by_side({"after": after}, [shown], Differences(tmp_path), say=quiet, of=1) == []


def test_a_gain_of_a_few_answers_may_be_chance_and_one_of_most_is_not() -> None:
    gains = Gains()
    for number in range(60):
        gains.add("usual", before=14, after=14 + (number % 3 == 0) - (number % 4 == 0), answers=16)
        gains.add("hard", before=10, after=13, answers=16)
    gains.add("hard", before=0, after=0, answers=0)
    hard, usual = gains.told()
    assert (hard["set"], hard["pictures"], hard["low"], hard["high"]) == ("hard", 60, 0.1875, 0.1875)
    assert usual["low"] < 0 < usual["high"]
    assert usual["low"] < usual["gain"] < usual["high"]


def test_many_differences_are_counted_whole_and_shown_in_part(tmp_path: Path) -> None:
    differences = Differences(tmp_path)
    for number in range(OF_A_KIND + 5):
        about = {"picture": str(number), "place": "", "truth": "gas", "before": "gas", "after": "empty"}
        differences.add(np.zeros((9, 9), np.uint8), None, set="hard", **about)
    differences.add(np.zeros((9, 9), np.uint8), None, set="labels", **about)
    told = differences.told()
    assert told["counts"] == [{"set": "hard", "verdict": "worse", "count": 25}, {"set": "labels", "verdict": "worse", "count": 1}]
    assert [one["set"] for one in told["shown"]].count("labels") == 1
    assert len(told["shown"]) == OF_A_KIND + 1


def test_calibration_is_told_as_it_is() -> None:
    honest = Honesty()
    for number in range(10):
        honest.add([0.8, 0.2], 0 if number < 8 else 1)
    figures = honest.figures()
    assert figures is not None
    assert (figures["answers"], figures["ece"], figures["brier"]) == (10, 0.0, 0.32)
    assert figures["curve"] == [{"from": 0.8, "to": 0.9, "answers": 10, "confidence": 0.8, "right": 0.8}]
    boastful = Honesty()
    for truth in (0, 1):
        boastful.add([1.0, 0.0], truth)
    told = boastful.figures()
    assert told is not None
    assert (told["ece"], told["brier"]) == (0.5, 1.0)
    assert Honesty().figures() is None


def test_speed_is_measured_in_turns() -> None:
    turns: list[str] = []

    def work(name: str) -> int:
        turns.append(name)
        return 3

    rates = speeds({"after": lambda: work("after"), "before": lambda: work("before")})
    assert turns == ["after", "before"] * (ROUNDS + 1)
    assert min(rates.values()) > 0


def test_of_a_labs_dishes_only_the_held_out_are_judged(tmp_path: Path) -> None:
    entries = []
    for name, split in (("a.png", "train"), ("b.png", "test")):
        cv2.imwrite(str(tmp_path / name), np.full((40, 40), 90, np.uint8))
        well = {"box": [1, 1, 30, 30], "content": "gas", "row": None, "column": None}
        entries.append({"file": name, "split": split, "wells": [well], "dish": name})
    (tmp_path / "truth.json").write_text(json.dumps(entries))
    (shown,) = labelled_dishes(tmp_path)
    assert (shown.set, shown.picture.name, shown.places) == ("labels", "b.png", ("#1",))


def test_the_command_refuses_what_it_cannot_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from detector.__main__ import main

    assert main(["check", "--task", "wells"]) == 2
    assert main(["check", "--task", "wells", "--weights", str(tmp_path), "--set", str(tmp_path), "--out", str(tmp_path)]) == 2
    codes = [json.loads(line)["code"] for line in capsys.readouterr().out.splitlines()]
    assert codes == ["bad_arguments", "check_set_changed"]
