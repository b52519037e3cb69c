from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction
from rest_framework.test import APIClient

from backend.accounts.actor import Actor
from backend.audit.models import Entry
from backend.core.errors import Refused
from backend.core.versions import ChangedMeanwhile
from backend.imaging.models import Dish
from backend.live.models import LoggedEvent
from backend.selection.models import CycleOutcome, Decision, DecisionChange
from backend.selection.services import decide, tell_fate, tell_outcome
from tests.backend.selection.conftest import MakeDish


@pytest.fixture
def dish(make_dish: MakeDish) -> Dish:
    return make_dish()


def url(dish: Dish, place: str = "A1", what: str = "decisions") -> str:
    return f"/api/dishes/{dish.id}/{what}/{place}/"


def at(version: int) -> dict[str, str]:
    return {"HTTP_IF_MATCH": f'"{version}"'}


def test_a_decision_is_kept_with_every_step_that_led_to_it(dish: Dish, embryologist_client: APIClient, cast: Any) -> None:
    first = embryologist_client.patch(url(dish), {"value": "transfer", "reason": "best of the dish"}, format="json", **at(0))
    assert first.status_code == 200, first.data
    assert first["ETag"] == '"1"'
    second = embryologist_client.patch(url(dish), {"value": "freeze", "reason": "patient is ill"}, format="json", **at(1))
    assert second["ETag"] == '"2"'
    listed = embryologist_client.get(f"/api/dishes/{dish.id}/decisions/").json()
    assert [(one["place"], one["value"], one["version"], one["by_name"]) for one in listed] == [("A1", "freeze", 2, cast.embryologist.name)]
    steps = [(step["version"], step["value"], step["reason"]) for step in listed[0]["history"]]
    assert steps == [(2, "freeze", "patient is ill"), (1, "transfer", "best of the dish")]


def test_each_decision_leaves_one_row_of_the_record_and_is_announced(dish: Dish, actor: Actor) -> None:
    decide(actor=actor, dish_id=dish.id, place="A2", version=0, value="avoid", reason="direct cleavage")
    entry = Entry.objects.get(action="decision.changed")
    assert (entry.before, entry.after, entry.reason) == (None, {"value": "avoid", "reason": "direct cleavage"}, "direct cleavage")
    told = LoggedEvent.objects.get(type="decision.changed").payload
    assert told == {"type": "decision.changed", "dish_id": str(dish.id), "place": "A2", "value": "avoid", "version": 1}


def test_a_decision_that_is_taken_back_is_neither_announced_nor_on_record(dish: Dish, actor: Actor) -> None:
    with transaction.atomic():
        decide(actor=actor, dish_id=dish.id, place="A1", version=0, value="avoid")
        transaction.set_rollback(True)
    assert not LoggedEvent.objects.filter(type="decision.changed").exists()
    assert not Entry.objects.filter(action="decision.changed").exists()
    assert not Decision.objects.exists()


def test_deciding_the_same_again_changes_nothing(dish: Dish, actor: Actor) -> None:
    first = decide(actor=actor, dish_id=dish.id, place="A1", version=0, value="freeze", reason="spare")
    again = decide(actor=actor, dish_id=dish.id, place="A1", version=1, value="freeze", reason="spare")
    assert (first.version, again.version) == (1, 1)
    assert DecisionChange.objects.count() == 1
    assert Entry.objects.filter(action="decision.changed").count() == 1


def test_of_two_who_decide_at_once_the_second_is_shown_what_the_first_decided(
    dish: Dish, actor: Actor, colleague: Actor, embryologist_client: APIClient
) -> None:
    decide(actor=colleague, dish_id=dish.id, place="A1", version=0, value="avoid", reason="3PN")
    late = embryologist_client.patch(url(dish), {"value": "transfer"}, format="json", **at(0))
    assert late.status_code == 412
    assert late.json()["code"] == "changed_meanwhile"
    assert (late.json()["current"]["value"], late.json()["current"]["reason"]) == ("avoid", "3PN")
    assert Decision.objects.get().value == "avoid"
    with pytest.raises(ChangedMeanwhile):
        decide(actor=actor, dish_id=dish.id, place="A1", version=7, value="transfer")


@pytest.mark.parametrize("what", ["decisions", "fates"])
def test_a_change_that_names_no_version_is_refused(dish: Dish, embryologist_client: APIClient, what: str) -> None:
    body = {"value": "transfer"} if what == "decisions" else {"fate": "frozen"}
    assert embryologist_client.patch(url(dish, "A1", what), body, format="json").status_code == 428


