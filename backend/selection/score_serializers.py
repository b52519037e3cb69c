"""The shapes of scores, validations, comparisons and statistics on the wire."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from backend.imaging.models import Cycle
from backend.imaging.selectors import first_hour_of
from backend.imaging.serializers import StackOut
from backend.review.serializers import EffectiveOut
from backend.selection.comparison import Compared
from backend.selection.models import Fate
from backend.selection.outcomes import ENDPOINTS
from backend.selection.rules import Criterion, text_of
from backend.selection.scores import Scored
from backend.selection.selectors import rule_of
from backend.selection.serializers import DecisionOut


class FiredOut(serializers.Serializer[Any]):
    """How likely one criterion is met, and how likely nobody can say because it was not observed."""

    index = serializers.IntegerField()
    criterion = serializers.CharField(help_text="in words, such as 48.8 <= t5 <= 56.6")
    probability = serializers.FloatField()
    unknown = serializers.FloatField()


class ScoreOut(serializers.Serializer[Any]):
    """What a rule says of an embryo, as likely as the uncertainty of its onsets makes it."""

    rule_set = serializers.UUIDField(source="rule_set.id")
    name = serializers.CharField(source="rule_set.name")
    kind = serializers.ChoiceField(source="rule_set.kind", choices=["grades", "weighted"])
    place = serializers.CharField()
    grade_probabilities = serializers.DictField(
        source="score.grade_probabilities", child=serializers.FloatField(), help_text="with `undetermined` they add up to 1; best first"
    )
    undetermined = serializers.FloatField(source="score.undetermined", help_text="how likely the rule cannot say")
    expected = serializers.CharField(source="score.expected", allow_null=True, help_text="the likeliest grade")
    value = serializers.FloatField(
        source="score.value", allow_null=True, help_text="mean points, or 1 for the best grade and 0 for the last; null: mostly unknown"
    )
    low = serializers.FloatField(source="score.low", allow_null=True)
    high = serializers.FloatField(source="score.high", allow_null=True)
    fired = serializers.SerializerMethodField()
    assumed = serializers.ListField(
        source="score.assumed", child=serializers.CharField(), help_text="phases not seen, taken as passed between two frames"
    )
    uses = serializers.SerializerMethodField()

    @extend_schema_field(FiredOut(many=True))
    def get_fired(self, scored: Scored) -> list[dict[str, Any]]:
        criteria: tuple[Criterion, ...] = rule_of(scored.rule_set).criteria
        return [
            {
                "index": fired.criterion,
                "criterion": text_of(criteria[fired.criterion]),
                "probability": round(fired.probability, 4),
                "unknown": round(fired.unknown, 4),
            }
            for fired in scored.score.fired
        ]

    def get_uses(self, _: Scored) -> str:
        """Always the effective values."""
        return "effective"


class ValidateIn(serializers.Serializer[Any]):
    endpoint = serializers.ChoiceField(choices=ENDPOINTS, default="clinical_pregnancy")


class CalibrationOut(serializers.Serializer[Any]):
    """Embryos with about the same predicted chance: the mean of it, and what was observed with its 95 % interval."""

    predicted = serializers.FloatField()
    observed = serializers.FloatField()
    low = serializers.FloatField()
    high = serializers.FloatField()
    n = serializers.IntegerField()


class ValidationOut(serializers.Serializer[Any]):
    """How well a rule told the lab's own outcomes apart; the interval holds 95 %, by drawing whole patients anew."""

    endpoint = serializers.ChoiceField(choices=ENDPOINTS)
    n = serializers.IntegerField(source="validation.n")
    positives = serializers.IntegerField(source="validation.positives")
    patients = serializers.IntegerField(source="validation.patients")
    auc = serializers.FloatField(source="validation.auc")
    auc_low = serializers.FloatField(source="validation.auc_low")
    auc_high = serializers.FloatField(source="validation.auc_high")
    calibration = CalibrationOut(source="validation.calibration", many=True)
    mixed = serializers.IntegerField(help_text="transferred embryos left out: nobody can tell which of several implanted")
    unscored = serializers.IntegerField(help_text="left out: the rule cannot decide, or the asker reads them blind")
    note = serializers.CharField()


