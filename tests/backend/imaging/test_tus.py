"""The upload protocol, header by header."""

from __future__ import annotations

import os
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.management import call_command
from django.utils import timezone
from rest_framework.test import APIClient

from backend.audit.models import Entry
from backend.imaging import uploads
from backend.imaging.models import Upload
from tests.backend.conftest import ClientOf
from tests.backend.imaging.tus_client import CHUNK_TYPE, checksum, create, delete, head, metadata, patch
from tests.cast import Cast

GIB = 1024**3
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def client(embryologist_client: APIClient) -> APIClient:
    return embryologist_client


def file_of(url: str) -> Path:
    return uploads.path_of_upload(UUID(url.rsplit("/", 1)[1]))


def test_a_file_arrives_in_chunks_and_is_whole(client: APIClient, cast: Cast) -> None:
    made = create(client, cast.lab.id, 10)
    url = made["Location"]
    assert made.status_code == 201
    assert made["Tus-Resumable"] == "1.0.0"
    assert "Upload-Expires" in made
    first = patch(client, url, 0, b"01234")
    assert (first.status_code, first["Upload-Offset"]) == (204, "5")
    asked = head(client, url)
    assert (asked.status_code, asked["Upload-Offset"], asked["Upload-Length"], asked["Cache-Control"]) == (200, "5", "10", "no-store")
    assert patch(client, url, 5, b"56789")["Upload-Offset"] == "10"
    assert file_of(url).read_bytes() == b"0123456789"
    assert Upload.objects.get().finished_at is not None


def test_the_location_names_no_host(client: APIClient, cast: Cast) -> None:
    assert create(client, cast.lab.id, 1)["Location"].startswith("/api/uploads/")


def test_options_tell_what_is_spoken(client: APIClient) -> None:
    answer = client.options("/api/uploads/")
    assert answer.status_code == 204
    assert answer["Tus-Version"] == "1.0.0"
    assert answer["Tus-Max-Size"] == str(64 * GIB)
    assert set(answer["Tus-Extension"].split(",")) == {"creation", "creation-with-upload", "checksum", "expiration", "termination"}
    assert answer["Tus-Checksum-Algorithm"] == "sha256,sha1"


def test_another_version_of_the_protocol_is_refused(client: APIClient, cast: Cast) -> None:
    answer = create(client, cast.lab.id, 1, **{"Tus-Resumable": "0.2.2"})
    assert (answer.status_code, answer["Tus-Version"]) == (412, "1.0.0")
    assert not Upload.objects.exists()


def test_the_first_chunk_may_come_with_the_announcement(client: APIClient, cast: Cast) -> None:
    said = {"Tus-Resumable": "1.0.0", "Upload-Length": "6", "Upload-Metadata": metadata(filename="a.zip", lab=str(cast.lab.id))}
    made = client.generic("POST", "/api/uploads/", b"abc", CHUNK_TYPE, headers={**said, "Upload-Checksum": checksum(b"abc", "sha1")})
    assert (made.status_code, made["Upload-Offset"]) == (201, "3")
    assert file_of(made["Location"]).read_bytes() == b"abc"


def test_an_empty_file_is_whole_at_once(client: APIClient, cast: Cast) -> None:
    made = create(client, cast.lab.id, 0)
    assert made.status_code == 201
    assert Upload.objects.get().finished_at is not None


def test_a_chunk_at_another_offset_changes_nothing(client: APIClient, cast: Cast) -> None:
    url = create(client, cast.lab.id, 10)["Location"]
    patch(client, url, 0, b"01234")
    answer = patch(client, url, 3, b"xxxxx")
    assert (answer.status_code, answer.json()["code"]) == (409, "offset_conflict")
    assert file_of(url).read_bytes() == b"01234"


@pytest.mark.parametrize("algorithm", ["sha256", "sha1"])
def test_a_chunk_that_changed_on_its_way_is_not_kept(client: APIClient, cast: Cast, algorithm: str) -> None:
    url = create(client, cast.lab.id, 10)["Location"]
    answer = patch(client, url, 0, b"01234", **{"Upload-Checksum": checksum(b"01235", algorithm)})
    assert (answer.status_code, answer.json()["code"]) == (460, "checksum_mismatch")
    assert (head(client, url)["Upload-Offset"], file_of(url).stat().st_size) == ("0", 0)
    assert patch(client, url, 0, b"01234", **{"Upload-Checksum": checksum(b"01234", algorithm)}).status_code == 204


