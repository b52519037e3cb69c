"""From uploaded files to a recognised or refused recording."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from backend.accounts.actor import Actor
from backend.audit.models import Entry
from backend.core.files import ContentStore, sha256_of
from backend.imaging import intake, services, uploads
from backend.imaging.models import Stack, Upload
from backend.live.models import LoggedEvent
from tests.backend.conftest import ClientOf
from tests.backend.imaging.conftest import TakeIn
from tests.backend.imaging.pictures import everything_below, folder_of_frames, jpeg, zip_of_frames
from tests.backend.imaging.tus_client import create, delete, patch, send
from tests.cast import Cast

pytestmark = pytest.mark.django_db(transaction=True)
A_MINUTE_AGO = timedelta(seconds=61)


def states_told(cast: Cast) -> list[str]:
    events = LoggedEvent.objects.filter(topic_id=f"lab.{cast.lab.id}", type="stack.changed").order_by("seq")
    return [event.payload["state"] for event in events]


def registered(client: APIClient, cast: Cast, data: bytes = b"") -> Stack:
    batch = send(client, cast.lab.id, data or zip_of_frames())
    return Stack.objects.get(id=client.post("/api/stacks/", {"lab": str(cast.lab.id), "batch": str(batch), "name": "x.zip"}).json()["id"])


def test_an_uploaded_zip_is_recognised_and_kept_under_its_hash(take_in: TakeIn, cast: Cast, tmp_path: Path) -> None:
    data = zip_of_frames(7)
    stack = take_in(data)
    assert (stack.state, stack.format, stack.frame_count, stack.width_px, stack.height_px) == ("recognised", "image-zip", 7, 64, 48)
    assert ContentStore().path_of(stack.sha256).read_bytes() == data
    assert stack.size_bytes == len(data)
    assert states_told(cast) == ["assembling", "probing", "recognised"]
    assert everything_below(tmp_path) == [f"content_dir/{stack.sha256[:2]}/{stack.sha256[2:4]}/{stack.sha256}"]
    assert list(Entry.objects.filter(subject=f"stack {stack.id}").values_list("action", flat=True)) == [
        "stack.recognised",
        "stack.registered",
    ]


def test_dropped_files_become_one_archive_of_their_names(embryologist_client: APIClient, cast: Cast, tmp_path: Path) -> None:
    batch = uuid4()
    for number in (2, 0, 1):
        send(embryologist_client, cast.lab.id, jpeg(number), name=f"../C:\\day/frame {number}.jpg", batch=batch)
    body = {"lab": str(cast.lab.id), "batch": str(batch), "name": "day"}
    answer = embryologist_client.post("/api/stacks/", body)
    assert embryologist_client.post("/api/stacks/", body).json()["id"] == answer.json()["id"], "asking twice gives one recording"
    stack = Stack.objects.get()
    assert intake.take_in(stack.id)
    assert not intake.take_in(stack.id), "a message that comes twice does nothing"
    stack.refresh_from_db()
    assert (stack.state, stack.frame_count) == ("recognised", 3)
    with zipfile.ZipFile(ContentStore().path_of(stack.sha256)) as archive:
        assert archive.namelist() == [f"day/frame {number}.jpg" for number in range(3)]
        assert archive.testzip() is None
    assert sha256_of(ContentStore().path_of(stack.sha256)) == stack.sha256
    assert len(everything_below(tmp_path)) == 1
    assert not Upload.objects.exists()


@pytest.mark.parametrize(
    ("data", "code"),
    [(b"", "file_empty"), (b"x", "format_unknown"), (zip_of_frames()[:-30], "file_truncated"), (b"%PDF-1.4 x", "format_not_supported")],
)
def test_a_bad_file_is_refused_with_its_reason_and_set_apart(
    take_in: TakeIn, embryologist_client: APIClient, cast: Cast, tmp_path: Path, data: bytes, code: str
) -> None:
    stack = take_in(data, name="scan.tif")
    assert (stack.state, stack.refusal["code"]) == ("refused", code)
    assert stack.refusal["detail"]
    assert stack.refusal["hint"]
    assert everything_below(tmp_path) == [f"quarantine/{stack.id}"]
    assert (tmp_path / "quarantine" / str(stack.id)).read_bytes() == data
    assert Entry.objects.filter(action="stack.refused").get().after["code"] == code
    assert LoggedEvent.objects.order_by("seq").last().payload["refusal"]["code"] == code  # type: ignore[union-attr]
    assert embryologist_client.get(f"/api/stacks/{stack.id}/").json()["refusal"]["code"] == code
    assert take_in().state == "recognised", "the next good upload works"
    assert embryologist_client.delete(f"/api/stacks/{stack.id}/").status_code == 204
    assert not any("quarantine" in path for path in everything_below(tmp_path))


def test_two_files_of_one_name_are_refused(embryologist_client: APIClient, cast: Cast, tmp_path: Path) -> None:
    batch = uuid4()
    for _ in range(2):
        send(embryologist_client, cast.lab.id, jpeg(1), name="a.jpg", batch=batch)
    embryologist_client.post("/api/stacks/", {"lab": str(cast.lab.id), "batch": str(batch), "name": "day"})
    assert intake.take_in(Stack.objects.get().id)
    assert Stack.objects.get().refusal["code"] == "duplicate_names"
    assert everything_below(tmp_path) == []


def test_an_unfinished_batch_is_not_registered(embryologist_client: APIClient, cast: Cast) -> None:
    batch = uuid4()
    send(embryologist_client, cast.lab.id, jpeg(1), name="a.jpg", batch=batch)
    create(embryologist_client, cast.lab.id, 100, name="b.jpg", batch=batch)
    answer = embryologist_client.post("/api/stacks/", {"lab": str(cast.lab.id), "batch": str(batch), "name": "day"})
    assert (answer.status_code, answer.json()["code"]) == (409, "uploads_unfinished")
    answer = embryologist_client.post("/api/stacks/", {"lab": str(cast.lab.id), "batch": str(uuid4()), "name": "day"})
    assert (answer.status_code, answer.json()["code"]) == (404, "no_uploads")


def test_outsiders_and_viewers_register_nothing(embryologist_client: APIClient, client_of: ClientOf, cast: Cast) -> None:
    batch = send(embryologist_client, cast.lab.id, zip_of_frames())
    body = {"lab": str(cast.lab.id), "batch": str(batch), "name": "x"}
    assert client_of(cast.outsider).post("/api/stacks/", body).status_code == 404
    assert client_of(cast.viewer).post("/api/stacks/", body).status_code == 403
    assert client_of(cast.colleague).post("/api/stacks/", body).status_code == 404, "another person's batch is nobody's"


def test_the_same_bytes_again_are_recognised_and_said_but_allowed(
    confirmed: Stack, take_in: TakeIn, embryologist_client: APIClient
) -> None:
    again = take_in()
    told = embryologist_client.get(f"/api/stacks/{again.id}/").json()["same_as"]
    assert again.state == "recognised"
    assert told == {"id": str(confirmed.id), "name": confirmed.name, "dish": str(confirmed.dish_id), "dish_label": "Dish 1"}


def test_deleting_one_of_two_equal_recordings_keeps_the_bytes(take_in: TakeIn, embryologist_client: APIClient) -> None:
    first, second = take_in(), take_in()
    assert embryologist_client.delete(f"/api/stacks/{first.id}/").status_code == 204
    assert ContentStore().exists(second.sha256)
    assert embryologist_client.delete(f"/api/stacks/{second.id}/").status_code == 204
    assert not ContentStore().exists(second.sha256)


def test_a_confirmed_recording_cannot_be_deleted(confirmed: Stack, embryologist_client: APIClient) -> None:
    assert embryologist_client.delete(f"/api/stacks/{confirmed.id}/").status_code == 409


def test_a_file_that_is_part_of_a_recording_cannot_be_terminated(embryologist_client: APIClient, cast: Cast) -> None:
    registered(embryologist_client, cast)
    url = f"/api/uploads/{Upload.objects.get().id}"
    assert delete(embryologist_client, url).status_code == 409
    assert uploads.path_of_upload(Upload.objects.get().id).exists()


def test_a_worker_that_died_is_replaced_and_what_it_writes_later_is_dropped(embryologist_client: APIClient, cast: Cast) -> None:
    stack = registered(embryologist_client, cast)
    dead = intake._claim(stack.id)
    assert dead is not None
    assert not intake.take_in(stack.id), "the lease is held"
    Stack.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert services.resend_lost_intakes() == 1
    assert services.resend_lost_intakes() == 0, "not again before a worker had time"
    assert intake.take_in(stack.id)
    assert not intake._work(dead, None), "a worker that comes back writes nothing"
    assert Stack.objects.get().state == "recognised"
    assert Entry.objects.filter(action="stack.recognised").count() == 1


def test_a_worker_that_was_paused_writes_nothing_while_another_is_at_it(embryologist_client: APIClient, cast: Cast, tmp_path: Path) -> None:
    stack = registered(embryologist_client, cast)
    paused = intake._claim(stack.id)
    Stack.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    fresh = intake._claim(stack.id)
    assert paused is not None
    assert fresh is not None
    assert not intake._work(paused, None)
    assert (Stack.objects.get().state, Stack.objects.get().lease_token) == ("assembling", fresh.lease_token)
    assert intake._work(fresh, None)
    assert Stack.objects.get().state == "recognised"
    assert len(everything_below(tmp_path)) == 1


def test_a_lost_message_is_sent_again(embryologist_client: APIClient, cast: Cast) -> None:
    registered(embryologist_client, cast)
    assert services.resend_lost_intakes() == 0
    Stack.objects.update(created_at=timezone.now() - A_MINUTE_AGO)
    assert services.resend_lost_intakes() == 1


def test_a_recording_that_kills_three_workers_is_given_up(embryologist_client: APIClient, cast: Cast, tmp_path: Path) -> None:
    stack = registered(embryologist_client, cast)
    for _ in range(3):
        assert intake._claim(stack.id)
        Stack.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
        services.resend_lost_intakes()
        Stack.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    services.resend_lost_intakes()
    stack.refresh_from_db()
    assert (stack.state, stack.refusal["code"]) == ("refused", "intake_failed")
    assert [path for path in everything_below(tmp_path) if not path.startswith("quarantine/")] == []


def test_bytes_that_vanished_before_they_were_taken_in_are_said_to_be_lost(embryologist_client: APIClient, cast: Cast) -> None:
    stack = registered(embryologist_client, cast)
    uploads.path_of_upload(Upload.objects.get().id).unlink()
    intake.take_in(stack.id)
    assert Stack.objects.get().refusal["code"] == "upload_lost"


def test_a_recording_deleted_while_it_is_taken_in_leaves_nothing(
    embryologist_client: APIClient, cast: Cast, actor: Actor, tmp_path: Path
) -> None:
    claimed = intake._claim(registered(embryologist_client, cast).id)
    assert claimed is not None
    services.delete_stack(stack=claimed, actor=actor, by=cast.embryologist)
    assert not intake._work(claimed, None)
    assert everything_below(tmp_path) == []


def test_a_local_folder_is_taken_in_at_once(cast: Cast, tmp_path: Path) -> None:
    stack = services.take_in_local_file(path=folder_of_frames(tmp_path / "frames", 4), lab=cast.lab, by=cast.embryologist)
    assert (stack.state, stack.frame_count, stack.name) == ("recognised", 4, "frames")


def test_a_local_file_is_copied_so_that_a_later_change_reaches_nothing(cast: Cast, tmp_path: Path) -> None:
    source = tmp_path / "a.zip"
    source.write_bytes(zip_of_frames())
    stack = services.take_in_local_file(path=source, lab=cast.lab, by=None)
    with source.open("r+b") as file:
        file.write(b"changed")
    assert sha256_of(ContentStore().path_of(stack.sha256)) == stack.sha256


def test_putting_a_large_batch_together_takes_little_memory(tmp_path: Path) -> None:
    """In a process of its own: 1,000 files of 16 KiB, and one that is larger than the memory it may take."""
    code = """
