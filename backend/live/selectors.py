"""The event log, read only."""

from __future__ import annotations

from collections.abc import Iterable

from backend.live.models import LoggedEvent, Topic

PAGE = 500


def latest_seq(topic: str) -> int:
    """The number of the topic's latest event; read it before the state it stands for."""
    return Topic.objects.filter(name=topic).values_list("seq", flat=True).first() or 0


def latest_seqs(topics: Iterable[str]) -> dict[str, int]:
    """The latest number of each of these topics that has had an event."""
    return dict(Topic.objects.filter(name__in=list(topics)).values_list("name", "seq"))


def events_after(topic: str, after: int, limit: int = PAGE) -> list[LoggedEvent]:
    """The next events in order, at most `limit`."""
    return list(LoggedEvent.objects.filter(topic_id=topic, seq__gt=after).order_by("seq")[:limit])


def is_gone(topic: str, after: int) -> bool:
    """What follows `after` is no longer kept, or `after` was never reached: only a fresh snapshot helps."""
    latest = latest_seq(topic)
    if after >= latest:
        return after > latest
    return not LoggedEvent.objects.filter(topic_id=topic, seq=after + 1).exists()
