from __future__ import annotations

import pytest
from rest_framework.test import APIClient

from backend.accounts.models import User
from backend.audit.models import Entry
from tests.backend.conftest import ClientOf
from tests.cast import PASSWORD, Cast


def sign_in(browser: APIClient, email: str, password: str) -> tuple[int, dict]:
    answer = browser.post("/api/session/", {"email": email, "password": password})
    return answer.status_code, answer.json()


def test_a_session_tells_who_is_signed_in_and_where_they_work(cast: Cast) -> None:
    browser = APIClient()
    status, told = sign_in(browser, "Embryologist@Example.org", PASSWORD)
    assert status == 200
    assert told["user"]["email"] == "embryologist@example.org"
    assert told["memberships"] == [{"lab": {"id": str(cast.lab.id), "name": "North clinic", "is_demo": False}, "role": "embryologist"}]
    assert told["needs_setup"] is False
    assert browser.get("/api/session/").json() == told
    assert Entry.objects.filter(action="session.opened", actor=cast.embryologist).count() == 1


def test_signing_in_changes_the_session_key_so_that_a_planted_one_is_worth_nothing(cast: Cast) -> None:
    browser = APIClient()
    session = browser.session
    session["planted"] = True
    session.save()
    browser.cookies["embryovision_session"] = session.session_key
    sign_in(browser, cast.viewer.email, PASSWORD)
    assert browser.cookies["embryovision_session"].value != session.session_key


def test_signing_out_ends_the_session_on_the_server(cast: Cast) -> None:
    browser = APIClient()
    sign_in(browser, cast.viewer.email, PASSWORD)
    kept = browser.cookies["embryovision_session"].value
    assert browser.delete("/api/session/").status_code == 204
    browser.cookies["embryovision_session"] = kept
    assert browser.get("/api/session/").json()["user"] is None
    assert browser.get("/api/labs/").status_code == 401


def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(cast: Cast) -> None:
    known = sign_in(APIClient(), cast.viewer.email, "wrong password")
    unknown = sign_in(APIClient(), "nobody@example.org", "wrong password")
    assert (
        known
        == unknown
        == (401, {"code": "wrong_credentials", "detail": "Address or password is wrong.", "hint": "Check both and try again."})
    )


@pytest.mark.parametrize("email", ["viewer@example.org", "nobody@example.org"])
def test_eight_failures_lock_the_address_out_from_this_place_and_from_no_other(cast: Cast, email: str) -> None:
    here = APIClient(REMOTE_ADDR="10.0.0.1")
    answers = [sign_in(here, email, "wrong password")[0] for _ in range(9)]
    assert answers[:7] == [401] * 7
    assert answers[7:] == [429, 429]
    status, told = sign_in(here, email, PASSWORD)
    assert (status, told["code"]) == (429, "locked_out")
    assert sign_in(here, cast.colleague.email, PASSWORD)[0] == 200
    if email == cast.viewer.email:
        assert sign_in(APIClient(REMOTE_ADDR="10.0.0.2"), email, PASSWORD)[0] == 200


def test_somebody_who_was_switched_off_can_neither_sign_in_nor_go_on(cast: Cast, client_of: ClientOf) -> None:
    browser = client_of(cast.viewer)
    assert browser.get("/api/labs/").status_code == 200
    User.objects.filter(id=cast.viewer.id).update(is_active=False)
    assert browser.get("/api/labs/").status_code == 401
    assert sign_in(APIClient(), cast.viewer.email, PASSWORD)[0] == 401


def test_a_write_without_the_csrf_header_is_refused_signed_in_or_not(cast: Cast) -> None:
    browser = APIClient(enforce_csrf_checks=True)
    assert sign_in(browser, cast.viewer.email, PASSWORD) == (
        403,
        {
            "code": "csrf_failed",
            "detail": "The request does not prove that it comes from our page.",
            "hint": "Reload the page and try again.",
        },
    )
    browser.get("/api/session/")
    token = browser.cookies["embryovision_csrf"].value
    assert browser.post("/api/session/", {"email": cast.viewer.email, "password": PASSWORD}, HTTP_X_CSRFTOKEN=token).status_code == 200
    assert browser.patch("/api/me/", {"theme": "light"}).json()["code"] == "csrf_failed"
    token = browser.cookies["embryovision_csrf"].value
    assert browser.patch("/api/me/", {"theme": "light"}, HTTP_X_CSRFTOKEN=token).json()["theme"] == "light"


def test_a_changed_password_ends_every_other_session_and_keeps_this_one(cast: Cast, client_of: ClientOf) -> None:
    here, elsewhere = client_of(cast.viewer), client_of(cast.viewer)
    assert here.post("/api/me/password/", {"current": "not it", "new": "a longer new one"}).json()["fields"]["current"]
    assert here.post("/api/me/password/", {"current": PASSWORD, "new": "short"}).json()["fields"]["new"]
    assert here.post("/api/me/password/", {"current": PASSWORD, "new": "a longer new one"}).status_code == 204
    assert here.get("/api/labs/").status_code == 200
    assert elsewhere.get("/api/labs/").status_code == 401


def test_a_profile_takes_its_own_fields_and_nothing_else(cast: Cast, client_of: ClientOf) -> None:
    browser = client_of(cast.viewer)
    told = browser.patch("/api/me/", {"language": "ru", "is_instance_admin": True, "email": "other@example.org"}).json()
    assert (told["language"], told["is_instance_admin"], told["email"]) == ("ru", False, "viewer@example.org")
    row = Entry.objects.get(action="user.updated")
    assert (row.before, row.after, row.actor_id) == ({"language": "en"}, {"language": "ru"}, cast.viewer.id)
