"""Keeps the event log short: what is older than anybody's absence is dropped, and who comes later loads the state anew."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from backend.live.models import LoggedEvent

BATCH = 5000


def trim_events() -> int:
    """Drop events older than LIVE_KEEP_HOURS and say how many; numbers go on where they were."""
    before, dropped = timezone.now() - timedelta(hours=settings.LIVE_KEEP_HOURS), 0
    while True:
        # In batches, so that no writer waits for long.
        batch = list(LoggedEvent.objects.filter(at__lt=before).order_by("id").values_list("id", flat=True)[:BATCH])
        if not batch:
            return dropped
        dropped += LoggedEvent.objects.filter(id__in=batch).delete()[0]
