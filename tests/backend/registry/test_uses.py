"""One admin proposes, another confirms, anybody of them goes back: what a lab uses, and what it has used."""

from __future__ import annotations

import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone
from rest_framework.test import APIClient

from backend.accounts.models import Membership, Role, User
from backend.accounts.stepup import KEY
from backend.audit.models import Entry
from backend.live.models import LoggedEvent
from backend.registry.models import Use, Weights
from backend.registry.selectors import active_weights, weights_before, weights_in_use
from backend.registry.services import note_checked, note_tampered, register_candidate, scan_weights
from tests.backend.conftest import ClientOf
from tests.backend.registry.test_scanning import make_weights
from tests.cast import Cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def shipped(settings: Any, tmp_path: Path) -> Weights:
    """The server's default for wells."""
    settings.WEIGHTS_DIR = tmp_path / "shipped"
    make_weights(settings.WEIGHTS_DIR, "shipped", b"shipped")
    scan_weights()
    return active_weights("wells")


@pytest.fixture
def second(cast: Cast) -> User:
    """Another admin of the lab."""
    user = User.objects.create_user(email="second@example.org", password="a long password", name="second admin")
    Membership.objects.create(user=user, lab=cast.lab, role=Role.ADMIN)
    return user


class Admins:
    """What the lab's admins do, each in a browser in which the password was just given."""

    def __init__(self, cast: Cast, client_of: ClientOf, tmp_path: Path) -> None:
        self.cast, self._client_of, self._folder = cast, client_of, tmp_path

    def browser(self, user: User, *, stepped_up: bool = True) -> APIClient:
        client = self._client_of(user)
        if stepped_up:
            session = client.session
            session[KEY] = (timezone.now() + timedelta(minutes=1)).timestamp()
            session.save()
        return client

    def candidate(self, name: str) -> Weights:
        folder = make_weights(self._folder / "lab", name, name.encode())
        return register_candidate(folder=folder, lab=self.cast.lab, by=self.cast.lab_admin)

    def checked(self, name: str) -> Weights:
        """A candidate that was checked beside what the lab uses now."""
        weights = self.candidate(name)
        note_checked(weights=weights, against=weights_in_use("wells", self.cast.lab.id), lab=self.cast.lab, by=None)
        weights.refresh_from_db()
        return weights

    def propose(self, user: User, weights: Weights | None, **browser: Any) -> Any:
        said = {"task": "wells", "weights": str(weights.id) if weights else None, "reason": "better on our dishes"}
        return self.browser(user, **browser).post(f"/api/labs/{self.cast.lab.id}/uses/", said)

    def confirm(self, user: User, use: str, **browser: Any) -> Any:
        return self.browser(user, **browser).post(f"/api/uses/{use}/confirm/")

    def roll_back(self, user: User, **browser: Any) -> Any:
        return self.browser(user, **browser).post(f"/api/labs/{self.cast.lab.id}/uses/roll-back/", {"task": "wells"})

    def activate(self, weights: Weights | None, second: User) -> dict[str, Any]:
        proposed = self.propose(self.cast.lab_admin, weights)
        assert proposed.status_code == 201, proposed.json()
        confirmed = self.confirm(second, proposed.json()["id"])
        assert confirmed.status_code == 200, confirmed.json()
        told: dict[str, Any] = confirmed.json()
        return told

    def in_use(self) -> str:
        return active_weights("wells", self.cast.lab.id).name

    def tasks(self) -> dict[str, Any]:
        told = self.browser(self.cast.viewer).get(f"/api/labs/{self.cast.lab.id}/uses/").json()["tasks"]
        return {one["task"]: one for one in told}


@pytest.fixture
def admins(cast: Cast, client_of: ClientOf, tmp_path: Path, shipped: Weights) -> Admins:
    return Admins(cast, client_of, tmp_path)


def test_weights_come_into_use_for_one_lab_only_once_a_second_admin_confirms(admins: Admins, second: User, cast: Cast) -> None:
    weights = admins.checked("ours")
    proposed = admins.propose(cast.lab_admin, weights)
    assert (proposed.status_code, proposed.json()["state"], admins.in_use()) == (201, "proposed", "shipped")
    confirmed = admins.confirm(second, proposed.json()["id"]).json()
    assert (confirmed["state"], confirmed["asked_by_name"], confirmed["confirmed_by_name"]) == ("current", "lab admin", "second admin")
    assert admins.in_use() == "ours"
    assert active_weights("wells", cast.other_lab.id).name == active_weights("wells").name == "shipped"


