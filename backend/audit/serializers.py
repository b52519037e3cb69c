"""The shape of a recorded change and of its chain on the wire."""

from __future__ import annotations

from typing import Any, get_args

from rest_framework import serializers

from backend.audit.models import Entry
from backend.audit.verifying import Problem


class EntryOut(serializers.ModelSerializer[Entry]):
    """Wants `withheld` in its context: the ids of rows whose values are not shown to the asker."""

    is_withheld = serializers.SerializerMethodField(help_text="the asker reads this embryo blind, so its values are not told")

    class Meta:
        model = Entry
        fields = ["id", "at", "actor_key", "actor_name", "action", "subject", "before", "after", "reason", "is_withheld"]

    def get_is_withheld(self, entry: Entry) -> bool:
        return entry.id in self.context["withheld"]

    def to_representation(self, instance: Entry) -> dict[str, Any]:
        told = super().to_representation(instance)
        return told | {"before": None, "after": None, "reason": ""} if told["is_withheld"] else told


class LabAsked(serializers.Serializer[Any]):
    lab = serializers.UUIDField()


class ActorOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()


class ChoicesOut(serializers.Serializer[Any]):
    actors = ActorOut(many=True)
    actions = serializers.ListField(child=serializers.CharField())


class BadRowOut(serializers.Serializer[Any]):
    row = serializers.IntegerField()
    problem = serializers.ChoiceField(choices=get_args(Problem))
    detail = serializers.CharField()


class ChainOut(serializers.Serializer[Any]):
    is_whole = serializers.BooleanField()
    rows = serializers.IntegerField(help_text="Rows, counted from the first, that are as they were written.")
    checked_at = serializers.DateTimeField()
    bad = BadRowOut(allow_null=True)
