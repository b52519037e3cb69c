"""The shapes of checks on the wire; those of shadows stand in `shadow_serializers`."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from backend.imaging.serializers import RefusalOut
from backend.judging.models import Check, Difference
from backend.judging.shadow_serializers import ShadowIn, ShadowOut, ShadowReportOut
from backend.registry.standing import TASKS

__all__ = ["CheckDetailOut", "CheckIn", "CheckOut", "ShadowIn", "ShadowOut", "ShadowReportOut"]
STEPS = ["preparing", "judging"]
SETS = ["usual", "hard", "shifted", "rendered", "labels"]
VERDICTS = ["better", "worse", "other"]


class CheckIn(serializers.Serializer[Any]):
    lab = serializers.UUIDField(help_text="whose weights in use and held-out labels they are judged beside and on")


class CheckProgressOut(serializers.Serializer[Any]):
    stage = serializers.ChoiceField(choices=STEPS)
    done = serializers.IntegerField()
    total = serializers.IntegerField()


class CheckOut(serializers.ModelSerializer[Check]):
    by_name = serializers.SerializerMethodField()
    weights_name = serializers.CharField(source="weights.name")
    task = serializers.ChoiceField(choices=TASKS, source="weights.task")
    against_name = serializers.SerializerMethodField(help_text="empty: nothing, or only the weights themselves, were in use")
    data_set_name = serializers.SerializerMethodField(help_text="whose held-out labels were judged on; empty: none")
    progress = serializers.SerializerMethodField()
    error = RefusalOut(allow_null=True)

    class Meta:
        model = Check
        fields = [
            "id",
            "lab",
            "by_name",
            "task",
            "weights",
            "weights_name",
            "against",
            "against_name",
            "set_hash",
            "data_set",
            "data_set_name",
            "state",
            "attempts",
            "cancel_requested",
            "progress",
            "error",
            "created_at",
            "started_at",
            "finished_at",
        ]
        read_only_fields = fields

    def get_by_name(self, check: Check) -> str:
        return check.by.name if check.by else ""

    def get_against_name(self, check: Check) -> str:
        return check.against.name if check.against else ""

    def get_data_set_name(self, check: Check) -> str:
        return check.data_set.name if check.data_set else ""

    @extend_schema_field(CheckProgressOut(allow_null=True))
    def get_progress(self, check: Check) -> dict[str, Any] | None:
        return check.progress or None


class ReliabilityOut(serializers.Serializer[Any]):
    """Answers given with a confidence between `from` and `to`: how sure on average, and which share of them was right."""

    answers = serializers.IntegerField()
    confidence = serializers.FloatField()
    right = serializers.FloatField()

    def get_fields(self) -> dict[str, Any]:
        return {"from": serializers.FloatField(), "to": serializers.FloatField(), **super().get_fields()}


class ReliabilityFiguresOut(serializers.Serializer[Any]):
    answers = serializers.IntegerField()
    ece = serializers.FloatField(help_text="expected calibration error: mean gap between confidence and share right")
    brier = serializers.FloatField(help_text="squared error over all classes, 0 to 2")
    curve = ReliabilityOut(many=True)


class SetFiguresOut(serializers.Serializer[Any]):
    """Figures on one set; those of the other task are left out, and of labelled pictures only phases are known."""

    pictures = serializers.IntegerField()
    wells = serializers.IntegerField(required=False)
    recall = serializers.FloatField(required=False, allow_null=True)
    false_alarms = serializers.IntegerField(required=False)
    ap50 = serializers.FloatField(required=False, allow_null=True)
    ap50_95 = serializers.FloatField(required=False, allow_null=True)
    iou = serializers.FloatField(required=False, allow_null=True)
    content = serializers.FloatField(required=False, allow_null=True, help_text="share of wells found whose content is right")
    content_macro_f1 = serializers.FloatField(required=False, allow_null=True)
    gas_outside = serializers.FloatField(required=False, allow_null=True)
    stage_accuracy = serializers.FloatField(required=False, help_text="of 19 stages, on renderings")
    phase_accuracy = serializers.FloatField(required=False, allow_null=True, help_text="of 16 phases, where there is one")
    within_one_phase = serializers.FloatField(required=False, allow_null=True)
    coarse_accuracy = serializers.FloatField(required=False)
    accuracy3 = serializers.FloatField(required=False, help_text="of three phases, on labels")
    accuracy3_interval = serializers.ListField(child=serializers.FloatField(), required=False)
    f1_3 = serializers.FloatField(required=False)
    accuracy4 = serializers.FloatField(required=False, help_text="of four phases, on labels")
    confusion = serializers.ListField(child=serializers.ListField(child=serializers.IntegerField()), required=False)


class JudgedOut(serializers.Serializer[Any]):
    """One set of weights: accuracy and calibration, and what it costs on this server."""

    name = serializers.CharField()
    sets = serializers.DictField(child=SetFiguresOut(), help_text="all, usual, hard and shifted, or rendered; and labels")
    calibration = serializers.DictField(child=ReliabilityFiguresOut(), help_text="on renderings, and on labels where there are some")
    per_s = serializers.FloatField(help_text="wells or embryos a second, the quickest of rounds taken in turns")
    peak_mib = serializers.FloatField(help_text="the most memory that a process with nothing else takes")


class DifferenceCountOut(serializers.Serializer[Any]):
    set = serializers.ChoiceField(choices=SETS)
    verdict = serializers.ChoiceField(choices=VERDICTS)
    count = serializers.IntegerField()


class CheckDifferenceOut(serializers.ModelSerializer[Difference]):
    """A well or a picture; its own picture lies at `checks/{id}/pictures/{number}.jpg`."""

    set = serializers.ChoiceField(choices=SETS)
    verdict = serializers.ChoiceField(choices=VERDICTS, help_text="better or worse than before; other: both are wrong")

    class Meta:
        model = Difference
        fields = ["number", "set", "picture", "place", "truth", "before", "after", "verdict"]
        read_only_fields = fields


class CheckGainOut(serializers.Serializer[Any]):
    """How much more often the checked weights are right than those in use, on the same pictures; wells not found are not right."""

    set = serializers.ChoiceField(choices=["all", *SETS])
    pictures = serializers.IntegerField()
    answers = serializers.IntegerField(help_text="wells, or embryos")
    gain = serializers.FloatField(help_text="in the share of right answers, -1 to 1")
    low = serializers.FloatField(help_text="of the 95 % interval, pictures drawn anew")
    high = serializers.FloatField()


class CheckResultOut(serializers.Serializer[Any]):
    after = JudgedOut(help_text="the weights that were checked")
    before = JudgedOut(allow_null=True, help_text="those in use; null: nothing was, and differences are those from the truth")
    gains = CheckGainOut(many=True, read_only=True, default=list, help_text="one a set; empty where nothing was in use")
    counts = DifferenceCountOut(many=True, source="differences.counts")


class CheckDetailOut(serializers.Serializer[Any]):
    check = CheckOut()
    result = CheckResultOut(allow_null=True)
    differences = CheckDifferenceOut(many=True, help_text="at most twenty of each set and verdict, what is worse first")
