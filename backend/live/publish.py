"""Announces what a transaction made true: one row in the event log, then a ring at the doorbell."""

from __future__ import annotations

from django.db import connection, transaction
from django.db.models import F

from backend.live import doorbell, events
from backend.live.models import LoggedEvent, Topic


class NotInTransaction(Exception):
    """An announcement must stand or fall with the change it speaks of."""


def publish(topic: str, event: events.Event) -> int:
    """Write the event under the topic's next number and give that number; must run inside the change's transaction.

    The topic stays locked until commit, which is what keeps its numbers without gaps and in commit order. A transaction that
    announces on several topics takes the narrow one first (dish, then lab), or two of them may wait for each other.
    """
    if not connection.in_atomic_block:
        raise NotInTransaction(f"publish({topic!r}, {event.type!r}) was called outside transaction.atomic().")
    if not Topic.objects.filter(name=topic).update(seq=F("seq") + 1):
        Topic.objects.bulk_create([Topic(name=topic)], ignore_conflicts=True)
        Topic.objects.filter(name=topic).update(seq=F("seq") + 1)
    seq = Topic.objects.values_list("seq", flat=True).get(name=topic)
    LoggedEvent.objects.create(topic_id=topic, seq=seq, type=event.type, payload=event.model_dump(mode="json"))
    ring = doorbell.Ring(topic)
    if all(waiting[1] != ring for waiting in connection.run_on_commit):
        transaction.on_commit(ring)
    return seq
