"""Pictures of frames and originals: who gets them, how they are kept, and what they are served as."""

from __future__ import annotations

import io
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from rest_framework.test import APIClient

from backend.core.files import ContentStore
from backend.imaging import frames
from backend.imaging.models import Stack
from tests.backend.conftest import ClientOf
from tests.backend.imaging.conftest import TakeIn
from tests.backend.imaging.pictures import everything_below, zip_of_frames
from tests.cast import Cast

pytestmark = pytest.mark.django_db(transaction=True)


def url_of(stack: Stack, index: int = 0, plane: int = 0, width: int = 0) -> str:
    return f"/media/frames/{stack.id}/{stack.sha256[:16]}/{index}-{plane}-{width}.jpg"


def bytes_of(answer: Any) -> bytes:
    return b"".join(answer.streaming_content)


def test_a_frame_is_a_grey_jpeg_of_that_frame(confirmed: Stack, embryologist_client: APIClient) -> None:
    answer = embryologist_client.get(url_of(confirmed, index=3))
    picture = Image.open(io.BytesIO(answer.content))
    assert (answer.status_code, answer["Content-Type"], picture.format, picture.mode, picture.size) == (
        200,
        "image/jpeg",
        "JPEG",
        "L",
        (64, 48),
    )
    assert answer["Cache-Control"] == "private, max-age=31536000, immutable"
    assert answer["X-Content-Type-Options"] == "nosniff"
    row = [picture.getpixel((x, 16)) for x in range(64)]
    assert next(x for x, value in enumerate(row) if isinstance(value, int) and value > 130) in (2, 3, 4)


def test_widths_come_from_a_short_list(take_in: TakeIn, embryologist_client: APIClient) -> None:
    stack = take_in(zip_of_frames(2, (800, 600)))
    for width, size in [(96, (96, 72)), (384, (384, 288)), (1536, (800, 600)), (0, (800, 600))]:
        assert Image.open(io.BytesIO(embryologist_client.get(url_of(stack, width=width)).content)).size == size
    assert embryologist_client.get(url_of(stack, width=97)).status_code == 404


@pytest.mark.parametrize(("index", "plane"), [(5, 0), (0, 1), (10**12, 0)])
def test_a_frame_that_does_not_exist_is_not_found(confirmed: Stack, embryologist_client: APIClient, index: int, plane: int) -> None:
    assert embryologist_client.get(url_of(confirmed, index, plane)).status_code == 404


def test_an_address_of_other_content_is_not_found(confirmed: Stack, embryologist_client: APIClient) -> None:
    assert embryologist_client.get(f"/media/frames/{confirmed.id}/{'0' * 16}/0-0-0.jpg").status_code == 404


def test_the_second_request_is_served_from_the_cache(confirmed: Stack, embryologist_client: APIClient) -> None:
    first = embryologist_client.get(url_of(confirmed)).content
    ContentStore().delete(confirmed.sha256)
    assert embryologist_client.get(url_of(confirmed)).content == first


def test_a_known_frame_costs_no_bytes_and_head_sends_none(confirmed: Stack, embryologist_client: APIClient) -> None:
    tag = embryologist_client.get(url_of(confirmed))["ETag"]
    again = embryologist_client.get(url_of(confirmed), headers={"If-None-Match": tag})
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", tag)
    assert embryologist_client.head(url_of(confirmed)).status_code == 200


def test_nobody_but_members_gets_frames_or_originals(
    confirmed: Stack, client_of: ClientOf, token_client: Callable[..., APIClient], cast: Cast
) -> None:
    client_of(cast.embryologist).get(url_of(confirmed))
    for url in (url_of(confirmed), f"/media/originals/{confirmed.id}"):
        assert client_of(cast.viewer).get(url).status_code == 200
        assert client_of(cast.outsider).get(url).status_code == 404
        assert client_of(cast.instance_admin).get(url).status_code == 404
        assert client_of(None).get(url).status_code == 401
        assert token_client(cast.embryologist, cast.lab, "read").get(url).status_code == 200
        assert token_client(cast.outsider, cast.other_lab, "read").get(url).status_code == 404
        wrong = APIClient(HTTP_AUTHORIZATION="Bearer ev_nonsense")
        assert wrong.get(url).status_code == 401
    tag = client_of(cast.embryologist).get(url_of(confirmed))["ETag"]
    assert client_of(cast.outsider).get(url_of(confirmed), headers={"If-None-Match": tag}).status_code == 404


def test_a_cached_frame_takes_three_queries(confirmed: Stack, embryologist_client: APIClient, django_assert_max_num_queries: Any) -> None:
    embryologist_client.get(url_of(confirmed))
    with django_assert_max_num_queries(3):
        embryologist_client.get(url_of(confirmed))


def test_a_refused_recording_shows_no_frames(take_in: TakeIn, embryologist_client: APIClient) -> None:
    stack = take_in(b"x")
    assert embryologist_client.get(url_of(stack).replace("//", "/0000000000000000/")).status_code == 404
    assert embryologist_client.get(f"/media/originals/{stack.id}").status_code == 404


def test_a_frame_that_cannot_be_decoded_says_why(confirmed: Stack, embryologist_client: APIClient) -> None:
    ContentStore().path_of(confirmed.sha256).write_bytes(zip_of_frames()[:-40])
    answer = embryologist_client.get(url_of(confirmed))
    assert (answer.status_code, answer.json()["code"], answer["Cache-Control"]) == (422, "file_truncated", "no-store")


