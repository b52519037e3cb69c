from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from rest_framework.test import APIClient
from websockets.asyncio.client import ClientConnection, connect

from backend.accounts.stepup import KEY as STEPPED_UP
from backend.live.events import Denied, Subscribed
from tests.backend.access.routes import PAGE, all_routes
from tests.backend.access.table import EXPECTED, LISTS, ROLES, expected
from tests.backend.access.world import World, make_world
from tests.backend.live.followers import dial, hear, subscribe
from tests.cast import Cast
from tests.running.product import Installation, Web

HTTP = sorted(key for key in EXPECTED if key[0] != "WS")


@pytest.fixture
def world(cast: Cast, tmp_path: Path, settings: Any) -> World:
    page = tmp_path / "page"
    page.mkdir()
    (page / "index.html").write_text("<!doctype html>")
    settings.FRONTEND_DIR, settings.SERVER_FOLDER = page, str(tmp_path)
    return make_world(cast, tmp_path)


def client_as(role: str, world: World) -> APIClient:
    client = APIClient(raise_request_exception=False)
    if role in world.secrets:
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {world.secrets[role]}")
    elif role != "signed_out":
        client.force_login(getattr(world.cast, role))
        # Everybody has given the password again, so that only the role decides.
        session = client.session
        session[STEPPED_UP] = (timezone.now() + timedelta(minutes=1)).timestamp()
        session.save()
    return client


class Undone(Exception):
    pass


def ask(world: World, role: str, method: str, route: str) -> Any:
    """Ask as this role and undo what the answer changed, so that roles do not disturb each other."""
    answer = None
    client = client_as(role, world)
    try:
        with transaction.atomic():
            answer = getattr(client, method.lower())(world.address(method, route), **world.request(method, route))
            raise Undone
    except Undone:
        return answer


def test_every_route_has_its_line_in_the_table_and_every_line_its_route() -> None:
    found = {(method, "page" if route == PAGE else route) for method, route in all_routes()}
    assert found - EXPECTED.keys() == set(), "routes without an expectation"
    assert {key for key in EXPECTED if key[0] != "WS"} - found == set(), "expectations without a route"


@pytest.mark.parametrize(("method", "route"), HTTP, ids=[f"{method} {route}" for method, route in HTTP])
def test_each_role_gets_what_the_table_says(world: World, method: str, route: str) -> None:
    answers = {role: ask(world, role, method, route) for role in ROLES}
    statuses = {role: answer.status_code for role, answer in answers.items()}
    told = {role: getattr(answer, "data", None) for role, answer in answers.items() if answer.status_code != expected(method, route)[role]}
    assert statuses == expected(method, route), told
    for role in ("outsider", "instance_admin"):
        if statuses[role] == 404:
            assert_says_nothing(answers[role], world)


def assert_says_nothing(answer: Any, world: World) -> None:
    """What is not there and what is not theirs are answered in the same words."""
    body = answer.content.decode()
    assert not body or json.loads(body) == {
        "code": "not_found",
        "detail": "There is nothing here, or it belongs to another lab.",
        "hint": "",
    }


@pytest.mark.parametrize("route", sorted(LISTS))
def test_lists_show_a_member_what_an_outsider_does_not_find_in_them(world: World, route: str) -> None:
    subject = world.cast.lab if LISTS[route] == "lab" else getattr(world, LISTS[route])
    for query in ({}, {"lab": str(world.cast.lab.id)}):
        listed = {
            role: client_as(role, world).get("/" + route, query).content.decode() for role in ("embryologist", "outsider", "instance_admin")
        }
        assert str(subject.id) in listed["embryologist"]
        assert str(subject.id) not in listed["outsider"]
        assert str(subject.id) not in listed["instance_admin"]


MAKE_DISH = """from backend.accounts.models import Lab
from backend.imaging.models import Cycle, Dish, Patient
lab = Lab.objects.get(name="North clinic")
cycle = Cycle.objects.create(patient=Patient.objects.create(lab=lab, code="P"), label="1")
print(Dish.objects.create(lab=lab, cycle=cycle, label="D").id)"""


def dial_as(web: Web, seeded: dict[str, Any], role: str) -> connect:
    if role.endswith("_token"):
        return connect(web.socket_url, additional_headers={"Authorization": f"Bearer {seeded['tokens'][role.removesuffix('_token')]}"})
    return dial(web, seeded["sessions"].get(role))


async def standing(socket: ClientConnection, topic: str) -> int:
    await subscribe(socket, topic)
    match await hear(socket):
        case Subscribed():
            return 200
        case Denied():
            return 404
    return 500


async def test_the_websocket_keeps_to_the_same_table(install: Callable[..., Installation]) -> None:
    installation = install()
    seeded = installation.seed()
    topics = {"lab": f"lab.{seeded['lab']}", "dish": f"dish.{installation.manage('shell', '--no-imports', '-c', MAKE_DISH).strip()}"}
    web = installation.start_web()
    for kind, topic in topics.items():
        found = {}
        for role in ROLES:
            async with dial_as(web, seeded, role) as socket:
                if role == "signed_out":
                    await socket.wait_closed()
                    found[role] = 401 if socket.close_code == 4401 else 200
                else:
                    found[role] = await standing(socket, topic)
        assert found == expected("WS", kind), kind
