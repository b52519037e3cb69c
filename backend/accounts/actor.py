"""Who asks, and what they may see and do; every selector and service takes one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from uuid import UUID

from django.http import HttpRequest
from rest_framework.request import Request

from backend.accounts.models import ApiToken, Lab, Membership, Role, User
from backend.core.errors import Refused

RANK: Mapping[str, int] = MappingProxyType({Role.VIEWER: 0, Role.EMBRYOLOGIST: 1, Role.ADMIN: 2})
NOT_HERE = "There is nothing here, or it belongs to another lab."


@dataclass(frozen=True)
class Actor:
    """A person or their program, with the labs they see now; rights are read anew for every request."""

    user: User
    lab_ids: Mapping[UUID, Role]
    may_write: bool = True
    is_instance_admin: bool = False

    @property
    def lab_ids_seen(self) -> set[UUID]:
        return set(self.lab_ids)

    def sees(self, lab_id: UUID | str | None) -> bool:
        key = as_uuid(lab_id)
        return key is not None and key in self.lab_ids

    def role_in(self, lab_id: UUID | str | None) -> Role | None:
        key = as_uuid(lab_id)
        return self.lab_ids.get(key) if key is not None else None

    def require(self, lab_id: UUID | str | None, at_least: Role = Role.VIEWER, *, only_to_read: bool = False) -> Lab:
        """Give the lab, or refuse: 404 where the actor sees nothing, 403 where the role or the token's scope is too low.

        What asks for a role and changes nothing says `only_to_read`: a token that may only read will do for it.
        """
        key = as_uuid(lab_id)
        role = self.lab_ids.get(key) if key is not None else None
        lab = Lab.objects.filter(id=key).first() if key is not None and role is not None else None
        if role is None or lab is None:
            raise Refused("not_found", NOT_HERE, http_status=404)
        if RANK[role] < RANK[at_least]:
            raise Refused(
                "forbidden",
                f"In this lab you are {role.label}; this needs {at_least.label}.",
                "Ask a lab admin for another role.",
                http_status=403,
            )
        if not self.may_write and not only_to_read and at_least != Role.VIEWER:
            raise Refused("read_only_token", "This token may only read.", "Make a token with the scope 'write'.", http_status=403)
        return lab


def as_uuid(value: UUID | str | None) -> UUID | None:
    """Read a key that a client sent; anything malformed is nobody's key."""
    if isinstance(value, UUID):
        return value
    try:
        return UUID(value or "")
    except (ValueError, AttributeError):
        return None


def actor_for(user: User, token: ApiToken | None = None) -> Actor:
    """Read the user's roles; a token narrows them to its lab and scope, and never carries instance rights."""
    memberships = Membership.objects.filter(user=user)
    if token is not None:
        memberships = memberships.filter(lab_id=token.lab_id)
    roles = {lab_id: Role(role) for lab_id, role in memberships.values_list("lab_id", "role")}
    return Actor(
        user=user,
        lab_ids=MappingProxyType(roles),
        may_write=token is None or token.may_write,
        is_instance_admin=user.is_instance_admin and token is None,
    )


def actor_of(request: Request | HttpRequest) -> Actor:
    """The actor behind an authenticated request."""
    user = request.user
    if not isinstance(user, User):
        raise Refused("not_authenticated", "You are not signed in.", "Sign in, or send a token.", http_status=401)
    auth = getattr(request, "auth", None)
    return actor_for(user, auth if isinstance(auth, ApiToken) else None)
