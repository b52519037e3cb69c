"""Import from the one folder of the server that was configured for it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from rest_framework.test import APIClient

from backend.imaging import intake
from backend.imaging.models import Stack
from tests.backend.conftest import ClientOf
from tests.backend.imaging.pictures import folder_of_frames, jpeg, zip_of_frames
from tests.cast import Cast

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def root(settings: Any, tmp_path: Path) -> Path:
    folder = tmp_path / "server"
    folder_of_frames(folder / "dish 1" / "F0", 3)
    (folder / "day 3.zip").write_bytes(zip_of_frames(4))
    (tmp_path / "secret.jpg").write_bytes(jpeg(1))
    (folder / "out.jpg").symlink_to(tmp_path / "secret.jpg")
    (folder / "away").symlink_to(tmp_path)
    (folder / ".hidden").write_bytes(b"x")
    os.mkfifo(folder / "pipe")
    settings.SERVER_FOLDER = str(folder)
    return folder


def imported(client: APIClient, cast: Cast, path: str) -> Any:
    return client.post("/api/server-folder/import/", {"lab": str(cast.lab.id), "path": path})


def test_the_folder_shows_plain_files_and_folders_only(root: Path, embryologist_client: APIClient, cast: Cast) -> None:
    told = embryologist_client.get(f"/api/server-folder/?lab={cast.lab.id}&path=").json()
    assert [(entry["name"], entry["is_folder"]) for entry in told["entries"]] == [("dish 1", True), ("day 3.zip", False)]
    inner = embryologist_client.get(f"/api/server-folder/?lab={cast.lab.id}&path=dish 1").json()
    assert [entry["name"] for entry in inner["entries"]] == ["F0"]


@pytest.mark.parametrize(("path", "frames"), [("day 3.zip", 4), ("dish 1", 3), ("/dish 1/F0/frame_0001.jpg", 1)])
def test_a_file_or_folder_is_imported_and_left_where_it_is(
    root: Path, embryologist_client: APIClient, cast: Cast, path: str, frames: int
) -> None:
    answer = imported(embryologist_client, cast, path)
    assert answer.status_code == 202
    assert intake.take_in(Stack.objects.get().id)
    stack = Stack.objects.get()
    assert (stack.state, stack.frame_count) == ("recognised", frames)
    assert (root / path.lstrip("/")).exists()


@pytest.mark.parametrize(
    "path", ["..", "../secret.jpg", "out.jpg", "away", "away/secret.jpg", "/etc/passwd", "pipe", "none", "a\0b", "x" * 2000]
)
def test_nothing_outside_the_folder_is_reached(root: Path, embryologist_client: APIClient, cast: Cast, path: str) -> None:
    assert imported(embryologist_client, cast, path).status_code in (400, 404)
    assert embryologist_client.get("/api/server-folder/", {"lab": str(cast.lab.id), "path": path}).status_code in (400, 404)
    assert not Stack.objects.exists()


def test_a_link_put_in_place_after_the_listing_is_not_followed(
    root: Path, embryologist_client: APIClient, cast: Cast, tmp_path: Path
) -> None:
    imported(embryologist_client, cast, "day 3.zip")
    (root / "day 3.zip").unlink()
    (root / "day 3.zip").symlink_to(tmp_path / "secret.jpg")
    assert intake.take_in(Stack.objects.get().id)
    assert Stack.objects.get().refusal["code"] == "not_in_server_folder"


def test_without_a_configured_folder_there_is_none(embryologist_client: APIClient, cast: Cast) -> None:
    answer = embryologist_client.get(f"/api/server-folder/?lab={cast.lab.id}")
    assert (answer.status_code, answer.json()["code"]) == (404, "no_server_folder")


def test_viewers_and_outsiders_do_not_see_the_folder(root: Path, client_of: ClientOf, cast: Cast) -> None:
    for person, status in [(cast.viewer, 403), (cast.outsider, 404), (None, 401)]:
        assert client_of(person).get(f"/api/server-folder/?lab={cast.lab.id}").status_code == status
        assert imported(client_of(person), cast, "day 3.zip").status_code == status


def test_an_empty_folder_is_refused_with_its_reason(root: Path, embryologist_client: APIClient, cast: Cast) -> None:
    (root / "empty").mkdir()
    imported(embryologist_client, cast, "empty")
    intake.take_in(Stack.objects.get().id)
    assert Stack.objects.get().refusal["code"] == "folder_empty"
