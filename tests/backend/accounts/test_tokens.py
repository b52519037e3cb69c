from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from django.utils import timezone
from rest_framework.test import APIClient

from backend.accounts.models import ApiToken, Membership, Role
from tests.backend.conftest import ClientOf
from tests.cast import Cast

TokenClient = Callable[..., APIClient]


def test_a_token_is_shown_once_and_kept_as_a_hash(cast: Cast, client_of: ClientOf) -> None:
    browser = client_of(cast.embryologist)
    made = browser.post("/api/tokens/", {"name": "night script", "lab": str(cast.lab.id), "scope": "read"})
    assert made.status_code == 201
    secret = made.json()["token"]
    assert secret.startswith("ev_")
    listed = browser.get("/api/tokens/").json()["results"]
    assert "token" not in listed[0]
    assert secret not in {str(value) for value in vars(ApiToken.objects.get()).values()}
    program = APIClient()
    program.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    assert program.get("/api/labs/").json()["results"][0]["id"] == str(cast.lab.id)
    assert browser.get("/api/tokens/").json()["results"][0]["last_used_at"] is not None


def test_a_token_sees_its_lab_and_none_of_its_owners_others(cast: Cast, token_client: TokenClient) -> None:
    Membership.objects.create(user=cast.embryologist, lab=cast.other_lab, role=Role.ADMIN)
    labs = token_client(cast.embryologist, cast.lab, "write").get("/api/labs/").json()["results"]
    assert [lab["name"] for lab in labs] == ["North clinic"]


def test_a_read_token_writes_nothing_and_no_token_manages_accounts(cast: Cast, token_client: TokenClient) -> None:
    read, write = (token_client(cast.lab_admin, cast.lab, scope) for scope in ("read", "write"))
    assert read.post("/api/labs/", {"name": "x"}).json()["code"] == "read_only_token"
    for address in (
        "/api/tokens/",
        f"/api/labs/{cast.lab.id}/members/",
        f"/api/labs/{cast.lab.id}/invitations/",
        f"/api/audit/?lab={cast.lab.id}",
    ):
        assert write.get(address).json()["code"] == "needs_session", address
    assert write.patch("/api/me/", {"theme": "light"}).json()["code"] == "needs_session"
    assert write.post("/api/me/password/", {"current": "x", "new": "y"}).json()["code"] == "needs_session"


def test_an_instance_admins_token_carries_no_instance_rights(cast: Cast, token_client: TokenClient) -> None:
    Membership.objects.create(user=cast.instance_admin, lab=cast.lab, role=Role.ADMIN)
    assert token_client(cast.instance_admin, cast.lab, "write").post("/api/labs/", {"name": "x"}).status_code == 403


def test_an_expired_withdrawn_or_invented_token_is_answered_401(cast: Cast, client_of: ClientOf, token_client: TokenClient) -> None:
    program = token_client(cast.embryologist, cast.lab, "read")
    ApiToken.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert program.get("/api/labs/").status_code == 401
    program = token_client(cast.embryologist, cast.lab, "read")
    latest = ApiToken.objects.latest("created_at")
    assert client_of(cast.colleague).delete(f"/api/tokens/{latest.id}/").status_code == 404
    assert client_of(cast.embryologist).delete(f"/api/tokens/{latest.id}/").status_code == 204
    assert program.get("/api/labs/").status_code == 401
    program.credentials(HTTP_AUTHORIZATION="Bearer ev_invented")
    assert program.get("/api/labs/").json()["code"] == "wrong_token"


def test_a_wrong_token_is_not_rescued_by_a_session_that_comes_along(cast: Cast, client_of: ClientOf) -> None:
    browser = client_of(cast.embryologist)
    assert browser.get("/api/labs/", HTTP_AUTHORIZATION="Bearer ev_invented").status_code == 401


def test_nobody_makes_a_token_for_a_lab_that_is_not_theirs(cast: Cast, client_of: ClientOf) -> None:
    asked = {"name": "x", "lab": str(cast.lab.id), "scope": "read"}
    assert client_of(cast.outsider).post("/api/tokens/", asked).status_code == 404
