"""Which pages may open the websocket: those of this product, by scheme, host and port."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from channels.security.websocket import WebsocketDenier
from django.conf import settings
from django.http.request import validate_host

refuse: Any = WebsocketDenier.as_asgi()
DEFAULT_PORTS = {"http": 80, "https": 443}


class OriginCheck:
    """Refuses the handshake of a foreign page; a program that sends a token, which no foreign page can, needs no origin."""

    def __init__(self, application: Any) -> None:
        self.application = application

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> Any:
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        origin = headers.get(b"origin")
        if is_ours(origin, scope, headers.get(b"host", "")) or (origin is None and b"authorization" in headers):
            return await self.application(scope, receive, send)
        return await refuse(scope, receive, send)


def is_ours(origin: str | None, scope: dict[str, Any], host: str) -> bool:
    """Compare with PUBLIC_ORIGINS; where none is configured, with the address this very request came to."""
    asked = _triple(origin or "")
    if asked is None:
        return False
    if settings.PUBLIC_ORIGINS:
        return asked in {_triple(known) for known in settings.PUBLIC_ORIGINS}
    scheme = {"ws": "http", "wss": "https"}.get(scope.get("scheme", "ws"), "")
    here = _triple(f"{scheme}://{host}")
    name = f"[{asked[1]}]" if ":" in asked[1] else asked[1]
    # The Host header is the client's word, so it counts only if it names a host this installation answers to.
    return asked == here and validate_host(name, settings.ALLOWED_HOSTS)


def _triple(address: str) -> tuple[str, str, int] | None:
    try:
        parts = urlsplit(address)
        port = parts.port or DEFAULT_PORTS.get(parts.scheme)
    except ValueError:
        return None
    return (parts.scheme, parts.hostname, port) if parts.hostname and port else None