@pytest.mark.parametrize("said", ["md5 rL0Y20zC+Fzt72VPzMSk2A==", "sha256 !!!", "sha256 YWJj", "sha256"])
def test_an_unknown_or_malformed_checksum_is_refused(client: APIClient, cast: Cast, said: str) -> None:
    url = create(client, cast.lab.id, 10)["Location"]
    assert patch(client, url, 0, b"01234", **{"Upload-Checksum": said}).status_code == 400
    assert file_of(url).stat().st_size == 0


def test_more_than_was_announced_is_refused_and_cut_back(client: APIClient, cast: Cast) -> None:
    url = create(client, cast.lab.id, 4)["Location"]
    patch(client, url, 0, b"01")
    answer = patch(client, url, 2, b"23456")
    assert (answer.status_code, answer.json()["code"]) == (413, "upload_overrun")
    assert file_of(url).read_bytes() == b"01"


def test_a_chunk_beyond_eight_mebibytes_is_refused(client: APIClient, cast: Cast) -> None:
    url = create(client, cast.lab.id, 64 * 1024**2)["Location"]
    answer = patch(client, url, 0, bytes(8 * 1024**2 + 1))
    assert (answer.status_code, answer.json()["code"]) == (413, "chunk_too_long")
    assert file_of(url).stat().st_size == 0


def test_declaring_64_gib_takes_no_space(client: APIClient, cast: Cast, tmp_path: Path) -> None:
    fits = shutil.disk_usage(tmp_path).free > 65 * GIB
    answer = create(client, cast.lab.id, 64 * GIB)
    assert answer.status_code == (201 if fits else 507)
    assert sum(path.stat().st_blocks for path in tmp_path.rglob("*") if path.is_file()) * 512 < 1024**2


def test_more_than_64_gib_is_refused(client: APIClient, cast: Cast) -> None:
    answer = create(client, cast.lab.id, 64 * GIB + 1)
    assert (answer.status_code, answer.json()["code"]) == (413, "upload_too_long")


@pytest.mark.parametrize("length", ["", "-1", "1.5", "9" * 30, "٣"])
def test_a_length_that_is_no_number_is_refused(client: APIClient, cast: Cast, length: str) -> None:
    headers = {"Upload-Length": length} if length.isascii() else {"Upload-Length": "x"}
    assert create(client, cast.lab.id, 1, **headers).status_code == 400


def test_a_chunk_of_another_type_is_refused(client: APIClient, cast: Cast) -> None:
    url = create(client, cast.lab.id, 4)["Location"]
    assert patch(client, url, 0, b"0123", content_type="application/octet-stream").status_code == 415


@pytest.mark.parametrize("header", ["filename", "filename YQ==,lab !!!", "lab " + "x" * 9000])
def test_metadata_that_cannot_be_read_is_refused(client: APIClient, cast: Cast, header: str) -> None:
    assert create(client, cast.lab.id, 1, **{"Upload-Metadata": header}).status_code in (400, 404)
    assert not Upload.objects.exists()


@pytest.mark.parametrize("name", ["a\0b.zip", "a\nb.zip", "a\u202egpj.zip", "x" * 5000, "../..", "", "C:\\"])
def test_a_name_that_deceives_is_refused_and_leaves_nothing(client: APIClient, cast: Cast, tmp_path: Path, name: str) -> None:
    answer = create(client, cast.lab.id, 1, name=name)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_name")
    assert not Upload.objects.exists()
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    ("given", "kept"),
    [("../../etc/passwd", "etc/passwd"), ("/abs/a.jpg", "abs/a.jpg"), ("C:\\day 3\\a.jpg", "day 3/a.jpg"), ("F-15/./a.jpg", "F-15/a.jpg")],
)
def test_a_name_that_points_elsewhere_is_kept_as_plain_text(client: APIClient, cast: Cast, tmp_path: Path, given: str, kept: str) -> None:
    url = create(client, cast.lab.id, 1, name=given)["Location"]
    assert Upload.objects.get().name == kept
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == [url.rsplit("/", 1)[1]]


def test_outsiders_see_nothing_and_viewers_may_not_write(cast: Cast, client: APIClient, client_of: ClientOf) -> None:
    url = create(client, cast.lab.id, 4)["Location"]
    for person, seen, written in [(cast.outsider, 404, 404), (cast.viewer, 200, 403), (cast.colleague, 200, 204), (None, 401, 401)]:
        other = client_of(person)
        assert head(other, url).status_code == seen
        assert patch(other, url, 0, b"").status_code == written
        assert create(other, cast.lab.id, 4).status_code == {204: 201}.get(written, written)
    assert delete(client_of(cast.outsider), url).status_code == 404
    assert delete(client_of(cast.viewer), url).status_code == 403
    assert file_of(url).exists()


