"""The shape of reports on the wire."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from backend.exchange.words import LANGUAGES
from backend.review.measurement_serializers import MEASURED, KeptCalibrationOut

SOURCES = ["machine", "human"]
SCOPES = ["embryo", "dish", "cycle"]


class ReportAsked(serializers.Serializer[Any]):
    language = serializers.ChoiceField(choices=LANGUAGES, required=False, help_text="en or ru; otherwise the person's own")


class PdfReportAsked(ReportAsked):
    complete = serializers.BooleanField(
        default=False, help_text="true: answer 202 with how far it is instead of a report that lacks pictures; ask again until 200"
    )


class ReportProgressOut(serializers.Serializer[Any]):
    """Pictures that are there, and that are needed."""

    done = serializers.IntegerField()
    wanted = serializers.IntegerField()


class ReportOnsetOut(serializers.Serializer[Any]):
    phase = serializers.CharField()
    frame_index = serializers.IntegerField()
    hours = serializers.FloatField(allow_null=True)
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)
    confidence = serializers.FloatField(allow_null=True)
    is_censored = serializers.BooleanField()
    source = serializers.ChoiceField(choices=SOURCES)  # type: ignore[assignment]
    by_name = serializers.CharField()
    at = serializers.DateTimeField(allow_null=True)


class ReportIntervalOut(serializers.Serializer[Any]):
    name = serializers.CharField()
    value = serializers.FloatField()
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)
    source = serializers.ChoiceField(choices=SOURCES)  # type: ignore[assignment]


class ReportEventOut(serializers.Serializer[Any]):
    kind = serializers.CharField()
    first_frame = serializers.IntegerField()
    last_frame = serializers.IntegerField()
    first_hours = serializers.FloatField(allow_null=True)
    last_hours = serializers.FloatField(allow_null=True)
    confidence = serializers.FloatField(allow_null=True)
    source = serializers.ChoiceField(choices=SOURCES)  # type: ignore[assignment]
    detail = serializers.CharField()
    verdict = serializers.CharField(help_text="accepted, rejected or added; empty where nobody judged it")
    by_name = serializers.CharField()


class ReportGradeOut(serializers.Serializer[Any]):
    name = serializers.CharField()
    value = serializers.CharField()
    by_name = serializers.CharField()


class ReportMeasurementOut(serializers.Serializer[Any]):
    label = serializers.CharField()  # type: ignore[assignment]
    kind = serializers.ChoiceField(choices=MEASURED)
    frame_index = serializers.IntegerField()
    hours = serializers.FloatField(allow_null=True)
    plane = serializers.IntegerField()
    px = serializers.FloatField(help_text="a line's length, a circle's diameter, a polygon's outline")
    px2 = serializers.FloatField(allow_null=True, help_text="area")
    um = serializers.FloatField(allow_null=True)
    um2 = serializers.FloatField(allow_null=True)
    calibration = KeptCalibrationOut(allow_null=True, help_text="by which it was measured")
    by_name = serializers.CharField()


class ReportDecisionOut(serializers.Serializer[Any]):
    value = serializers.CharField()
    reason = serializers.CharField()
    by_name = serializers.CharField()
    at = serializers.DateTimeField(allow_null=True)
    fate = serializers.CharField()
    fate_at = serializers.DateTimeField(allow_null=True)


class ReportScoreOut(serializers.Serializer[Any]):
    name = serializers.CharField()
    expected = serializers.CharField(allow_null=True, help_text="the likeliest grade")
    value = serializers.FloatField(allow_null=True)
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)
    undetermined = serializers.FloatField(help_text="how likely the rule cannot say")
    grades = serializers.DictField(child=serializers.FloatField())


class ReportSignatureOut(serializers.Serializer[Any]):
    by_name = serializers.CharField()
    at = serializers.DateTimeField()
    meaning = serializers.CharField()
    content_hash = serializers.CharField()
    is_valid = serializers.BooleanField()  # type: ignore[assignment]


class ReportReadingOut(serializers.Serializer[Any]):
    by_name = serializers.CharField()
    state = serializers.CharField()
    is_blind = serializers.BooleanField()
    submitted_at = serializers.DateTimeField(allow_null=True)
    signatures = ReportSignatureOut(many=True)


class ReportEmbryoOut(serializers.Serializer[Any]):
    place = serializers.CharField()
    content = serializers.CharField()
    content_source = serializers.ChoiceField(choices=SOURCES, allow_null=True)
    bounds_in = serializers.ChoiceField(choices=["hours", "frames"])
    onsets = ReportOnsetOut(many=True)
    absent = serializers.ListField(child=serializers.CharField())
    intervals = ReportIntervalOut(many=True)
    events = ReportEventOut(many=True)
    grades = ReportGradeOut(many=True)
    measurements = ReportMeasurementOut(many=True)
    decision = ReportDecisionOut(allow_null=True)
    scores = ReportScoreOut(many=True)
    readings = ReportReadingOut(many=True)


class ReportWeightsOut(serializers.Serializer[Any]):
    name = serializers.CharField()
    sha256 = serializers.CharField()


class ReportMachineOut(serializers.Serializer[Any]):
    run = serializers.UUIDField()
    state = serializers.CharField()
    finished_at = serializers.DateTimeField(allow_null=True)
    wells_by = ReportWeightsOut()
    stages_by = ReportWeightsOut(allow_null=True)
    code_version = serializers.CharField()


class ReportRecordingOut(serializers.Serializer[Any]):
    stack = serializers.UUIDField()
    name = serializers.CharField()
    sha256 = serializers.CharField()
    frame_count = serializers.IntegerField()
    plane = serializers.IntegerField()
    interval_minutes = serializers.FloatField(allow_null=True)
    first_hours = serializers.FloatField(allow_null=True)
    last_hours = serializers.FloatField(allow_null=True)


class ReportEmptyWellOut(serializers.Serializer[Any]):
    place = serializers.CharField()
    content = serializers.CharField()


class ReportDishOut(serializers.Serializer[Any]):
    dish = serializers.UUIDField()
    label = serializers.CharField()  # type: ignore[assignment]
    layout = serializers.CharField()
    recording = ReportRecordingOut(allow_null=True)
    machine = ReportMachineOut(allow_null=True)
    embryos = ReportEmbryoOut(many=True)
    hidden = serializers.ListField(child=serializers.CharField(), help_text="left out: whoever asks reads these places blind")
    without_embryo = ReportEmptyWellOut(many=True)


class ReportOutcomeOut(serializers.Serializer[Any]):
    hcg = serializers.BooleanField(allow_null=True)
    clinical_pregnancy = serializers.BooleanField(allow_null=True)
    sacs = serializers.IntegerField(allow_null=True)
    live_birth = serializers.BooleanField(allow_null=True)
    miscarriage = serializers.BooleanField(allow_null=True)
    note = serializers.CharField()


class ReportOut(serializers.Serializer[Any]):
    scope = serializers.ChoiceField(choices=SCOPES)
    lab = serializers.CharField()
    patient_code = serializers.CharField()
    cycle_label = serializers.CharField()
    method = serializers.CharField()
    inseminated_at = serializers.DateTimeField(allow_null=True)
    dishes = ReportDishOut(many=True)
    outcome = ReportOutcomeOut(allow_null=True)
    made_at = serializers.DateTimeField()
    made_by = serializers.CharField()
    made_with = serializers.CharField()
