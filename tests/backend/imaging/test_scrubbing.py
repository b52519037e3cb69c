"""Frames from the real server at the pace of a slider, and who is still let in when things change in between."""

from __future__ import annotations

import io
import os
import time
from collections.abc import Iterator

import httpx
import psutil
import pytest
from PIL import Image

from backend.imaging import passes
from tests.backend.imaging.pictures import zip_of_frames
from tests.backend.imaging.server import Server

FRAMES = 20


@pytest.fixture(scope="module")
def template(server: Server) -> str:
    return str(server.take_in(zip_of_frames(FRAMES, (400, 300)))["frame_url_template"])


@pytest.fixture
def viewer(server: Server) -> Iterator[httpx.Client]:
    cookies = {"embryovision_session": server.seeded["sessions"]["viewer"]}
    with httpx.Client(base_url=server.web.url, cookies=cookies, timeout=30) as browser:
        yield browser


def frame(template: str, index: int, width: int = 0) -> str:
    return template.format(index=index, plane=0, width=width)


def test_cached_frames_cost_the_server_a_millisecond_and_little_memory(server: Server, template: str, viewer: httpx.Client) -> None:
    first = [viewer.get(frame(template, index)) for index in range(FRAMES)]
    assert {answer.status_code for answer in first} == {200}
    process = psutil.Process(server.web.process.pid)
    before = process.cpu_times()
    for _ in range(10):
        for index in range(FRAMES):
            answer = viewer.get(frame(template, index))
            assert answer.content == first[index].content
    after = process.cpu_times()
    assert (after.user + after.system - before.user - before.system) / (10 * FRAMES) < 0.002
    assert process.memory_info().rss < 250 * 1024**2
    assert Image.open(io.BytesIO(answer.content)).size == (400, 300)


def test_the_short_way_answers_as_the_long_way_does(server: Server, template: str, viewer: httpx.Client) -> None:
    url = frame(template, 3, 96)
    slow, quick = viewer.get(url), viewer.get(url)
    for header in ("content-type", "etag", "cache-control", "x-content-type-options", "content-length"):
        assert slow.headers[header] == quick.headers[header]
    assert slow.content == quick.content
    assert viewer.head(url).content == b""
    known = viewer.get(url, headers={"If-None-Match": slow.headers["etag"]})
    assert (known.status_code, known.content) == (304, b"")
    for wrong in (frame(template, FRAMES), frame(template, 3, 97), frame(template, 3).replace("/media/frames/", "/media/frames/x")):
        assert viewer.get(wrong).status_code == 404


def test_a_pass_is_nobody_elses(server: Server, template: str, viewer: httpx.Client) -> None:
    url = frame(template, 1)
    assert viewer.get(url).status_code == 200
    outsider = {"embryovision_session": server.seeded["sessions"]["outsider"]}
    assert httpx.get(server.web.url + url, cookies=outsider).status_code == 404
    assert httpx.get(server.web.url + url).status_code == 401
    assert httpx.get(server.web.url + url, headers={"Authorization": "Bearer ev_x"}, cookies=dict(viewer.cookies)).status_code == 401


def test_who_signs_out_sees_no_further_frame(server: Server, template: str) -> None:
    session = {"embryovision_session": server.seeded["sessions"]["colleague"]}
    with httpx.Client(base_url=server.web.url, cookies=session) as browser:
        browser.get("/api/session/")
        assert browser.get(frame(template, 1)).status_code == 200
        assert browser.get(frame(template, 1)).status_code == 200
        left = browser.delete("/api/session/", headers={"X-CSRFToken": browser.cookies["embryovision_csrf"], "Referer": server.web.url})
        assert left.status_code == 204
    assert httpx.get(server.web.url + frame(template, 1), cookies=session).status_code == 401


def test_who_was_removed_by_another_process_is_shut_out_within_seconds(server: Server, template: str) -> None:
    session = {"embryovision_session": server.seeded["sessions"]["lab_admin"]}
    url = server.web.url + frame(template, 1)
    assert httpx.get(url, cookies=session).status_code == 200
    gone = f"Membership.objects.filter(user_id={server.seeded['users']['lab_admin']!r}).delete()"
    server.installation.run("-c", f"import django; django.setup(); from backend.accounts.models import Membership; {gone}")
    end = time.monotonic() + passes.PASS_S + 1
    while (status := httpx.get(url, cookies=session).status_code) == 200 and time.monotonic() < end:
        time.sleep(0.2)
    assert status == 404


def test_a_frame_that_left_the_cache_is_rendered_again(server: Server, template: str, viewer: httpx.Client) -> None:
    first = viewer.get(frame(template, 7)).content
    for path in (server.installation.data / "cache" / "frames").rglob("7-0-0.jpg"):
        os.unlink(path)
    assert viewer.get(frame(template, 7)).content == first
