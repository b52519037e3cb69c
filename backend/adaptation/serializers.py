"""The shapes of adaptations on the wire."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from backend.adaptation.models import Adaptation
from backend.adaptation.selectors import Recording
from backend.imaging.serializers import RefusalOut

STEPS = ["cutting", "learning", "judging"]
REASONS = ["not_analysed", "no_hours", "no_embryos", "same_recording"]


class ProgressOut(serializers.Serializer[Any]):
    """How far a running adaptation is; `minutes` since this attempt began."""

    stage = serializers.ChoiceField(choices=STEPS)
    done = serializers.IntegerField()
    total = serializers.IntegerField()
    minutes = serializers.FloatField()


class FactsOut(serializers.Serializer[Any]):
    """What was learned from, and how it settled."""

    embryos = serializers.IntegerField()
    frames = serializers.IntegerField()
    minutes = serializers.FloatField()
    changed = serializers.ListField(child=serializers.FloatField(), help_text="share of frames that changed their phase, a round")
    onsets_h = serializers.ListField(
        child=serializers.FloatField(), help_text="hours at which this lab's cleavage, blastulation and expansion begin"
    )


class FramesReadOut(serializers.Serializer[Any]):
    """How one set of weights reads the held-back frames."""

    unread = serializers.IntegerField(help_text="frames called empty or not seen")
    pairs = serializers.IntegerField(help_text="neighbouring frames of one embryo that were both read")
    backwards = serializers.IntegerField(help_text="of these, how many go from a later class to an earlier one")
    mean_confidence = serializers.FloatField(allow_null=True)


class ComparisonOut(serializers.Serializer[Any]):
    """The weights learning went on from (`first`) and the candidate (`second`) on embryos kept out of learning; no label is needed."""

    embryos = serializers.IntegerField()
    frames = serializers.IntegerField()
    agreement = serializers.FloatField(allow_null=True, help_text="share of frames on which both say the same of three classes")
    first = FramesReadOut()
    second = FramesReadOut()


class AdaptationOut(serializers.ModelSerializer[Adaptation]):
    by_name = serializers.SerializerMethodField()
    dishes = serializers.SerializerMethodField()
    started_from = serializers.CharField(source="start.name")
    progress = serializers.SerializerMethodField()
    error = RefusalOut(allow_null=True)
    facts = serializers.SerializerMethodField()
    comparison = ComparisonOut(allow_null=True)

    class Meta:
        model = Adaptation
        fields = [
            "id",
            "lab",
            "by_name",
            "state",
            "attempts",
            "cancel_requested",
            "dishes",
            "started_from",
            "weights",
            "progress",
            "error",
            "facts",
            "comparison",
            "created_at",
            "started_at",
            "finished_at",
        ]
        read_only_fields = fields

    def get_by_name(self, adaptation: Adaptation) -> str:
        return adaptation.by.name if adaptation.by else ""

    def get_dishes(self, adaptation: Adaptation) -> int:
        return len(adaptation.stack_ids)

    @extend_schema_field(ProgressOut(allow_null=True))
    def get_progress(self, adaptation: Adaptation) -> dict[str, Any] | None:
        return adaptation.progress or None

    @extend_schema_field(FactsOut(allow_null=True))
    def get_facts(self, adaptation: Adaptation) -> dict[str, Any] | None:
        return adaptation.facts or None


class RecordingOut(serializers.Serializer[Recording]):
    """A confirmed recording of the lab, and why nothing can be learned from it where that is so."""

    stack = serializers.UUIDField(source="stack.id")
    dish = serializers.UUIDField(source="stack.dish_id")
    dish_label = serializers.CharField(source="stack.dish.label")
    patient_code = serializers.CharField(source="stack.dish.cycle.patient.code")
    embryos = serializers.IntegerField()
    first_hour = serializers.FloatField(allow_null=True)
    reason = serializers.ChoiceField(choices=REASONS, allow_null=True)


class MaterialOut(serializers.Serializer[Any]):
    """What a lab has to learn from; `is_ready` is false where no weights for stages are in use."""

    least_embryos = serializers.IntegerField()
    is_ready = serializers.BooleanField()
    recordings = RecordingOut(many=True)


class AdaptationIn(serializers.Serializer[Any]):
    """Which dishes to learn from; every analysed one with known hours where nothing is said."""

    dishes = serializers.ListField(child=serializers.UUIDField(), allow_empty=False, max_length=2000, allow_null=True, default=None)
