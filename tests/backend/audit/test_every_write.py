"""Every accepted write of the product leaves a row in the record of changes; what does not stands here with its reason."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from rest_framework.test import APIClient

from backend.accounts import links
from backend.accounts.models import OneTimeLink, Role, User
from backend.audit.models import Entry
from backend.audit.verifying import verify_chain
from tests.backend.access.routes import all_routes
from tests.backend.access.table import ROLES, expected
from tests.backend.access.test_access_matrix import client_as, world
from tests.backend.access.world import BODIES, World
from tests.cast import PASSWORD

__all__ = ["world"]
WRITES = sorted((method, route) for method, route in all_routes() if method in ("POST", "PUT", "PATCH", "DELETE"))
EXCEPTIONS = {
    ("PATCH", "api/uploads/<uuid:upload_id>"): "a chunk of a file; its upload was recorded when it began, and what becomes of it is",
    ("DELETE", "api/session/"): "signing out changes nothing that anybody decided, and the session ends by itself as well",
    ("POST", "api/labs/<uuid:lab_id>/label-counts/"): "how many labels a choice would take; a question too long for an address",
    ("POST", "api/labs/<uuid:lab_id>/step-previews/"): "a picture prepared to be looked at, which is kept nowhere",
    ("POST", "api/stacks/<uuid:stack_id>/presence/"): "who looks at what now; forgotten after a minute, and part of no record",
}
ELSEWHERE = {
    # What one small world cannot have accepted, and the test that looks for the row of one that is.
    ("POST", "api/labs/<uuid:lab_id>/adaptations/"): ("adaptation.requested", "backend/adaptation/test_services.py"),
    ("POST", "api/labs/<uuid:lab_id>/recalibrations/"): ("recalibration.requested", "backend/drift/test_recalibrating.py"),
    ("POST", "api/weights/<uuid:weights_id>/checks/"): ("check.requested", "backend/judging/test_checks.py"),
    ("POST", "api/labs/<uuid:lab_id>/trainings/"): ("training.requested", "backend/training/test_services.py"),
    ("POST", "api/trainings/<uuid:training_id>/resume/"): ("training.resumed", "backend/training/test_services.py"),
    ("POST", "api/data-sets/<uuid:data_set_id>/cancel/"): ("freezing.cancelled", "backend/datasets/test_data_sets.py"),
    ("POST", "api/label-syncs/<uuid:sync_id>/cancel/"): ("label_sync.cancelled", "backend/labels/test_syncing.py"),
    ("POST", "api/rules/<uuid:rule_id>/validate/"): ("rules.validated", "backend/selection/test_outcomes.py"),
}


class Undone(Exception):
    pass


def setup_request(world: World) -> dict[str, Any]:
    User.objects.filter(is_instance_admin=True).update(is_instance_admin=False)
    _, secret = links.make(purpose=OneTimeLink.Purpose.SETUP, hours=1)
    body = BODIES["POST", "api/setup/"](world, "")
    return {"data": {**body, "token": secret}, "format": "json"}


def joining_request(world: World) -> dict[str, Any]:
    invited = {"lab": world.cast.lab, "email": "joins@example.org", "role": Role.VIEWER, "made_by": world.cast.lab_admin}
    _, secret = links.make(purpose=OneTimeLink.Purpose.INVITATION, hours=1, **invited)
    return {"data": {"token": secret, "name": "Joins", "password": PASSWORD}, "format": "json"}


ACCEPTED: dict[tuple[str, str], Callable[[World], dict[str, Any]]] = {
    # The matrix asks these with a token that nobody knows.
    ("POST", "api/setup/"): setup_request,
    ("POST", "api/invitations/accept/"): joining_request,
}


def somebody_who_may(method: str, route: str) -> str:
    if (method, route) in ACCEPTED:
        return "signed_out"
    answers = expected(method, route)
    return next((role for role in ROLES if role != "signed_out" and answers[role] < 300), "signed_out")


def test_every_exception_is_a_write_of_the_product_with_a_reason() -> None:
    assert EXCEPTIONS.keys() | ACCEPTED.keys() | ELSEWHERE.keys() <= set(WRITES)
    assert all(len(reason) > 20 for reason in EXCEPTIONS.values())


@pytest.mark.parametrize(("action", "file"), ELSEWHERE.values())
def test_what_is_accepted_elsewhere_is_looked_for_there(action: str, file: str) -> None:
    assert f'"{action}"' in (Path(__file__).parents[2] / file).read_text()


ASKED = [write for write in WRITES if write not in ELSEWHERE]


@pytest.mark.parametrize(("method", "route"), ASKED, ids=[f"{method} {route}" for method, route in ASKED])
def test_an_accepted_write_leaves_a_row_and_the_chain_whole(world: World, method: str, route: str) -> None:
    role = somebody_who_may(method, route)
    client: APIClient = client_as(role, world)
    request = ACCEPTED[method, route](world) if (method, route) in ACCEPTED else world.request(method, route)
    before = Entry.objects.count()
    answer = getattr(client, method.lower())(world.address(method, route), **request)
    assert answer.status_code < 300, (role, answer.content)
    rows = Entry.objects.filter(id__gt=before)
    if (method, route) in EXCEPTIONS:
        assert not rows.exists(), "it is recorded: take it out of the exceptions"
        return
    assert rows.exists(), f"{method} {route} was accepted and left no row in the record"
    assert all(row.action and row.subject for row in rows)
    if role != "signed_out":
        assert all(row.actor_key == str(acting(role, world).id) for row in rows)
    assert verify_chain().is_whole


def acting(role: str, world: World) -> User:
    person: User = world.cast.embryologist if role in world.secrets else getattr(world.cast, role)
    return person


@transaction.atomic
def rename_and_take_back(world: World) -> None:
    method, route, before = "PATCH", "api/dishes/<uuid:dish_id>/", Entry.objects.count()
    assert client_as("embryologist", world).patch(world.address(method, route), **world.request(method, route)).status_code == 200
    assert Entry.objects.count() == before + 1
    raise Undone


def test_a_write_that_is_taken_back_leaves_no_row_and_the_chain_whole(world: World) -> None:
    before = Entry.objects.count()
    with pytest.raises(Undone):
        rename_and_take_back(world)
    assert Entry.objects.count() == before
    assert verify_chain().is_whole


def test_a_write_that_is_refused_leaves_no_row(world: World) -> None:
    before = Entry.objects.count()
    for role in ("viewer", "outsider"):
        for method, route in WRITES:
            if expected(method, route)[role] in (403, 404):
                getattr(client_as(role, world), method.lower())(world.address(method, route), **world.request(method, route))
    assert Entry.objects.count() == before
