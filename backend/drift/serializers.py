"""The shape of a drift on the wire."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from backend.drift.comparing import ALARMING
from backend.drift.figures import NAMES
from backend.drift.models import Recalibration
from backend.imaging.serializers import RefusalOut


class MovedOut(serializers.Serializer[Any]):
    name = serializers.ChoiceField(choices=NAMES)
    middle = serializers.FloatField()
    low = serializers.FloatField()
    high = serializers.FloatField()
    shift = serializers.FloatField(allow_null=True, help_text="from the beginning, in spreads; null: too few recordings to say")
    is_alarming = serializers.BooleanField()


class LevelOut(serializers.Serializer[Any]):
    name = serializers.ChoiceField(choices=NAMES)
    middle = serializers.FloatField()
    spread = serializers.FloatField()


class WeekOut(serializers.Serializer[Any]):
    starts_on = serializers.DateField()
    runs = serializers.IntegerField()
    figures = serializers.SerializerMethodField()

    @extend_schema_field(MovedOut(many=True))
    def get_figures(self, week: Any) -> list[dict[str, Any]]:
        return [MovedOut(_named(name, one)).data for name, one in week.figures.items()]


class IncubatorOut(serializers.Serializer[Any]):
    name = serializers.CharField(help_text="empty: nobody said")
    reference_runs = serializers.IntegerField()
    reference_from = serializers.DateTimeField(allow_null=True)
    levels = serializers.SerializerMethodField()
    weeks = WeekOut(many=True)
    alarms = serializers.ListField(child=serializers.ChoiceField(choices=NAMES))

    @extend_schema_field(LevelOut(many=True))
    def get_levels(self, incubator: Any) -> list[dict[str, Any]]:
        return [LevelOut(_named(name, one)).data for name, one in incubator.levels.items()]


class DriftOut(serializers.Serializer[Any]):
    wells = serializers.CharField(source="wells.name", default=None, allow_null=True, help_text="the weights it is about")
    stages = serializers.CharField(source="stages.name", default=None, allow_null=True)
    alarming_spreads = serializers.FloatField(read_only=True, default=ALARMING, help_text="a figure alarms from so many spreads on")
    incubators = IncubatorOut(many=True)


class RecalibratedOut(serializers.Serializer[Any]):
    """How far the words of one calibration could be trusted, on patients left out of fitting."""

    surprise = serializers.FloatField(help_text="mean over embryos of minus the logarithm of the true stage's share")
    accuracy = serializers.FloatField()
    calibration_error = serializers.FloatField()
    coverage_90 = serializers.FloatField(allow_null=True, help_text="how often the 90 % bounds of onsets hold")
    width_h = serializers.FloatField(allow_null=True)
    onsets = serializers.IntegerField()


class GainOut(serializers.Serializer[Any]):
    """How much less surprising the truth became, with its 95 % interval, patients drawn anew."""

    surprise = serializers.FloatField()
    low = serializers.FloatField()
    high = serializers.FloatField()


class RecalibrationFiguresOut(serializers.Serializer[Any]):
    embryos = serializers.IntegerField()
    patients = serializers.IntegerField()
    frames = serializers.IntegerField()
    before = RecalibratedOut()
    after = RecalibratedOut()
    gain = GainOut()
    temperature = serializers.ListField(child=serializers.FloatField(), help_text="before and after")
    hours_apart = serializers.ListField(child=serializers.FloatField(), help_text="before and after")


class RecalibrationOut(serializers.ModelSerializer[Recalibration]):
    by_name = serializers.SerializerMethodField()
    started_from = serializers.CharField(source="start.name")
    error = RefusalOut(allow_null=True)
    figures = RecalibrationFiguresOut(allow_null=True)

    class Meta:
        model = Recalibration
        fields = [
            "id", "lab", "by_name", "state", "attempts", "cancel_requested", "started_from", "start", "weights", "error", "figures",
            "created_at", "started_at", "finished_at",
        ]  # fmt: skip
        read_only_fields = fields

    def get_by_name(self, recalibration: Recalibration) -> str:
        return recalibration.by.name if recalibration.by else ""


class RecalibrationsOut(serializers.Serializer[Any]):
    """What there is to fit on, and what was fitted."""

    embryos = serializers.IntegerField(help_text="that people of the lab and the stager in use have both read")
    patients = serializers.IntegerField()
    least_embryos = serializers.IntegerField()
    least_patients = serializers.IntegerField()
    recalibrations = RecalibrationOut(many=True)


def _named(name: str, value: Any) -> dict[str, Any]:
    return {"name": name, **{field: getattr(value, field) for field in value.__slots__}}
