"""What must hold of labels that come from Label Studio, one fixture for each point."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backend.labels.formats.counting import Tally
from backend.labels.formats.geometry import box_percent, box_px, polygon_percent
from backend.labels.formats.interpreting import interpret
from backend.labels.formats.mapping import WOW, LabelMapping, guessed, preset
from backend.labels.formats.reading import read
from backend.labels.formats.references import picture_reference, references_in
from backend.labels.formats.regions import Drawn, drawn
from backend.labels.formats.values import Ellipse, Keypoint, Polygon, Region, RotatedBox, Task
from backend.labels.formats.writing.brush import mask_of, rle_of
from tests.backend.labels.exports import annotation, box, dish, result, task, well, written


def regions_of(*rows: dict[str, Any]) -> Drawn:
    return drawn(rows, "task 1")


def only(*rows: dict[str, Any]) -> Region:
    (region,) = regions_of(*rows).regions
    return region


def the_task(tmp_path: Path, raw: dict[str, Any]) -> Task:
    with read(written(tmp_path / "export.json", raw)) as reading:
        (found,) = list(reading)
    return found


# --- 1: percent of the original size, a little outside of it too ---


def test_percent_become_pixels_and_come_back_to_the_last_digit_even_outside_of_the_picture() -> None:
    value = box(-0.3125, 99.87654321, 12.5, 3.333333333333333, rotation=0)
    placed = box_px(value, (1000, 500))
    assert (placed.x, placed.width) == (-3.125, 125.0)
    assert box_percent(placed, (1000, 500)) == pytest.approx(value, abs=1e-12)


# --- 2: rotation is about the turned top-left corner, in pixels ---


def test_a_box_turned_by_ninety_degrees_lies_where_label_studio_draws_it() -> None:
    region = only(result("rectanglelabels", box(50, 20, 30, 20, rotation=90, rectanglelabels=["Well"])))
    assert region.geometry is not None
    assert region.geometry.bounds() == (400.0, 100.0, 500.0, 400.0)


def test_a_missing_rotation_means_none() -> None:
    region = only(result("rectanglelabels", box(50, 20, 30, 20, rectanglelabels=["Well"])))
    assert region.geometry == RotatedBox(500, 100, 300, 100, 0)


# --- 3: image_rotation is something else ---


def test_shapes_drawn_on_a_turned_picture_are_turned_back_and_said_so() -> None:
    # 1000 x 500 turned clockwise by 90 degrees is 500 x 1000: its upper right corner is the picture's upper left one.
    found = regions_of(result("rectanglelabels", box(80, 0, 20, 10, rectanglelabels=["Well"]), image_rotation=90))
    assert found.regions[0].geometry is not None
    assert found.regions[0].geometry.bounds() == (0.0, 0.0, 100.0, 100.0)
    assert [remark.code for remark in found.remarks] == ["image_rotation"]


# --- 4: one id is one region; parents; relations ---


def test_results_of_one_id_are_one_region_whatever_says_them() -> None:
    found = regions_of(
        result("rectangle", box(1, 2, 3, 4)),
        result("labels", box(1, 2, 3, 4, labels=["Well"])),
        result("choices", {"choices": ["E"]}),
        result("number", {"number": 3}),
        result("textarea", {"text": ["clear"]}),
        result("rectanglelabels", box(9, 9, 1, 1, rectanglelabels=["Part"]), "r2", parentID="r1"),
        {"type": "relation", "from_id": "r2", "to_id": "r1", "direction": "right"},
    )
    first, second = found.regions
    assert (first.labels, first.choices, first.numbers, first.texts) == (("Well",), ("E",), (3.0,), ("clear",))
    assert second.parent == "r1"
    assert found.unknown == {}


# --- 5: boxes in every form ---


@pytest.mark.parametrize(
    ("rows", "labels"),
    [
        ([result("rectanglelabels", box(1, 2, 3, 4, rectanglelabels=["A", "B"]))], ("A", "B")),
        ([result("rectangle", box(1, 2, 3, 4)), result("labels", box(1, 2, 3, 4, labels=["A"]))], ("A",)),
        ([result("rectangle", box(1, 2, 3, 4))], ()),
    ],
)
def test_a_box_is_a_box_with_its_labels_beside_it_in_it_or_without_any(rows: list[dict[str, Any]], labels: tuple[str, ...]) -> None:
    region = only(*rows)
    assert (region.shape, region.labels) == ("box", labels)


# --- 6: what is said of the whole picture ---


def test_choices_taxonomies_ratings_and_texts_of_the_whole_are_no_regions() -> None:
    found = regions_of(
        result("choices", {"choices": ["Z", "U"]}, "a"),
        result("taxonomy", {"taxonomy": [["Stage", "Early", "t2"], ["Other"]]}, "b"),
        result("rating", {"rating": 4}, "c"),
        result("textarea", {"text": ["first", "second"]}, "d"),
    )
    assert found.regions == ()
    assert [region.choices for region in found.whole[:2]] == [("Z", "U"), ("t2", "Other")]
    assert (found.whole[2].numbers, found.whole[3].texts) == ((4.0,), ("first", "second"))


# --- 7: key points ---


def test_a_key_point_is_a_point_with_a_dot_and_no_box() -> None:
    region = only(result("keypointlabels", {"x": 50, "y": 10, "width": 2, "keypointlabels": ["Well"]}))
    assert region.geometry == Keypoint(500, 50, 20)


# --- 8: brush masks ---


def test_a_brush_keeps_label_studios_own_code_and_the_sdk_reads_it_back() -> None:
    mask = np.zeros((50, 100), np.uint8)
    mask[10:20, 30:60] = 255
    rle = rle_of(mask)
    region = only(result("brushlabels", {"format": "rle", "rle": rle, "brushlabels": ["Well"]}, size=(100, 50)))
    assert region.shape == "brush"
    back = mask_of(region.geometry)  # type: ignore[arg-type]
    assert np.array_equal(back, mask)


# --- 9: ellipses and polygons ---


def test_an_ellipses_radii_are_percent_of_different_sides_and_polygons_are_closed() -> None:
    ellipse = only(result("ellipselabels", {"x": 50, "y": 50, "radiusX": 10, "radiusY": 10, "rotation": 0, "ellipselabels": ["Well"]}))
    assert ellipse.geometry == Ellipse(500, 250, 100, 50, 0)
    polygon = only(result("polygonlabels", {"points": [[0, 0], [10, 0], [10, 20]], "polygonlabels": ["Well"]}))
    assert polygon.geometry == Polygon(((0, 0), (100, 0), (100, 100)), closed=True)
    assert polygon_percent(polygon.geometry, (1000, 500))["points"] == [[0, 0], [10, 0], [10, 20]]  # type: ignore[arg-type]


def test_a_turned_ellipse_is_bounded_by_its_own_extent_and_not_by_its_unturned_box() -> None:
    turned = Ellipse(0, 0, 100, 50, 90)
    assert turned.bounds() == (-50.0, -100.0, 50.0, 100.0)


# --- 10: time ---


def test_ranges_of_a_timeline_a_video_and_a_series_become_stage_intervals() -> None:
    rows = [
        result("timelinelabels", {"ranges": [{"start": 1, "end": 40}], "timelinelabels": ["t2"]}, "a"),
        result(
            "videorectangle",
            {
                "sequence": [
                    {"frame": 41, "enabled": True, **box(1, 1, 5, 5)},
                    {"frame": 60, "enabled": False, **box(1, 1, 5, 5)},
                    {"frame": 80, "enabled": True, **box(1, 1, 5, 5)},
                ],
                "framesCount": 100,
                "labels": ["t4"],
            },
            "b",
        ),
        result("timeserieslabels", {"start": 101, "end": 120, "instant": False, "timeserieslabels": ["t8"]}, "c"),
    ]
    said = interpret(regions_of(*rows), preset("phases"), "task 1")
    assert said.phases is not None
    assert [(phase.phase, phase.first_frame, phase.last_frame) for phase in said.phases] == [
        ("t2", 1, 40),
        ("t4", 41, 60),
        ("t4", 80, 100),
        ("t8", 101, 120),
    ]


def test_seconds_are_not_taken_for_frames() -> None:
    said = interpret(
        regions_of(result("timeserieslabels", {"start": 1.5, "end": 2.25, "timeserieslabels": ["t2"]})), preset("phases"), "task 1"
    )
    assert said.phases is None
    assert [remark.code for remark in said.remarks] == ["not_frames"]


# --- 11: several pictures in a task ---


def test_a_region_of_another_picture_of_the_task_is_no_well_of_the_first(tmp_path: Path) -> None:
    found = the_task(
        tmp_path,
        {
            "id": 1,
            "data": {"images": ["s3://lab/a.jpg", "s3://lab/b.jpg"]},
            "annotations": [annotation(*well(0, "E"), *[row | {"id": "x", "item_index": 1} for row in well(1)])],
        },
    )
    assert [reference.item_index for reference in references_in(found.data)] == [0, 1]
    marks = drawn(found.annotations[0].result, "task 1")
    assert [region.item_index for region in marks.regions] == [None, 1]
    said = interpret(marks, WOW, "task 1")
    assert said.dish is not None
    assert [one.region for one in said.dish.wells] == ["w0"]


# --- 12: several annotators ---


def test_every_annotator_stays_with_all_that_is_said_of_the_work(tmp_path: Path) -> None:
    found = the_task(
        tmp_path,
        task(
            annotation(*well(0), completed_by=3, lead_time=12.5, ground_truth=True, created_at="2026-01-02T03:04:05Z"),
            annotation(*well(0, "E"), id_=2, completed_by={"id": 4, "email": "anna@example.org", "first_name": "Анна"}),
        ),
    )
    first, second = found.annotations
    assert (first.annotator, first.lead_time, first.ground_truth, first.created_at) == ("3", 12.5, True, "2026-01-02T03:04:05Z")
    assert (second.annotator, second.completed_by["first_name"]) == ("anna@example.org", "Анна")


# --- 13: skipped, unlabelled, deliberately empty ---


def test_skipped_unlabelled_and_deliberately_empty_are_three_things(tmp_path: Path) -> None:
    path = written(
        tmp_path / "export.json", task(annotation(was_cancelled=True), id_=1), task(id_=2), task(annotation(), id_=3), dish([("E",)], id_=4)
    )
    tally = Tally()
    with read(path) as reading:
        for one in reading:
            tally.add(one, WOW)
    assert (tally.tasks, tally.skipped_tasks, tally.unlabelled_tasks, tally.empty_annotations, tally.annotations) == (4, 1, 1, 1, 2)


# --- 14: predictions ---


def test_predictions_are_a_machines_run_and_never_human(tmp_path: Path) -> None:
    prediction = {"id": 9, "model_version": "wells 3", "score": 0.91, "result": well(0, "E")}
    changed = [row | {"origin": "prediction-changed"} for row in well(0, "B")]
    found = the_task(tmp_path, task(annotation(*changed), predictions=[prediction]))
    human, machine = found.annotations
    assert (machine.kind, machine.model_version, machine.score, machine.annotator) == ("prediction", "wells 3", 0.91, None)
    tally = Tally()
    tally.add(found, WOW)
    assert (tally.annotations, tally.predictions, dict(tally.runs), dict(tally.wells)) == (1, 1, {"wells 3": 1}, {"gas": 1})
    assert drawn(human.result, "").regions[0].origin == "prediction-changed"
    assert drawn(human.result, "").regions[0].id == drawn(machine.result, "").regions[0].id


# --- 15: drafts ---


def test_drafts_are_counted_and_kept_apart(tmp_path: Path) -> None:
    found = the_task(tmp_path, task(drafts=[{"id": 5, "user": "anna@example.org", "result": well(0)}]))
    tally = Tally()
    tally.add(found, WOW)
    assert (tally.drafts, tally.annotations, tally.unlabelled_tasks, found.annotations[0].annotator) == (1, 0, 1, "anna@example.org")


# --- 16: legacy completions (other forms are in test_reading) ---


def test_the_older_form_with_completions_says_the_same(tmp_path: Path) -> None:
    raw = task()
    del raw["annotations"]
    raw["completions"] = [
        {"id": 1, "created_at": 1597600000, "lead_time": 3.5, "result": well(0, "E"), "honeypot": True},
        {"id": 2, "skipped": True, "result": []},
    ]
    path = written(tmp_path / "old.json", raw)
    with read(path) as reading:
        assert reading.format == "completions"
        (found,) = list(reading)
    first, second = found.annotations
    assert (first.ground_truth, first.lead_time, first.extra["created_at"], second.was_cancelled) == (True, 3.5, 1597600000, True)


# --- 17: where pictures are ---


@pytest.mark.parametrize(
    ("written_as", "scheme", "path", "name"),
    [
        ("/data/upload/12/0123abcd-dish 7.jpg", "upload", "upload/12/0123abcd-dish 7.jpg", "dish 7.jpg"),
        ("/data/local-files/?d=dishes%5CМай%5Cdish.png", "local", "dishes/Май/dish.png", "dish.png"),
        ("http://label.lab:8080/data/local-files/?d=a/b.jpg", "local", "a/b.jpg", "b.jpg"),
        ("s3://bucket/2026/a.jpg", "cloud", "bucket/2026/a.jpg", "a.jpg"),
        ("https://pictures.example.org/a.jpg?sig=1", "web", "pictures.example.org/a.jpg", "a.jpg"),
        ("C:\\dishes\\a.jpg", "path", "C:/dishes/a.jpg", "a.jpg"),
        ("../feas/lsdata/media/upload/1/f9173530-a.jpg", "path", "feas/lsdata/media/upload/1/f9173530-a.jpg", "a.jpg"),
        ("data:image/png;base64,AAAA", "inline", "", ""),
    ],
)
def test_a_picture_is_known_by_its_path_and_by_its_name_without_the_prefix(written_as: str, scheme: str, path: str, name: str) -> None:
    found = picture_reference({"image": written_as})
    assert found is not None
    assert (found.scheme, found.full_path, found.bare_name) == (scheme, path, name)


# --- 18: sizes ---


def test_a_size_that_is_not_the_pictures_own_is_told_and_not_trusted() -> None:
    rows = well(0, "E")
    scaled = drawn(rows, "task 1", (500, 250))
    assert scaled.regions[0].geometry == Ellipse(100, 50, 25, 25, 0)
    assert [remark.code for remark in scaled.remarks] == ["size_scaled"]
    turned = drawn(rows, "task 1", (500, 1000))
    assert turned.regions[0].geometry is None
    assert [remark.code for remark in turned.remarks] == ["size_differs"]
    missing = drawn([result("rectanglelabels", box(10, 10, 10, 10, rectanglelabels=["Well"]), size=None)], "task 1", (200, 100))
    assert missing.regions[0].geometry == RotatedBox(20, 10, 20, 10, 0)


# --- 21: words ---


def test_cyrillic_words_aliases_and_several_tags_are_mapped_and_unknown_ones_stay() -> None:
    mapping = guessed(["Лунка", "Эмбрион", "Пузырь", "Морула", "Что-то"])
    assert [mapping.meaning(word) for word in ("лунка", "ЭМБРИОН", "Пузырь ", "Морула", "Что-то")] == [
        "well",
        "content.embryo",
        "content.gas",
        "phase.tM",
        None,
    ]
    custom = LabelMapping.of_json({"words": {"Ямка": "well", "пусто?": "content.empty"}})
    said = interpret(regions_of(result("rectanglelabels", box(1, 1, 9, 9, rectanglelabels=["Ямка"]))), custom, "task 1")
    assert said.dish is not None
    assert said.dish.wells[0].content == "empty"


def test_types_that_nobody_knows_are_counted_and_kept(tmp_path: Path) -> None:
    row = {"id": "q", "type": "hologram", "value": {"hologram": {"depth": 3}}, "from_name": "h", "to_name": "image"}
    found = the_task(tmp_path, task(annotation(row)))
    assert found.annotations[0].result == (row,)
    assert drawn(found.annotations[0].result, "").unknown == {"hologram": 1}
