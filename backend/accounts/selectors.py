"""Who is a member of what, read only."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils import timezone

from backend.accounts.actor import Actor, actor_for
from backend.accounts.models import ApiToken, Lab, Membership, OneTimeLink, Role, User


def labs_of(user: User) -> QuerySet[Lab]:
    return Lab.objects.filter(memberships__user=user)


def role_in(user: User, lab: Lab) -> Role | None:
    role = Membership.objects.filter(user=user, lab=lab).values_list("role", flat=True).first()
    return Role(role) if role else None


def require_role(user: User, lab_id: UUID | str, at_least: Role = Role.VIEWER) -> Lab:
    """Give the lab, or refuse with 404 or 403."""
    return actor_for(user).require(lab_id, at_least)


def memberships_of(user: User) -> QuerySet[Membership]:
    return Membership.objects.filter(user=user).select_related("lab").order_by("lab__name")


def members_of(lab: Lab) -> QuerySet[Membership]:
    return Membership.objects.filter(lab=lab).select_related("user").order_by("user__name", "id")


def invitations_to(lab: Lab) -> QuerySet[OneTimeLink]:
    return OneTimeLink.objects.filter(lab=lab, purpose=OneTimeLink.Purpose.INVITATION).order_by("-created_at", "id")


def tokens_of(actor: Actor) -> QuerySet[ApiToken]:
    return ApiToken.objects.filter(user=actor.user, lab_id__in=actor.lab_ids_seen).order_by("-created_at", "id")


def needs_setup() -> bool:
    """Nobody runs this instance yet."""
    return not User.objects.filter(is_instance_admin=True).exists()


def hash_of(secret: str) -> str:
    """Our secrets are 256 random bits, so a plain hash cannot be guessed back."""
    return hashlib.sha256(secret.encode()).hexdigest()


def token_in_use(sent: str) -> ApiToken | None:
    """The token that was sent, if it still counts; notes when it was last used, to the minute."""
    now = timezone.now()
    valid = Q(expires_at__isnull=True) | Q(expires_at__gt=now)
    token = ApiToken.objects.select_related("user").filter(valid, token_hash=hash_of(sent), user__is_active=True).first()
    if token is not None and (token.last_used_at is None or token.last_used_at < now - timedelta(minutes=1)):
        ApiToken.objects.filter(id=token.id).update(last_used_at=now)
    return token
