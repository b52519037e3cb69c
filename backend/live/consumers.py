"""The websocket: subscribe with `after`, get what was missed, then the news, in order and without gaps."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from pydantic import ValidationError

from backend.accounts.actor import Actor
from backend.accounts.authentication import actor_of_session, actor_of_token, bearer_in
from backend.live import events, selectors, topics
from backend.live.tail import tail_here
from backend.live.withholding import withheld_from

SIGNED_OUT, TOO_MUCH, TOO_SLOW = 4401, 4429, 4408
MESSAGE_BYTES = 64 * 1024
TOPICS_AT_ONCE = 50
MESSAGES_A_SECOND, BURST = 20.0, 60.0
BEAT_EVERY_S = 25.0
logger = logging.getLogger(__name__)


@dataclass
class Subscription:
    """A socket's place in one topic; `promised` is the number up to which `Subscribed` was not yet said."""

    topic: str
    user_id: UUID
    cursor: int
    promised: int | None


class Rate:
    """Lets short bursts pass and holds a steady flood."""

    def __init__(self) -> None:
        self._left, self._at = BURST, time.monotonic()

    def allows(self) -> bool:
        now = time.monotonic()
        self._left = min(BURST, self._left + (now - self._at) * MESSAGES_A_SECOND) - 1
        self._at = now
        return self._left >= 0


