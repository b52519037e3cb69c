"""Files that leave: what other programs read in them."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from backend.labels.formats.interpreting import interpret
from backend.labels.formats.mapping import preset
from backend.labels.formats.regions import drawn
from backend.labels.formats.tasks import task_of
from backend.labels.formats.values import Annotation, Brush, PhaseLabel, Task, WellLabel
from backend.labels.formats.writing import brush, table, timeline, wow
from backend.labels.formats.writing.coco import CocoWriter
from backend.labels.formats.writing.config import config_of
from backend.labels.formats.writing.label_studio import tasks_as_json
from backend.labels.formats.writing.naming import Names, plain
from backend.labels.formats.writing.values import Mark, MarkedPicture
from backend.labels.formats.writing.yolo import YoloWriter
from tests.honesty import REAL_DATA

SIZE = (400, 200)
WELLS = (
    WellLabel((10.0, 20.0, 110.0, 120.0), "empty", "a"),
    WellLabel((110.0, 20.0, 210.0, 120.0), "embryo", "b"),
    WellLabel((210.0, 20.0, 310.0, 120.0), "embryo_gas", "c"),
    WellLabel((310.0, 20.0, 390.0, 120.0), "gas", "d", 0, 3),
)
PICTURE = MarkedPicture("dish one.jpg", 400, 200, (Mark("embryo", (40.0, 20.0, 140.0, 120.0)), Mark("empty", (380.0, 100.0, 420.0, 220.0))))


def test_wells_in_the_labs_own_convention_are_read_back_as_they_were() -> None:
    results = wow.dish_results(WELLS, size=SIZE, gas_outside=True)
    said = interpret(drawn(results, "here"), preset("wow"), "here", SIZE).dish
    assert said is not None
    assert [(well.content, well.region) for well in said.wells] == [(well.content, well.region) for well in WELLS]
    for written, read in zip(WELLS, said.wells, strict=True):
        assert read.box_px == pytest.approx(written.box_px)
    assert said.gas_outside
    assert not said.no_wells


def test_an_empty_well_has_no_choice_and_shape_and_choice_share_their_region() -> None:
    results = wow.dish_results(WELLS, size=SIZE)
    assert [(one["id"], one["value"].get("choices")) for one in results if one["type"] == "choices"] == [
        ("b", ["E"]),
        ("c", ["E", "B"]),
        ("d", ["B"]),
    ]
    assert [one["id"] for one in results if one["type"] == "ellipselabels"] == ["a", "b", "c", "d"]


def test_a_dish_without_wells_to_see_says_so_for_the_whole_picture() -> None:
    (whole,) = wow.dish_results((), size=SIZE, no_wells=True)
    assert whole["value"] == {"choices": ["Z"]}
    assert interpret(drawn([whole], "here"), preset("wow"), "here", SIZE).dish.no_wells  # type: ignore[union-attr]


def test_the_names_of_a_projects_own_controls_are_found_and_used() -> None:
    config = """<View><Header value="Лунки"/><Image name="img" value="$image"/>
    <EllipseLabels name="лунка" toName="img"><Label value="Лунка"/></EllipseLabels>
    <Choices name="что" toName="img" perRegion="true" choice="multiple">
    <Choice value="Эмбрион" alias="E"/><Choice value="B"/></Choices></View>"""
    controls = wow.controls_in(config)
    assert controls == wow.Controls("лунка", "Лунка", "что", "", "img")
    results = wow.dish_results(WELLS, size=SIZE, gas_outside=True, controls=controls)
    assert {one["from_name"] for one in results} == {"лунка", "что"}
    assert {one["to_name"] for one in results} == {"img"}
    assert wow.controls_in(wow.config()) == wow.Controls()


@pytest.mark.parametrize(
    "config",
    [
        "",
        "<View>",
        "<View><Image name='i' value='$i'/></View>",
        "<!DOCTYPE v [<!ENTITY a 'b'>]><View/>",
        "<View><EllipseLabels name='w' toName='i'><Label value='W'/></EllipseLabels></View>",
    ],
)
def test_a_configuration_that_cannot_show_wells_with_contents_is_told_apart(config: str) -> None:
    assert wow.controls_in(config) is None


def test_yolo_lines_are_shares_of_the_picture_and_what_lies_outside_is_cut_off() -> None:
    writer = YoloWriter(["empty", "embryo"])
    files = {name: b"".join(blocks).decode() for name, blocks in writer.members([PICTURE, MarkedPicture("none.png", 10, 10)])}
    assert files["labels/dish one.txt"] == "1 0.22500000 0.35000000 0.25000000 0.50000000\n0 0.97500000 0.75000000 0.05000000 0.50000000\n"
    assert files["labels/none.txt"] == ""
    assert files["classes.txt"] == "empty\nembryo\n"
    assert json.loads(files["notes.json"])["categories"] == [{"id": 0, "name": "empty"}, {"id": 1, "name": "embryo"}]
    assert writer.remarks == []


def test_a_mark_without_any_area_in_its_picture_is_left_out_and_said() -> None:
    writer = YoloWriter()
    assert writer.lines(MarkedPicture("p.jpg", 100, 100, (Mark("embryo", (100.0, 0.0, 120.0, 10.0)),))) == ""
    assert [(remark.place, remark.code) for remark in writer.remarks] == [("p.jpg", "no_area")]


def test_coco_names_pictures_boxes_and_categories_and_masks_are_its_own_run_lengths() -> None:
    mask = np.zeros((6, 4), np.uint8)
    mask[1:3, 2] = 255
    marks = (Mark("gas", (0.0, 0.0, 4.0, 6.0), mask=Brush(4, 6, tuple(brush.rle_of(mask)))), Mark("well", (1.0, 1.0, 3.0, 3.0)))
    outline = Mark("well", (0.0, 0.0, 2.0, 2.0), outline=((0.0, 0.0), (2.0, 0.0), (0.0, 2.0)))
    pictures = [MarkedPicture("a.jpg", 4, 6, marks), MarkedPicture("b.jpg", 4, 6, (outline,))]
    written = json.loads(b"".join(CocoWriter().content(pictures)))
    assert [(one["file_name"], one["width"], one["height"]) for one in written["images"]] == [
        ("images/a.jpg", 4, 6),
        ("images/b.jpg", 4, 6),
    ]
    assert [one["name"] for one in written["categories"]] == ["gas", "well"]
    painted, box, drawn_round = written["annotations"]
    assert painted["bbox"] == [2, 1, 1, 2]
    assert painted["area"] == 2
    # Down the columns: two columns of six and one more are empty, two painted, the rest empty.
    assert painted["segmentation"] == {"counts": [13, 2, 9], "size": [6, 4]}
    assert (box["image_id"], box["category_id"], box["bbox"], box["area"]) == (0, 1, [1, 1, 2, 2], 4)
    assert (drawn_round["image_id"], drawn_round["area"], drawn_round["segmentation"]) == (1, 2.0, [[0, 0, 2, 0, 0, 2]])


def test_coco_without_any_pictures_is_still_whole() -> None:
    assert json.loads(b"".join(CocoWriter(["embryo"]).content([])))["categories"] == [{"id": 0, "name": "embryo"}]


@pytest.mark.parametrize("shape", [(1, 1), (7, 13), (64, 48)])
def test_a_mask_comes_back_from_label_studios_own_code_as_it_was(shape: tuple[int, int]) -> None:
    mask = np.random.default_rng(4).integers(0, 2, shape, np.uint8) * 255
    assert np.array_equal(brush.mask_of(Brush(shape[1], shape[0], tuple(brush.rle_of(mask)))), mask)
    result = brush.brush_result(mask, region="r", label="Gas", from_name="b", to_name="image")
    (region,) = drawn([result], "here").regions
    assert region.labels == ("Gas",)
    assert isinstance(region.geometry, Brush)


@pytest.mark.real_data
def test_a_mask_of_label_studios_own_is_decoded_and_written_alike() -> None:
    """The real file of the sources: masks drawn with the magic wand."""
    file = REAL_DATA / "label_studio/frontend_examples/image_magic_wand/annotations/1.json"
    (said,) = json.loads(file.read_text())["annotations"]
    one = next(each for each in said["result"] if "rle" in each["value"])
    original = Brush(one["original_width"], one["original_height"], tuple(one["value"]["rle"]))
    mask = brush.mask_of(original)
    assert mask.any()
    again = Brush(original.width, original.height, tuple(brush.rle_of(mask)))
    assert np.array_equal(brush.mask_of(again) > 0, mask > 0)


def test_phases_of_a_recording_are_ranges_that_count_from_one_and_know_whose_they_are() -> None:
    phases = [PhaseLabel("t2", 1, 9, "A1"), PhaseLabel("t4", 10, None, "A1")]
    results = timeline.phase_results(phases, frames=40, origins=["manual", "prediction"], scores=[None, 0.8])
    assert [one["value"]["ranges"] for one in results] == [[{"start": 1, "end": 9}], [{"start": 10, "end": 40}]]
    assert results[1]["score"] == 0.8
    said = interpret(drawn(results, "here"), preset("phases"), "here").phases
    assert said == (PhaseLabel("t2", 1, 9, "A1"), PhaseLabel("t4", 10, 40, "A1"))


def test_a_well_that_goes_out_of_view_is_a_track_that_is_not_enabled_there() -> None:
    boxes = [timeline.KeyBox(1, (40.0, 20.0, 80.0, 60.0)), timeline.KeyBox(11, None), timeline.KeyBox(21, (44.0, 20.0, 84.0, 60.0))]
    track = timeline.well_track(boxes, frames=30, size=SIZE, label="embryo", region="A1")
    assert [(key["frame"], key["enabled"], key["x"]) for key in track["value"]["sequence"]] == [
        (1, True, 10.0),
        (11, False, 10.0),
        (21, True, 11.0),
    ]
    (region,) = drawn([track], "here").regions
    assert [(span.first, span.last) for span in region.spans] == [(1, 11), (21, 30)]
    tags = [tag.tag for tag in ElementTree.fromstring(timeline.config(["t2"])).iter()]
    assert tags == ["View", "Video", "TimelineLabels", "Label", "VideoRectangle", "Labels", *["Label"] * 4]


def test_a_configuration_is_learned_from_the_results_with_their_labels_and_what_belongs_to_regions() -> None:
    result = (
        {
            "id": "1",
            "type": "ellipselabels",
            "from_name": "лунка",
            "to_name": "img",
            "value": {"x": 1, "radiusX": 2, "ellipselabels": ["Лунка"]},
        },
        {"id": "1", "type": "choices", "from_name": "в", "to_name": "img", "value": {"choices": ["E", "B"]}},
        {"id": "2", "type": "choices", "from_name": "всё", "to_name": "img", "value": {"choices": ["<Z>"]}},
        {"id": "3", "type": "taxonomy", "from_name": "t", "to_name": "img", "value": {"taxonomy": [["a", "b"], ["a", "c"]]}},
    )
    task = Task("here", "1", {"image": "/data/upload/1/00000000-a.jpg"}, {}, (Annotation("annotation", result=result),))
    root = ElementTree.fromstring(config_of([task]))
    assert [(tag.tag, tag.get("name")) for tag in root] == [
        ("Image", "img"),
        ("EllipseLabels", "лунка"),
        ("Choices", "в"),
        ("Choices", "всё"),
        ("Taxonomy", "t"),
    ]
    assert root.find("Image").get("value") == "$image"  # type: ignore[union-attr]
    content, whole = root.findall("Choices")
    assert (content.get("perRegion"), content.get("choice")) == ("true", "multiple")
    assert (whole.get("perRegion"), whole[0].get("value")) == (None, "<Z>")
    assert [[leaf.get("value") for leaf in branch] for branch in root.find("Taxonomy")] == [["b", "c"]]  # type: ignore[union-attr]


@pytest.mark.real_data
@pytest.mark.parametrize("example", sorted(path.name for path in (REAL_DATA / "label_studio/frontend_examples").glob("*")))
def test_every_real_example_goes_out_as_it_came_in(example: str) -> None:
    folder = REAL_DATA / "label_studio/frontend_examples" / example
    tasks = json.loads((folder / "tasks.json").read_text()) if (folder / "tasks.json").exists() else []
    tasks = tasks if isinstance(tasks, list) else [tasks]
    said = [json.loads(file.read_text()) for file in sorted(folder.glob("annotations/*.json"))]
    annotations = [one for each in said for one in (each.get("annotations", [each]) if isinstance(each, dict) else each)]
    for number, raw in enumerate(tasks):
        whole = raw if "data" in raw else {"data": raw}
        whole = {"id": number + 1, **whole, "annotations": annotations}
        before = task_of(whole, "here")
        (written,) = json.loads(b"".join(tasks_as_json([before])))
        assert [one["result"] for one in written["annotations"]] == [one["result"] for one in annotations]
        assert task_of(written, "here") == before
        assert ElementTree.fromstring(config_of([before])).tag == "View"


def test_a_configuration_of_tasks_that_nobody_labelled_shows_what_they_hold() -> None:
    for data, shown in (
        ({"n": 1, "text": "Hm", "picture": "s3://b/a.JPG"}, ("Image", "$picture")),
        ({"n": 1, "text": "Hm"}, ("Text", "$text")),
    ):
        (only,) = ElementTree.fromstring(config_of([Task("here", "1", data)]))
        assert (only.tag, only.get("value")) == shown


def test_a_spreadsheet_runs_nothing_of_what_people_wrote() -> None:
    result = ({"id": "1", "type": "textarea", "from_name": "note", "to_name": "i", "value": {"text": ["=HYPERLINK(1)"]}},)
    task = Task("here", "7", {"image": "a.jpg", "=x": "@y"}, {}, (Annotation("annotation", "3", "+who", result=result),))
    lines = b"".join(table.annotations_as_csv([task], table.columns_of([task]))).decode("utf-8-sig")
    (row,) = list(csv.DictReader(io.StringIO(lines)))
    assert row["note"] == "'=HYPERLINK(1)"
    assert row["'=x"] == "'@y"
    assert row["annotator"] == "'+who"


@pytest.mark.real_data
def test_the_labs_own_export_as_csv_is_what_label_studio_writes() -> None:
    folder = REAL_DATA / "label_studio/wow_preset"
    tasks = [task_of(raw, "here") for raw in json.loads((folder / "json.json").read_text())]
    ours = list(csv.DictReader(io.StringIO(b"".join(table.annotations_as_csv(tasks, table.columns_of(tasks))).decode("utf-8-sig"))))
    theirs = list(csv.DictReader(io.StringIO((folder / "csv.csv").read_text())))
    assert [set(row) for row in ours] == [set(row) for row in theirs if row["annotation_id"]]
    theirs.sort(key=lambda row: int(row["annotation_id"]))
    for mine, their in zip(sorted(ours, key=lambda row: int(row["annotation_id"])), theirs, strict=True):
        for column, cell in their.items():
            assert _as_value(mine[column]) == _as_value(cell), column


def test_pictures_get_plain_names_of_their_own() -> None:
    names = Names()
    assert names.of(1, "../../etc/dish 1.tif", ".jpg") == "dish 1.jpg"
    assert names.of(2, "Dish 1.png", ".jpg") == "Dish 1-2.jpg"
    assert names.of(1, "anything") == "dish 1.jpg"
    assert plain("чашка\n<1>.jpg") == "чашка_1_.jpg"
    assert plain("con.jpg") == "_con.jpg"
    assert plain("..") == "unnamed"


def _as_value(cell: str) -> object:
    try:
        return json.loads(cell)
    except ValueError:
        return cell


def test_the_real_sources_are_where_this_file_looks() -> None:
    """A glob over nothing would pass without looking at anything."""
    if REAL_DATA.is_dir():
        assert len(list(Path(REAL_DATA, "label_studio/frontend_examples").glob("*/tasks.json"))) > 15
