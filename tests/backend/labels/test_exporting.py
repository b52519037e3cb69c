"""Labels to be saved: everything that came in goes out whole, and what is said here in the lab's own convention."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from asgiref.sync import sync_to_async
from django.test import AsyncClient
from django.utils import timezone
from PIL import Image
from rest_framework.test import APIClient

from backend.audit.models import Entry
from backend.labels.models import LabelTask
from backend.readers.models import PersonalRule
from backend.review.models import Correction
from tests.backend.labels.leaving import PRESET, analysed_stack, annotation, bring, export_of, frame_of, task, tasks_in, well
from tests.backend.review.dish import at_frame, submit, write
from tests.cast import Cast
from tests.honesty import REAL_DATA

pytestmark = pytest.mark.django_db(transaction=True)

THREE = [
    task(
        1,
        [
            annotation(11, well(0, "E") + well(1), ground_truth=True),
            annotation(12, well(0, "EB"), completed_by={"id": 2, "email": "second@example.org"}),
        ],
        predictions=[{"id": 9, "model_version": "m-1", "score": 0.75, "result": well(0, "E"), "cluster": 3}],
        drafts=[{"id": 5, "user": "first@example.org", "result": well(2), "created_at": "2026-11-20T09:00:00Z"}],
    ),
    task(2, [annotation(13, [], was_cancelled=True)]),
    task(3, [annotation(14, [])], unheard_of={"kept": [1, None, "ё"]}),
    task(4, []),
]


def test_what_came_in_goes_out_as_it_was_to_the_last_key(cast: Cast, client_of: Any, tmp_path: Path) -> None:
    bring(cast.lab, cast.embryologist, THREE, folder=tmp_path)
    told = tasks_in(export_of(client_of(cast.embryologist), cast.lab))
    assert told == THREE


def test_the_configuration_beside_it_offers_what_the_results_use(cast: Cast, client_of: Any, tmp_path: Path) -> None:
    bring(cast.lab, cast.embryologist, THREE, folder=tmp_path)
    root = ElementTree.fromstring(export_of(client_of(cast.embryologist), cast.lab)["config.xml"])
    assert [(tag.tag, tag.get("name"), tag.get("perRegion")) for tag in root] == [
        ("Image", "image", None),
        ("EllipseLabels", "well", None),
        ("Choices", "content", "true"),
    ]


def test_importing_an_export_again_changes_nothing(cast: Cast, client_of: Any, tmp_path: Path) -> None:
    bring(cast.lab, cast.embryologist, THREE, folder=tmp_path)
    first = tasks_in(export_of(client_of(cast.embryologist), cast.lab))
    again = bring(cast.lab, cast.embryologist, first, folder=tmp_path)
    assert LabelTask.objects.count() == len(THREE)
    assert {name: count for name, count in (again.report or {})["done"].items() if count} == {}
    assert tasks_in(export_of(client_of(cast.embryologist), cast.lab)) == first


def test_who_labelled_can_be_left_out(cast: Cast, client_of: Any, tmp_path: Path) -> None:
    bring(cast.lab, cast.embryologist, THREE, folder=tmp_path)
    members = export_of(client_of(cast.embryologist), cast.lab, annotators="false")
    assert b"example.org" not in members["tasks.json"]
    assert all("completed_by" not in said for one in tasks_in(members) for said in one["annotations"])


def test_the_archive_holds_the_pictures_where_they_are_asked_for(cast: Cast, client_of: Any, tmp_path: Path) -> None:
    bring(cast.lab, cast.embryologist, THREE, pictures=["dish-1.jpg", "dish-4.jpg"], folder=tmp_path)
    members = export_of(client_of(cast.embryologist), cast.lab, pictures="true")
    assert {name for name in members if name.startswith("images/")} == {"images/dish-1.jpg", "images/dish-4.jpg"}
    with Image.open(io.BytesIO(members["images/dish-1.jpg"])) as picture:
        assert (picture.size, picture.format) == ((384, 275), "JPEG")
    assert not any(name.startswith("images/") for name in export_of(client_of(cast.embryologist), cast.lab))


def test_yolo_holds_wells_by_their_content_and_says_what_it_cannot_hold(cast: Cast, client_of: Any, tmp_path: Path) -> None:
    pictures = [f"dish-{number}.jpg" for number in (1, 3, 4)]
    bring(cast.lab, cast.embryologist, THREE, pictures=pictures, folder=tmp_path)
    members = export_of(client_of(cast.embryologist), cast.lab, "yolo")
    assert members["classes.txt"].decode().split() == ["empty", "embryo", "gas", "embryo_gas"]
    # The annotation that is marked as true counts, not the later one.
    assert members["labels/dish-1.txt"].decode().splitlines() == [
        "1 0.10000000 0.10875000 0.17000000 0.21750000",
        "0 0.30000000 0.10875000 0.17000000 0.21750000",
    ]
    assert members["labels/dish-3.txt"] == b""
    assert "labels/dish-4.txt" not in members
    said = {
        (row["place"].rsplit(", ", 1)[-1], row["code"]) for row in csv.DictReader(io.StringIO(members["remarks.csv"].decode("utf-8-sig")))
    }
    assert {code for _, code in said} == {"several_annotations", "no_picture", "unlabelled"}


def test_coco_and_csv_say_the_same_wells(cast: Cast, client_of: Any, tmp_path: Path) -> None:
    bring(cast.lab, cast.embryologist, THREE, pictures=["dish-1.jpg"], folder=tmp_path)
    coco = json.loads(export_of(client_of(cast.embryologist), cast.lab, "coco")["result.json"])
    names = {one["id"]: one["name"] for one in coco["categories"]}
    boxes = [(names[one["category_id"]], [round(edge, 2) for edge in one["bbox"]]) for one in coco["annotations"]]
    assert boxes == [("embryo", [5.76, 0.0, 65.28, 59.81]), ("empty", [82.56, 0.0, 65.28, 59.81])]
    members = export_of(client_of(cast.embryologist), cast.lab, "csv")
    wells = list(csv.DictReader(io.StringIO(members["wells.csv"].decode("utf-8-sig"))))
    assert [(row["content"], row["x0"], row["annotator"]) for row in wells] == [("embryo", "5.76", "1"), ("empty", "82.56", "1")]
    rows = list(csv.DictReader(io.StringIO(members["annotations.csv"].decode("utf-8-sig"))))
    assert [row["annotation_id"] for row in rows] == ["11", "12", "14"]


def test_only_what_one_import_brought_or_one_person_said_goes_out_where_that_is_asked(cast: Cast, client_of: Any, tmp_path: Path) -> None:
    first = bring(cast.lab, cast.embryologist, THREE[:1], folder=tmp_path)
    bring(cast.lab, cast.embryologist, [task(8, [annotation(80, well(0))])], folder=tmp_path)
    browser = client_of(cast.embryologist)
    assert [one["id"] for one in tasks_in(export_of(browser, cast.lab, label_import=str(first.id)))] == [1]
    (told,) = tasks_in(export_of(browser, cast.lab, annotator="second@example.org"))
    assert [said["id"] for said in told["annotations"]] == [12]
    assert browser.get(f"/api/labs/{cast.lab.id}/label-exports/", {"label_import": str(first.id)}).json() == {"tasks": 1, "withheld": 0}


def test_what_leaves_is_on_the_record(cast: Cast, client_of: Any, tmp_path: Path) -> None:
    bring(cast.lab, cast.embryologist, THREE, folder=tmp_path)
    export_of(client_of(cast.embryologist), cast.lab, "yolo")
    entry = Entry.objects.get(action="labels.exported")
    assert (entry.actor, entry.lab_id) == (cast.embryologist, cast.lab.id)
    assert (entry.after["form"], entry.after["source"], entry.after["tasks"]) == ("yolo", "imported", 4)


def test_labels_of_a_recording_that_one_reads_blind_wait(cast: Cast, client_of: Any, tmp_path: Path) -> None:
    bring(cast.lab, cast.embryologist, THREE, folder=tmp_path)
    stack, _ = analysed_stack(cast.lab, tmp_path)
    LabelTask.objects.filter(external_id="1").update(picture=frame_of(stack))
    PersonalRule.objects.create(lab=cast.lab, user=cast.colleague, blind_first=True)
    blinded = client_of(cast.colleague)
    assert [one["id"] for one in tasks_in(export_of(blinded, cast.lab))] == [2, 3, 4]
    assert blinded.get(f"/api/labs/{cast.lab.id}/label-exports/").json() == {"tasks": 3, "withheld": 1}
    assert [one["id"] for one in tasks_in(export_of(client_of(cast.embryologist), cast.lab))] == [1, 2, 3, 4]


def test_a_dish_goes_out_as_the_machine_says_it_and_as_it_was_put_right(cast: Cast, client_of: Any, tmp_path: Path) -> None:
    stack, run = analysed_stack(cast.lab, tmp_path)
    corrected = {"A1": {"content": [{"from_frame": 0, "content": "embryo_gas"}]}, "A2": {"is_removed": True}}
    browser = client_of(cast.embryologist)
    (plain,) = tasks_in(export_of(browser, cast.lab, source="dishes"))
    assert plain["annotations"] == []
    Correction.objects.create(stack=stack, version=1, wells=corrected, updated_at=timezone.now())
    members = export_of(browser, cast.lab, source="dishes", pictures="true", frames=2)
    first, last = tasks_in(members)
    assert first["data"] == {
        "image": f"/data/local-files/?d=embryovision/ev-{str(stack.id)[:8]}-f00000-p0.jpg",
        "patient": "P-1",
        "cycle": "C1",
        "dish": "D1",
        "recording": str(stack.id),
        "frame": 0,
        "plane": 0,
    }
    assert last["data"]["frame"] == 39
    (machine,) = first["predictions"]
    assert (machine["model_version"], machine["score"]) == (f"{run.weights.name}-{'a' * 8}", 0.9)
    assert sum(one["type"] == "ellipselabels" for one in machine["result"]) == 9
    assert {one["origin"] for one in machine["result"]} == {"prediction"}
    (person,) = first["annotations"]
    contents = {one["id"]: (one["value"]["choices"], one["origin"]) for one in person["result"] if one["type"] == "choices"}
    assert contents["well-A1"] == (["E", "B"], "manual")
    assert contents["well-B1"] == (["E"], "prediction")
    assert "well-A2" not in {one["id"] for one in person["result"]}
    assert len([name for name in members if name.startswith("images/")]) == 2


def test_onsets_go_out_as_ranges_of_frames_with_the_well_that_they_are_of(cast: Cast, client_of: Any, tmp_path: Path) -> None:
    stack, _ = analysed_stack(cast.lab, tmp_path)
    browser = client_of(cast.embryologist)
    write(browser, stack, [at_frame("t2", 6)])
    submit(browser, stack, version=1)
    told = {one["data"]["embryo"]: one for one in tasks_in(export_of(browser, cast.lab, source="onsets"))}
    assert len(told) == 8
    (person,) = told["A1"]["annotations"]
    ranges = [(one["value"]["timelinelabels"][0], one["value"]["ranges"][0], one["origin"]) for one in person["result"][:-1]]
    assert ranges[:2] == [("t2", {"start": 7, "end": 10}, "manual"), ("t3", {"start": 11, "end": 14}, "prediction")]
    assert ranges[-1] == ("tB", {"start": 35, "end": 40}, "prediction")
    assert person["result"][-1]["type"] == "videorectangle"
    (machine,) = told["A1"]["predictions"]
    assert machine["model_version"] == "stages-1-bbbbbbbb"
    assert machine["result"][0]["value"]["ranges"] == [{"start": 5, "end": 10}]
    assert told["A2"]["annotations"] == []


def test_onsets_that_one_reads_blind_do_not_go_out(cast: Cast, client_of: Any, tmp_path: Path) -> None:
    analysed_stack(cast.lab, tmp_path)
    PersonalRule.objects.create(lab=cast.lab, user=cast.colleague, blind_first=True)
    assert tasks_in(export_of(client_of(cast.colleague), cast.lab, source="onsets")) == []


def test_onsets_are_refused_as_boxes_and_go_out_as_a_table(cast: Cast, client_of: Any, tmp_path: Path) -> None:
    analysed_stack(cast.lab, tmp_path)
    browser: APIClient = client_of(cast.embryologist)
    answer = browser.get(f"/api/labs/{cast.lab.id}/label-exports/yolo.zip", {"source": "onsets"})
    assert (answer.status_code, answer.json()["code"]) == (400, "no_boxes_in_onsets")
    rows = list(csv.DictReader(io.StringIO(export_of(browser, cast.lab, "csv", source="onsets")["phases.csv"].decode("utf-8-sig"))))
    assert len(rows) == 8 * 6
    assert (rows[0]["patient"], rows[0]["embryo"], rows[0]["phase"], rows[0]["first_frame"]) == ("P-1", "A1", "t2", "5")


async def test_the_server_in_use_sends_the_archive_while_it_is_written(cast: Cast, tmp_path: Path) -> None:
    """It wants another kind of iterator than the tests' client."""
    await sync_to_async(bring)(cast.lab, cast.embryologist, THREE, folder=tmp_path)
    browser = AsyncClient()
    await browser.aforce_login(cast.embryologist)
    answer: Any = await browser.get(f"/api/labs/{cast.lab.id}/label-exports/label-studio.zip")
    assert answer.is_async
    whole = b"".join([block async for block in answer.streaming_content])
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        assert json.loads(archive.read("tasks.json")) == THREE


def test_a_prefix_that_could_be_more_than_an_address_is_refused(cast: Cast, client_of: Any) -> None:
    answer = client_of(cast.embryologist).get(f"/api/labs/{cast.lab.id}/label-exports/label-studio.zip", {"prefix": '"><script>'})
    assert answer.status_code == 400


@pytest.mark.real_data
def test_the_labs_own_export_survives_the_way_in_and_out(cast: Cast, client_of: Any, tmp_path: Path) -> None:
    assert REAL_DATA.is_dir()
    tasks = json.loads((PRESET / "json.json").read_text())
    bring(cast.lab, cast.embryologist, tasks, folder=tmp_path)
    # What was not said, such as the time that nobody took, is left out rather than said to be nothing.
    said = [{**one, "annotations": [without_nothing(each) for each in one["annotations"]]} for one in tasks]
    told = tasks_in(export_of(client_of(cast.embryologist), cast.lab))
    assert [{**one, "annotations": [without_nothing(each) for each in one["annotations"]]} for one in told] == said


def without_nothing(row: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in row.items() if value is not None}