class LiveConsumer(AsyncWebsocketConsumer):
    """Nothing is queued for a socket: the log is the buffer, and a socket that does not read is closed."""

    channel_layer_alias = "none"

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Ends when the client goes or when we give it up: a close frame would wait behind what the client does not read."""
        self._gave_up: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        async def heard() -> Any:
            message = asyncio.ensure_future(receive())
            try:
                await asyncio.wait({message, self._gave_up}, return_when=asyncio.FIRST_COMPLETED)
                return message.result() if message.done() else {"type": "websocket.disconnect", "code": TOO_SLOW}
            finally:
                message.cancel()

        await super().__call__(scope, heard, send)

    async def connect(self) -> None:
        self._subscriptions: dict[str, Subscription] = {}
        self._news = asyncio.Event()
        self._rate = Rate()
        self._pump_task: asyncio.Task[None] | None = None
        await self.accept()
        if await self._actor() is None:
            # Accepted first: a browser cannot read why a handshake failed, but it reads a close code.
            await self.close(SIGNED_OUT)
            return
        self._pump_task = asyncio.create_task(self._pump())

    async def disconnect(self, code: int) -> None:  # noqa: ARG002 - Channels' signature
        for topic in list(self._subscriptions):
            self._drop(topic)
        if self._pump_task is not None:
            self._pump_task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._pump_task

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:  # noqa: ARG002 - Channels' signature
        try:
            await self._answer(text_data)
        except TimeoutError:
            self._give_up()
        except OSError:
            logger.debug("The client left in the middle of an answer")

    async def _answer(self, text_data: str | None) -> None:
        if not self._rate.allows():
            await self._say(events.ServerError(code="rate_limited", detail="Too many messages."))
            await self.close(TOO_MUCH)
            return
        try:
            if text_data is None or len(text_data) > MESSAGE_BYTES:
                raise ValueError
            message = events.CLIENT_MESSAGE.validate_json(text_data)
        except (ValidationError, ValueError):
            await self._say(events.ServerError(code="invalid_message", detail="This is not a message of the live channel."))
            return
        if isinstance(message, events.Subscribe):
            await self._subscribe(message.topic, message.after)
        else:
            self._drop(message.topic)

    async def _subscribe(self, topic: str, after: int) -> None:
        """Take or take again a place in a topic; asking again is the page's heartbeat and moves the place to `after`."""
        actor = await self._actor()
        if actor is None:
            await self.close(SIGNED_OUT)
            return
        if topic not in self._subscriptions and len(self._subscriptions) >= TOPICS_AT_ONCE:
            await self._say(events.ServerError(code="too_many_topics", detail=f"At most {TOPICS_AT_ONCE} topics a socket.", topic=topic))
            return
        if not await may_follow(actor, topic):
            self._drop(topic)
            await self._say(events.Denied(topic=topic))
            return
        latest, is_gone = await standing(topic, after)
        if is_gone:
            self._drop(topic)
            await self._say(events.ServerError(code="gone", detail="These events are no longer kept; load the state anew.", topic=topic))
            return
        if topic not in self._subscriptions:
            tail_here().follow(topic, self._news, latest)
        self._subscriptions[topic] = Subscription(topic, actor.user.id, after, promised=latest)
        self._news.set()

    def _drop(self, topic: str) -> None:
        if self._subscriptions.pop(topic, None) is not None:
            tail_here().unfollow(topic, self._news)

    async def _pump(self) -> None:
        """Send what is new, a sign of life when nothing is, and look every minute whether the person may still follow."""
        checked = time.monotonic()
        try:
            while True:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(min(BEAT_EVERY_S, settings.LIVE_RECHECK_S)):
                        await self._news.wait()
                is_idle = not self._news.is_set()
                self._news.clear()
                if time.monotonic() - checked >= settings.LIVE_RECHECK_S:
                    checked = time.monotonic()
                    if not await self._recheck():
                        return
                for subscription in list(self._subscriptions.values()):
                    await self._catch_up(subscription, is_idle)
        except TimeoutError:
            self._give_up()
        except OSError:
            logger.debug("The client left in the middle of the news")
        except Exception:
            logger.exception("A socket's events could not be read; it is closed and comes back")
            await self.close(1011)

    def _give_up(self) -> None:
        logger.info("A socket that took nothing for %s s was closed", settings.LIVE_SEND_TIMEOUT_S)
        if not self._gave_up.done():
            self._gave_up.set_result(None)

    async def _catch_up(self, subscription: Subscription, is_idle: bool) -> None:
        while page := await tail_here().after(subscription.topic, subscription.cursor, subscription.promised or 0):
            # Asked for every page anew: whoever is made a blinded reader hears no result from then on.
            concerns = [ready.concern for ready in page]
            withheld = await ask_withheld(subscription.user_id, concerns) if any(concerns) else [False] * len(page)
            for ready, is_withheld in zip(page, withheld, strict=True):
                if self._subscriptions.get(subscription.topic) is not subscription:
                    return
                await self._send(ready.instead if is_withheld else ready.message)
                subscription.cursor = ready.seq
        if subscription.promised is not None and subscription.cursor < subscription.promised:
            # The log was trimmed between the question and the answer.
            self._drop(subscription.topic)
            await self._say(
                events.ServerError(code="gone", detail="These events are no longer kept; load the state anew.", topic=subscription.topic)
            )
        elif subscription.promised is not None or is_idle:
            subscription.promised = None
            await self._say(events.Subscribed(topic=subscription.topic, seq=subscription.cursor))

    async def _recheck(self) -> bool:
        actor = await self._actor()
        if actor is None:
            await self.close(SIGNED_OUT)
            return False
        for topic in list(self._subscriptions):
            if not await may_follow(actor, topic):
                self._drop(topic)
                await self._say(events.Denied(topic=topic))
        return True

    async def _actor(self) -> Actor | None:
        """Whoever opened this socket, with the rights of now."""
        headers = {name: value.decode("latin-1") for name, value in self.scope["headers"]}
        token = bearer_in(headers.get(b"authorization", ""))
        if token is not None:
            return await actor_by_token(token)
        session = self.scope["cookies"].get(settings.SESSION_COOKIE_NAME)
        return await actor_by_session(session) if session else None

    async def _say(self, message: events.ServerMessage) -> None:
        await self._send(message.model_dump_json())

    async def _send(self, text: str) -> None:
        async with asyncio.timeout(settings.LIVE_SEND_TIMEOUT_S):
            await self.send(text_data=text)


def _standing(topic: str, after: int) -> tuple[int, bool]:
    return selectors.latest_seq(topic), selectors.is_gone(topic, after)


actor_by_token = database_sync_to_async(actor_of_token)
actor_by_session = database_sync_to_async(actor_of_session)
may_follow = database_sync_to_async(topics.may_follow)
standing = database_sync_to_async(_standing)
ask_withheld = database_sync_to_async(withheld_from)
