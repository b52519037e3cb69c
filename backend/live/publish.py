"""Announces what a transaction made true: one row in the event log, then a ring at the doorbell."""

from __future__ import annotations

from django.db import connection, transaction
from django.db.models import F

from backend.core.held import OutOfOrder, held_now
from backend.live import doorbell, events
from backend.live.models import LoggedEvent, Topic

__all__ = ["NotInTransaction", "OutOfOrder", "publish"]


class NotInTransaction(Exception):
    """An announcement must stand or fall with the change it speaks of."""


def publish(topic: str, event: events.Event) -> int:
    """Write the event under the topic's next number and give that number; must run inside the change's transaction.

    The topic stays locked until commit, which is what keeps its numbers without gaps and in commit order. A transaction that
    announces on several topics takes them in the order of their names, a dish's before its lab's; OutOfOrder where it does not.
    """
    if not connection.in_atomic_block:
        raise NotInTransaction(f"publish({topic!r}, {event.type!r}) was called outside transaction.atomic().")
    held = {ring.topic for ring in held_now(doorbell.Ring)}
    if topic not in held and any(topic < other for other in held):
        raise OutOfOrder(f"publish({topic!r}, {event.type!r}) was called after {max(held)!r} was taken.")
    if not Topic.objects.filter(name=topic).update(seq=F("seq") + 1):
        Topic.objects.bulk_create([Topic(name=topic)], ignore_conflicts=True)
        Topic.objects.filter(name=topic).update(seq=F("seq") + 1)
    seq = Topic.objects.values_list("seq", flat=True).get(name=topic)
    LoggedEvent.objects.create(topic_id=topic, seq=seq, type=event.type, payload=event.model_dump(mode="json"))
    if topic not in held:
        transaction.on_commit(doorbell.Ring(topic))
    return seq
