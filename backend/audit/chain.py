"""How one row of the record hangs on the row before it; pure functions of values and of the key outside the database."""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.conf import settings

START = "0" * 64
"""What the first row hangs on."""
FACTS = ("id", "at", "actor_key", "actor_name", "lab_id", "action", "subject", "before", "after", "reason")
"""All that a row says; the link to the living account is no part of it, because that goes when the account goes."""


def link(previous: str, facts: Mapping[str, Any]) -> str:
    """The digest of a row that follows the row with the digest `previous`; ValueError where a value is no JSON."""
    return _mac(previous.encode() + canonical({name: facts[name] for name in FACTS}))


def canonical(value: Any) -> bytes:
    """One spelling of a value, whichever database has kept it since."""
    return json.dumps(_plain(value), sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def seal_of(count: int, digest: str) -> str:
    """Says that the chain had this length and end; without it a cut end could be made to look like the end."""
    return _mac(b"head" + canonical({"count": count, "digest": digest}))


def signature_of(statement: Mapping[str, Any]) -> str:
    """Signs a checkpoint."""
    return _mac(b"checkpoint" + canonical(statement))


def key_id() -> str:
    """Tells one key from another and nothing about either."""
    return _mac(b"key")[:16]


def is_same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())


def _mac(message: bytes) -> str:
    return hmac.digest(settings.AUDIT_KEY.encode(), message, "sha256").hex()


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, float) and value.is_integer():
        # PostgreSQL writes 1e3 as 1000 and reads it back as a whole number; Decimal keeps 1e300 from gaining false digits.
        return int(Decimal(repr(value)))
    if value is None or isinstance(value, str | bool | int | float):
        return value
    return str(value)
