from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from backend.accounts.actor import Actor
from backend.audit.models import Entry
from backend.core.errors import Refused
from backend.selection.models import RuleSet
from backend.selection.ruling import MOST_RULES, create_rule_set
from tests.cast import Cast

T5 = {"field": "t5", "operator": "between", "low": 48.0, "high": 57.0}


def at(version: int) -> dict[str, str]:
    return {"HTTP_IF_MATCH": f'"{version}"'}


@pytest.fixture
def admin_client(cast: Cast, client_of: Any) -> APIClient:
    client: APIClient = client_of(cast.lab_admin)
    return client


@pytest.fixture
def rules_url(cast: Cast) -> str:
    return f"/api/labs/{cast.lab.id}/rules/"


def test_a_lab_starts_without_rules_and_sees_the_published_templates(embryologist_client: APIClient, rules_url: str) -> None:
    told = embryologist_client.get(rules_url).json()
    assert told["rule_sets"] == []
    templates = {template["key"]: template for template in told["templates"]}
    assert len(templates) == 8
    assert templates["azzarello"]["criteria"][0]["low"] == 20.75
    assert "2012" in templates["azzarello"]["source"]
    fields = {field["key"]: field for field in told["known_fields"]}
    assert fields["t5"]["kind"] == "onset"
    assert fields["icm"]["values"] == {"A": 1.0, "B": 2.0, "C": 3.0, "D": 4.0}


def test_a_rule_from_a_template_is_off_and_stays_off_until_the_lab_has_entered_every_threshold(
    admin_client: APIClient, rules_url: str
) -> None:
    made = admin_client.post(rules_url, {"template": "meseguer"}, format="json")
    assert made.status_code == 201, made.data
    rule = made.json()
    assert (rule["is_template"], rule["is_on"], rule["is_complete"], rule["template"]) == (True, False, False, "meseguer")
    assert all(one["low"] is None and one["high"] is None for one in rule["criteria"])
    assert "Meseguer 2011" in rule["source"]
    refused = admin_client.patch(f"/api/rules/{rule['id']}/", {"is_on": True}, format="json", **at(1))
    assert (refused.status_code, refused.json()["code"]) == (409, "needs_thresholds")
    assert "1 (t5)" in refused.json()["detail"]
    own = [rule["criteria"][0] | {"low": 47.5, "high": 58.0}, rule["criteria"][1] | {"high": 1.0}]
    on = admin_client.patch(f"/api/rules/{rule['id']}/", {"criteria": own, "is_on": True}, format="json", **at(1)).json()
    assert (on["is_on"], on["is_complete"], on["version"]) == (True, True, 2)
    assert admin_client.patch(f"/api/rules/{rule['id']}/", {"criteria": own[:0]}, format="json", **at(2)).status_code == 400
    emptied = [own[0] | {"low": None}, own[1]]
    assert admin_client.patch(f"/api/rules/{rule['id']}/", {"criteria": emptied}, format="json", **at(2)).status_code == 409


def test_a_lab_writes_a_rule_of_its_own(admin_client: APIClient, rules_url: str) -> None:
    grades = [{"name": "good", "needs": [0]}, {"name": "other"}]
    made = admin_client.post(rules_url, {"name": "Ours", "kind": "grades", "criteria": [T5], "grades": grades}, format="json")
    assert made.status_code == 201, made.data
    assert (made.json()["is_template"], made.json()["is_complete"], made.json()["is_on"]) == (False, True, False)
    assert made["ETag"] == '"1"'
    entry = Entry.objects.get(action="rules.created")
    assert entry.after["criteria"][0]["high"] == 57.0


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"name": "x"}, "invalid_rule"),
        ({"name": "x", "kind": "weighted", "criteria": [T5 | {"field": "t12"}]}, "invalid_rule"),
        ({"name": "x", "kind": "weighted", "criteria": [T5 | {"low": 60.0}]}, "invalid_rule"),
        ({"name": "x", "kind": "weighted", "criteria": [T5 | {"operator": "=="}]}, "invalid"),
        ({"name": "x", "kind": "weighted", "criteria": [T5 | {"low": "NaN"}]}, "invalid"),
        ({"name": "x", "kind": "grades", "criteria": [T5]}, "invalid_rule"),
        ({"name": "x", "kind": "weighted", "criteria": [T5] * 41}, "invalid_rule"),
        ({"template": "kidscore"}, "invalid"),
        ({"kind": "weighted", "criteria": [T5]}, "invalid_rule"),
    ],
)
def test_what_makes_no_rule_is_refused_and_nothing_is_kept(
    admin_client: APIClient, rules_url: str, body: dict[str, Any], code: str
) -> None:
    refused = admin_client.post(rules_url, body, format="json")
    assert (refused.status_code, refused.json()["code"]) == (400, code), refused.data
    assert not RuleSet.objects.exists()


