"""Reads the event log once for all sockets of this process; each socket keeps only its place in it."""

from __future__ import annotations

import asyncio
import json
import logging
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from channels.db import database_sync_to_async

from backend.core import concealment
from backend.live import doorbell, selectors
from backend.live.models import LoggedEvent
from backend.live.withholding import Concerned, without_result

LOOK_EVERY_S = 0.15
LOOK_EVERY_WHEN_WIRED_S = 1.0
"""A ring can be lost, so a wired process looks by itself now and then."""
LEAST_PAUSE_S = 0.02
WINDOW = 1000
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Ready:
    """One event, ready to be sent; `instead` is what somebody hears who must not know the result that it concerns."""

    seq: int
    message: str
    concern: Concerned | None
    instead: str


@dataclass
class Window:
    """The latest events of one topic, ready to be sent, and who waits for more."""

    latest: int
    events: deque[Ready] = field(default_factory=lambda: deque(maxlen=WINDOW))
    followers: list[asyncio.Event] = field(default_factory=list)


def as_delivered(row: LoggedEvent) -> dict[str, Any]:
    """The row as `events.Delivered`; its payload was checked when it was published."""
    at = row.at.isoformat().replace("+00:00", "Z")
    return {"type": "event", "topic": row.topic_id, "seq": row.seq, "at": at, "event": row.payload}


def _read(topic: str, after: int) -> list[Ready]:
    return [_ready(row) for row in selectors.events_after(topic, after)]


def _ready(row: LoggedEvent) -> Ready:
    delivered, concern = as_delivered(row), concealment.concern_of(row.payload)
    message = _packed(delivered)
    return Ready(row.seq, message, concern, _packed(without_result(delivered, concern[1])) if concern else message)


def _packed(delivered: dict[str, Any]) -> str:
    return json.dumps(delivered, separators=(",", ":"))


read_page = database_sync_to_async(_read)
read_latest = database_sync_to_async(selectors.latest_seqs)


class Tail:
    """One per event loop; runs while anybody follows anything."""

    def __init__(self) -> None:
        self._windows: dict[str, Window] = {}
        self._wake = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    def follow(self, topic: str, news: asyncio.Event, latest: int) -> None:
        """Set `news` whenever the topic moves beyond what is known; `latest` is what the asker has just read."""
        window = self._windows.setdefault(topic, Window(latest))
        window.followers.append(news)
        if not self._tasks:
            self._tasks = [asyncio.create_task(self._look())]
            if doorbell.is_wired():
                self._tasks.append(asyncio.create_task(self._listen()))

    def unfollow(self, topic: str, news: asyncio.Event) -> None:
        window = self._windows.get(topic)
        if window is None or news not in window.followers:
            return
        window.followers.remove(news)
        if not window.followers:
            del self._windows[topic]
        if not self._windows:
            for task in self._tasks:
                task.cancel()
            self._tasks = []

    async def after(self, topic: str, seq: int, known: int) -> list[Ready]:
        """The next events of the topic: from memory where they are recent, else a page of the log.

        `known` is a number that the asker has seen in the log; memory may still lie behind it.
        """
        window = self._windows.get(topic)
        if window is None or (seq >= window.latest and seq < known):
            return await read_page(topic, seq)
        if seq >= window.latest:
            return []
        if window.events and window.events[0].seq <= seq + 1:
            return [event for event in window.events if event.seq > seq]
        return await read_page(topic, seq)

    async def _look(self) -> None:
        pause = LOOK_EVERY_WHEN_WIRED_S if doorbell.is_wired() else LOOK_EVERY_S
        while True:
            try:
                await self._read_news()
            except Exception:
                logger.exception("The event log could not be read; looking again")
                await asyncio.sleep(1)
            await asyncio.sleep(LEAST_PAUSE_S)
            try:
                async with asyncio.timeout(pause):
                    await self._wake.wait()
            except TimeoutError:
                continue
            self._wake.clear()

    async def _read_news(self) -> None:
        for topic, latest in (await read_latest(list(self._windows))).items():
            window = self._windows.get(topic)
            while window is not None and window.latest < latest:
                page = await read_page(topic, window.latest)
                if not page:
                    break
                window.events.extend(page)
                window.latest = page[-1].seq
                for news in window.followers:
                    news.set()

    async def _listen(self) -> None:
        while True:
            try:
                layer = doorbell.wire()
                channel = await layer.new_channel()
                await layer.group_add(doorbell.GROUP, channel)
                while True:
                    await layer.receive(channel)
                    self._wake.set()
            except Exception as error:
                logger.warning("The doorbell is away, looking every %s s: %s", LOOK_EVERY_WHEN_WIRED_S, error)
                await asyncio.sleep(LOOK_EVERY_WHEN_WIRED_S)


_tails: dict[asyncio.AbstractEventLoop, Tail] = {}


def tail_here() -> Tail:
    """The tail of the running loop."""
    loop = asyncio.get_running_loop()
    for other in [other for other in _tails if other.is_closed()]:
        del _tails[other]
    return _tails.setdefault(loop, Tail())
