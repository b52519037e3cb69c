"""Websocket clients as the page is one: they follow a topic, are cut, and come back with the last number they have."""

from __future__ import annotations

import asyncio
import json
import random
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from backend.live.events import SERVER_MESSAGE, Delivered, Subscribed
from tests.running.product import Web


def dial(web: Web, session: str | None = None, **options: Any) -> connect:
    """Open a socket as a page of ours would, with this session's cookie."""
    headers = {"Cookie": f"embryovision_session={session}"} if session else {}
    # Without a bound this client stops reading when it is behind, and then waits ten seconds for an answer to its close.
    options.setdefault("max_queue", None)
    # The client's own impatience with a busy server is not what these tests look at.
    options.setdefault("ping_interval", None)
    return connect(web.socket_url, origin=web.url, additional_headers=headers, **options)  # type: ignore[arg-type]


async def subscribe(socket: ClientConnection, topic: str, after: int = 0) -> None:
    await socket.send(json.dumps({"type": "subscribe", "topic": topic, "after": after}))


async def hear(socket: ClientConnection, within_s: float = 10) -> Any:
    """The next message, checked against the contract."""
    return SERVER_MESSAGE.validate_json(await asyncio.wait_for(socket.recv(), within_s))


async def follow_with_cuts(web: Web, session: str, topic: str, *, until: int, dice: random.Random, cuts: int) -> list[int]:
    """Follow up to event `until`, cut at random; gives every number in the order in which a page would have applied it."""
    applied: list[int] = []
    cut_at = sorted(dice.sample(range(1, until), cuts))
    while not applied or applied[-1] < until:
        async with dial(web, session) as socket:
            await subscribe(socket, topic, applied[-1] if applied else 0)
            try:
                while not applied or applied[-1] < until:
                    message = await hear(socket, 60)
                    if isinstance(message, Delivered) and (not applied or message.seq > applied[-1]):
                        applied.append(message.seq)
                    if cut_at and applied and applied[-1] >= cut_at[0]:
                        cut_at.pop(0)
                        # Half of the cuts are clean; the others vanish as when a cable is pulled.
                        if dice.random() < 0.5:
                            socket.transport.abort()
                        break
            except ConnectionClosed:
                continue
    return applied


async def catch_up(socket: ClientConnection, topic: str, after: int = 0) -> list[int]:
    """Subscribe and give the numbers that came before the server said that was all."""
    await subscribe(socket, topic, after)
    seqs: list[int] = []
    while not isinstance(message := await hear(socket), Subscribed):
        assert isinstance(message, Delivered), message
        seqs.append(message.seq)
    assert message.seq == (seqs[-1] if seqs else after)
    return seqs
