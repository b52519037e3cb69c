"""A name under a finished reading: asked for the password, bound to what was read, and visibly void once that changes."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.response import Response
from rest_framework.test import APIClient

from backend.audit.models import Entry
from backend.imaging.models import Stack
from backend.live.models import LoggedEvent
from backend.review.models import Reading, Signature
from tests.backend.conftest import ClientOf
from tests.backend.review.dish import at_frame, change, submit, write
from tests.cast import PASSWORD, Cast


@pytest.fixture
def reader(stack: Stack, embryologist_client: APIClient) -> APIClient:
    """The embryologist, who has submitted a reading of A1 (version 2) and given the password again."""
    write(embryologist_client, stack, [at_frame("t2", 5), change("grades.icm", "B")])
    submit(embryologist_client, stack, version=1)
    step_up(embryologist_client)
    return embryologist_client


def step_up(browser: APIClient) -> None:
    assert browser.post("/api/session/step-up/", {"password": PASSWORD}).status_code == 200


def sign(browser: APIClient, stack: Stack, version: int | None = 2, place: str = "A1", **said: Any) -> Response:
    headers = {"If-Match": f'"{version}"'} if version is not None else {}
    return browser.post(f"/api/readings/{stack.id}/{place}/sign/", {"meaning": "reviewed", **said}, headers=headers)


def own(browser: APIClient, stack: Stack) -> dict[str, Any]:
    return browser.get(f"/api/readings/{stack.id}/A1/").json()


def test_a_signed_reading_says_who_signed_it_when_and_as_what(stack: Stack, reader: APIClient) -> None:
    assert (own(reader, stack)["is_signed"], own(reader, stack)["signature"]) == (False, None)
    answer = sign(reader, stack)
    assert answer.status_code == 201
    told = answer.json()
    assert (told["by_name"], told["meaning"], told["is_valid"], len(told["content_hash"])) == ("embryologist", "reviewed", True, 64)
    assert (own(reader, stack)["is_signed"], own(reader, stack)["signature"], own(reader, stack)["version"]) == (True, told, 2)
    row = Entry.objects.get(action="reading.signed")
    assert (row.actor_name, row.subject) == ("embryologist", f"reading {stack.id} A1")
    assert (row.after["content_hash"], row.after["meaning"], row.after["version"]) == (told["content_hash"], "reviewed", 2)
    assert LoggedEvent.objects.filter(type="reading.changed").count() == 3


@pytest.mark.parametrize(
    "later",
    [
        at_frame("t2", 6),
        change("onsets.t2", None),
        change("onsets.t4", {"is_absent": True}),
        change("grades.icm", "A"),
        change("events.reverse_cleavage@11", {"kind": "reverse_cleavage", "first_frame": 11, "last_frame": 12, "verdict": "added"}),
        change("measurements.m1", {"kind": "line", "frame_index": 9, "plane": 0, "points": [[1, 2], [3, 4]]}),
    ],
)
def test_a_later_change_leaves_the_signature_there_and_visibly_invalid(stack: Stack, reader: APIClient, later: dict[str, Any]) -> None:
    signed = sign(reader, stack).json()
    told = write(reader, stack, [later], version=2)
    assert told["is_signed"] is False
    assert told["signature"] == {**signed, "is_valid": False}
    again = submit(reader, stack, version=3)
    assert (again["is_signed"], again["signature"]["is_valid"]) == (False, False)
    fresh = sign(reader, stack, version=4, meaning="approved").json()
    assert (own(reader, stack)["is_signed"], own(reader, stack)["signature"]) == (True, fresh)
    assert Signature.objects.count() == 2


def test_opening_again_without_a_change_does_not_touch_what_was_signed(stack: Stack, reader: APIClient) -> None:
    sign(reader, stack)
    told = write(reader, stack, [at_frame("t2", 6)], version=2)
    assert told["is_signed"] is False
    assert write(reader, stack, [at_frame("t2", 5)], version=3)["is_signed"] is True


def test_without_the_password_of_the_last_minutes_nothing_is_signed(stack: Stack, reader: APIClient) -> None:
    session = reader.session
    session.pop("stepped_up_until")
    session.save()
    answer = sign(reader, stack)
    assert (answer.status_code, answer.json()["code"]) == (403, "needs_step_up")
    assert answer.json()["hint"]
    assert not Signature.objects.exists()


def test_only_the_version_that_was_looked_at_is_signed(stack: Stack, reader: APIClient) -> None:
    assert sign(reader, stack, version=None).json()["code"] == "needs_version"
    stale = sign(reader, stack, version=1)
    assert (stale.status_code, stale.json()["code"], stale.json()["current"]["version"]) == (412, "changed_meanwhile", 2)
    assert not Signature.objects.exists()


def test_a_draft_or_nothing_cannot_be_signed(stack: Stack, reader: APIClient) -> None:
    write(reader, stack, [at_frame("t2", 7)], version=2)
    for place, version in (("A1", 3), ("A2", 0)):
        answer = sign(reader, stack, version=version, place=place)
        assert (answer.status_code, answer.json()["code"]) == (409, "not_submitted")
    assert not Signature.objects.exists()


def test_somebody_elses_reading_is_signed_by_a_lab_admin_once_it_is_submitted(
    stack: Stack, reader: APIClient, cast: Cast, client_of: ClientOf
) -> None:
    whose = {"reader_id": str(cast.embryologist.id), "meaning": "approved"}
    colleague, admin, outsider = client_of(cast.colleague), client_of(cast.lab_admin), client_of(cast.outsider)
    for browser in (colleague, admin, outsider):
        step_up(browser)
    assert sign(colleague, stack, **whose).status_code == 403
    assert sign(outsider, stack, **whose).status_code == 404
    answer = sign(admin, stack, **whose)
    assert (answer.status_code, answer.json()["by_name"], answer.json()["meaning"]) == (201, "lab admin", "approved")
    assert own(reader, stack)["signature"]["by_name"] == "lab admin"
    write(reader, stack, [at_frame("t2", 6)], version=2)
    assert sign(admin, stack, version=3, **whose).status_code == 404
    assert sign(admin, stack, version=2, reader_id=str(cast.colleague.id)).status_code == 404


def test_an_admin_who_reads_the_embryo_blind_signs_nobodys_reading_of_it(
    stack: Stack, reader: APIClient, cast: Cast, client_of: ClientOf
) -> None:
    admin = client_of(cast.lab_admin)
    step_up(admin)
    asked = {"places": ["A1"], "reader_id": str(cast.lab_admin.id), "is_blind": True}
    assert admin.post(f"/api/stacks/{stack.id}/assignments/", asked).status_code == 201
    assert sign(admin, stack, reader_id=str(cast.embryologist.id)).status_code == 404


def test_a_token_signs_nothing(stack: Stack, reader: APIClient, cast: Cast, token_client: Any) -> None:
    answer = sign(token_client(cast.embryologist, cast.lab, "write"), stack)
    assert (answer.status_code, answer.json()["code"]) == (403, "needs_session")


def test_a_signature_copied_under_another_reading_is_invalid_there(stack: Stack, reader: APIClient) -> None:
    sign(reader, stack)
    write(reader, stack, [at_frame("t2", 5), change("grades.icm", "B")], place="A2")
    other = Reading.objects.get(column=1)
    Signature.objects.update(reading=other)
    told = reader.get(f"/api/readings/{stack.id}/A2/").json()
    assert (told["is_signed"], told["signature"]["is_valid"]) == (False, False)
