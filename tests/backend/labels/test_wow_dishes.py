"""The lab's own convention: one picture of a dish, a shape per well, letters for what it holds."""

from __future__ import annotations

import pytest

from backend.labels.formats.interpreting import dish_as_json, dish_of_json, interpret
from backend.labels.formats.mapping import WOW, preset
from backend.labels.formats.regions import drawn
from tests.backend.labels.exports import dish, result, well


def test_the_labs_convention_says_what_each_well_holds() -> None:
    contents: list[tuple[str, ...]] = [("E",), (), ("E", "B"), ("B",), ("E",), ("E",), (), ("E",), ("E",)]
    raw = dish(contents, "U")
    said = interpret(drawn(raw["annotations"][0]["result"], "task 1"), WOW, "task 1")
    assert said.dish is not None
    assert [one.content for one in said.dish.wells] == [
        "embryo",
        "empty",
        "embryo_gas",
        "gas",
        "embryo",
        "embryo",
        "empty",
        "embryo",
        "embryo",
    ]
    assert [(one.row, one.column) for one in said.dish.wells] == [(row, column) for row in range(3) for column in range(3)]
    assert (said.dish.gas_outside, said.dish.no_wells) == (True, False)
    assert dish_of_json(dish_as_json(said.dish)) == said.dish


def test_a_picture_without_wells_to_see_is_said_to_have_none() -> None:
    said = interpret(drawn(dish([], "Z")["annotations"][0]["result"], "task 1"), WOW, "task 1")
    assert said.dish is not None
    assert (said.dish.no_wells, said.dish.wells) == (True, ())


def test_wells_marked_by_points_take_their_size_from_their_neighbours() -> None:
    rows = [row for number in range(9) for row in well(number, "E", kind="keypointlabels")]
    said = interpret(drawn(rows, "task 1"), WOW, "task 1")
    assert said.dish is not None
    first = said.dish.wells[0]
    assert first.box_px == pytest.approx((200 - 63.75, 100 - 63.75, 200 + 63.75, 100 + 63.75))
    assert {remark.code for remark in said.remarks} == {"size_from_neighbours"}


def test_contents_that_lost_their_wells_never_make_a_well_empty() -> None:
    rows = [*well(0), *well(1), result("choices", {"choices": ["E"]}, None)]
    said = interpret(drawn(rows, "task 1"), WOW, "task 1")
    assert said.dish is None
    assert [remark.code for remark in said.remarks] == ["contents_without_well"]


def test_a_picture_of_one_embryo_shows_the_phase_that_is_chosen() -> None:
    said = interpret(drawn([result("choices", {"choices": ["Phase 3"]}, "a", size=None)], "task 1"), preset("phases"), "task 1")
    assert said.dish is not None
    assert said.dish.phase == "3"
    both = interpret(drawn([result("choices", {"choices": ["t2", "t3"]}, "a", size=None)], "task 1"), preset("phases"), "task 1")
    assert both.dish is None
    assert [remark.code for remark in both.remarks] == ["several_phases"]
