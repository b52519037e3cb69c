"""Which of several pictures a task means is decided by eye: each can be looked at before anything is written."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as own
from PIL import Image
from rest_framework.test import APIClient

from backend.imaging.intake import release_content
from backend.labels import importing, services
from backend.labels.models import LabelImport
from tests.backend.imaging.pictures import everything_below
from tests.backend.labels.exports import annotation, jpeg, task, written
from tests.backend.labels.test_importing import zipped
from tests.cast import Cast

pytestmark = pytest.mark.django_db(transaction=True)


def read(path: Path, cast: Cast) -> LabelImport:
    row = services.take_file(path=path, name=path.name, lab=cast.lab, by=cast.embryologist, instance="", preset="wow")
    importing.execute(row.id)
    row.refresh_from_db()
    return row


def brought(path: Path, cast: Cast) -> None:
    row = read(path, cast)
    services.confirm_unasked(row=row)
    importing.execute(row.id)


def meant(name: str, **more: Any) -> dict[str, Any]:
    return {**task(annotation(), **more), "data": {"image": name}}


def question_of(client: APIClient, row: LabelImport) -> dict[str, Any]:
    (question,) = client.get(f"/api/label-imports/{row.id}/conflicts/").data["results"]
    return dict(question)


def shade_of(answer: Any) -> int:
    with Image.open(io.BytesIO(answer.content)) as picture:
        return int(picture.convert("L").getpixel((1, 1)))  # type: ignore[arg-type]


@pytest.fixture
def two_in_one_file(tmp_path: Path, cast: Cast) -> LabelImport:
    return read(zipped(tmp_path / "export.zip", meant("s3://bucket/a.jpg"), monday__a=jpeg(shade=10), tuesday__a=jpeg(shade=90)), cast)


def test_two_files_of_one_name_are_shown_each_as_itself_and_nothing_of_them_is_kept(
    two_in_one_file: LabelImport, embryologist_client: APIClient
) -> None:
    before = everything_below(own.DATA_DIR)
    question = question_of(embryologist_client, two_in_one_file)
    assert question["values"] == {"n": 2, "name": "a.jpg"}
    assert [(option["kind"], option["name"]) for option in question["options"]] == [
        ("file", "images/monday/a.jpg"),
        ("file", "images/tuesday/a.jpg"),
        ("none", ""),
    ]
    address = f"/api/label-imports/{two_in_one_file.id}/conflicts/{question['id']}/"
    shown = [embryologist_client.get(f"{address}{option['id']}.jpg") for option in question["options"]]
    assert [answer.status_code for answer in shown] == [200, 200, 404]
    assert [shade_of(answer) > 50 for answer in shown[:2]] == [False, True]
    assert everything_below(own.DATA_DIR) == before
    assert (
        embryologist_client.get(f"{address}{question['options'][0]['id']}.jpg", headers={"If-None-Match": shown[0]["ETag"]}).status_code
        == 304
    )


def test_pictures_that_are_here_are_told_apart_by_size_and_day_and_can_be_seen(
    tmp_path: Path, cast: Cast, embryologist_client: APIClient
) -> None:
    for number, shade in enumerate((10, 90), start=1):
        brought(zipped(tmp_path / f"{number}.zip", meant("a.jpg", id_=number), a=jpeg(100 * number, 50 * number, shade)), cast)
    row = read(written(tmp_path / "alone.json", meant("a.jpg", id_=3)), cast)
    question = question_of(embryologist_client, row)
    assert [(option["kind"], option.get("width_px")) for option in question["options"]] == [
        ("picture", 100),
        ("picture", 200),
        ("none", None),
    ]
    assert all(option["since"] for option in question["options"][:2])
    address = f"/api/label-imports/{row.id}/conflicts/{question['id']}/"
    shown = [embryologist_client.get(f"{address}{option['id']}.jpg") for option in question["options"][:2]]
    assert [shade_of(answer) > 50 for answer in shown] == [False, True]


def test_what_is_no_answer_to_the_question_is_not_shown(
    two_in_one_file: LabelImport, embryologist_client: APIClient, outsider_client: APIClient
) -> None:
    question = question_of(embryologist_client, two_in_one_file)
    address = f"/api/label-imports/{two_in_one_file.id}/conflicts/{question['id']}/"
    # Another member of the same archive, which is no picture that the task may mean.
    assert embryologist_client.get(address + "file-000000000000000000000000.jpg").status_code == 404
    assert outsider_client.get(f"{address}{question['options'][0]['id']}.jpg").status_code == 404


def test_a_candidate_that_is_no_picture_or_is_gone_is_refused_with_its_reason(
    tmp_path: Path, cast: Cast, embryologist_client: APIClient
) -> None:
    row = read(zipped(tmp_path / "export.zip", meant("a.jpg"), monday__a=b"<svg onload=alert(1)>", tuesday__a=jpeg()), cast)
    question = question_of(embryologist_client, row)
    address = f"/api/label-imports/{row.id}/conflicts/{question['id']}/{question['options'][0]['id']}.jpg"
    refused = embryologist_client.get(address)
    assert (refused.status_code, bool(refused.json()["detail"])) == (422, True)
    LabelImport.objects.update(state="cancelled")
    release_content(row.source_sha256)
    assert embryologist_client.get(address).status_code == 410
