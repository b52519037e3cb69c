"""The record over HTTP: narrowed to what is asked, and with a word on whether its chain verifies."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from rest_framework.test import APIClient

from backend.audit.models import Entry
from backend.audit.services import record
from backend.core.held import OutOfOrder
from backend.live.events import DishChanged
from backend.live.publish import publish
from tests.backend.audit.chains import set_field, write_chain
from tests.backend.conftest import ClientOf
from tests.cast import Cast


@pytest.fixture
def admin(cast: Cast, client_of: ClientOf) -> APIClient:
    write_chain(cast, 30)
    record(actor=cast.outsider, lab_id=cast.other_lab.id, action="dish.renamed", subject="dish of the other lab")
    return client_of(cast.lab_admin)


def ask(browser: APIClient, cast: Cast, **query: Any) -> list[int]:
    answer = browser.get("/api/audit/", {"lab": str(cast.lab.id), **query})
    assert answer.status_code == 200, answer.json()
    return [row["id"] for row in answer.json()["results"]]


def rows(cast: Cast, **conditions: Any) -> list[int]:
    return list(Entry.objects.filter(lab_id=cast.lab.id, **conditions).order_by("-id").values_list("id", flat=True))


def test_it_is_narrowed_to_a_person_an_action_and_a_part_of_the_subject(cast: Cast, admin: APIClient) -> None:
    everything = rows(cast)
    assert ask(admin, cast) == everything
    assert 0 < len(ask(admin, cast, actor=str(cast.embryologist.id))) < len(everything)
    assert ask(admin, cast, actor=str(cast.embryologist.id)) == rows(cast, actor=cast.embryologist)
    assert ask(admin, cast, action="run.requested") == rows(cast, action="run.requested")
    assert ask(admin, cast, subject="READING 1") == rows(cast, subject__icontains="reading 1")
    both = {"actor": str(cast.lab_admin.id), "action": "run.requested", "subject": "1"}
    assert ask(admin, cast, **both) == rows(cast, actor=cast.lab_admin, action="run.requested", subject__contains="1")
    assert ask(admin, cast, actor=str(cast.outsider.id)) == []


def test_a_period_takes_its_first_moment_and_leaves_its_last(cast: Cast, admin: APIClient) -> None:
    start = timezone.now() - timedelta(days=40)
    for number in range(1, 31):
        Entry.objects.filter(id=number).update(at=start + timedelta(days=number))
    since, until = start + timedelta(days=10), start + timedelta(days=20)
    narrowed = ask(admin, cast, since=since.isoformat(), until=until.isoformat())
    assert narrowed == rows(cast, id__gte=10, id__lt=20)


def test_pages_go_through_all_of_it(cast: Cast, admin: APIClient) -> None:
    pages = [ask(admin, cast, page=page, page_size=10) for page in (1, 2, 3)]
    assert [len(page) for page in pages[:2]] == [10, 10]
    assert [row for page in pages for row in page] == rows(cast)


@pytest.mark.parametrize("query", [{"actor": "ann"}, {"since": "yesterday"}, {"until": "12"}, {"lab": "x"}])
def test_what_cannot_be_asked_is_refused_at_its_field(cast: Cast, admin: APIClient, query: dict[str, str]) -> None:
    answer = admin.get("/api/audit/", {"lab": str(cast.lab.id), **query})
    assert (answer.status_code, set(answer.json()["fields"])) == (400, set(query))


def test_what_it_can_be_narrowed_to_names_people_who_have_left_and_nobody_of_another_lab(cast: Cast, admin: APIClient) -> None:
    key = str(cast.embryologist.id)
    cast.embryologist.delete()
    told = admin.get("/api/audit/choices/", {"lab": str(cast.lab.id)}).json()
    assert told == {
        "actors": [{"id": key, "name": "embryologist"}, {"id": str(cast.lab_admin.id), "name": "lab admin"}],
        "actions": ["reading.changed", "run.requested"],
    }
    assert ask(admin, cast, actor=key) == rows(cast, actor_name="embryologist")


def test_somebody_who_was_renamed_is_named_as_of_late(cast: Cast, admin: APIClient) -> None:
    cast.lab_admin.name = "Ann"
    record(actor=cast.lab_admin, lab_id=cast.lab.id, action="lab.renamed", subject="lab 1")
    names = [person["name"] for person in admin.get("/api/audit/choices/", {"lab": str(cast.lab.id)}).json()["actors"]]
    assert names == ["Ann", "embryologist"]


def test_the_chain_is_told_to_be_whole_until_a_row_of_any_lab_is_tampered_with(cast: Cast, admin: APIClient) -> None:
    told = admin.get("/api/audit/chain/", {"lab": str(cast.lab.id)}).json()
    assert (told["is_whole"], told["rows"], told["bad"]) == (True, 31, None)
    set_field(31, "subject", "dish of nobody")
    told = admin.get("/api/audit/chain/", {"lab": str(cast.lab.id)}).json()
    assert (told["is_whole"], told["rows"], told["bad"]["row"], told["bad"]["problem"]) == (False, 30, 31, "changed")
    assert "dish" not in told["bad"]["detail"]


def test_a_transaction_that_has_announced_may_not_begin_to_record(cast: Cast) -> None:
    change: dict[str, Any] = {"actor": None, "lab_id": None, "action": "dish.renamed", "subject": "dish 1"}
    with transaction.atomic():
        publish("dish.x", DishChanged(dish_id="x", label="D"))
        with pytest.raises(OutOfOrder, match=r"dish\.renamed.*record first"):
            record(**change)
    with transaction.atomic():
        for _ in range(2):
            record(**change)
            publish("dish.x", DishChanged(dish_id="x", label="D"))
    assert Entry.objects.count() == 2