def test_who_proposed_cannot_confirm_and_neither_can_the_database_be_told_so(admins: Admins, second: User, cast: Cast) -> None:
    proposed = admins.propose(second, admins.checked("ours")).json()
    refused = admins.confirm(second, proposed["id"])
    assert (refused.status_code, refused.json()["code"]) == (403, "needs_second_admin")
    with pytest.raises(IntegrityError), transaction.atomic():
        Use.objects.filter(id=proposed["id"]).update(confirmed_by=second)
    assert admins.in_use() == "shipped"
    assert admins.confirm(cast.lab_admin, proposed["id"]).status_code == 200


def test_a_lab_with_one_admin_is_told_so_at_once(admins: Admins, cast: Cast) -> None:
    refused = admins.propose(cast.lab_admin, admins.checked("ours"))
    assert (refused.status_code, refused.json()["code"]) == (409, "needs_second_admin")
    assert "only one" in refused.json()["detail"]


def test_an_admin_who_can_no_longer_sign_in_does_not_count_as_the_second(admins: Admins, second: User, cast: Cast) -> None:
    second.is_active = False
    second.save()
    assert admins.propose(cast.lab_admin, admins.checked("ours")).json()["code"] == "needs_second_admin"


@pytest.mark.parametrize("what", ["propose", "confirm", "roll_back"])
def test_without_the_password_nothing_is_changed(what: str, admins: Admins, second: User, cast: Cast) -> None:
    weights = admins.checked("ours")
    if what == "propose":
        answer = admins.propose(cast.lab_admin, weights, stepped_up=False)
    elif what == "confirm":
        answer = admins.confirm(second, admins.propose(cast.lab_admin, weights).json()["id"], stepped_up=False)
    else:
        admins.activate(weights, second)
        answer = admins.roll_back(second, stepped_up=False)
    assert (answer.status_code, answer.json()["code"]) == (403, "needs_step_up")
    assert admins.in_use() == ("ours" if what == "roll_back" else "shipped")


def test_a_token_can_neither_propose_nor_confirm(admins: Admins, second: User, cast: Cast, token_client: Any) -> None:
    proposed = admins.propose(cast.lab_admin, admins.checked("ours")).json()
    program = token_client(second, cast.lab, "write")
    assert program.post(f"/api/uses/{proposed['id']}/confirm/").json()["code"] == "needs_session"
    assert program.post(f"/api/labs/{cast.lab.id}/uses/roll-back/", {"task": "wells"}).json()["code"] == "needs_session"


def test_only_what_was_checked_beside_what_is_in_use_can_be_proposed(admins: Admins, second: User, cast: Cast) -> None:
    never, first, late = admins.candidate("never"), admins.checked("first"), admins.checked("late")
    assert admins.propose(cast.lab_admin, never).json()["code"] == "needs_check"
    admins.activate(first, second)
    refused = admins.propose(cast.lab_admin, late).json()
    assert refused["code"] == "check_outdated"
    assert "first" in refused["detail"]
    seen = {one["name"]: one for one in admins.browser(cast.viewer).get(f"/api/weights/?lab={cast.lab.id}").json()}
    assert {name: (one["state"], (one["blocked"] or {}).get("code")) for name, one in seen.items()} == {
        "never": ("candidate", "needs_check"),
        "first": ("active", "already_in_use"),
        "late": ("checked", "check_outdated"),
        "shipped": ("checked", None),
    }


def test_what_was_right_when_it_was_proposed_is_looked_at_again_when_it_is_confirmed(admins: Admins, second: User, cast: Cast) -> None:
    weights = admins.checked("ours")
    proposed = admins.propose(cast.lab_admin, weights).json()
    note_tampered(weights=weights, reason="changed")
    refused = admins.confirm(second, proposed["id"])
    assert (refused.status_code, refused.json()["code"]) == (409, "weights_unusable")
    assert admins.in_use() == "shipped"