class InseminationOut(serializers.ModelSerializer[Cycle]):
    method = serializers.ChoiceField(choices=Cycle.Method.choices)
    at = serializers.DateTimeField(source="inseminated_at", allow_null=True)

    class Meta:
        model = Cycle
        fields = ["method", "at"]


class WellBoxOut(serializers.Serializer[Any]):
    """A frame in which the well was searched anew; its boxes in later frames follow from the run's placements."""

    frame_index = serializers.IntegerField()
    box = serializers.ListField(child=serializers.FloatField(), min_length=4, max_length=4)


class CompareAsked(serializers.Serializer[Any]):
    items = serializers.CharField(max_length=2000, help_text="<dish>:<place>,... of 2 to 16 embryos")


class ComparedOut(serializers.Serializer[Any]):
    """One embryo beside others; `hours` are those of its recording's frames, post insemination."""

    dish = serializers.UUIDField(source="dish.id")
    dish_label = serializers.CharField(source="dish.label")
    patient_code = serializers.CharField(source="dish.cycle.patient.code")
    stack = StackOut(allow_null=True)
    run = serializers.UUIDField(source="run.id", allow_null=True, default=None)
    place = serializers.CharField()
    row = serializers.IntegerField()
    column = serializers.IntegerField()
    is_hidden = serializers.BooleanField()
    insemination = InseminationOut(source="dish.cycle")
    first_hour = serializers.SerializerMethodField()
    hours = serializers.ListField(child=serializers.FloatField(allow_null=True))
    key_frames = WellBoxOut(many=True)
    effective = EffectiveOut(allow_null=True)
    decision = DecisionOut()
    fate = serializers.ChoiceField(choices=Fate.Value.choices, allow_blank=True)
    scores = ScoreOut(many=True)

    def get_first_hour(self, one: Compared) -> float | None:
        return first_hour_of(one.stack) if one.stack else None


class StatisticsAsked(serializers.Serializer[Any]):
    """Days of the lab's own calendar; the last year where nothing is said."""

    since = serializers.DateField(required=False, default=None, allow_null=True)
    until = serializers.DateField(required=False, default=None, allow_null=True)


class ShareOut(serializers.Serializer[Any]):
    """`n` of `of`; the share is null where there was nothing to count."""

    share = serializers.FloatField(allow_null=True)
    n = serializers.IntegerField()
    of = serializers.IntegerField()


class SecondsOut(serializers.Serializer[Any]):
    median = serializers.FloatField(allow_null=True)
    n = serializers.IntegerField()


class IstanbulOut(serializers.Serializer[Any]):
    """Medians of the Istanbul consensus 2025."""

    icsi = serializers.FloatField()
    ivf = serializers.FloatField()


class TimingOut(serializers.Serializer[Any]):
    """Hours post insemination."""

    n = serializers.IntegerField()
    p5 = serializers.FloatField()
    median = serializers.FloatField()
    p95 = serializers.FloatField()
    istanbul_median = IstanbulOut(allow_null=True)


class PeriodOut(serializers.Serializer[Any]):
    """A week, from its Monday on."""

    starts = serializers.DateField()
    embryos = serializers.IntegerField()
    fertilisation = ShareOut(allow_null=True, help_text="two pronuclei, of those whose pronuclei were counted; null: nobody counted")
    cleavage = ShareOut(help_text="two cells or more by hour 45, of those filmed until then and not found abnormally fertilised")
    blastulation = ShareOut(help_text="full blastocyst by hour 118, of those filmed until then and not found abnormally fertilised")
    review_seconds = SecondsOut()


class StatisticsOut(PeriodOut):
    """A lab's figures over its recordings that began in this time; of each dish the latest recording."""

    until = serializers.DateField()
    dishes = serializers.IntegerField()
    hidden = serializers.IntegerField(help_text="embryos left out, because the asker reads them blind")
    timings = serializers.DictField(child=TimingOut())
    by_week = PeriodOut(many=True)
