"""The shape of a recorded change on the wire."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from backend.audit.models import Entry


class EntryOut(serializers.ModelSerializer[Entry]):
    class Meta:
        model = Entry
        fields = ["id", "at", "actor_name", "action", "subject", "before", "after", "reason"]


class LabAsked(serializers.Serializer[Any]):
    lab = serializers.UUIDField()
