"""The shape of a page of events; the events themselves are described once, in events.py."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

SEQ_MAX = 2**63 - 1


class EventsAsked(serializers.Serializer[Any]):
    topic = serializers.CharField(max_length=80)
    after = serializers.IntegerField(
        min_value=0, max_value=SEQ_MAX, required=False, help_text="left out: tell where the topic stands, and no events"
    )


@extend_schema_field({"type": "array", "items": {"$ref": "#/components/schemas/LiveDelivered"}})
class DeliveredList(serializers.JSONField):
    """Stored as they were published."""


class EventsPage(serializers.Serializer[Any]):
    topic = serializers.CharField()
    seq = serializers.IntegerField()
    events = DeliveredList()