def test_one_change_of_a_task_waits_at_a_time_and_can_be_withdrawn_by_either(admins: Admins, second: User, cast: Cast) -> None:
    first, other = admins.checked("first"), admins.checked("other")
    proposed = admins.propose(cast.lab_admin, first).json()
    assert admins.propose(second, other).json()["code"] == "already_proposed"
    withdrawn = admins.browser(second).post(f"/api/uses/{proposed['id']}/withdraw/", {"reason": "not now"})
    assert withdrawn.json()["state"] == "withdrawn"
    assert admins.confirm(second, proposed["id"]).json()["code"] == "not_proposed"
    assert admins.propose(second, other).status_code == 201


def test_one_admin_rolls_back_at_once_and_a_second_time_to_what_was_before_that(admins: Admins, second: User, cast: Cast) -> None:
    for name in ("first", "bad"):
        admins.activate(admins.checked(name), second)
    began = time.monotonic()
    back = admins.roll_back(cast.lab_admin)
    assert time.monotonic() - began < 2
    assert (back.status_code, back.json()["is_rollback"], admins.in_use()) == (201, True, "first")
    # Never forward again to what was just left.
    assert admins.tasks()["wells"]["back_to_name"] == ""
    assert (admins.roll_back(second).json()["weights"], admins.in_use()) == (None, "shipped")
    refused = admins.roll_back(second)
    assert (refused.status_code, refused.json()["code"]) == (409, "nothing_before")
    history = Use.objects.filter(lab=cast.lab).order_by("created_at")
    assert [(use.weights.name if use.weights else None, use.state, use.is_rollback) for use in history] == [
        ("first", "ended", False),
        ("bad", "ended", False),
        ("first", "ended", True),
        (None, "current", True),
    ]


def test_going_back_passes_over_what_can_no_longer_be_used(admins: Admins, second: User, cast: Cast) -> None:
    first, bad = admins.checked("first"), None
    admins.activate(first, second)
    bad = admins.checked("bad")
    admins.activate(bad, second)
    note_tampered(weights=first, reason="changed")
    admins.roll_back(cast.lab_admin)
    assert admins.in_use() == "shipped"


def test_a_lab_that_never_chose_has_nothing_to_go_back_to(admins: Admins, cast: Cast) -> None:
    assert admins.tasks()["wells"]["can_roll_back"] is False
    assert admins.roll_back(cast.lab_admin).json()["code"] == "nothing_before"


def test_a_lab_may_pin_shipped_weights_and_let_go_of_them_again(admins: Admins, shipped: Weights, second: User, cast: Cast) -> None:
    admins.activate(shipped, second)
    assert admins.tasks()["wells"]["is_own_choice"] is True
    # The default was in use before, so that one admin may go back to it.
    followed = admins.propose(cast.lab_admin, None).json()
    assert (followed["state"], followed["is_rollback"], admins.tasks()["wells"]["is_own_choice"]) == ("current", True, False)
    assert admins.propose(cast.lab_admin, None).json()["code"] == "already_in_use"


def test_letting_go_after_two_choices_needs_the_second_admin_again(admins: Admins, second: User, cast: Cast) -> None:
    for name in ("first", "late"):
        admins.activate(admins.checked(name), second)
    proposed = admins.propose(cast.lab_admin, None).json()
    assert (proposed["state"], admins.in_use()) == ("proposed", "late")
    admins.confirm(second, proposed["id"])
    assert admins.in_use() == "shipped"
    admins.roll_back(second)
    assert admins.in_use() == "late"


def test_a_pinned_lab_keeps_its_choice_when_the_servers_default_changes(admins: Admins, second: User, cast: Cast, settings: Any) -> None:
    admins.activate(admins.checked("ours"), second)
    (Path(settings.WEIGHTS_DIR) / "shipped" / "weights.onnx").write_bytes(b"changed")
    make_weights(settings.WEIGHTS_DIR, "newer", b"newer")
    scan_weights()
    assert (admins.in_use(), active_weights("wells").name) == ("ours", "newer")
    told = LoggedEvent.objects.filter(topic__name=f"lab.{cast.other_lab.id}", type="weights.use_changed").count()
    assert told == 1