def test_a_threshold_that_the_operator_does_not_ask_for_is_not_kept(admin_client: APIClient, rules_url: str) -> None:
    criterion = {"field": "s2", "operator": "<=", "low": 3.0, "high": 0.76}
    made = admin_client.post(rules_url, {"name": "x", "kind": "weighted", "criteria": [criterion]}, format="json").json()
    assert (made["criteria"][0]["low"], made["criteria"][0]["high"]) == (None, 0.76)


def test_two_rules_of_one_lab_have_two_names(admin_client: APIClient, rules_url: str) -> None:
    assert admin_client.post(rules_url, {"template": "rubio"}, format="json").status_code == 201
    second = admin_client.post(rules_url, {"template": "rubio"}, format="json")
    assert (second.status_code, second.json()["code"]) == (409, "name_taken")
    assert admin_client.post(rules_url, {"template": "rubio", "name": "Rubio again"}, format="json").status_code == 201


def test_a_lab_has_so_many_rules_and_no_more(rule_on: Callable[..., RuleSet], admin: Actor, cast: Cast) -> None:
    for number in range(MOST_RULES):
        rule_on("motato", name=f"rule {number}")
    with pytest.raises(Refused, match="has 40 rules"):
        create_rule_set(actor=admin, lab_id=cast.lab.id, template="rubio")


def test_a_change_is_on_record_with_what_it_changed_and_a_late_one_is_shown_what_is_there(
    rule_on: Callable[..., RuleSet], admin_client: APIClient
) -> None:
    rule = rule_on("rubio")
    url = f"/api/rules/{rule.id}/"
    assert admin_client.get(url)["ETag"] == '"1"'
    assert admin_client.patch(url, {"is_on": False}, format="json").status_code == 428
    assert admin_client.patch(url, {"is_on": False}, format="json", **at(1)).json()["version"] == 2
    entry = Entry.objects.get(action="rules.changed")
    assert (entry.before, entry.after) == ({"is_on": True}, {"is_on": False})
    late = admin_client.patch(url, {"name": "Mine"}, format="json", **at(1))
    assert (late.status_code, late.json()["current"]["is_on"]) == (412, False)
    assert admin_client.patch(url, {"is_on": False}, format="json", **at(2)).json()["version"] == 2, "nothing changed"


def test_a_deleted_rule_is_gone_and_the_record_knows_what_it_was(rule_on: Callable[..., RuleSet], admin_client: APIClient) -> None:
    rule = rule_on("rubio")
    url = f"/api/rules/{rule.id}/"
    assert admin_client.delete(url).status_code == 428
    assert admin_client.delete(url, **at(4)).status_code == 412
    assert admin_client.delete(url, **at(1)).status_code == 204
    assert admin_client.get(url).status_code == 404
    assert Entry.objects.get(action="rules.deleted").before["criteria"][0]["low"] == 5.0


def test_only_admins_of_the_lab_write_rules(
    rule_on: Callable[..., RuleSet], embryologist_client: APIClient, outsider_client: APIClient, rules_url: str
) -> None:
    url = f"/api/rules/{rule_on('rubio').id}/"
    assert embryologist_client.get(url).status_code == 200
    assert embryologist_client.patch(url, {"is_on": False}, format="json", **at(1)).status_code == 403
    assert embryologist_client.post(rules_url, {"template": "motato"}, format="json").status_code == 403
    assert outsider_client.get(url).status_code == 404
    assert outsider_client.get(rules_url).status_code == 404
