"""Sockets that stay open: rights that end, readers that are slow, logs that are trimmed."""

from __future__ import annotations

import asyncio
import json
import socket as sockets
from collections.abc import Callable

import psutil
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from backend.live.events import Denied, ServerError, Subscribed
from backend.live.topics import lab_topic
from tests.backend.live.followers import catch_up, dial, hear, subscribe
from tests.running.product import Installation

Install = Callable[..., Installation]


async def drain(socket: ClientConnection, heard: list[object] | None = None) -> None:
    while True:
        message = await hear(socket)
        if heard is not None:
            heard.append(message)


def shell(installation: Installation, code: str) -> str:
    return installation.manage("shell", "--no-imports", "-c", code)


async def test_somebody_who_loses_the_lab_hears_nothing_more_although_the_socket_is_open(install: Install) -> None:
    installation = install(LIVE_RECHECK_S="0.5")
    seeded = installation.seed()
    web, topic = installation.start_web(), lab_topic(seeded["lab"])
    async with dial(web, seeded["sessions"]["viewer"]) as socket:
        assert await catch_up(socket, topic) == []
        shell(installation, "from backend.accounts.models import Membership; Membership.objects.filter(user__name='viewer').delete()")
        async with asyncio.timeout(20):
            while isinstance(message := await hear(socket), Subscribed):
                continue
        assert message == Denied(topic=topic)
        installation.run("-m", "tests.backend.live.writer", topic, "3")
        with pytest.raises(TimeoutError):
            await hear(socket, 2)


@pytest.mark.parametrize("ending", ["Session.objects.all().delete()", "User.objects.filter(name='viewer').update(is_active=False)"])
async def test_somebody_who_signed_out_elsewhere_is_put_out(install: Install, ending: str) -> None:
    installation = install(LIVE_RECHECK_S="0.5")
    seeded = installation.seed()
    web = installation.start_web()
    async with dial(web, seeded["sessions"]["viewer"]) as socket:
        assert await catch_up(socket, lab_topic(seeded["lab"])) == []
        shell(installation, f"from django.contrib.sessions.models import Session; from backend.accounts.models import User; {ending}")
        with pytest.raises(ConnectionClosed) as closed:
            await asyncio.wait_for(drain(socket), 20)
        assert closed.value.rcvd
        assert closed.value.rcvd.code == 4401


async def test_a_reader_that_does_not_read_is_dropped_and_costs_no_memory(install: Install) -> None:
    installation = install(LIVE_SEND_TIMEOUT_S="1")
    seeded = installation.seed()
    web, topic = installation.start_web(), lab_topic(seeded["lab"])
    many = "from django.db import transaction; from backend.live.publish import publish; from backend.live.events import DishChanged\n"
    many += f"with transaction.atomic():\n    for n in range(4000): publish('{topic}', DishChanged(dish_id='x' * 8000, label='D'))"
    shell(installation, many)
    async with dial(web, seeded["sessions"]["viewer"]) as reader:
        await catch_up(reader, topic, after=3999)
        process = psutil.Process(web.process.pid)
        before = process.memory_info().rss
        narrow = sockets.socket()
        narrow.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 4096)
        narrow.connect(("127.0.0.1", web.port))
        cookie = {"Cookie": f"embryovision_session={seeded['sessions']['viewer']}"}
        slow = await connect(
            web.socket_url, sock=narrow, origin=web.url, additional_headers=cookie, max_queue=1, compression=None, ping_interval=None
        )  # type: ignore[arg-type]
        await subscribe(slow, topic)
        await asyncio.sleep(4)
        # 32 MB wait for the slow one; far less than that was taken for it.
        assert process.memory_info().rss - before < 24 * 1024**2
        assert "took nothing for 1.0 s" in installation.log_of("web").read_text()
        heard: list[object] = []
        with pytest.raises(ConnectionClosed):
            await drain(slow, heard)
        assert len(heard) < 4000
        assert await catch_up(reader, topic, after=3990) == list(range(3991, 4001))


async def test_a_quiet_socket_hears_a_sign_of_life(install: Install) -> None:
    installation = install(LIVE_RECHECK_S="0.5")
    seeded = installation.seed()
    web, topic = installation.start_web(), lab_topic(seeded["lab"])
    async with dial(web, seeded["sessions"]["viewer"]) as socket:
        assert await catch_up(socket, topic) == []
        assert [await hear(socket) for _ in range(3)] == [Subscribed(topic=topic, seq=0)] * 3


async def test_who_comes_after_the_log_was_trimmed_is_told_to_load_the_state_anew(install: Install) -> None:
    installation = install(LIVE_KEEP_HOURS="1")
    seeded = installation.seed()
    web, topic = installation.start_web(), lab_topic(seeded["lab"])
    installation.run("-m", "tests.backend.live.writer", topic, "10")
    old = "from datetime import timedelta; from django.utils import timezone; from backend.live.models import LoggedEvent as E; "
    old += "E.objects.filter(seq__lte=6).update(at=timezone.now() - timedelta(hours=2)); "
    assert shell(installation, old + "from backend.live.services import trim_events; print(trim_events())").split() == ["6"]
    async with dial(web, seeded["sessions"]["viewer"]) as socket:
        await subscribe(socket, topic, 3)
        message = await hear(socket)
        assert isinstance(message, ServerError)
        assert (message.code, message.topic) == ("gone", topic)
        assert await catch_up(socket, topic, after=6) == [7, 8, 9, 10]
        installation.run("-m", "tests.backend.live.writer", topic, "1")
        assert (await hear(socket)).seq == 11
        await socket.send(json.dumps({"type": "unsubscribe", "topic": topic}))
