"""Imports over HTTP, as the page asks for them, and as the command is called."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.core.management import call_command
from PIL import Image
from rest_framework.test import APIClient

from backend.core.concealment import Hidden, fill
from backend.imaging.models import Cycle, Dish, Patient, Stack, Upload
from backend.labels import importing
from backend.labels.models import LabelImport, LabelTask, Picture
from backend.readers.blindness import hidden_from
from tests.backend.imaging.tus_client import send
from tests.backend.labels.exports import annotation, dish, jpeg, packed, task, well, written
from tests.cast import Cast

pytestmark = pytest.mark.django_db(transaction=True)
ROOT = Path(__file__).resolve().parents[3]


def uploaded(client: APIClient, cast: Cast, data: bytes, name: str = "export.json") -> str:
    send(client, cast.lab.id, data, name=name)
    return str(Upload.objects.latest("created_at").id)


def asked(client: APIClient, cast: Cast, upload: str, **more: Any) -> Any:
    return client.post(f"/api/labs/{cast.lab.id}/label-imports/", {"upload": upload, **more})


def test_a_file_goes_from_the_upload_to_labels_in_a_handful_of_requests(embryologist_client: APIClient, cast: Cast) -> None:
    client = embryologist_client
    upload = uploaded(client, cast, json.dumps([dish([("E",), (), ("B",)]), task(id_=2)]).encode())
    made = asked(client, cast, upload, preset="wow", instance="our server")
    assert (made.status_code, made.data["state"], made.data["name"]) == (201, "queued", "export.json")
    assert not Upload.objects.filter(id=upload).exists()
    address = f"/api/label-imports/{made.data['id']}/"
    importing.execute(UUID(made.data["id"]))
    seen = client.get(address).data
    assert (seen["state"], seen["report"]["plan"]["tasks"]["created"], seen["report"]["done"]) == ("previewed", 2, None)
    assert client.get(address + "conflicts/").data["count"] == 0
    assert client.post(address + "confirm/", {}).status_code == 200
    importing.execute(UUID(made.data["id"]))
    assert client.get(address).data["report"]["done"]["tasks"] == 2
    assert [row["state"] for row in client.get(f"/api/labs/{cast.lab.id}/label-imports/").data] == ["finished"]
    tasks = client.get(f"/api/labs/{cast.lab.id}/label-tasks/", {"about": "wells"}).data
    assert tasks["count"] == 1
    assert [one["content"] for one in tasks["results"][0]["annotations"][0]["dish"]["wells"]] == ["embryo", "empty", "gas"]
    assert client.get(f"/api/labs/{cast.lab.id}/label-tasks/", {"has_picture": "true"}).data["count"] == 0
    assert client.get(f"/api/labs/{cast.lab.id}/label-tasks/", {"annotator": "1"}).data["count"] == 1
    assert client.get(f"/api/labs/{cast.lab.id}/label-tasks/", {"label_import": made.data["id"], "about": "none"}).data["count"] == 1
    assert client.get(f"/api/label-tasks/{tasks['results'][0]['id']}/picture/").status_code == 404


def test_an_unfinished_upload_an_empty_one_and_another_labs_are_refused(
    embryologist_client: APIClient, outsider_client: APIClient, cast: Cast
) -> None:
    upload = uploaded(embryologist_client, cast, b"")
    assert asked(embryologist_client, cast, upload).data["code"] == "file_empty"
    begun = Upload.objects.create(lab=cast.lab, by=cast.embryologist, name="x", batch=UUID(int=1), length=5, expires_at="2100-01-01T00:00Z")
    assert asked(embryologist_client, cast, str(begun.id)).data["code"] == "upload_unfinished"
    theirs = outsider_client.post(f"/api/labs/{cast.other_lab.id}/label-imports/", {"upload": upload})
    assert theirs.status_code == 404
    assert LabelImport.objects.count() == 0


def test_a_mapping_with_a_word_that_means_nothing_is_refused_with_the_field(embryologist_client: APIClient, cast: Cast) -> None:
    made = asked(embryologist_client, cast, uploaded(embryologist_client, cast, json.dumps([dish([("E",)])]).encode()))
    importing.execute(UUID(made.data["id"]))
    answer = embryologist_client.post(f"/api/label-imports/{made.data['id']}/confirm/", {"mapping": {"words": {"E": "moon"}}})
    assert (answer.status_code, answer.data["code"]) == (400, "invalid")


def test_labels_of_a_recording_that_somebody_reads_blind_wait_for_that_persons_own_reading(
    embryologist_client: APIClient, cast: Cast, tmp_path: Path
) -> None:
    cycle = Cycle.objects.create(patient=Patient.objects.create(lab=cast.lab, code="P"), label="1")
    placed: dict[str, Any] = {"dish": Dish.objects.create(lab=cast.lab, cycle=cycle, label="D"), "state": Stack.State.READY}
    stack = Stack.objects.create(
        lab=cast.lab, name="a.jpg", sha256="7" * 64, width_px=9, height_px=9, frame_count=1, planes=[0.0], **placed
    )
    picture = Picture.objects.create(lab=cast.lab, stack=stack, frame_index=0, plane=0, sha256="7" * 64, name="a.jpg", width=9, height=9)
    row = LabelTask.objects.create(lab=cast.lab, instance="export", external_id="1", data={}, place="x", picture=picture)
    listed = f"/api/labs/{cast.lab.id}/label-tasks/"
    assert embryologist_client.get(listed).data["count"] == 1
    fill(lambda user, stacks: {stack.id: Hidden(is_all_but=True)} if user == cast.embryologist.id else {})
    try:
        assert embryologist_client.get(listed).data["count"] == 0
        assert embryologist_client.get(f"/api/label-tasks/{row.id}/").status_code == 404
        assert embryologist_client.get(f"/api/label-tasks/{row.id}/picture/").status_code == 404
    finally:
        fill(hidden_from)


def test_what_a_picture_says_of_its_camera_is_not_in_what_is_served(tmp_path: Path, embryologist_client: APIClient, cast: Cast) -> None:
    exif = Image.Exif()
    exif[0x010E] = "Patient Anna"
    members = {"tasks.json": json.dumps([{**task(annotation()), "data": {"image": "a.jpg"}}]), "a.jpg": jpeg(exif=exif.tobytes())}
    upload = uploaded(embryologist_client, cast, packed(tmp_path / "export.zip", members).read_bytes(), "export.zip")
    row = asked(embryologist_client, cast, upload).data["id"]
    importing.execute(UUID(row))
    assert embryologist_client.post(f"/api/label-imports/{row}/confirm/", {}).status_code == 200
    importing.execute(UUID(row))
    answer = embryologist_client.get(f"/api/label-tasks/{LabelTask.objects.get().id}/picture/")
    assert (answer.status_code, answer["Content-Type"], answer["X-Content-Type-Options"]) == (200, "image/jpeg", "nosniff")
    assert b"Anna" not in answer.content
    assert answer.content.startswith(b"\xff\xd8")


# --- the command ---


def command(*arguments: str) -> tuple[int, Any]:
    """In a process of its own and without any database, as other programs call it."""
    environment = {**os.environ, "DATABASE_URL": "sqlite:////nowhere/at/all.sqlite3"}
    done = subprocess.run(
        [sys.executable, "manage.py", "import-labels", *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120
    )
    return done.returncode, json.loads(done.stdout)


def test_the_dry_run_prints_one_object_and_needs_no_lab(tmp_path: Path) -> None:
    raw = [
        dish([("E",), ("B",)], predictions=[{"id": 1, "model_version": "m", "result": well(0)}]),
        task(annotation(was_cancelled=True), id_=2),
        task(annotation({"id": "x", "type": "hologram", "value": {}}, completed_by=5), annotation(id_=3), id_=3),
    ]
    code, told = command(str(written(tmp_path / "export.json", *raw)), "--dry-run", "--preset", "wow", "--json")
    assert (code, told) == (
        0,
        {
            "tasks": 3,
            "annotations": 3,
            "annotators": 2,
            "regions": 2,
            "predictions": 1,
            "skipped_tasks": 1,
            "empty_annotations": 1,
            "unknown": {"hologram": 1},
            "warnings": [],
        },
    )


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ("[{", "file_truncated"),
        ('{"a": 1}', "not_an_export"),
        ("", "file_empty"),
        ('[{"data": 1, "id": 3, "annotations": []}]', "data_not_object"),
    ],
)
def test_bad_input_is_told_with_code_detail_and_hint_and_the_exit_code_two(tmp_path: Path, data: str, code: str) -> None:
    path = tmp_path / "export.json"
    path.write_text(data)
    status, told = command(str(path), "--dry-run", "--json")
    assert (status, told["code"], set(told)) == (2, code, {"code", "detail", "hint"})


def test_a_missing_file_and_an_unknown_preset_are_bad_input_too(tmp_path: Path) -> None:
    assert command(str(tmp_path / "none.json"), "--dry-run", "--json")[1]["code"] == "file_missing"
    path = written(tmp_path / "export.json", dish([("E",)]))
    status, told = command(str(path), "--dry-run", "--json", "--preset", "moon")
    assert (status, told["code"]) == (2, "unknown_preset")


def test_the_command_writes_a_folder_into_a_lab(tmp_path: Path, cast: Cast, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "labels"
    folder.mkdir()
    written(folder / "tasks.json", dish([("E",)]), dish([()], id_=2))
    call_command("import_labels", str(folder), "--preset", "wow", "--lab", "north-clinic", "--json")
    told = json.loads(capsys.readouterr().out)
    assert (told["tasks"], told["imported"]["tasks"], told["imported"]["annotations"]) == (2, 2, 2)
    assert LabelTask.objects.filter(lab=cast.lab).count() == 2
    with pytest.raises(SystemExit) as left:
        call_command("import_labels", str(packed(tmp_path / "e.zip", {"t.json": "[]"})), "--lab", "north-clinic", "--json")
    assert left.value.code == 2
    with pytest.raises(SystemExit):
        call_command("import_labels", str(folder), "--lab", "moon", "--json")
    assert '"no_lab"' in capsys.readouterr().out
