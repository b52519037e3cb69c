"""The shapes of weights and their uses on the wire."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from backend.core.errors import Refused
from backend.registry.folders import card_of
from backend.registry.models import Use
from backend.registry.standing import STATES, TASKS, Standing

MOST_SHADOW_RUNS = 200
LONGEST_REASON = 255


class WhyNotOut(serializers.Serializer[Any]):
    """What happened, why, and what to do next."""

    code = serializers.CharField()
    detail = serializers.CharField()
    hint = serializers.CharField()


class LabAsked(serializers.Serializer[Any]):
    lab = serializers.UUIDField(required=False, help_text="how things stand in this lab; without one, in any of one's labs")


class WeightsOut(serializers.Serializer[Standing]):
    id = serializers.UUIDField(source="weights.id")
    name = serializers.CharField(source="weights.name")
    task = serializers.CharField(source="weights.task")
    family = serializers.CharField(source="weights.family")
    state = serializers.ChoiceField(choices=STATES, help_text="active: in use in the lab that was asked about, or in one of one's labs")
    reason = serializers.CharField(source="weights.reason")
    sha256 = serializers.CharField(source="weights.sha256")
    lab = serializers.UUIDField(source="weights.lab_id", allow_null=True, help_text="null: shipped, and everybody's")
    created_at = serializers.DateTimeField(source="weights.created_at")
    checked_at = serializers.DateTimeField(source="weights.checked_at", allow_null=True)
    checked_against = serializers.UUIDField(source="weights.checked_against_id", allow_null=True)
    manifest = serializers.DictField(source="weights.manifest")
    uses = serializers.ListField(child=serializers.UUIDField(), help_text="which of one's labs use it now")
    is_default = serializers.BooleanField(help_text="what labs use that have not chosen their own")
    blocked = serializers.SerializerMethodField()

    @extend_schema_field(WhyNotOut(allow_null=True, help_text="why the lab that was asked about cannot propose it"))
    def get_blocked(self, one: Standing) -> dict[str, Any] | None:
        return _told(one.blocked)


class UseOut(serializers.ModelSerializer[Use]):
    lab = serializers.UUIDField(source="lab_id", allow_null=True, help_text="null: the server's default")
    weights = serializers.UUIDField(source="weights_id", allow_null=True, help_text="null: whatever the server's default is")
    weights_name = serializers.SerializerMethodField()
    asked_by_name = serializers.SerializerMethodField()
    asked_at = serializers.DateTimeField(source="created_at")
    confirmed_by_name = serializers.SerializerMethodField()

    class Meta:
        model = Use
        fields = [
            "id",
            "lab",
            "task",
            "weights",
            "weights_name",
            "state",
            "asked_by",
            "asked_by_name",
            "asked_at",
            "confirmed_by",
            "confirmed_by_name",
            "confirmed_at",
            "ended_at",
            "reason",
            "is_rollback",
            "replaced",
            "restores",
        ]
        read_only_fields = fields

    def get_weights_name(self, use: Use) -> str:
        return use.weights.name if use.weights else ""

    def get_asked_by_name(self, use: Use) -> str:
        return use.asked_by.name if use.asked_by else ""

    def get_confirmed_by_name(self, use: Use) -> str:
        return use.confirmed_by.name if use.confirmed_by else ""


class WeightsDetailOut(WeightsOut):
    """The same with its card and its history of use in one's labs, newest first; checks and admission have addresses of their own."""

    card = serializers.SerializerMethodField(help_text="Markdown, empty where there is none")
    history = UseOut(many=True)

    def get_card(self, one: Standing) -> str:
        return card_of(Path(one.weights.folder))


class UsesOut(serializers.Serializer[Any]):
    """What a lab uses, could go back to, and has used."""

    class TaskUseOut(serializers.Serializer[Any]):
        task = serializers.ChoiceField(choices=TASKS)
        weights = serializers.UUIDField(allow_null=True, help_text="what runs that are requested now are made with; null: nothing")
        weights_name = serializers.CharField()
        is_own_choice = serializers.BooleanField(help_text="false: the server's default")
        can_roll_back = serializers.BooleanField()
        back_to = serializers.UUIDField(allow_null=True, help_text="the weights that a roll back gives; null: the server's default")
        back_to_name = serializers.CharField(help_text="empty: the server's default")

    tasks = TaskUseOut(many=True)
    admins = serializers.IntegerField(help_text="with fewer than two nothing can be proposed")
    history = UseOut(many=True)


class UseIn(serializers.Serializer[Any]):
    """Which weights to use for a task; null: whatever the server's default is."""

    task = serializers.ChoiceField(choices=TASKS)
    weights = serializers.UUIDField(allow_null=True)
    reason = serializers.CharField(max_length=LONGEST_REASON, allow_blank=True, default="")


class RollBackIn(serializers.Serializer[Any]):
    task = serializers.ChoiceField(choices=TASKS)
    reason = serializers.CharField(max_length=LONGEST_REASON, allow_blank=True, default="")


class ReasonIn(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=LONGEST_REASON, allow_blank=True, default="")


class DetectorSettingsOut(serializers.Serializer[Any]):
    retries_on_previous = serializers.BooleanField(
        help_text="a run whose weights were changed on disk is asked for again with those that were in use before"
    )
    shadow_runs = serializers.IntegerField(help_text="for how many runs a candidate runs beside where nothing else is said")
    version = serializers.IntegerField()


class DetectorSettingsIn(serializers.Serializer[Any]):
    retries_on_previous = serializers.BooleanField(required=False)
    shadow_runs = serializers.IntegerField(min_value=1, max_value=MOST_SHADOW_RUNS, required=False)


def _told(refused: Refused | None) -> dict[str, Any] | None:
    return refused.as_dict() if refused is not None else None
