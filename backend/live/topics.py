"""What a topic is called, and who may follow it; apps above register their own kinds."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from backend.accounts.actor import Actor, as_uuid

Resolver = Callable[[Actor, UUID], bool]
_resolvers: dict[str, Resolver] = {}


def lab_topic(lab_id: UUID | str) -> str:
    return f"lab.{lab_id}"


def dish_topic(dish_id: UUID | str) -> str:
    return f"dish.{dish_id}"


def register(prefix: str, resolver: Resolver) -> None:
    """Say who may follow topics of this kind; called once, when the owning app is ready."""
    _resolvers[prefix] = resolver


def may_follow(actor: Actor, topic: str) -> bool:
    """False for a topic of another lab, of an unknown kind or without a proper key: the asker cannot tell which."""
    prefix, _, key = topic.partition(".")
    resolver, subject = _resolvers.get(prefix), as_uuid(key)
    # str(subject) != key: one subject has one topic name, so nobody follows a stream that nobody writes.
    return resolver is not None and subject is not None and str(subject) == key and resolver(actor, subject)


register("lab", lambda actor, lab_id: actor.sees(lab_id))
