from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone
from rest_framework.test import APIClient

from backend.accounts.models import Lab, Membership, OneTimeLink, Role, User
from backend.accounts.services import create_setup_link
from backend.audit.models import Entry
from tests.backend.conftest import ClientOf
from tests.cast import PASSWORD, Cast

ADMIN = {"email": "First@Example.org", "name": "First", "password": "a long enough one", "lab_name": "Our clinic"}


def invite(browser: APIClient, lab: Lab, email: str, role: str = "embryologist") -> str:
    answer = browser.post(f"/api/labs/{lab.id}/invitations/", {"email": email, "role": role})
    assert answer.status_code == 201, answer.json()
    return str(answer.json()["link"]).partition("#token=")[2]


def test_the_set_up_link_makes_the_first_admin_and_works_once(db: None) -> None:
    assert APIClient().get("/api/session/").json()["needs_setup"] is True
    token = create_setup_link()
    browser = APIClient()
    told = browser.post("/api/setup/", {**ADMIN, "token": token}).json()
    assert told["user"]["email"] == "first@example.org"
    assert told["user"]["is_instance_admin"] is True
    assert told["memberships"][0]["role"] == "admin"
    assert told["needs_setup"] is False
    assert browser.get("/api/labs/").status_code == 200
    again = APIClient().post("/api/setup/", {**ADMIN, "token": token, "email": "second@example.org", "lab_name": "Other"})
    assert (again.status_code, again.json()["code"]) == (410, "link_used")
    assert Entry.objects.filter(action="instance.set_up").count() == 1


def test_the_set_up_link_dies_after_an_hour(db: None) -> None:
    token = create_setup_link()
    assert OneTimeLink.objects.get().expires_at - timezone.now() <= timedelta(hours=1)
    OneTimeLink.objects.update(expires_at=timezone.now())
    answer = APIClient().post("/api/setup/", {**ADMIN, "token": token})
    assert (answer.status_code, answer.json()["code"]) == (410, "link_expired")
    assert not User.objects.exists()


def test_a_new_set_up_link_kills_the_one_before(db: None) -> None:
    first = create_setup_link()
    create_setup_link()
    assert APIClient().post("/api/setup/", {**ADMIN, "token": first}).json()["code"] == "link_used"


def test_a_weak_password_does_not_use_the_set_up_link_up(db: None) -> None:
    token = create_setup_link()
    refused = APIClient().post("/api/setup/", {**ADMIN, "token": token, "password": "password123"})
    assert (refused.status_code, list(refused.json()["fields"])) == (400, ["password"])
    assert APIClient().post("/api/setup/", {**ADMIN, "token": token}).status_code == 200


def test_only_the_hash_of_a_link_is_kept(db: None) -> None:
    token = create_setup_link()
    kept = OneTimeLink.objects.get()
    assert token not in {str(value) for value in vars(kept).values()}
    assert len(kept.token_hash) == 64


def test_the_command_prints_an_address_with_the_secret_behind_the_hash_sign(db: None, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("setup-link", origin="https://embryo.example.org/")
    printed = capsys.readouterr().out.strip()
    address, _, token = printed.partition("#token=")
    assert address == "https://embryo.example.org/setup"
    assert APIClient().post("/api/setup/", {**ADMIN, "token": token}).status_code == 200


def test_an_invitation_brings_a_new_person_into_the_lab_once(cast: Cast, client_of: ClientOf) -> None:
    token = invite(client_of(cast.lab_admin), cast.lab, "New@Example.org")
    told = APIClient().post("/api/invitations/accept/", {"token": token, "name": "New", "password": "a long enough one"}).json()
    assert told["user"]["email"] == "new@example.org"
    assert [(entry["lab"]["id"], entry["role"]) for entry in told["memberships"]] == [(str(cast.lab.id), "embryologist")]
    again = APIClient().post("/api/invitations/accept/", {"token": token, "name": "New", "password": "a long enough one"})
    assert (again.status_code, again.json()["code"]) == (410, "link_used")
    assert set(Entry.objects.filter(lab_id=cast.lab.id).values_list("action", flat=True)) == {"member.invited", "member.joined"}


def test_an_invitation_never_replaces_the_password_of_an_account_that_exists(cast: Cast, client_of: ClientOf) -> None:
    token = invite(client_of(cast.lab_admin), cast.lab, cast.outsider.email, "viewer")
    taken = APIClient().post("/api/invitations/accept/", {"token": token, "name": "x", "password": "a password of my own"})
    assert (taken.status_code, taken.json()["code"]) == (401, "wrong_credentials")
    told = APIClient().post("/api/invitations/accept/", {"token": token, "name": "x", "password": PASSWORD}).json()
    assert {entry["role"] for entry in told["memberships"]} == {"admin", "viewer"}


def test_guessing_a_password_through_an_invitation_locks_out_too(cast: Cast, client_of: ClientOf) -> None:
    token = invite(client_of(cast.lab_admin), cast.lab, cast.outsider.email, "viewer")
    guess = {"token": token, "name": "x", "password": "a guess of mine"}
    answers = [APIClient().post("/api/invitations/accept/", guess).status_code for _ in range(9)]
    assert answers[-1] == 429


def test_inviting_answers_alike_whether_or_not_the_address_has_an_account(cast: Cast, client_of: ClientOf) -> None:
    admin = client_of(cast.lab_admin)
    known = admin.post(f"/api/labs/{cast.lab.id}/invitations/", {"email": cast.outsider.email, "role": "viewer"})
    unknown = admin.post(f"/api/labs/{cast.lab.id}/invitations/", {"email": "nobody@example.org", "role": "viewer"})
    assert known.status_code == unknown.status_code == 201
    assert known.json().keys() == unknown.json().keys()


def test_a_withdrawn_or_expired_invitation_is_worth_nothing(cast: Cast, client_of: ClientOf) -> None:
    admin = client_of(cast.lab_admin)
    token = invite(admin, cast.lab, "new@example.org")
    made = admin.get(f"/api/labs/{cast.lab.id}/invitations/").json()
    assert "link" not in made[0]
    assert admin.delete(f"/api/labs/{cast.lab.id}/invitations/{made[0]['id']}/").status_code == 204
    new = {"name": "New", "password": "a long enough one"}
    assert APIClient().post("/api/invitations/accept/", {"token": token, **new}).json()["code"] == "link_used"
    token = invite(admin, cast.lab, "new@example.org")
    OneTimeLink.objects.update(expires_at=timezone.now())
    assert APIClient().post("/api/invitations/accept/", {"token": token, **new}).json()["code"] == "link_expired"
    assert not Membership.objects.filter(lab=cast.lab, user__email="new@example.org").exists()


def test_somebody_who_belongs_to_the_lab_already_is_not_invited_again(cast: Cast, client_of: ClientOf) -> None:
    answer = client_of(cast.lab_admin).post(
        f"/api/labs/{cast.lab.id}/invitations/", {"email": cast.viewer.email.upper(), "role": Role.ADMIN}
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "already_member")