def test_a_well_that_the_dish_does_not_have_cannot_be_decided_on(dish: Dish, embryologist_client: APIClient) -> None:
    refused = embryologist_client.patch(url(dish, "C9"), {"value": "transfer"}, format="json", **at(0))
    assert (refused.status_code, refused.json()["code"]) == (409, "no_such_well")
    assert embryologist_client.patch(url(dish, "nowhere"), {"value": "transfer"}, format="json", **at(0)).status_code == 404
    assert not Decision.objects.exists()


def test_what_is_no_decision_and_no_fate_is_refused(dish: Dish, embryologist_client: APIClient) -> None:
    assert embryologist_client.patch(url(dish), {"value": "maybe"}, format="json", **at(0)).status_code == 400
    assert embryologist_client.patch(url(dish, "A1", "fates"), {"fate": "lost"}, format="json", **at(0)).status_code == 400


def test_a_fate_is_told_with_its_time_and_taken_back(dish: Dish, embryologist_client: APIClient) -> None:
    told = embryologist_client.patch(
        url(dish, "A1", "fates"), {"fate": "transferred", "at": "2026-03-02T09:30:00Z"}, format="json", **at(0)
    )
    assert (told.json()["fate"], told.json()["at"], told["ETag"]) == ("transferred", "2026-03-02T09:30:00Z", '"1"')
    back = embryologist_client.patch(url(dish, "A1", "fates"), {"fate": ""}, format="json", **at(1))
    assert (back.json()["fate"], back.json()["version"]) == ("", 2)
    assert [one["fate"] for one in embryologist_client.get(f"/api/dishes/{dish.id}/fates/").json()] == [""]
    assert [entry.after["fate"] for entry in Entry.objects.filter(action="fate.changed").order_by("id")] == ["transferred", ""]
    assert LoggedEvent.objects.filter(type="fate.changed").count() == 2


def test_an_outcome_is_told_bit_by_bit_and_starts_empty(dish: Dish, embryologist_client: APIClient) -> None:
    address = f"/api/cycles/{dish.cycle_id}/outcome/"
    empty = embryologist_client.get(address)
    assert (empty["ETag"], empty.json()["hcg"], empty.json()["version"]) == ('"0"', None, 0)
    assert embryologist_client.patch(address, {"hcg": True}, format="json", **at(0)).status_code == 200
    after = embryologist_client.patch(address, {"clinical_pregnancy": True, "sacs": 1}, format="json", **at(1)).json()
    assert (after["hcg"], after["clinical_pregnancy"], after["sacs"], after["live_birth"], after["version"]) == (True, True, 1, None, 2)
    assert embryologist_client.patch(address, {"hcg": None}, format="json", **at(1)).status_code == 412
    entry = Entry.objects.filter(action="outcome.changed").latest("id")
    assert (entry.before["sacs"], entry.after["sacs"]) == (None, 1)


@pytest.mark.parametrize(
    "changes",
    [
        {"hcg": False, "clinical_pregnancy": True},
        {"clinical_pregnancy": False, "live_birth": True},
        {"hcg": False, "live_birth": True},
        {"clinical_pregnancy": False, "sacs": 1},
        {"live_birth": True, "miscarriage": True, "sacs": 1},
    ],
)
def test_an_outcome_that_contradicts_itself_is_refused(dish: Dish, actor: Actor, changes: dict[str, Any]) -> None:
    with pytest.raises(Refused, match="cannot all be true"):
        tell_outcome(actor=actor, cycle_id=dish.cycle_id, version=0, changes=changes)
    assert not CycleOutcome.objects.exists()


def test_of_two_sacs_one_may_be_lost_and_one_be_born(dish: Dish, actor: Actor) -> None:
    changes = {"hcg": True, "clinical_pregnancy": True, "sacs": 2, "live_birth": True, "miscarriage": True}
    assert tell_outcome(actor=actor, cycle_id=dish.cycle_id, version=0, changes=changes).version == 1


def test_a_viewer_reads_decisions_and_makes_none(dish: Dish, actor: Actor, client_of: Any, cast: Any) -> None:
    tell_fate(actor=actor, dish_id=dish.id, place="A1", version=0, fate="frozen")
    viewer = client_of(cast.viewer)
    assert viewer.get(f"/api/dishes/{dish.id}/fates/").status_code == 200
    assert viewer.patch(url(dish), {"value": "transfer"}, format="json", **at(0)).status_code == 403
