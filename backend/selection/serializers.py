"""The shapes of decisions, fates, outcomes and rules on the wire."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from backend.selection.models import CycleOutcome, Decision, DecisionChange, Fate, RuleSet
from backend.selection.rules import KINDS, MOST_CRITERIA, OPERATORS
from backend.selection.selectors import rule_of
from backend.selection.templates import TEMPLATES

FIELD_KINDS = ["onset", "interval", "ratio", "event", "grade"]
_LIMIT = 1e6


class DecisionChangeOut(serializers.ModelSerializer[DecisionChange]):
    class Meta:
        model = DecisionChange
        fields = ["version", "value", "reason", "by_name", "at"]


class DecisionOut(serializers.ModelSerializer[Decision]):
    """What was decided last; version 0 where nothing was. `history` holds every step, the latest first."""

    place = serializers.CharField()
    by_name = serializers.SerializerMethodField()
    at = serializers.DateTimeField(allow_null=True)
    history = serializers.SerializerMethodField()

    class Meta:
        model = Decision
        fields = ["dish", "place", "version", "value", "reason", "by_name", "at", "history"]

    def get_by_name(self, decision: Decision) -> str | None:
        return decision.by_name or None

    @extend_schema_field(DecisionChangeOut(many=True))
    def get_history(self, decision: Decision) -> Any:
        return DecisionChangeOut(decision.changes.all() if decision.version else [], many=True).data


class DecisionIn(serializers.Serializer[Any]):
    value = serializers.ChoiceField(choices=Decision.Value.choices)
    reason = serializers.CharField(max_length=2000, allow_blank=True, default="")


class FateOut(serializers.ModelSerializer[Fate]):
    """What became of an embryo; version 0 where nobody told."""

    place = serializers.CharField()
    by_name = serializers.SerializerMethodField()
    at = serializers.DateTimeField(allow_null=True)

    class Meta:
        model = Fate
        fields = ["dish", "place", "version", "fate", "by_name", "at"]

    def get_by_name(self, fate: Fate) -> str | None:
        return fate.by_name or None


class FateIn(serializers.Serializer[Any]):
    fate = serializers.ChoiceField(choices=Fate.Value.choices, allow_blank=True)
    at = serializers.DateTimeField(allow_null=True, default=None, help_text="when it was; now where nothing is said")


class CycleOutcomeOut(serializers.ModelSerializer[CycleOutcome]):
    """What came of a cycle; null: not told."""

    by_name = serializers.SerializerMethodField()
    at = serializers.DateTimeField(allow_null=True)

    class Meta:
        model = CycleOutcome
        fields = ["cycle", "version", "hcg", "clinical_pregnancy", "sacs", "live_birth", "miscarriage", "note", "by_name", "at"]

    def get_by_name(self, outcome: CycleOutcome) -> str | None:
        return outcome.by_name or None


class CycleOutcomeIn(serializers.Serializer[Any]):
    """Fields that are not named stay as they are; null takes back what was told."""

    hcg = serializers.BooleanField(allow_null=True, required=False)
    clinical_pregnancy = serializers.BooleanField(allow_null=True, required=False)
    sacs = serializers.IntegerField(min_value=0, max_value=10, allow_null=True, required=False)
    live_birth = serializers.BooleanField(allow_null=True, required=False)
    miscarriage = serializers.BooleanField(allow_null=True, required=False)
    note = serializers.CharField(max_length=2000, allow_blank=True, required=False)


class CriterionIn(serializers.Serializer[Any]):
    """One condition; `between` wants both thresholds, `<=` and `<` the upper, `>=` and `>` the lower, the others none."""

    field = serializers.CharField(max_length=40)
    operator = serializers.ChoiceField(choices=OPERATORS)
    low = serializers.FloatField(allow_null=True, default=None, min_value=-_LIMIT, max_value=_LIMIT)
    high = serializers.FloatField(allow_null=True, default=None, min_value=-_LIMIT, max_value=_LIMIT)
    score = serializers.FloatField(default=1.0, min_value=-_LIMIT, max_value=_LIMIT)
    weight = serializers.FloatField(default=1.0, min_value=0, max_value=_LIMIT)
    is_required = serializers.BooleanField(default=False)


class CriterionOut(serializers.Serializer[Any]):
    """`low` and `high` are the lab's own thresholds, null until it enters them."""

    field = serializers.CharField()
    operator = serializers.ChoiceField(choices=OPERATORS)
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)
    score = serializers.FloatField()
    weight = serializers.FloatField()
    is_required = serializers.BooleanField()