import resource, sys
from pathlib import Path
import django; django.setup()
from backend.imaging.assembling import Part, put_together
folder = Path(sys.argv[1])
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
parts = [Part(path.name, path, path.stat().st_size) for path in folder.iterdir()]
whole = put_together(parts, folder.parent / "whole", lambda: None)
print(whole.size, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
    folder = tmp_path / "parts"
    folder.mkdir()
    for number in range(1000):
        (folder / f"{number:05}.jpg").write_bytes(os.urandom(1024) * 16)
    with (folder / "large.avi").open("wb") as file:
        file.truncate(128 * 1024**2)
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"}
    done = subprocess.run([sys.executable, "-c", code, str(folder)], capture_output=True, text=True, check=True, env=environment)
    size, grown_kib = map(int, done.stdout.split())
    shutil.rmtree(folder)
    assert size > 1000 * 16384 + 128 * 1024**2
    assert grown_kib < 40 * 1024
    with zipfile.ZipFile(tmp_path / "whole") as archive:
        assert len(archive.namelist()) == 1001


def test_a_chunk_after_the_end_is_refused_and_the_kept_bytes_stay(embryologist_client: APIClient, cast: Cast) -> None:
    made = create(embryologist_client, cast.lab.id, 4)
    patch(embryologist_client, made["Location"], 0, b"0123")
    assert patch(embryologist_client, made["Location"], 4, b"4").status_code == 413
    assert patch(embryologist_client, made["Location"], 4, b"").status_code == 204


def test_the_list_of_recordings_is_narrowed_by_declared_fields_only(take_in: TakeIn, embryologist_client: APIClient, cast: Cast) -> None:
    take_in()
    take_in(b"x")
    rows = embryologist_client.get(f"/api/stacks/?lab={cast.lab.id}&state=refused").json()["results"]
    assert [row["state"] for row in rows] == ["refused"]
    assert embryologist_client.get("/api/stacks/?by__password=x").json()["count"] == 2
    assert embryologist_client.get("/api/stacks/?state=nonsense").status_code == 400
