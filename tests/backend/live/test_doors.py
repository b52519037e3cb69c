"""Who may open the socket and what it bears."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from backend.live.events import Denied, ServerError, Subscribed
from backend.live.topics import dish_topic, lab_topic
from tests.backend.live.followers import catch_up, dial, hear, subscribe
from tests.running.product import Installation, Web


@pytest.fixture(scope="module")
def installation(install_for_module: Callable[..., Installation]) -> Installation:
    return install_for_module()


@pytest.fixture(scope="module")
def seeded(installation: Installation) -> dict[str, Any]:
    return installation.seed()


@pytest.fixture(scope="module")
def web(installation: Installation, seeded: dict[str, Any]) -> Web:
    return installation.start_web()


async def ask_without_end(socket: ClientConnection) -> None:
    for _ in range(300):
        # Cheap to answer: what the server cannot keep up with holds itself back.
        await socket.send("{")
    while True:
        await hear(socket)


async def closing_code(web: Web, session: str | None) -> int:
    async with dial(web, session) as socket:
        with pytest.raises(ConnectionClosed) as closed:
            await asyncio.wait_for(socket.recv(), 10)
    assert closed.value.rcvd
    return closed.value.rcvd.code


async def test_a_member_follows_and_an_outsider_is_denied_as_if_the_topic_did_not_exist(web: Web, seeded: dict[str, Any]) -> None:
    topic = lab_topic(seeded["lab"])
    for person in ("viewer", "embryologist", "lab_admin"):
        async with dial(web, seeded["sessions"][person]) as socket:
            assert await catch_up(socket, topic) == []
    for person in ("outsider", "instance_admin"):
        async with dial(web, seeded["sessions"][person]) as socket:
            for foreign in (
                topic,
                lab_topic(uuid.uuid4()),
                dish_topic(uuid.uuid4()),
                "lab.",
                "lab.x",
                f"lab.{seeded['lab'].upper()}",
                "secrets",
                "",
            ):
                await subscribe(socket, foreign)
                assert await hear(socket) == Denied(topic=foreign)


async def test_the_signed_out_get_a_close_code_that_the_page_can_read(web: Web, seeded: dict[str, Any]) -> None:
    assert await closing_code(web, None) == 4401
    assert await closing_code(web, "an invented session key") == 4401


async def test_a_token_follows_its_lab_without_an_origin(web: Web, seeded: dict[str, Any]) -> None:
    for scope in ("read", "write"):
        async with connect(web.socket_url, additional_headers={"Authorization": f"Bearer {seeded['tokens'][scope]}"}) as socket:
            assert await catch_up(socket, lab_topic(seeded["lab"])) == []
            await subscribe(socket, lab_topic(seeded["other_lab"]))
            assert isinstance(await hear(socket), Denied)


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "http://127.0.0.1:1", "https://127.0.0.1:{port}", "http://127.0.0.1.evil.example:{port}", "null", None],
)
async def test_a_page_from_elsewhere_is_refused_before_the_session_counts(web: Web, seeded: dict[str, Any], origin: str | None) -> None:
    cookie = {"Cookie": f"embryovision_session={seeded['sessions']['viewer']}"}
    with pytest.raises(InvalidStatus) as refused:
        async with connect(web.socket_url, origin=origin and origin.format(port=web.port), additional_headers=cookie):  # type: ignore[arg-type]
            pass
    assert refused.value.response.status_code == 403


async def test_another_address_has_no_socket(web: Web, seeded: dict[str, Any]) -> None:
    with pytest.raises(InvalidStatus):
        async with connect(f"ws://127.0.0.1:{web.port}/ws/other/", origin=web.url):  # type: ignore[arg-type]
            pass


async def test_nonsense_gets_a_typed_answer_and_the_socket_lives_on(web: Web, seeded: dict[str, Any]) -> None:
    async with dial(web, seeded["sessions"]["viewer"]) as socket:
        for nonsense in (
            "",
            "{",
            "[]",
            '{"type": "shutdown"}',
            '{"type": "subscribe", "topic": "x", "after": -1}',
            '{"type": "subscribe", "topic": 5}',
            b"\x00",
        ):
            await socket.send(nonsense)
            message = await hear(socket)
            assert isinstance(message, ServerError)
            assert message.code == "invalid_message"
        await subscribe(socket, lab_topic(seeded["lab"]), after=10**30)
        assert (await hear(socket)).code == "gone"
        assert await catch_up(socket, lab_topic(seeded["lab"])) == []


async def test_a_message_above_64_kib_closes_the_socket(web: Web, seeded: dict[str, Any]) -> None:
    async with dial(web, seeded["sessions"]["viewer"]) as socket:
        await socket.send("x" * (64 * 1024 + 1))
        with pytest.raises(ConnectionClosed) as closed:
            await asyncio.wait_for(socket.recv(), 10)
        assert closed.value.rcvd
        assert closed.value.rcvd.code == 1009


async def test_a_flood_of_messages_closes_the_socket(web: Web, seeded: dict[str, Any]) -> None:
    async with dial(web, seeded["sessions"]["viewer"]) as socket:
        with pytest.raises(ConnectionClosed) as closed:
            await ask_without_end(socket)
        assert closed.value.rcvd
        assert closed.value.rcvd.code == 4429


async def test_one_socket_follows_at_most_fifty_topics(web: Web, seeded: dict[str, Any], installation: Installation) -> None:
    code = """from backend.accounts.models import Lab, Membership, User
for number in range(51):
    lab = Lab.objects.create(name=f"Lab {number}")
    Membership.objects.create(user=User.objects.get(name="viewer"), lab=lab, role="viewer")
    print(lab.id)"""
    labs = installation.manage("shell", "--no-imports", "-c", code).split()
    async with dial(web, seeded["sessions"]["viewer"]) as socket:
        for lab in labs[:50]:
            await subscribe(socket, lab_topic(lab))
            assert isinstance(await hear(socket), Subscribed)
        await asyncio.sleep(1)
        await subscribe(socket, lab_topic(labs[50]))
        assert (await hear(socket)).code == "too_many_topics"
        await socket.send(json.dumps({"type": "unsubscribe", "topic": lab_topic(labs[0])}))
        await subscribe(socket, lab_topic(labs[50]))
        assert isinstance(await hear(socket), Subscribed)
