"""Links that work once: made at random, kept as a hash, dead after use or when their time is over."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

from django.utils import timezone

from backend.accounts.models import OneTimeLink
from backend.accounts.selectors import hash_of
from backend.core.errors import Refused


def make(*, purpose: OneTimeLink.Purpose, hours: int, **fields: Any) -> tuple[OneTimeLink, str]:
    """A fresh link and the secret that only its address carries."""
    secret = secrets.token_urlsafe(32)
    expires_at = timezone.now() + timedelta(hours=hours)
    return OneTimeLink.objects.create(purpose=purpose, token_hash=hash_of(secret), expires_at=expires_at, **fields), secret


def find(*, purpose: OneTimeLink.Purpose, token: str) -> OneTimeLink:
    """The link that can still be used, or a refusal."""
    link = OneTimeLink.objects.filter(purpose=purpose, token_hash=hash_of(token)).first()
    if link is None or link.used_at is not None:
        raise _used(purpose)
    if link.expires_at <= timezone.now():
        raise Refused("link_expired", "This link has expired.", _where_from(purpose), http_status=410)
    return link


def take(*, purpose: OneTimeLink.Purpose, token: str) -> OneTimeLink:
    """Use the link up inside the caller's transaction, or refuse; of two who use it at once, one gets it."""
    link = find(purpose=purpose, token=token)
    if not OneTimeLink.objects.filter(id=link.id, used_at=None).update(used_at=timezone.now()):
        raise _used(purpose)
    return link


def _used(purpose: OneTimeLink.Purpose) -> Refused:
    return Refused("link_used", "This link was used already, or never existed.", _where_from(purpose), http_status=410)


def _where_from(purpose: OneTimeLink.Purpose) -> str:
    if purpose == OneTimeLink.Purpose.SETUP:
        return "Make a new one on the server: python manage.py setup-link."
    return "Ask the lab's admin for a new invitation."
