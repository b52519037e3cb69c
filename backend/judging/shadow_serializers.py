"""The shapes of shadows on the wire."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from backend.core.jobs.models import UNDER_WAY
from backend.imaging.serializers import RefusalOut
from backend.judging.models import Shadow, ShadowLook
from backend.registry.serializers import MOST_SHADOW_RUNS
from backend.registry.standing import TASKS


class ShadowIn(serializers.Serializer[Any]):
    """Which weights run beside, and for how many runs; null: as many as the lab's settings say."""

    weights = serializers.UUIDField()
    runs = serializers.IntegerField(min_value=1, max_value=MOST_SHADOW_RUNS, allow_null=True, default=None)


class ShadowOut(serializers.ModelSerializer[Shadow]):
    weights_name = serializers.CharField(source="weights.name")
    task = serializers.ChoiceField(choices=TASKS)
    by_name = serializers.SerializerMethodField()
    runs_done = serializers.SerializerMethodField()

    class Meta:
        model = Shadow
        fields = [
            "id",
            "lab",
            "weights",
            "weights_name",
            "task",
            "by_name",
            "runs_wanted",
            "runs_done",
            "state",
            "reason",
            "created_at",
            "ended_at",
        ]
        read_only_fields = fields

    def get_by_name(self, shadow: Shadow) -> str:
        return shadow.by.name if shadow.by else ""

    def get_runs_done(self, shadow: Shadow) -> int:
        return shadow.looks.exclude(state__in=UNDER_WAY).count()


class ContentDifferenceOut(serializers.Serializer[Any]):
    place = serializers.CharField()
    before = serializers.CharField(allow_null=True, help_text="null: not found by the weights in use")
    after = serializers.CharField(allow_null=True, help_text="null: not found by the shadow")


class OnsetTimeOut(serializers.Serializer[Any]):
    frame = serializers.IntegerField()
    hours = serializers.FloatField(allow_null=True)


class OnsetDifferenceOut(serializers.Serializer[Any]):
    place = serializers.CharField()
    phase = serializers.CharField()
    before = OnsetTimeOut(allow_null=True)
    after = OnsetTimeOut(allow_null=True)
    difference_h = serializers.FloatField(allow_null=True, help_text="later is positive; null: only one saw it, or no hours are known")
    difference_frames = serializers.IntegerField(allow_null=True)


class PlaceAgreementOut(serializers.Serializer[Any]):
    place = serializers.CharField()
    frames = serializers.IntegerField()
    same_stage = serializers.IntegerField()
    same_coarse = serializers.IntegerField()


class LookWellsOut(serializers.Serializer[Any]):
    both = serializers.IntegerField()
    same = serializers.IntegerField()
    only_before = serializers.IntegerField()
    only_after = serializers.IntegerField()
    differences = ContentDifferenceOut(many=True)


class LookEmbryosOut(serializers.Serializer[Any]):
    frames = serializers.IntegerField()
    same_stage = serializers.IntegerField()
    same_coarse = serializers.IntegerField()
    places = PlaceAgreementOut(many=True)
    onsets = OnsetDifferenceOut(many=True)


class LookResultOut(serializers.Serializer[Any]):
    """One recording; places that one reads blind are left out."""

    layouts = serializers.ListField(child=serializers.CharField(), help_text="as the weights in use found it, and as the shadow did")
    wells = LookWellsOut()
    embryos = LookEmbryosOut()


class LookOut(serializers.ModelSerializer[ShadowLook]):
    dish = serializers.UUIDField(source="run.stack.dish_id")
    dish_label = serializers.SerializerMethodField()
    error = RefusalOut(allow_null=True)
    result = LookResultOut(allow_null=True)

    class Meta:
        model = ShadowLook
        fields = ["id", "run", "dish", "dish_label", "state", "attempts", "error", "result", "created_at", "finished_at"]
        read_only_fields = fields

    def get_dish_label(self, look: ShadowLook) -> str:
        return look.run.stack.dish.label if look.run.stack.dish else ""


class ContentChangeCountOut(serializers.Serializer[Any]):
    before = serializers.CharField(allow_null=True)
    after = serializers.CharField(allow_null=True)
    count = serializers.IntegerField()


class WellsInSumOut(serializers.Serializer[Any]):
    both = serializers.IntegerField()
    same = serializers.IntegerField()
    only_before = serializers.IntegerField()
    only_after = serializers.IntegerField()
    agreement = serializers.FloatField(allow_null=True)
    changes = ContentChangeCountOut(many=True)


class PhaseInSumOut(serializers.Serializer[Any]):
    phase = serializers.CharField()
    embryos = serializers.IntegerField(help_text="whose onset both saw, with known hours")
    mean_h = serializers.FloatField(allow_null=True, help_text="how much later the shadow sees it")
    median_apart_h = serializers.FloatField(allow_null=True)
    most_apart_h = serializers.FloatField(allow_null=True)
    only_before = serializers.IntegerField()
    only_after = serializers.IntegerField()


class StagesInSumOut(serializers.Serializer[Any]):
    frames = serializers.IntegerField()
    agreement = serializers.FloatField(allow_null=True)
    coarse_agreement = serializers.FloatField(allow_null=True)


class DisagreementOut(serializers.Serializer[Any]):
    """All finished looks in sum."""

    runs = serializers.IntegerField()
    other_layout = serializers.IntegerField(help_text="recordings in which the two found another layout")
    wells = WellsInSumOut()
    onsets = PhaseInSumOut(many=True)
    stages = StagesInSumOut()


class ShadowReportOut(serializers.Serializer[Any]):
    shadow = ShadowOut()
    report = DisagreementOut()
    looks = serializers.SerializerMethodField()

    @extend_schema_field(LookOut(many=True))
    def get_looks(self, told: Any) -> Any:
        return LookOut(told["looks"], many=True).data