def test_weights_are_retired_only_while_nobody_uses_them(admins: Admins, shipped: Weights, second: User, cast: Cast) -> None:
    weights = admins.checked("ours")
    retire = f"/api/weights/{weights.id}/retire/"
    admins.activate(weights, second)
    assert admins.browser(cast.lab_admin).post(retire, {}).json()["code"] == "weights_in_use"
    admins.roll_back(cast.lab_admin)
    assert admins.browser(cast.lab_admin).post(retire, {"reason": "old"}).json()["state"] == "retired"
    refused = admins.propose(cast.lab_admin, weights).json()
    assert (refused["code"], refused["detail"]) == ("weights_retired", f"{weights.name} was retired: old")
    scan_weights()
    weights.refresh_from_db()
    assert (weights.state, weights.reason) == ("retired", "old")
    refused = admins.browser(cast.lab_admin).post(f"/api/weights/{shipped.id}/retire/", {})
    assert (refused.status_code, refused.json()["code"]) == (403, "weights_shipped")


def test_another_labs_weights_look_as_if_they_did_not_exist(admins: Admins, second: User, cast: Cast, tmp_path: Path) -> None:
    theirs = register_candidate(folder=make_weights(tmp_path / "theirs", "theirs", b"theirs"), lab=cast.other_lab, by=None)
    assert admins.propose(cast.lab_admin, theirs).status_code == 404
    for address in (f"/api/weights/{theirs.id}/", f"/api/weights/?lab={cast.other_lab.id}"):
        assert admins.browser(cast.lab_admin).get(address).status_code == 404


def test_every_change_is_recorded_and_told(admins: Admins, second: User, cast: Cast) -> None:
    admins.activate(admins.checked("ours"), second)
    admins.roll_back(cast.lab_admin)
    rows = Entry.objects.filter(lab_id=cast.lab.id).exclude(action__startswith="session").order_by("id")
    assert [(row.action, row.actor_name, row.reason) for row in rows] == [
        ("weights.proposed", "lab admin", ""),
        ("weights.checked", "", ""),
        ("use.proposed", "lab admin", "better on our dishes"),
        ("weights.activated", "second admin", "better on our dishes"),
        ("weights.rolled_back", "lab admin", ""),
    ]
    told = LoggedEvent.objects.filter(topic__name=f"lab.{cast.lab.id}").order_by("seq")
    assert [(row.type, row.payload["state"]) for row in told] == [
        ("weights.changed", "candidate"),
        ("weights.changed", "checked"),
        ("weights.use_changed", "proposed"),
        ("weights.use_changed", "current"),
        ("weights.use_changed", "current"),
    ]


def test_the_detail_shows_the_card_and_where_it_was_in_use(admins: Admins, second: User, cast: Cast) -> None:
    weights = admins.checked("ours")
    (Path(weights.folder) / "card.md").write_text("# Ours\nMade from our dishes.")
    admins.activate(weights, second)
    told = admins.browser(cast.viewer).get(f"/api/weights/{weights.id}/?lab={cast.lab.id}").json()
    assert told["card"].startswith("# Ours")
    assert (told["state"], told["uses"]) == ("active", [str(cast.lab.id)])
    assert [(use["state"], use["asked_by_name"]) for use in told["history"]] == [("current", "lab admin")]


def test_what_stands_in_for_changed_weights_is_what_was_in_use_before_and_never_those(admins: Admins, second: User, cast: Cast) -> None:
    first = admins.checked("first")
    admins.activate(first, second)
    late = admins.checked("late")
    admins.activate(late, second)
    assert weights_before(late, cast.lab.id) == first
    # A run by weights that are no longer in use is made again with those that are.
    assert weights_before(first, cast.lab.id) == late
    note_tampered(weights=first, reason="changed")
    default = weights_before(late, cast.lab.id)
    assert default is not None
    assert (default.name, weights_before(default, cast.other_lab.id)) == ("shipped", None)


def test_settings_name_the_version_they_were_changed_on(admins: Admins, cast: Cast) -> None:
    address = f"/api/labs/{cast.lab.id}/detector-settings/"
    browser = admins.browser(cast.lab_admin)
    assert browser.get(address).json() == {"retries_on_previous": False, "shadow_runs": 10, "version": 0}
    changed = browser.patch(address, {"retries_on_previous": True}, headers={"If-Match": '"0"'})
    assert changed.json() == {"retries_on_previous": True, "shadow_runs": 10, "version": 1}
    late = browser.patch(address, {"shadow_runs": 3}, headers={"If-Match": '"0"'})
    assert (late.status_code, late.json()["current"]["version"]) == (412, 1)
    assert Entry.objects.filter(action="detector_settings.changed").count() == 1
