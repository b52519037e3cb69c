"""Request bodies in bounded memory: uploads are read piece by piece, and no other body may be long.

Django alone spools a body of any length to disk before it asks who sent it.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from concurrent.futures import TimeoutError as NothingYet
from typing import Any, Protocol

from django.conf import settings
from django.http import HttpRequest

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Any, Receive, Send], Awaitable[None]]

STREAMED_PREFIX = "/api/uploads/"
PIECE_BYTES = 64 * 1024
STALL_S = 30.0
"""A sender that is silent for so long is taken for gone."""
TICK_S = 0.5
TOO_LONG = {
    "code": "body_too_long",
    "detail": "This request is longer than is ever needed here.",
    "hint": "Send recordings through the upload page.",
}


class SenderGone(Exception):
    """The connection was cut, fell silent or was given up before the body was whole."""


class Body(Protocol):
    """A request's body, read once."""

    def pieces(self, is_wanted_elsewhere: Callable[[], bool]) -> Iterator[bytes]:
        """Yield what arrives; raises SenderGone, at once when the sender is silent and somebody else waits for the upload."""
        ...


class StreamedBody:
    """Lets a view in its own thread read what the event loop receives."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._loop = asyncio.get_running_loop()
        self._is_opened = False

    async def for_django(self) -> Message:
        """An empty body, and never a disconnect: the view learns of it from its pieces and still commits what it has."""
        if self._is_opened:
            await asyncio.Event().wait()
        self._is_opened = True
        return {"type": "http.request", "body": b"", "more_body": False}

    def pieces(self, is_wanted_elsewhere: Callable[[], bool]) -> Iterator[bytes]:
        more = True
        while more:
            message = self._next(is_wanted_elsewhere)
            if message["type"] == "http.disconnect":
                raise SenderGone("the connection was cut")
            more = message.get("more_body", False)
            if message.get("body"):
                yield message["body"]

    def _next(self, is_wanted_elsewhere: Callable[[], bool]) -> Message:
        waiting = asyncio.run_coroutine_threadsafe(_once(self._receive), self._loop)
        silent_s = 0.0
        while True:
            try:
                return waiting.result(timeout=TICK_S)
            except NothingYet:
                silent_s += TICK_S
            if silent_s >= STALL_S or is_wanted_elsewhere():
                waiting.cancel()
                raise SenderGone(f"nothing came for {silent_s:.1f} s")


class PlainBody:
    """The same for a request that Django has already received."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request

    def pieces(self, is_wanted_elsewhere: Callable[[], bool]) -> Iterator[bytes]:  # noqa: ARG002 - nobody is silent here
        return iter(lambda: self._request.read(PIECE_BYTES), b"")


def body_of(request: HttpRequest) -> Body:
    """The unread body of a request."""
    scope = getattr(request, "scope", {})
    return scope.get("streamed_body") or PlainBody(request)


class BoundedBodies:
    """ASGI: hands uploads to their view unread, and cuts every other body at the limit."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif scope["path"].startswith(STREAMED_PREFIX):
            body = StreamedBody(receive)
            await self._app({**scope, "streamed_body": body}, body.for_django, send)
        else:
            await self._bounded(scope, receive, send)

    async def _bounded(self, scope: Any, receive: Receive, send: Send) -> None:
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        if _declared_length(scope) > limit:
            await _refuse(send)
            return
        received, is_cut = 0, False

        async def counted() -> Message:
            nonlocal received, is_cut
            message = await receive()
            received += len(message.get("body", b""))
            if received > limit and message["type"] == "http.request":
                is_cut = True
                return {"type": "http.disconnect"}
            return message

        await self._app(scope, counted, send)
        if is_cut:
            await _refuse(send)


async def _once(receive: Receive) -> Message:
    return await receive()


def _declared_length(scope: Any) -> int:
    length = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
    return int(length) if length.isdigit() else 0


async def _refuse(send: Send) -> None:
    body = json.dumps(TOO_LONG).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode()), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": body})
