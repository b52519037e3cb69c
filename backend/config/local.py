"""Who acts when nobody is signed in: this computer itself, for the command line and the demo."""

from __future__ import annotations

from types import MappingProxyType

from django.contrib.auth.hashers import make_password

from backend.accounts.actor import Actor
from backend.accounts.models import Lab, Role, User

EMAIL = "this-computer@embryovision.invalid"


def this_computer() -> User:
    """An account that nobody can sign in to; the audit trail names it."""
    defaults = {"name": "This computer", "is_active": False, "password": make_password(None)}
    return User.objects.get_or_create(email=EMAIL, defaults=defaults)[0]


def actor_in(lab: Lab) -> Actor:
    """Whoever may use the shell may do anything in the lab."""
    return Actor(user=this_computer(), lab_ids=MappingProxyType({lab.id: Role.ADMIN}))
