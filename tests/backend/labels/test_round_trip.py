"""In, out and in again: nothing is lost of any type of result, known or not."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from backend.labels.formats.reading import read
from backend.labels.formats.regions import KNOWN, SHAPES, SPANS, WORDS
from backend.labels.formats.tasks import task_of
from backend.labels.formats.values import Task
from backend.labels.formats.writing.config import TAGS, config_of
from backend.labels.formats.writing.label_studio import tasks_as_json

WORDS_OF_LABS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=12) | st.sampled_from(
    ["Лунка", "=1+1", "<b>", "t9+", ""]
)
NUMBERS = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False, width=32)
SCALARS = st.none() | st.booleans() | NUMBERS | WORDS_OF_LABS
ANYTHING = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS_OF_LABS, inner, max_size=3), max_leaves=4
)
PERCENT = st.floats(-20, 120, allow_nan=False, width=32)
LABELS = st.lists(WORDS_OF_LABS, max_size=3)
KINDS = sorted({*SHAPES, *SPANS, *WORDS, *TAGS} - {"relation"})


def numbers(*names: str) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(dict.fromkeys(names, PERCENT))


def value_of(kind: str) -> st.SearchStrategy[dict[str, Any]]:
    """A value as Label Studio writes it for this type, and sometimes one that no version of it ever wrote."""
    turned = st.fixed_dictionaries({}, optional={"rotation": st.floats(-360, 360, width=32)})
    drawn: dict[str, st.SearchStrategy[dict[str, Any]]] = {
        "box": numbers("x", "y", "width", "height"),
        "ellipse": numbers("x", "y", "radiusX", "radiusY"),
        "keypoint": numbers("x", "y", "width"),
        "polygon": st.fixed_dictionaries({"points": st.lists(st.tuples(PERCENT, PERCENT).map(list), max_size=5), "closed": st.booleans()}),
        "brush": st.fixed_dictionaries({"format": st.just("rle"), "rle": st.lists(st.integers(0, 255), max_size=40)}),
    }
    spans = st.fixed_dictionaries(
        {},
        optional={
            "ranges": st.lists(st.fixed_dictionaries({"start": st.integers(1, 99), "end": st.integers(1, 99)}), max_size=2),
            "start": NUMBERS | WORDS_OF_LABS,
            "end": NUMBERS | WORDS_OF_LABS,
            "framesCount": st.integers(1, 99),
            "sequence": st.lists(
                st.fixed_dictionaries({"frame": st.integers(1, 99), "enabled": st.booleans(), "x": PERCENT, "y": PERCENT}), max_size=3
            ),
        },
    )
    words: dict[str, st.SearchStrategy[Any]] = {
        "number": NUMBERS,
        "rating": st.integers(0, 10),
        "taxonomy": st.lists(st.lists(WORDS_OF_LABS, max_size=3), max_size=3),
        "datetime": WORDS_OF_LABS,
        "pairwise": st.sampled_from(["left", "right"]),
    }
    named = st.fixed_dictionaries({}, optional={"text" if kind == "textarea" else kind: words.get(kind, LABELS)})
    base = drawn[SHAPES[kind]] if kind in SHAPES else spans if kind in SPANS else st.just({})
    return st.tuples(base, turned, named).map(lambda parts: {**parts[0], **parts[1], **parts[2]}) | st.dictionaries(
        WORDS_OF_LABS, ANYTHING, max_size=3
    )


@st.composite
def result(draw: st.DrawFn, kinds: Sequence[str] = KINDS) -> dict[str, Any]:
    """One row of one of these types, of a type that nobody has heard of, or a relation, which has neither id nor value."""
    kind = draw(st.sampled_from([*kinds, "relation", "holograms"]))
    if kind == "relation":
        return {"type": "relation", "from_id": draw(WORDS_OF_LABS), "to_id": "b", "direction": "right", "labels": draw(LABELS)}
    fixed = {"type": st.just(kind), "value": value_of(kind)}
    optional = {
        "id": WORDS_OF_LABS,
        "from_name": st.sampled_from(["a", "b", "лунка"]),
        "to_name": st.sampled_from(["image", "video"]),
        "original_width": st.integers(0, 5000),
        "original_height": st.integers(0, 5000),
        "image_rotation": st.sampled_from([0, 90, 180, 270, 45]),
        "origin": st.sampled_from(["manual", "prediction", "prediction-changed"]),
        "score": st.floats(0, 1, width=32),
        "parentID": WORDS_OF_LABS,
        "item_index": st.integers(0, 5),
        "meta": ANYTHING,
        "readonly": st.booleans(),
    }
    told: dict[str, Any] = draw(st.fixed_dictionaries(fixed, optional=optional))
    return told


IDS = st.integers(1, 10**9) | st.sampled_from(["1001", "00a"])
WHO = st.none() | st.integers(1, 99) | st.fixed_dictionaries({"id": st.integers(1, 9), "email": st.just("who@example.org")})
SAID = st.fixed_dictionaries(
    {"result": st.lists(result(), max_size=4)},
    optional={
        "id": IDS,
        "completed_by": WHO,
        "was_cancelled": st.booleans(),
        "ground_truth": st.booleans(),
        "lead_time": st.none() | st.floats(0, 1e6, width=32) | WORDS_OF_LABS,
        "created_at": st.just("2026-11-20T10:00:00.000001Z") | st.none(),
        "updated_at": st.just("2026-11-21T10:00:00Z"),
        "model_version": WORDS_OF_LABS | st.none(),
        "score": st.none() | st.floats(0, 1, width=32),
        "unheard_of": ANYTHING,
    },
)
TASKS = st.fixed_dictionaries(
    {"data": st.dictionaries(WORDS_OF_LABS, ANYTHING, max_size=3), "annotations": st.lists(SAID, max_size=3)},
    optional={
        "id": IDS,
        "predictions": st.lists(SAID, max_size=2) | st.lists(st.integers(1, 9), min_size=1, max_size=3),
        "drafts": st.lists(SAID, max_size=2),
        "meta": ANYTHING,
        "project": st.integers(1, 9),
        "unheard_of": ANYTHING,
    },
)


def same(task: Task) -> Task:
    """Where it stood and what was remarked on the way is not what it says."""
    return replace(task, place="", remarks=())


def through(task: Task) -> dict[str, Any]:
    (written,) = json.loads(b"".join(tasks_as_json([task])))
    told: dict[str, Any] = written
    return told


def test_every_type_that_is_known_is_among_those_that_are_tried() -> None:
    assert set(KINDS) >= KNOWN - {"relation"}


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(TASKS)
@example({"data": {}, "annotations": [], "drafts": [{"user": "who@example.org", "result": []}]})
def test_a_task_is_the_same_after_it_went_out_and_came_in_again(raw: dict[str, Any]) -> None:
    first = task_of(raw, "here")
    written = through(first)
    second = task_of(written, "there")
    assert same(second) == same(first)
    assert through(second) == written
    for before, after in zip(raw["annotations"], written["annotations"], strict=True):
        assert after["result"] == before["result"]
        # A number that was written as text may come out as the number it is.
        assert str(after.get("id")) == str(before.get("id"))
        for key, value in before.items():
            assert value is None or key == "id" or after[key] == value


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(st.lists(TASKS, min_size=1, max_size=3))
def test_a_file_of_tasks_is_read_as_the_same_after_it_was_written(tmp_path: Path, raw: list[dict[str, Any]]) -> None:
    file = tmp_path / "tasks.json"
    file.write_text(json.dumps(raw), encoding="utf-8")
    first = tasks_read(file)
    assume(len(first) == len(raw))
    file.write_bytes(b"".join(tasks_as_json(first)))
    assert [same(task) for task in tasks_read(file)] == [same(task) for task in first]


def tasks_read(file: Path) -> list[Task]:
    with read(file, name=file.name) as reading:
        return list(reading)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(TASKS)
def test_a_configuration_can_be_written_for_whatever_was_labelled(raw: dict[str, Any]) -> None:
    try:
        root = ElementTree.fromstring(config_of([task_of(raw, "here")]))
    except ElementTree.ParseError:
        pytest.fail("The configuration is no XML.")
    names = {tag.get("name") for tag in root}
    for tag in root:
        assert set((tag.get("toName") or "").split(",")) - {""} <= names
