"""Announces what a transaction made true: one row in the event log, then a ring at the doorbell."""

from __future__ import annotations

from django.db import connection, transaction
from django.db.models import F

from backend.live import doorbell, events
from backend.live.models import LoggedEvent, Topic


class NotInTransaction(Exception):
    """An announcement must stand or fall with the change it speaks of."""


class OutOfOrder(Exception):
    """Two transactions that take the same topics in different orders may wait for each other for ever."""


def publish(topic: str, event: events.Event) -> int:
    """Write the event under the topic's next number and give that number; must run inside the change's transaction.

    The topic stays locked until commit, which is what keeps its numbers without gaps and in commit order. A transaction that
    announces on several topics takes them in the order of their names, a dish's before its lab's; OutOfOrder where it does not.
    """
    if not connection.in_atomic_block:
        raise NotInTransaction(f"publish({topic!r}, {event.type!r}) was called outside transaction.atomic().")
    held = _held_topics()
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


def _held_topics() -> set[str]:
    """The topics that this transaction has locked so far: a ring waits for each."""
    rings = [(entry[0], entry[1].topic) for entry in connection.run_on_commit if isinstance(entry[1], doorbell.Ring)]
    # A test's own transaction stands around many of the product's, which are savepoints in it.
    around = sum(getattr(block, "_from_testcase", False) for block in connection.atomic_blocks)
    own = connection.savepoint_ids[around - 1 : around] if around else []
    return {topic for savepoints, topic in rings if savepoints.issuperset(own)}
