"""Every form in which labels come is read to its last task, and a poorer one says what it could not carry."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from backend.labels.formats.counting import Tally, summary
from backend.labels.formats.mapping import WOW, guessed
from backend.labels.formats.reading import Format, detect, read
from backend.labels.formats.regions import drawn
from backend.labels.formats.values import Remark, RotatedBox, Task, Unreadable
from tests.backend.labels.exports import REAL, annotation, dish, jpeg, packed, result, task, well, written

real = pytest.mark.real_data
NO_EXPORTS = {"gcp_cors_config.json", "label_config_repeater.json", "notes.json"}


def all_of(path: Path) -> tuple[list[Task], dict[str, Any], list[Remark]]:
    tally = Tally()
    with read(path) as reading:
        tasks = []
        for one in reading:
            tally.add(one, WOW)
            tasks.append(one)
        return tasks, summary(tally, reading), reading.remarks


def codes(told: dict[str, Any]) -> Counter[str]:
    return Counter(warning["code"] for warning in told["warnings"])


def geometries(tasks: list[Task]) -> set[object]:
    return {region.geometry for one in tasks for said in one.annotations for region in drawn(said.result, "").regions}


# --- real files ---


@real
@pytest.mark.parametrize(
    "path", sorted(p.relative_to(REAL) for p in REAL.rglob("*") if p.suffix in (".json", ".csv", ".tsv")) if REAL.is_dir() else [], ids=str
)
def test_every_real_file_is_read_to_its_last_task_or_refused_for_what_it_is(path: Path) -> None:
    whole = REAL / path
    if path.name in NO_EXPORTS:
        with pytest.raises(Unreadable) as refused:
            all_of(whole)
        assert refused.value.code == "not_an_export"
        return
    tasks, told, _ = all_of(whole)
    assert tasks
    assert "faults" not in codes(told)
    raw = json.loads(whole.read_text()) if path.suffix == ".json" else None
    if isinstance(raw, list):
        assert len(tasks) == len(raw)
    if isinstance(raw, list) and any("annotations" in one for one in raw):
        rows = [row for one in raw for said in one.get("annotations", []) + one.get("predictions", []) for row in said.get("result", [])]
        kept = [row for one in tasks for said in one.annotations for row in said.result]
        assert kept == rows


@real
def test_the_labs_own_convention_is_counted_as_label_studio_counts_it() -> None:
    _, told, _ = all_of(REAL / "wow_preset" / "json.json")
    assert told == {
        "tasks": 3,
        "annotations": 4,
        "annotators": 1,
        "regions": 34,
        "predictions": 0,
        "skipped_tasks": 1,
        "empty_annotations": 1,
        "unknown": {},
        "warnings": [],
    }


@real
@pytest.mark.parametrize(("name", "form"), [("json_min.json", "json_min"), ("csv.csv", "csv"), ("tsv.tsv", "csv")])
def test_a_lossy_form_of_the_labs_convention_keeps_regions_and_says_what_was_lost(name: str, form: str) -> None:
    tasks, told, _ = all_of(REAL / "wow_preset" / name)
    assert detect(REAL / "wow_preset" / name) == form
    assert (told["tasks"], told["annotations"], told["regions"], told["empty_annotations"]) == (3, 4, 34, 1)
    assert codes(told) == {f"{form}_is_lossy": 1, "choices_without_region": 3, "contents_without_well": 3}
    full, _, _ = all_of(REAL / "wow_preset" / "json.json")
    assert geometries(tasks) == geometries(full)


@real
@pytest.mark.parametrize(
    ("folder", "tasks", "code"), [("coco", 4, "coco_is_lossy"), ("voc", 3, "voc_is_lossy"), ("yolo", 3, "yolo_is_lossy")]
)
def test_forms_that_cannot_carry_ellipses_say_so_and_invent_no_empty_picture(folder: str, tasks: int, code: str) -> None:
    _, told, _ = all_of(REAL / "wow_preset" / folder)
    assert (told["tasks"], told["annotations"], told["empty_annotations"]) == (tasks, 0, 0)
    assert codes(told)[f"{folder}_is_lossy"] == 1


@real
def test_a_folder_with_one_export_in_six_forms_is_read_once_in_the_fullest() -> None:
    _, told, _ = all_of(REAL / "wow_preset")
    assert (told["tasks"], told["annotations"], told["skipped_tasks"]) == (3, 4, 1)
    assert codes(told) == {"other_form_left_out": 5}


@real
def test_yolo_with_pictures_gives_boxes_their_classes() -> None:
    tasks, told, _ = all_of(REAL / "sdk_tests" / "test_import_yolo_data")
    assert (told["tasks"], told["regions"]) == (7, 25)
    by_id = {one.external_id: one for one in tasks}
    first = by_id["img_1"].annotations[0].result[0]["value"]
    assert first["rectanglelabels"] == ["bus"]
    assert (first["x"], first["width"]) == pytest.approx((49.765625 - 96.40625 / 2, 96.40625))
    assert by_id["img_6"].data["image"].endswith("images/img_6.jpeg")


@real
def test_coco_boxes_and_outlines_become_regions_of_their_pictures() -> None:
    tasks, told, _ = all_of(REAL / "sdk_tests" / "test_import_coco" / "coco_import_input.json")
    raw = json.loads((REAL / "sdk_tests" / "test_import_coco" / "coco_import_input.json").read_text())
    assert [one.size for one in tasks] == [(image["width"], image["height"]) for image in raw["images"]]
    assert sum(len(one.annotations[0].result) for one in tasks) >= len(raw["annotations"])
    assert told["unknown"] == {}


# --- forms written here ---


def test_a_zip_is_read_as_its_files_are_with_the_names_of_its_pictures(tmp_path: Path) -> None:
    path = packed(tmp_path / "export.zip", {"tasks.json": json.dumps([dish([("E",)])]), "images/a.jpg": jpeg(), "notes.md": "hello"})
    tasks, told, _ = all_of(path)
    assert (len(tasks), told["regions"], detect(path)) == (1, 1, Format.JSON)


def test_parts_of_one_export_in_a_folder_are_all_read_and_equal_numbers_of_two_projects_stay_two_tasks(tmp_path: Path) -> None:
    written(tmp_path / "a.json", task(annotation(*well(0)), id_=1, name="one.jpg"))
    written(tmp_path / "b.json", task(annotation(*well(0)), id_=1, name="two.jpg"), task(annotation(), id_=2))
    tasks, told, _ = all_of(tmp_path)
    assert [one.external_id for one in tasks] == ["1", "1@b.json", "2"]
    assert codes(told) == {"number_twice": 1}


def test_coco_is_read_whatever_stands_first(tmp_path: Path) -> None:
    marks = [{"id": 5, "image_id": 2, "category_id": 1, "bbox": [10, 20, 30, 40], "area": 1200, "iscrowd": 0}]
    pictures = [{"id": 1, "file_name": "a.jpg", "width": 100, "height": 50}, {"id": 2, "file_name": "b.jpg", "width": 200, "height": 100}]
    raw = {"annotations": marks, "categories": [{"id": 1, "name": "Лунка"}], "images": pictures}
    path = tmp_path / "coco.json"
    path.write_text(json.dumps(raw))
    tasks, _, _ = all_of(path)
    assert [len(one.annotations) for one in tasks] == [0, 1]
    region = drawn(tasks[1].annotations[0].result, "").regions[0]
    assert (region.geometry, region.labels) == (RotatedBox(10, 20, 30, 40, 0), ("Лунка",))
    assert tasks[1].annotations[0].result[0]["meta"] == {"coco": {"area": 1200, "iscrowd": 0}}


def test_a_coco_mark_of_an_unlisted_picture_is_told_and_not_lost_in_silence(tmp_path: Path) -> None:
    raw = {
        "images": [{"id": 1, "file_name": "a.jpg", "width": 9, "height": 9}],
        "annotations": [{"id": 1, "image_id": 7, "bbox": [1, 1, 1, 1]}],
    }
    path = tmp_path / "coco.json"
    path.write_text(json.dumps({**raw, "categories": []}))
    _, told, _ = all_of(path)
    assert codes(told)["mark_without_picture"] == 1


def test_pascal_voc_boxes_are_corners_in_pixels(tmp_path: Path) -> None:
    voc = (
        "<annotation><filename>a.jpg</filename><source><annotator>7</annotator></source><size><width>200</width><height>100</height></size>"
        "<object><name>Well</name><truncated>1</truncated><bndbox><xmin>10</xmin><ymin>20</ymin><xmax>40</xmax><ymax>60</ymax></bndbox></object>"
        "</annotation>"
    )
    path = tmp_path / "a.xml"
    path.write_text(voc)
    tasks, _, _ = all_of(path)
    said = tasks[0].annotations[0]
    assert (said.annotator, said.result[0]["meta"]) == ("7", {"voc": {"truncated": "1"}})
    assert drawn(said.result, "").regions[0].geometry == RotatedBox(10, 20, 30, 40, 0)


def test_yolo_outlines_scores_and_unnamed_classes_are_kept(tmp_path: Path) -> None:
    members = {"classes.txt": "Well\n", "labels/a.txt": "0 0.5 0.5 0.2 0.4 0.9\n3 0 0 1 0 1 1\n", "labels/b.txt": ""}
    tasks, told, _ = all_of(packed(tmp_path / "yolo.zip", members))
    first, second = tasks[0].annotations[0].result
    assert (first["score"], first["value"]["rectanglelabels"]) == (0.9, ["Well"])
    assert (second["value"]["points"], second["value"]["polygonlabels"]) == ([[0, 0], [100, 0], [100, 100]], ["class 3"])
    assert {"class_unknown", "yolo_empty"} <= codes(told).keys()
    assert tasks[1].annotations == ()


def test_json_min_rows_of_one_task_are_one_task_with_two_annotators(tmp_path: Path) -> None:
    value = {
        "x": 1,
        "y": 2,
        "width": 3,
        "height": 4,
        "rotation": 0,
        "rectanglelabels": ["Well"],
        "original_width": 100,
        "original_height": 50,
    }
    rows = [
        {"id": 5, "image": "/data/upload/1/a.jpg", "box": [value], "annotator": who, "annotation_id": who, "lead_time": 2} for who in (1, 2)
    ]
    tasks, told, _ = all_of(written(tmp_path / "min.json", *rows))
    assert (told["tasks"], told["annotations"], told["annotators"], told["regions"]) == (1, 2, 2, 2)
    assert drawn(tasks[0].annotations[0].result, "").regions[0].geometry == RotatedBox(1, 1, 3, 2, 0)


def test_a_configuration_beside_json_min_tells_what_is_a_choice_and_what_is_data(tmp_path: Path) -> None:
    config = '<View><Image name="image" value="$image"/><Choices name="whole" toName="image"><Choice value="Z"/></Choices></View>'
    row = {"id": 5, "image": "/data/upload/1/a.jpg", "whole": "Z", "site": "north", "annotator": 1, "annotation_id": 9}
    tasks, _, _ = all_of(packed(tmp_path / "min.zip", {"export.json": json.dumps([row]), "config.xml": config}))
    assert tasks[0].data == {"image": "/data/upload/1/a.jpg", "site": "north"}
    assert tasks[0].annotations[0].result == ({"from_name": "whole", "to_name": "image", "type": "choices", "value": {"choices": ["Z"]}},)


def test_an_alias_means_what_the_label_means_that_people_saw(tmp_path: Path) -> None:
    config = '<View><Image name="image" value="$image"/><Labels name="l" toName="image"><Label value="Лунка" alias="w1"/></Labels></View>'
    path = packed(tmp_path / "export.zip", {"tasks.json": json.dumps([dish([("E",)])]), "config.xml": config})
    with read(path) as reading:
        assert guessed(["w1", "другое"], reading.aliases).words == {"w1": "well"}


def test_a_list_of_pictures_to_label_is_a_list_of_unlabelled_tasks(tmp_path: Path) -> None:
    tasks, told, _ = all_of(written(tmp_path / "tasks.json", {"image": "s3://b/a.jpg", "site": "north"}, {"image": "s3://b/b.jpg"}))
    assert [one.data.get("site") for one in tasks] == ["north", None]
    assert (told["tasks"], told["annotations"]) == (2, 0)


def test_every_other_key_is_kept_so_that_it_can_go_out_again(tmp_path: Path) -> None:
    said = annotation(result("hologram", {"depth": 3}), unique_id="u-1", reviews=[{"by": 2}], draft_created_at=None)
    (found,), _, _ = all_of(written(tmp_path / "export.json", task(said, meta={"batch": "Май"}, inner_id=4)))
    assert found.extra == {"meta": {"batch": "Май"}, "inner_id": 4, "project": 7}
    assert found.annotations[0].extra == {"unique_id": "u-1", "reviews": [{"by": 2}], "draft_created_at": None}
