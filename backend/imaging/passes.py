"""Scrubbing without asking the database for every picture: who was let in a moment ago, and a short way to what is cached.

A pass holds for five seconds from when Django last checked session, membership and recording; it is withdrawn at once when this
process changes any of them. Everything the short way does not know goes the ordinary way.
"""

from __future__ import annotations

import asyncio
import re
import time
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import parse_cookie

from backend.imaging.bodies import App, Receive, Send
from backend.imaging.frames import WIDTHS, Picture, cached

PASS_S = 5.0
MOST_PASSES = 2000
ADDRESS = re.compile(r"/media/frames/([0-9a-f-]{36})/([0-9a-f]{16})/([0-9]{1,9})-([0-9]{1,4})-([0-9]{1,4})\.jpg")


@dataclass(frozen=True, slots=True)
class Shown:
    """What has to be known of a recording to name one of its pictures."""

    sha256: str
    frames: int
    planes: int
    width_px: int

    def picture(self, sha16: str, index: int, plane: int, width: int) -> Picture | None:
        """None where the recording has no such picture; a width beyond the frame's own means the frame's own."""
        if self.sha256[:16] != sha16 or index >= self.frames or plane >= self.planes or width not in WIDTHS:
            return None
        return Picture(self.sha256, index, plane, width if width < self.width_px else 0)


_passes: dict[tuple[str, str], tuple[float, Shown]] = {}


def grant(credential: str, stack_id: str, shown: Shown) -> None:
    """Remember that this session or token was let in to this recording just now."""
    if len(_passes) >= MOST_PASSES:
        _passes.clear()
    if credential:
        _passes[credential, stack_id] = (time.monotonic() + PASS_S, shown)


def withdraw_all(**_: Any) -> None:
    """Somebody signed out, left a lab or lost a token: everybody is checked anew."""
    _passes.clear()


def credential_of(authorization: str, cookies: str) -> str:
    """What the request proves itself with; a token counts alone, whatever cookies come along."""
    if authorization:
        return authorization
    key = parse_cookie(cookies).get(settings.SESSION_COOKIE_NAME, "")
    return f"session {key}" if key else ""


def headers_of(picture: Picture) -> dict[str, str]:
    """The address names the content, so browsers never ask twice, and only the person's own browser keeps it."""
    return {"ETag": f'"{picture.tag}"', "Cache-Control": "private, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}


class QuickFrames:
    """ASGI: answers cached pictures to those who hold a pass, and hands everything else on."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        is_frame = scope["type"] == "http" and scope["method"] in ("GET", "HEAD") and scope["path"].startswith("/media/frames/")
        if not (is_frame and await _answer(scope, send)):
            await self._app(scope, receive, send)


async def _answer(scope: Any, send: Send) -> bool:
    headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
    picture = _known(scope["path"], credential_of(headers.get(b"authorization", ""), headers.get(b"cookie", "")))
    if picture is None:
        return False
    told = headers_of(picture)
    if told["ETag"] in headers.get(b"if-none-match", ""):
        await _send(send, 304, told, b"")
        return True
    jpeg = await asyncio.to_thread(cached, picture.path)
    if jpeg is None:
        return False
    told |= {"Content-Type": "image/jpeg", "Content-Length": str(len(jpeg))}
    await _send(send, 200, told, jpeg if scope["method"] == "GET" else b"")
    return True


def _known(path: str, credential: str) -> Picture | None:
    asked = ADDRESS.fullmatch(path)
    if asked is None or not credential:
        return None
    until, shown = _passes.get((credential, asked[1]), (0.0, None))
    if shown is None or until < time.monotonic():
        return None
    return shown.picture(asked[2], int(asked[3]), int(asked[4]), int(asked[5]))


async def _send(send: Send, status: int, headers: dict[str, str], body: bytes) -> None:
    pairs = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": pairs})
    await send({"type": "http.response.body", "body": body})
