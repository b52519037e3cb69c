from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect

from backend.live.events import Delivered, Subscribed
from backend.live.topics import dish_topic
from tests.backend.live.followers import dial, hear, subscribe
from tests.running.product import Installation, Web

RESULTS = ["stages.called A1", "profile.decoded A1", "stages.called A2", "profile.decoded A2", "stages.called A3", "profile.decoded A3"]
BLIND = ["result.withheld A1", "result.withheld A1", *RESULTS[2:]]


def told(event: Any) -> str:
    """What kind of event it is, and of which embryo."""
    name = event.profile.name if event.type == "profile.decoded" else getattr(event, "name", "")
    return f"{event.type} {name}".strip()


async def heard_until_now(socket: ClientConnection, topic: str, after: int = 0) -> tuple[list[str], int]:
    """The events after this number in order and without gaps, and the last one's number."""
    await subscribe(socket, topic, after)
    heard: list[str] = []
    while not isinstance(message := await hear(socket), Subscribed):
        assert isinstance(message, Delivered)
        assert message.seq == after + 1
        after = message.seq
        heard.append(told(message.event))
    return heard, after


def dial_as(web: Web, seeded: dict[str, Any], door: str) -> connect:
    if door == "session":
        return dial(web, seeded["sessions"]["embryologist"])
    return connect(web.socket_url, additional_headers={"Authorization": f"Bearer {seeded['tokens'][door]}"})


@pytest.fixture
def marked(install: Callable[..., Installation]) -> tuple[Installation, dict[str, Any], dict[str, str]]:
    installation = install()
    seeded = installation.seed()
    return installation, seeded, json.loads(installation.run("-m", "tests.backend.readers.marking", "read"))


async def test_a_blinded_reader_hears_no_result_on_any_door_neither_again_nor_as_news(marked: Any) -> None:
    installation, seeded, ids = marked
    web, topic = installation.start_web(), dish_topic(ids["dish"])
    doors = ("session", "read", "write")
    places: dict[str, int] = {}
    for door in doors:
        async with dial_as(web, seeded, door) as socket:
            heard, places[door] = await heard_until_now(socket, topic)
            assert heard == BLIND, door
    async with dial_as(web, seeded, "session") as socket, dial(web, seeded["sessions"]["viewer"]) as other:
        await heard_until_now(socket, topic, places["session"])
        assert (await heard_until_now(other, topic))[0] == RESULTS
        installation.run("-m", "tests.backend.readers.marking", "again", ids["stack"])
        assert [told((await hear(socket)).event) for _ in RESULTS] == BLIND
        assert [told((await hear(other)).event) for _ in RESULTS] == RESULTS


async def test_the_results_are_heard_once_the_own_reading_is_submitted(marked: Any) -> None:
    installation, seeded, ids = marked
    web, topic = installation.start_web(), dish_topic(ids["dish"])
    async with dial_as(web, seeded, "session") as socket:
        _, after = await heard_until_now(socket, topic)
        installation.run("-m", "tests.backend.readers.marking", "submit", ids["stack"])
        installation.run("-m", "tests.backend.readers.marking", "again", ids["stack"])
        heard: list[str] = []
        while len(heard) < len(RESULTS):
            message = await hear(socket)
            if isinstance(message, Delivered) and (name := told(message.event)) in {*RESULTS, *BLIND}:
                heard.append(name)
        assert heard == RESULTS
    async with dial_as(web, seeded, "session") as socket:
        assert (await heard_until_now(socket, topic))[0][: len(RESULTS)] == RESULTS
    assert after == len(RESULTS)
