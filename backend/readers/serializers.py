"""The shapes of review settings, assignments and agreement on the wire."""

from __future__ import annotations

import uuid
from typing import Any

from rest_framework import serializers

from backend.accounts.models import Role
from backend.core.errors import Refused
from backend.readers.annotations import MACHINE
from backend.readers.tolerances import LONGEST_H
from backend.review.values import PHASES

MOST_PLACES = 100


class NamedOut(serializers.Serializer[Any]):
    """A reader; `machine` is one too."""

    id = serializers.CharField()
    name = serializers.CharField()


class PersonsRuleOut(serializers.Serializer[Any]):
    user_id = serializers.UUIDField()
    name = serializers.CharField()
    role = serializers.ChoiceField(choices=Role.choices)
    blind_first = serializers.BooleanField(allow_null=True, help_text="null: the lab's rule holds")


class ReviewSettingsOut(serializers.Serializer[Any]):
    blind_first = serializers.BooleanField(help_text="binds everybody who can submit a reading, save for whom a rule of their own is set")
    bulk_threshold = serializers.FloatField()
    tolerance_hours = serializers.DictField(child=serializers.FloatField(), help_text="one a phase")
    people = PersonsRuleOut(many=True)
    version = serializers.IntegerField()


class PersonsRuleIn(serializers.Serializer[Any]):
    user_id = serializers.UUIDField()
    blind_first = serializers.BooleanField(allow_null=True)


class ReviewSettingsIn(serializers.Serializer[Any]):
    """What is left out stays as it is."""

    blind_first = serializers.BooleanField(required=False)
    bulk_threshold = serializers.FloatField(required=False, min_value=0, max_value=1)
    tolerance_hours = serializers.DictField(child=serializers.FloatField(min_value=0, max_value=LONGEST_H), required=False)
    people = PersonsRuleIn(many=True, required=False)

    def validate_tolerance_hours(self, said: dict[str, float]) -> dict[str, float]:
        strange = sorted(said.keys() - set(PHASES))
        if strange:
            raise serializers.ValidationError(f"There is no phase {strange[0][:20]!r}; phases are {', '.join(PHASES)}.")
        return said


class AssignmentOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    stack = serializers.UUIDField(source="stack_id")
    dish = serializers.UUIDField(source="stack.dish_id")
    dish_label = serializers.CharField(source="stack.dish.label")
    place = serializers.CharField()
    reader = NamedOut()
    is_blind = serializers.BooleanField()
    by_name = serializers.CharField()
    created_at = serializers.DateTimeField()
    done_at = serializers.DateTimeField(allow_null=True, help_text="when the reading was submitted")


class AssignmentsIn(serializers.Serializer[Any]):
    places = serializers.ListField(child=serializers.CharField(max_length=4), min_length=1, max_length=MOST_PLACES)
    reader_id = serializers.UUIDField()
    is_blind = serializers.BooleanField(default=True)


class AssignmentsAsked(serializers.Serializer[Any]):
    stack = serializers.UUIDField(required=False, help_text="everybody's for this recording, done ones too; left out: mine that are open")


class ReaderField(serializers.CharField):
    """A user's id, or `machine`."""

    def to_internal_value(self, data: Any) -> str:
        said = super().to_internal_value(data)
        if said == MACHINE:
            return MACHINE
        try:
            return str(uuid.UUID(said))
        except ValueError:
            raise serializers.ValidationError(f"Name a user by id, or {MACHINE}.") from None


class AgreementAsked(serializers.Serializer[Any]):
    a = ReaderField(required=False, max_length=36, help_text="a user's id or `machine`; left out: the asker")
    b = ReaderField(required=False, max_length=36, help_text="a user's id or `machine`; left out: the machine")
    dish = serializers.UUIDField(required=False)
    since = serializers.DateTimeField(required=False, help_text="readings submitted from then on")
    only_blind = serializers.BooleanField(default=False, help_text="only readings made before the machine's result was shown")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        attrs = {"a": self.context["asker"], "b": MACHINE, **attrs}
        if attrs["a"] == attrs["b"]:
            raise Refused("same_reader", "Nobody can be compared with themselves.", "Choose two different readers.")
        return attrs


class TimesOut(serializers.Serializer[Any]):
    n = serializers.IntegerField(help_text="onsets that both gave")
    mean_abs_hours = serializers.FloatField(allow_null=True)
    mean_signed_hours = serializers.FloatField(allow_null=True, help_text="above 0: `a` says it later than `b`")
    within_tolerance = serializers.FloatField(allow_null=True, help_text="a share")
    missed_by_a = serializers.IntegerField()
    missed_by_b = serializers.IntegerField()
    icc = serializers.FloatField(allow_null=True, help_text="ICC(2,1): two-way random, absolute agreement, one rating")
    icc_low = serializers.FloatField(allow_null=True, help_text="95 %")
    icc_high = serializers.FloatField(allow_null=True)


class KappaOut(serializers.Serializer[Any]):
    n = serializers.IntegerField()
    kappa = serializers.FloatField(allow_null=True, help_text="Cohen's")
    weighted_kappa = serializers.FloatField(allow_null=True, help_text="with quadratic weights; null where there is no order")


class GradeAgreementOut(KappaOut):
    same = serializers.FloatField(allow_null=True, help_text="the share graded alike")


class FleissOut(serializers.Serializer[Any]):
    n = serializers.IntegerField(help_text="embryos that three people or more graded")
    readers = serializers.IntegerField(help_text="readings used of each")
    kappa = serializers.FloatField(allow_null=True)


class AgainstOut(serializers.Serializer[Any]):
    reader = NamedOut()
    pairs = serializers.IntegerField()
    overall = TimesOut()


class AgreementOut(serializers.Serializer[Any]):
    """Of submitted readings; embryos that the asker still reads blind are left out."""

    a = NamedOut()
    b = NamedOut()
    pairs = serializers.IntegerField(help_text="embryos that both read")
    phases = serializers.DictField(child=TimesOut())
    overall = TimesOut()
    stages = KappaOut(help_text="the phase an embryo is in, looked at once an hour")
    grades = serializers.DictField(child=GradeAgreementOut())
    fleiss = serializers.DictField(child=FleissOut())
    by_reader = AgainstOut(many=True, help_text="everybody against `b`")
    readers = NamedOut(many=True, help_text="who has submitted readings here")
    tolerance_hours = serializers.DictField(child=serializers.FloatField())
