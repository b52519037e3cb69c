from __future__ import annotations

from typing import Any

import pytest
from rest_framework.test import APIClient

from backend.audit.models import Entry
from backend.live.models import LoggedEvent
from backend.live.topics import lab_topic
from backend.readers.models import PersonalRule
from backend.readers.tolerances import USUAL
from tests.cast import Cast


@pytest.fixture
def admin(cast: Cast, client_of: Any) -> APIClient:
    client: APIClient = client_of(cast.lab_admin)
    return client


def change(client: APIClient, cast: Cast, said: Any, version: int | None = 0) -> Any:
    headers = {} if version is None else {"If-Match": f'"{version}"'}
    return client.patch(f"/api/labs/{cast.lab.id}/review-settings/", said, format="json", headers=headers)


def test_a_lab_that_has_said_nothing_reviews_openly_by_the_usual_figures(admin: APIClient, cast: Cast) -> None:
    answer = admin.get(f"/api/labs/{cast.lab.id}/review-settings/")
    told = answer.json()
    assert answer.headers["ETag"] == '"0"'
    assert (told["blind_first"], told["bulk_threshold"], told["version"]) == (False, 0.9, 0)
    assert told["tolerance_hours"] == dict(USUAL)
    assert {(one["name"], one["role"], one["blind_first"]) for one in told["people"]} == {
        ("embryologist", "embryologist", None),
        ("colleague", "embryologist", None),
        ("viewer", "viewer", None),
        ("lab admin", "admin", None),
    }


def test_what_is_left_out_of_a_change_stays(admin: APIClient, cast: Cast) -> None:
    assert change(admin, cast, {"tolerance_hours": {"t2": 0.5}, "bulk_threshold": 0.8}).status_code == 200
    answer = change(admin, cast, {"blind_first": True}, 1)
    told = answer.json()
    assert answer.headers["ETag"] == '"2"'
    assert (told["blind_first"], told["bulk_threshold"], told["tolerance_hours"]) == (True, 0.8, {**USUAL, "t2": 0.5})


def test_a_persons_rule_is_set_and_taken_back(admin: APIClient, cast: Cast) -> None:
    key = str(cast.embryologist.id)
    change(admin, cast, {"people": [{"user_id": key, "blind_first": True}]})
    assert PersonalRule.objects.get(user=cast.embryologist).blind_first is True
    change(admin, cast, {"people": [{"user_id": key, "blind_first": False}]}, 1)
    assert PersonalRule.objects.get(user=cast.embryologist).blind_first is False
    change(admin, cast, {"people": [{"user_id": key, "blind_first": None}]}, 2)
    assert not PersonalRule.objects.exists()


def test_a_change_leaves_one_row_of_the_record_and_is_announced(admin: APIClient, cast: Cast) -> None:
    key = str(cast.embryologist.id)
    change(admin, cast, {"blind_first": True, "people": [{"user_id": key, "blind_first": False}]})
    entry = Entry.objects.get(action="review_settings.changed")
    assert (entry.before["blind_first"], entry.after["blind_first"]) == (False, True)
    assert (entry.before["people"], entry.after["people"]) == ({key: None}, {key: False})
    event = LoggedEvent.objects.get(topic=lab_topic(cast.lab.id))
    assert event.payload == {"type": "review_settings.changed", "version": 1}


def test_a_change_made_on_an_older_version_is_refused_and_told_what_holds_now(admin: APIClient, cast: Cast) -> None:
    change(admin, cast, {"bulk_threshold": 0.7})
    answer = change(admin, cast, {"bulk_threshold": 0.6})
    assert answer.status_code == 412
    assert (answer.json()["code"], answer.json()["current"]["bulk_threshold"]) == ("changed_meanwhile", 0.7)
    assert Entry.objects.filter(action="review_settings.changed").count() == 1


def test_a_change_that_names_no_version_is_refused(admin: APIClient, cast: Cast) -> None:
    answer = change(admin, cast, {"bulk_threshold": 0.7}, None)
    assert (answer.status_code, answer.json()["code"]) == (428, "needs_version")


def test_a_refused_change_leaves_no_version_behind(admin: APIClient, cast: Cast) -> None:
    answer = change(admin, cast, {"blind_first": True, "people": [{"user_id": str(cast.outsider.id), "blind_first": True}]})
    assert (answer.status_code, answer.json()["code"]) == (400, "no_such_member")
    assert admin.get(f"/api/labs/{cast.lab.id}/review-settings/").json()["blind_first"] is False
    assert not PersonalRule.objects.exists()


@pytest.mark.parametrize(
    "said",
    [
        {"bulk_threshold": 1.2},
        {"bulk_threshold": "nan"},
        {"tolerance_hours": {"t2": -1}},
        {"tolerance_hours": {"t2": "nan"}},
        {"tolerance_hours": {"t99": 1}},
        {"people": [{"user_id": "x", "blind_first": True}]},
    ],
)
def test_figures_that_mean_nothing_are_refused(admin: APIClient, cast: Cast, said: Any) -> None:
    answer = change(admin, cast, said)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