def test_the_cache_stays_below_its_limit_and_keeps_what_was_used_last(settings: Any) -> None:
    pictures = [frames.Picture("a" * 64, index, 0, 0) for index in range(20)]
    for age, picture in enumerate(pictures):
        frames._keep(picture.path, bytes(1000))
        os.utime(picture.path, (10_000 - age, 10_000 - age))
    assert frames.cached(pictures[19].path) is not None, "a use counts"
    assert frames.evict(10_000) == 11_000
    assert [index for index, picture in enumerate(pictures) if picture.path.exists()] == [0, 1, 2, 3, 4, 5, 6, 7, 19]
    assert frames.evict(10_000) == 0


def test_writing_more_than_the_limit_evicts_by_itself(settings: Any) -> None:
    settings.FRAME_CACHE_BYTES = 50_000
    for index in range(100):
        frames._keep(frames.Picture("b" * 64, index, 0, 0).path, bytes(1000))
    end = time.monotonic() + 5
    while any(thread.name == "frame-eviction" for thread in threading.enumerate()) and time.monotonic() < end:
        time.sleep(0.02)
    frames._keep(frames.Picture("b" * 64, 100, 0, 0).path, bytes(1000))
    while any(thread.name == "frame-eviction" for thread in threading.enumerate()) and time.monotonic() < end:
        time.sleep(0.02)
    kept = [path for path in Path(settings.FRAME_CACHE_DIR).rglob("*.jpg") if path.is_file()]
    assert 0 < len(kept) <= 52


def test_readers_writers_and_evictors_do_not_disturb_each_other(settings: Any) -> None:
    settings.FRAME_CACHE_BYTES = 20_000
    faults: list[Exception] = []

    def work(seed: int) -> None:
        try:
            for index in range(seed, 200, 3):
                picture = frames.Picture("c" * 64, index % 40, 0, 0)
                frames._keep(picture.path, bytes([index % 40]) * 1000)
                assert frames.cached(picture.path) in (None, bytes([index % 40]) * 1000)
                frames.evict(20_000)
        except Exception as fault:
            faults.append(fault)

    workers = [threading.Thread(target=work, args=(seed,)) for seed in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not faults


def test_a_cache_that_cannot_be_written_keeps_nobody_from_seeing(confirmed: Stack, embryologist_client: APIClient, settings: Any) -> None:
    Path(settings.FRAME_CACHE_DIR).write_text("a file where the folder should be")
    assert embryologist_client.get(url_of(confirmed)).status_code == 200


def test_pictures_of_a_deleted_recording_are_forgotten(take_in: TakeIn, embryologist_client: APIClient, settings: Any, cast: Cast) -> None:
    stack = take_in()
    embryologist_client.get(url_of(stack))
    assert embryologist_client.delete(f"/api/stacks/{stack.id}/").status_code == 204
    assert everything_below(Path(settings.FRAME_CACHE_DIR)) in ([], [".evicting"])
    assert embryologist_client.get(url_of(stack)).status_code == 404


def test_an_original_is_saved_and_never_shown(take_in: TakeIn, embryologist_client: APIClient) -> None:
    data = zip_of_frames()
    stack = take_in(data, name='день "1"\u00e9<script>.zip')
    answer = embryologist_client.get(f"/media/originals/{stack.id}")
    assert bytes_of(answer) == data
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    saved_as = answer["Content-Disposition"]
    assert saved_as.startswith(f"attachment; filename=\"{stack.id}.zip\"; filename*=UTF-8''%D0%B4")
    assert "<" not in saved_as
    assert saved_as.count('"') == 2


@pytest.mark.parametrize(
    ("asked", "status", "start", "end"),
    [
        ("bytes=0-9", 206, 0, 10),
        ("bytes=5-", 206, 5, None),
        ("bytes=-7", 206, -7, None),
        ("bytes=0-1,4-5", 200, 0, None),
        ("lines=1-2", 200, 0, None),
    ],
)
def test_a_part_of_an_original_can_be_asked_for(
    take_in: TakeIn, embryologist_client: APIClient, asked: str, status: int, start: int, end: int | None
) -> None:
    data = zip_of_frames()
    answer = embryologist_client.get(f"/media/originals/{take_in(data).id}", headers={"Range": asked})
    assert (answer.status_code, bytes_of(answer)) == (status, data[start:end])


def test_a_part_beyond_the_end_is_refused(confirmed: Stack, embryologist_client: APIClient) -> None:
    url = f"/media/originals/{confirmed.id}"
    assert embryologist_client.get(url, headers={"Range": "bytes=99999999-"}).status_code == 416
    head = embryologist_client.head(url)
    assert (head.status_code, head["Content-Length"]) == (200, str(confirmed.size_bytes))


async def test_an_original_streams_under_the_server_it_runs_on(async_client: Any, cast: Cast, confirmed: Stack) -> None:
    await async_client.aforce_login(cast.embryologist)
    answer = await async_client.get(f"/media/originals/{confirmed.id}")
    pieces = [piece async for piece in answer.streaming_content]
    assert b"".join(pieces) == ContentStore().path_of(confirmed.sha256).read_bytes()
