"""Which servers may be opened at all: those that the installation's environment names, and no other."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.conf import settings

from backend.core.errors import Refused

PORTS = {"http": 80, "https": 443}


def allowed_address(given: str) -> str:
    """The address in its plain form; refuses what LABEL_STUDIO_ALLOWED does not name."""
    address = plain_address(given)
    if address is None:
        raise Refused(
            "bad_address",
            "This is no address of a server.",
            "Give it as https://labels.example.org, without a name, a password or a question mark in it.",
        )
    if address not in {plain_address(one) for one in settings.LABEL_STUDIO_ALLOWED}:
        raise Refused(
            "address_not_allowed",
            f"This installation may not open {address}.",
            "Whoever runs the server adds the address to LABEL_STUDIO_ALLOWED in its environment and starts it again.",
            http_status=409,
        )
    return address


def plain_address(given: str) -> str | None:
    """Scheme, host, port where it is not the usual one, and path; None for what is no such address."""
    try:
        parts = urlsplit(given.strip())
        port = parts.port
    except ValueError:
        return None
    host = (parts.hostname or "").rstrip(".")
    if parts.scheme not in PORTS or not host or "@" in parts.netloc or parts.query or parts.fragment or "\\" in given or ".." in parts.path:
        return None
    shown = f"[{host}]" if ":" in host else host
    ends = "" if port in (None, PORTS[parts.scheme]) else f":{port}"
    return f"{parts.scheme}://{shown}{ends}{parts.path.rstrip('/')}"
