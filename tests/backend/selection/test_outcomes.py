from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from backend.accounts.actor import Actor
from backend.audit.models import Entry
from backend.imaging.models import Dish
from backend.selection.models import RuleSet
from backend.selection.outcomes import transferred_of
from backend.selection.services import tell_fate, tell_outcome
from tests.backend.selection.conftest import MakeDish
from tests.cast import Cast

RuleOn = Callable[..., RuleSet]
GOOD, LATE = {"tSB": 92.0, "tB": 105.0}, {"tSB": 100.0, "tB": 126.0, "tEB": 130.0}


def transferred(actor: Actor, dish: Dish, *places: str, **outcome: Any) -> None:
    for place in places:
        tell_fate(actor=actor, dish_id=dish.id, place=place, version=0, fate="transferred")
    if outcome:
        tell_outcome(actor=actor, cycle_id=dish.cycle_id, version=0, changes=outcome)


def validate(client: APIClient, rule: RuleSet, **body: str) -> Any:
    return client.post(f"/api/rules/{rule.id}/validate/", body, format="json")


@pytest.fixture
def lab_with_outcomes(make_dish: MakeDish, actor: Actor) -> None:
    """Twelve patients with one embryo transferred each: of six timely ones five implanted, of six late ones one."""
    for number in range(12):
        dish = make_dish(f"D{number}", embryos=(GOOD if number < 6 else LATE, GOOD), patient=f"P-{number}")
        transferred(actor, dish, "A1", clinical_pregnancy=number not in (5, *range(6, 11)))


def test_a_rule_is_judged_on_the_outcomes_of_the_lab(lab_with_outcomes: None, rule_on: RuleOn, embryologist_client: APIClient) -> None:
    answer = validate(embryologist_client, rule_on("campbell"))
    assert answer.status_code == 200, answer.data
    told = answer.json()
    assert (told["n"], told["positives"], told["patients"], told["endpoint"]) == (12, 6, 12, "clinical_pregnancy")
    # Of 36 pairs 25 are ranked right, 1 wrong and 10 tied (5 + 5): (25 + 5) / 36.
    assert told["auc"] == pytest.approx(30 / 36)
    assert told["auc_low"] < told["auc"] <= told["auc_high"] <= 1.0
    assert sum(one["n"] for one in told["calibration"]) == 12
    assert (told["mixed"], told["unscored"]) == (0, 0)
    assert "chosen" in told["note"]
    entry = Entry.objects.get(action="rules.validated")
    assert (entry.after["n"], entry.after["endpoint"]) == (12, "clinical_pregnancy")


def test_too_few_outcomes_are_refused_with_the_reason_and_leave_no_row(
    make_dish: MakeDish, actor: Actor, rule_on: RuleOn, embryologist_client: APIClient
) -> None:
    for number in range(9):
        transferred(actor, make_dish(f"D{number}", embryos=(GOOD,), patient=f"P-{number}"), "A1", clinical_pregnancy=number % 2 == 0)
    refused = validate(embryologist_client, rule_on("campbell"))
    assert (refused.status_code, refused.json()["code"]) == (409, "too_few_outcomes")
    assert "There are 9 embryos" in refused.json()["detail"]
    assert not Entry.objects.filter(action="rules.validated").exists()


def test_another_endpoint_has_outcomes_of_its_own(lab_with_outcomes: None, rule_on: RuleOn, embryologist_client: APIClient) -> None:
    refused = validate(embryologist_client, rule_on("campbell"), endpoint="live_birth")
    assert "There are 0 embryos" in refused.json()["detail"]
    assert validate(embryologist_client, rule_on("rubio"), endpoint="twins").status_code == 400


def test_of_several_transferred_at_once_only_all_or_none_can_be_told(make_dish: MakeDish, actor: Actor, cast: Cast) -> None:
    both, neither, one, untold = (make_dish(f"D{number}", patient=f"P-{number}") for number in range(4))
    transferred(actor, both, "A1", "A2", clinical_pregnancy=True, sacs=2)
    transferred(actor, neither, "A1", "A2", clinical_pregnancy=False)
    transferred(actor, one, "A1", "A2", clinical_pregnancy=True, sacs=1)
    transferred(actor, untold, "A1")
    told: dict[Any, list[bool | None]] = {}
    for embryo in transferred_of(cast.lab.id, "clinical_pregnancy"):
        told.setdefault(embryo.dish_id, []).append(embryo.is_positive)
    assert told == {both.id: [True, True], neither.id: [False, False], one.id: [None, None]}


def test_embryos_of_two_dishes_of_one_cycle_were_transferred_together(make_dish: MakeDish, actor: Actor, cast: Cast) -> None:
    first, second = make_dish("D1", cycle="C"), make_dish("D2", cycle="C")
    transferred(actor, first, "A1", clinical_pregnancy=True, sacs=1)
    transferred(actor, second, "A1")
    assert [one.is_positive for one in transferred_of(cast.lab.id, "clinical_pregnancy")] == [None, None]


def test_outcomes_of_another_lab_are_not_looked_at(
    lab_with_outcomes: None, rule_on: RuleOn, cast: Cast, outsider_client: APIClient
) -> None:
    theirs = rule_on("campbell", lab=cast.other_lab)
    assert "There are 0 embryos" in validate(outsider_client, theirs).json()["detail"]
    assert validate(outsider_client, rule_on("campbell")).status_code == 404


def test_a_rule_without_thresholds_cannot_be_judged(rule_on: RuleOn, embryologist_client: APIClient) -> None:
    rule = rule_on("campbell", name="empty")
    rule.criteria[0]["high"] = None
    rule.is_on = False
    rule.save()
    assert validate(embryologist_client, rule).json()["code"] == "needs_thresholds"
