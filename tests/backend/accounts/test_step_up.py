from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.test import APIClient, APIRequestFactory

from backend.accounts import stepup
from backend.accounts.models import ApiToken
from backend.audit.models import Entry
from backend.core.errors import Refused
from tests.backend.conftest import ClientOf
from tests.cast import PASSWORD, Cast

ADDRESS = "/api/session/step-up/"


def request_of(browser: APIClient, auth: ApiToken | None = None) -> Request:
    """A later request in the same session."""
    plain = APIRequestFactory().post("/")
    plain.session = browser.session  # type: ignore[attr-defined]
    request = Request(plain)
    request.auth = auth
    return request


def may_sign(browser: APIClient) -> bool:
    return stepup.has_stepped_up(request_of(browser))


def test_the_password_given_again_opens_what_needs_it_for_five_minutes_in_this_session_only(
    cast: Cast, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, elsewhere = client_of(cast.embryologist), client_of(cast.embryologist)
    with pytest.raises(Refused) as refused:
        stepup.require_step_up(request_of(here))
    assert (refused.value.code, refused.value.status_code) == ("needs_step_up", 403)
    answer = here.post(ADDRESS, {"password": PASSWORD})
    assert answer.status_code == 200
    until = datetime.fromisoformat(answer.json()["until"])
    assert timedelta(minutes=4, seconds=50) < until - timezone.now() <= timedelta(minutes=5)
    assert (may_sign(here), may_sign(elsewhere)) == (True, False)
    stepup.require_step_up(request_of(here))
    monkeypatch.setattr(timezone, "now", lambda: until + timedelta(seconds=1))
    assert not may_sign(here)


def test_it_is_recorded_and_ends_with_the_session(cast: Cast, client_of: ClientOf) -> None:
    browser = client_of(cast.embryologist)
    browser.post(ADDRESS, {"password": PASSWORD})
    assert Entry.objects.filter(action="session.stepped_up", actor=cast.embryologist).count() == 1
    browser.delete("/api/session/")
    browser.force_login(cast.embryologist)
    assert not may_sign(browser)


def test_a_wrong_password_opens_nothing_and_says_so_at_its_field(cast: Cast, client_of: ClientOf) -> None:
    browser = client_of(cast.embryologist)
    answer = browser.post(ADDRESS, {"password": "not it"})
    assert (answer.status_code, answer.json()["fields"]["password"]) == (400, ["This is not your password."])
    assert not may_sign(browser)
    assert not Entry.objects.filter(action="session.stepped_up").exists()


def test_wrong_passwords_lock_out_as_failed_sign_ins_do_and_a_right_one_forgets_them(cast: Cast) -> None:
    browser = APIClient(REMOTE_ADDR="10.0.0.1")
    browser.force_login(cast.embryologist)

    def tries(password: str, count: int = 1) -> list[int]:
        return [browser.post(ADDRESS, {"password": password}).status_code for _ in range(count)]

    assert tries("not it", 7) == [400] * 7
    assert tries(PASSWORD) == [200]
    assert tries("not it", 8) == [400] * 7 + [429]
    assert tries(PASSWORD) == [429]
    signing_in = APIClient(REMOTE_ADDR="10.0.0.1").post("/api/session/", {"email": cast.embryologist.email, "password": PASSWORD})
    assert (signing_in.status_code, signing_in.json()["code"]) == (429, "locked_out")
    there = APIClient(REMOTE_ADDR="10.0.0.2")
    there.force_login(cast.embryologist)
    assert there.post(ADDRESS, {"password": PASSWORD}).status_code == 200


def test_somebody_elses_failures_are_not_forgotten_by_ones_own_success(cast: Cast) -> None:
    browser = APIClient(REMOTE_ADDR="10.0.0.1")
    for _ in range(8):
        browser.post("/api/session/", {"email": cast.viewer.email, "password": "not it"})
    browser.force_login(cast.embryologist)
    assert browser.post(ADDRESS, {"password": PASSWORD}).status_code == 200
    assert browser.post("/api/session/", {"email": cast.viewer.email, "password": PASSWORD}).status_code == 429


def test_a_token_can_neither_step_up_nor_use_a_session_that_has(cast: Cast, client_of: ClientOf, token_client: Any) -> None:
    program = token_client(cast.embryologist, cast.lab, "write")
    answer = program.post(ADDRESS, {"password": PASSWORD})
    assert (answer.status_code, answer.json()["code"]) == (403, "needs_session")
    browser = client_of(cast.embryologist)
    browser.post(ADDRESS, {"password": PASSWORD})
    with pytest.raises(Refused):
        stepup.require_step_up(request_of(browser, ApiToken.objects.get()))


@pytest.mark.parametrize("kept", ["soon", None, [], True])
def test_whatever_else_lies_in_the_session_opens_nothing(cast: Cast, client_of: ClientOf, kept: Any) -> None:
    browser = client_of(cast.embryologist)
    session = browser.session
    session[stepup.KEY] = kept
    session.save()
    assert not may_sign(browser)