class GradeIn(serializers.Serializer[Any]):
    """`needs` are places of criteria, from 0; the first grade whose needs are met is given, the last needs nothing."""

    name = serializers.CharField(max_length=40)
    needs = serializers.ListField(child=serializers.IntegerField(min_value=0), max_length=MOST_CRITERIA, default=list)


class GradeOut(serializers.Serializer[Any]):
    name = serializers.CharField()
    needs = serializers.ListField(child=serializers.IntegerField())


class RuleSetOut(serializers.ModelSerializer[RuleSet]):
    """A lab's rule; `is_complete` is false while a threshold is missing, and then it cannot be turned on."""

    is_template = serializers.SerializerMethodField()
    is_complete = serializers.SerializerMethodField()
    criteria = CriterionOut(many=True)
    grades = GradeOut(many=True)

    class Meta:
        model = RuleSet
        fields = [
            "id",
            "lab",
            "name",
            "source",
            "template",
            "is_template",
            "is_on",
            "is_complete",
            "version",
            "kind",
            "criteria",
            "grades",
            "updated_at",
        ]

    def get_is_template(self, rule_set: RuleSet) -> bool:
        """It was made from a published template."""
        return bool(rule_set.template)

    def get_is_complete(self, rule_set: RuleSet) -> bool:
        return rule_of(rule_set).is_complete


class TemplateOut(serializers.Serializer[Any]):
    """A published rule with its thresholds as published; a lab that starts from it enters its own."""

    key = serializers.CharField()
    name = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]
    kind = serializers.ChoiceField(choices=KINDS)
    criteria = CriterionOut(many=True)
    grades = GradeOut(many=True)


class FieldOut(serializers.Serializer[Any]):
    """Something a criterion may name; `values` are the numbers that stand for a grade's words."""

    key = serializers.CharField()
    kind = serializers.ChoiceField(choices=FIELD_KINDS)
    unit = serializers.CharField()
    values = serializers.DictField(child=serializers.FloatField(), allow_null=True)


class RulesOut(serializers.Serializer[Any]):
    """The lab's rules, the published templates, and what criteria may name besides any difference of onsets such as t5-t3."""

    rule_sets = RuleSetOut(many=True)
    templates = TemplateOut(many=True)
    known_fields = FieldOut(many=True)


class RuleSetIn(serializers.Serializer[Any]):
    """A rule of the lab's own, or one that starts from a template: then only the name may be given besides."""

    template = serializers.ChoiceField(choices=sorted(TEMPLATES), allow_blank=True, default="")
    name = serializers.CharField(max_length=80, required=False)
    source = serializers.CharField(max_length=500, allow_blank=True, required=False)  # type: ignore[assignment]
    kind = serializers.ChoiceField(choices=KINDS, required=False)
    criteria = CriterionIn(many=True, required=False)
    grades = GradeIn(many=True, required=False)


class RuleSetChangeIn(serializers.Serializer[Any]):
    """Fields that are not named stay as they are; criteria and grades are given whole."""

    name = serializers.CharField(max_length=80, required=False)
    source = serializers.CharField(max_length=500, allow_blank=True, required=False)  # type: ignore[assignment]
    is_on = serializers.BooleanField(required=False)
    kind = serializers.ChoiceField(choices=KINDS, required=False)
    criteria = CriterionIn(many=True, required=False)
    grades = GradeIn(many=True, required=False)
