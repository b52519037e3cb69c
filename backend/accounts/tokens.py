"""Keys for programs: one lab, one scope, shown once and kept as a hash."""

from __future__ import annotations

import secrets
from datetime import datetime
from uuid import UUID

from django.db import transaction

from backend.accounts.actor import NOT_HERE, Actor
from backend.accounts.models import ApiToken
from backend.accounts.selectors import hash_of
from backend.core.changes import Change, tell
from backend.core.errors import Refused

PREFIX = "ev_"


@transaction.atomic
def create_token(
    *, actor: Actor, lab_id: UUID, name: str, scope: ApiToken.Scope = ApiToken.Scope.READ, expires_at: datetime | None = None
) -> tuple[ApiToken, str]:
    """A token for one of the actor's labs, and its secret, which is never shown again."""
    lab = actor.require(lab_id)
    secret = PREFIX + secrets.token_urlsafe(32)
    token = ApiToken.objects.create(
        user=actor.user, lab=lab, name=name, scope=scope, expires_at=expires_at, prefix=secret[:8], token_hash=hash_of(secret)
    )
    tell(Change(actor.user, lab.id, "token.created", f"token {token.id}", after={"name": name, "scope": scope}))
    return token, secret


@transaction.atomic
def revoke_token(*, actor: Actor, token_id: UUID) -> None:
    """The token stops working with the next request it sends."""
    token = ApiToken.objects.filter(id=token_id, user=actor.user).first()
    if token is None:
        raise Refused("not_found", NOT_HERE, http_status=404)
    token.delete()
    tell(Change(actor.user, token.lab_id, "token.revoked", f"token {token_id}", before={"name": token.name, "scope": token.scope}))