def test_a_terminated_upload_is_gone_with_its_bytes_and_on_record(cast: Cast, client: APIClient) -> None:
    url = create(client, cast.lab.id, 4)["Location"]
    patch(client, url, 0, b"01")
    assert delete(client, url).status_code == 204
    assert head(client, url).status_code == 404
    assert patch(client, url, 2, b"23").status_code == 404
    assert not file_of(url).exists()
    assert Entry.objects.filter(action="upload.terminated", actor=cast.embryologist).count() == 1


def test_post_may_stand_for_patch_where_a_proxy_allows_nothing_else(cast: Cast, client: APIClient) -> None:
    url = create(client, cast.lab.id, 4)["Location"]
    headers = {"Tus-Resumable": "1.0.0", "Upload-Offset": "0", "X-HTTP-Method-Override": "PATCH"}
    assert client.generic("POST", url, b"01", CHUNK_TYPE, headers=headers).status_code == 204


def test_an_abandoned_upload_expires_and_is_collected(cast: Cast, client: APIClient, capsys: Any) -> None:
    url, kept = create(client, cast.lab.id, 4)["Location"], create(client, cast.lab.id, 4)["Location"]
    patch(client, url, 0, b"01")
    Upload.objects.filter(id=url.rsplit("/", 1)[1]).update(expires_at=timezone.now() - timedelta(seconds=1))
    assert patch(client, url, 2, b"23").status_code == 410
    assert head(client, url).status_code == 410
    call_command("collect_uploads")
    assert capsys.readouterr().out.startswith("1 ")
    assert (head(client, url).status_code, head(client, kept).status_code) == (404, 200)
    assert not file_of(url).exists()
    assert Entry.objects.filter(action="upload.expired").count() == 1


def test_a_file_that_is_begun_anew_takes_the_place_of_what_was_sent_of_it_before(cast: Cast, client: APIClient) -> None:
    batch = uuid4()
    cut_off, other = (create(client, cast.lab.id, 10, name=name, batch=batch)["Location"] for name in ("a.jpg", "b.jpg"))
    patch(client, cut_off, 0, b"12345")
    again = create(client, cast.lab.id, 10, name="a.jpg", batch=batch)["Location"]
    assert head(client, cut_off).status_code == 404
    assert not file_of(cut_off).exists()
    assert [head(client, url)["Upload-Offset"] for url in (again, other)] == ["0", "0"]
    assert Entry.objects.filter(action="upload.replaced").count() == 1


def test_a_chunk_puts_the_expiry_off(cast: Cast, client: APIClient) -> None:
    url = create(client, cast.lab.id, 4)["Location"]
    Upload.objects.update(expires_at=timezone.now() + timedelta(minutes=1))
    patch(client, url, 0, b"01")
    assert Upload.objects.get().expires_at > timezone.now() + timedelta(hours=47)


def test_files_that_no_row_speaks_of_are_collected_once_they_are_old(cast: Cast, client: APIClient) -> None:
    create(client, cast.lab.id, 4)
    folder = uploads.upload_folder()
    old, fresh = folder / str(uuid4()), folder / f"{uuid4()}.x.whole"
    for file in (old, fresh):
        file.write_bytes(b"half")
    os.utime(old, (0, 0))
    uploads.collect_expired_uploads()
    assert (old.exists(), fresh.exists(), len(list(folder.iterdir()))) == (False, True, 2)


def test_the_list_shows_ones_own_unfinished_uploads_only(cast: Cast, client: APIClient, client_of: ClientOf) -> None:
    batch = uuid4()
    create(client, cast.lab.id, 4, batch=batch, name="F0/a.jpg")
    create(client_of(cast.colleague), cast.lab.id, 4)
    listed = client.get(f"/api/uploads/?lab={cast.lab.id}").json()
    assert [(row["name"], row["batch"], row["length"], row["offset"]) for row in listed] == [("F0/a.jpg", str(batch), 4, 0)]
    assert client.get("/api/uploads/?lab=nonsense").status_code == 400
    assert client_of(cast.outsider).get(f"/api/uploads/?lab={cast.lab.id}").json() == []


def test_a_second_writer_is_told_to_wait(cast: Cast, client: APIClient) -> None:
    url = create(client, cast.lab.id, 4)["Location"]
    with uploads.locked(UUID(url.rsplit("/", 1)[1]), patience_s=0):
        answer = patch(client, url, 0, b"01")
    assert answer.status_code == 423
    assert patch(client, url, 0, b"01").status_code == 204


def test_bytes_that_were_lost_on_disk_are_noticed(cast: Cast, client: APIClient) -> None:
    url = create(client, cast.lab.id, 4)["Location"]
    patch(client, url, 0, b"01")
    file_of(url).write_bytes(b"")
    assert (patch(client, url, 2, b"23").status_code, file_of(url).stat().st_size) == (410, 0)
