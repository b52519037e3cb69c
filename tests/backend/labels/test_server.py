"""The door to a lab's own Label Studio server: what is let through it, and what people are told of what is not."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from backend.core.errors import Refused
from backend.labels.addresses import allowed_address, plain_address
from backend.labels.sealing import seal, unseal
from backend.labels.server import Server
from tests.backend.labels.pretend_server import LEGACY, PERSONAL, PretendServer, pretending


@pytest.fixture
def pretend(settings: Any) -> Iterator[PretendServer]:
    settings.LABEL_STUDIO_PACE_S = 0
    with pretending() as server:
        settings.LABEL_STUDIO_ALLOWED = [server.address]
        yield server


def refused(code: str) -> Any:
    return pytest.raises(Refused, check=lambda error: error.code == code)


def at_once(seconds: float) -> None:
    """Waits are agreed with the server; these tests do not keep to them."""


@pytest.mark.parametrize("token", [LEGACY, PERSONAL])
def test_both_kinds_of_token_open_the_server(pretend: PretendServer, token: str) -> None:
    with Server(pretend.address, token) as server:
        assert server.version() == "1.23.2"
        assert server.projects() == [{"id": 7, "title": "Dishes", "tasks": 0}]
    assert server.kind == ("legacy" if token == LEGACY else "personal")


@pytest.mark.parametrize(("token", "code"), [("f" * 40, "legacy_token_refused"), (PERSONAL[:-4] + "AAAA", "personal_token_refused")])
def test_a_token_that_is_not_taken_is_refused_by_its_kind(pretend: PretendServer, token: str, code: str) -> None:
    with Server(pretend.address, token) as server, refused(code) as told:
        server.version()
    assert told.value.hint
    assert token not in str(told.value.as_dict())


def test_what_is_no_token_is_not_sent_anywhere(pretend: PretendServer) -> None:
    with refused("bad_token"):
        Server(pretend.address, "my password")
    assert pretend.asked == []


@pytest.mark.parametrize(
    "address",
    ["http://169.254.169.254", "http://127.0.0.1:1", "https://labels.example.org.evil.example", "http://localhost", "file:///etc/passwd"],
)
def test_an_address_that_the_environment_does_not_name_is_never_opened(pretend: PretendServer, address: str) -> None:
    with pytest.raises(Refused) as told:
        Server(address, LEGACY)
    assert told.value.code in ("address_not_allowed", "bad_address")


def test_an_address_taken_off_the_list_is_not_opened_any_more(pretend: PretendServer, settings: Any) -> None:
    settings.LABEL_STUDIO_ALLOWED = []
    with refused("address_not_allowed"):
        Server(pretend.address, LEGACY)


def test_a_server_that_sends_us_elsewhere_is_not_followed(pretend: PretendServer) -> None:
    with pretending() as other, Server(pretend.address, LEGACY) as server:
        pretend.faults = [(302, {"Location": f"{other.address}/api/version"})]
        with refused("server_redirects"):
            server.version()
        assert other.asked == []


def test_a_page_that_is_told_elsewhere_is_not_opened(pretend: PretendServer) -> None:
    """An answer names the address of the next page; the door is not opened for it."""
    with pretending() as other, Server(pretend.address, LEGACY) as server:
        with refused("address_not_allowed"):
            server._client.get(f"{other.address}/api/projects?page=2")
        assert other.asked == []


@pytest.mark.parametrize(
    "path",
    [
        "http://169.254.169.254/latest",
        "/data/upload/../../api/token",
        "/data/local-files/?d=etc/passwd",
        "//evil.example/data/upload/1/a",
        "s3://b/a.jpg",
    ],
)
def test_no_address_that_a_task_names_is_opened_but_uploads_to_this_server(pretend: PretendServer, path: str) -> None:
    with Server(pretend.address, LEGACY) as server:
        assert server.picture(path) is None
    assert pretend.asked == []


def test_a_server_that_asks_for_patience_is_given_it(pretend: PretendServer) -> None:
    waited: list[float] = []
    pretend.faults = [(429, {"Retry-After": "7"}), (503, {})]
    with Server(pretend.address, LEGACY, wait=waited.append) as server:
        assert server.projects()
    assert [seconds for seconds in waited if seconds > 0.5] == [7.0, 3.0]


def test_a_write_is_not_sent_twice_where_the_server_may_have_taken_it(pretend: PretendServer) -> None:
    pretend.faults = [(503, {})]
    with Server(pretend.address, LEGACY, wait=at_once) as server, refused("server_refused"):
        server.predict(1, result=[], score=0.5, model_version="w")
    assert len(pretend.asked) == 1


def test_requests_keep_their_distance(pretend: PretendServer, settings: Any) -> None:
    settings.LABEL_STUDIO_PACE_S = 0.15
    with Server(pretend.address, LEGACY) as server:
        for _ in range(3):
            server.projects()
    apart = [after - before for before, after in zip(pretend.asked_at, pretend.asked_at[1:], strict=False)]
    assert min(apart) >= 0.1


def test_a_server_that_is_away_is_said_to_be_and_nobody_waits_for_ever(settings: Any) -> None:
    settings.LABEL_STUDIO_ALLOWED = ["http://127.0.0.1:9"]
    began = time.monotonic()
    with Server("http://127.0.0.1:9", LEGACY, wait=at_once) as server, refused("server_unreachable"):
        server.version()
    assert time.monotonic() - began < 20


def test_what_is_no_label_studio_is_told_apart(pretend: PretendServer) -> None:
    pretend.faults = [(200, {"Content-Type": "text/html"})]
    with Server(pretend.address, LEGACY) as server, refused("no_label_studio"):
        server.version()


def test_addresses_are_compared_in_their_plain_form() -> None:
    assert plain_address("HTTPS://Labels.Example.org:443/") == "https://labels.example.org"
    assert plain_address("http://127.0.0.1:8080/ls/") == "http://127.0.0.1:8080/ls"
    assert plain_address("http://[::1]:8080") == "http://[::1]:8080"
    for wrong in (
        "labels.example.org",
        "ftp://a",
        "http://a@b",
        "http://a?x=1",
        "http://a#b",
        "http://a\\b",
        "http://a/../b",
        "http://a:x",
        "",
    ):
        assert plain_address(wrong) is None, wrong
    assert allowed_address("https://LABELS.example.org/") == "https://labels.example.org"


def test_a_sealed_token_is_readable_with_this_installations_key_only(settings: Any) -> None:
    sealed = seal(LEGACY)
    assert LEGACY not in sealed
    assert unseal(sealed) == LEGACY
    settings.SECRET_KEY = "another key of another installation, long enough"
    with refused("token_unreadable"):
        unseal(sealed)
