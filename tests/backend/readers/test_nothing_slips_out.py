from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import transaction
from rest_framework.test import APIClient

from backend.accounts.models import User
from backend.imaging.models import Stack
from backend.live.topics import dish_topic
from backend.readers.models import Assignment, PersonalRule
from tests.backend.access.routes import PAGE, all_routes
from tests.backend.access.world import World
from tests.backend.readers.world import COLLEAGUES, MACHINES, have_it_read_by

RUN = "api/runs/<uuid:run_id>/"
TELL_THE_MACHINES = {
    ("GET", "api/dishes/<uuid:dish_id>/"),
    ("GET", RUN + "profiles/<str:place>/"),
    ("GET", RUN + "profiles.csv"),
    ("GET", RUN + "profiles.json"),
    ("GET", "api/events/"),
    ("GET", "api/stacks/<uuid:stack_id>/effective/"),
    ("GET", "api/stacks/<uuid:stack_id>/verdicts/"),
    ("GET", "api/queue/"),
    ("GET", "api/compare/"),
    ("GET", "api/dishes/<uuid:dish_id>/report.json"),
    ("GET", "api/cycles/<uuid:cycle_id>/report.json"),
}
"""Routes that give the machine's findings to whoever may see them: the walk has to find them, or it proves nothing."""
TELL_THE_COLLEAGUES = {
    ("GET", "api/stacks/<uuid:stack_id>/readings/"),
    ("GET", "api/stacks/<uuid:stack_id>/verdicts/"),
    ("GET", "api/stacks/<uuid:stack_id>/comments/"),
    ("GET", "api/audit/"),
}
BARE = {("GET", "api/schema/"), ("DELETE", "api/session/"), ("POST", "api/session/"), ("GET", "page")}


Door = Callable[[], APIClient]


class Undone(Exception):
    pass


def walk(world: World, door: Door) -> Iterator[tuple[tuple[str, str], str]]:
    """Every route and method with what it answers; changes are undone."""
    for method, route in sorted(all_routes()):
        route = "page" if route == PAGE else route
        if (method, route) in BARE:
            continue
        for request in asked(world, method, route):
            # A door of its own for each: some answers change the session they came by.
            yield (method, route), answer_of(door(), method, world.address(method, route), request)


def asked(world: World, method: str, route: str) -> list[dict[str, Any]]:
    plain = world.request(method, route)
    if method != "GET":
        return [plain]
    after = [{"data": {"topic": dish_topic(world.dish.id), "after": 0}}] if route == "api/events/" else []
    embryo = {"dish": str(world.dish.id), "stack": str(world.stack.id), "place": "A1", "items": f"{world.dish.id}:A1,{world.dish.id}:A2"}
    return [plain, {"data": {**(plain["data"] or {}), **embryo}}, *after]


def answer_of(client: APIClient, method: str, address: str, request: dict[str, Any]) -> str:
    """The text of the answer, also of one that is sent in parts."""
    told = ""
    try:
        with transaction.atomic():
            answer: Any = getattr(client, method.lower())(address, **request)
            body = b"".join(answer.streaming_content) if answer.streaming else answer.content
            told = body.decode("utf-8", "replace")
            raise Undone
    except Undone:
        return told


def door_of(user: User, secret: str | None = None) -> Door:
    def opened() -> APIClient:
        client = APIClient(raise_request_exception=False)
        if secret is None:
            client.force_login(user)
        else:
            client.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
        return client

    return opened


def told_by(world: World, door: Door, *marks: str) -> set[tuple[str, str]]:
    return {key for key, told in walk(world, door) if any(mark in told for mark in marks)}


def test_whoever_may_see_finds_the_findings_and_the_reading_where_the_walk_looks(marked_world: World) -> None:
    told = list(walk(marked_world, door_of(marked_world.cast.lab_admin)))
    assert {key for key, text in told if any(mark in text for mark in MACHINES)} >= TELL_THE_MACHINES
    assert {key for key, text in told if COLLEAGUES in text} >= TELL_THE_COLLEAGUES


@pytest.mark.parametrize("door", ["browser", "read_token", "write_token"])
def test_no_route_tells_a_blinded_reader_anything(marked_world: World, door: str) -> None:
    reader = marked_world.cast.embryologist
    assign(marked_world.stack, reader)
    assert told_by(marked_world, door_of(reader, marked_world.secrets.get(door)), *MACHINES, COLLEAGUES) == set()


def test_no_route_tells_a_lab_admin_anything_who_is_to_read_everything_blind_first(marked_world: World) -> None:
    """Nor does the record of changes."""
    admin = marked_world.cast.lab_admin
    PersonalRule.objects.create(lab=marked_world.cast.lab, user=admin, blind_first=True)
    assert told_by(marked_world, door_of(admin), *MACHINES, COLLEAGUES) == set()
    rows = door_of(admin)().get("/api/audit/", {"lab": str(marked_world.cast.lab.id), "subject": "reading"}).data["results"]
    assert {(row["is_withheld"], row["before"], row["after"], row["reason"]) for row in rows} == {(True, None, None, "")}


def test_everything_is_told_once_the_own_reading_is_submitted(marked_world: World) -> None:
    reader = marked_world.cast.embryologist
    assign(marked_world.stack, reader)
    have_it_read_by(reader, marked_world.stack, t2=60)
    # What was read has left the queue.
    assert told_by(marked_world, door_of(reader), *MACHINES) >= TELL_THE_MACHINES - {("GET", "api/queue/")}


def test_another_recording_of_the_dish_is_no_way_around(marked_world: World) -> None:
    reader, first = marked_world.cast.embryologist, marked_world.stack
    facts = {"lab": first.lab, "dish": first.dish, "state": Stack.State.READY, "sha256": first.sha256, "frame_count": 1, "planes": [0.0]}
    assign(Stack.objects.create(name="again", **facts), reader)
    assert told_by(marked_world, door_of(reader), *MACHINES) == set()


def assign(stack: Stack, reader: User) -> None:
    Assignment.objects.create(stack=stack, row=0, column=0, reader=reader, is_blind=True, by_name="x")
