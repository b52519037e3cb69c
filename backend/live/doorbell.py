"""Says that there is news, never what: a lost ring delays an event, it cannot lose one."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from asgiref.sync import async_to_sync
from channels.layers import BaseChannelLayer, get_channel_layer
from django.conf import settings

from backend.core.held import Held

GROUP = "live"
logger = logging.getLogger(__name__)


def is_wired() -> bool:
    """With Redis, processes ring each other; without, each looks into the log by itself every 150 ms."""
    return bool(settings.REDIS_URL)


def wire() -> BaseChannelLayer:
    layer = get_channel_layer()
    if layer is None:
        raise RuntimeError("CHANNEL_LAYERS names no default.")
    return layer


@dataclass(frozen=True)
class Ring(Held):
    """Tells every web process that the topic has news; a transaction rings once for a topic, whatever it announces."""

    topic: str

    def __call__(self) -> None:
        if not is_wired():
            return
        try:
            async_to_sync(wire().group_send)(GROUP, {"type": "news", "topic": self.topic})
        except Exception as error:
            # Passed over: the change is committed, and the news is found by looking.
            logger.warning("The doorbell is away, %s is found by looking: %s", self.topic, error)
