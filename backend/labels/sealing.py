"""Keeps secrets of other servers unreadable in the database; only the installation's secret key opens them."""

from __future__ import annotations

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings

from backend.core.errors import Refused


def seal(secret: str) -> str:
    return _box().encrypt(secret.encode()).decode()


def unseal(sealed: str) -> str:
    """The secret; refuses where it was sealed with another key."""
    try:
        return _box().decrypt(sealed.encode()).decode()
    except InvalidToken:
        raise Refused(
            "token_unreadable",
            "The kept token cannot be read: the installation's secret key is another one than when it was entered.",
            "Enter the address and the token again.",
            http_status=409,
        ) from None


def _box() -> Fernet:
    # A key of its own: what else is signed with the secret key tells nothing about this one.
    return Fernet(base64.urlsafe_b64encode(hashlib.sha256(b"label-studio-token:" + settings.SECRET_KEY.encode()).digest()))
