"""The shapes of admissions on the wire."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from backend.admission.models import Admission
from backend.admission.services import MEANINGS
from backend.imaging.serializers import RefusalOut

STAGES = ["testing", "reading", "trying"]
HOWS = ["as it was", "converted"]


def mapping_field(**more: Any) -> serializers.DictField:
    """A class of the net to what it means here."""
    return serializers.DictField(child=serializers.ChoiceField(choices=MEANINGS), **more)


class AdmissionIn(serializers.Serializer[Any]):
    """An uploaded file to be let in; without `mapping`, plain names of classes are understood and others asked about."""

    upload = serializers.UUIDField()
    mapping = mapping_field(allow_null=True, default=None)


class AdmissionAnswerIn(serializers.Serializer[Any]):
    mapping = mapping_field(help_text="every class of the question")


class AdmissionQuestionOut(serializers.Serializer[Any]):
    """Classes of the net, and what those mean whose names are plain."""

    classes = serializers.ListField(child=serializers.CharField())
    suggested = mapping_field()


class AdmissionFactsOut(serializers.Serializer[Any]):
    """What the file was found to be."""

    task = serializers.CharField()
    family = serializers.CharField()
    how = serializers.ChoiceField(choices=HOWS)
    is_sandboxed = serializers.BooleanField(help_text="false: the server has no sandbox, and the file was held against the rules only")


class AdmissionOut(serializers.ModelSerializer[Admission]):
    """One file on its way in; `error` says why it was refused, `candidate` what became of it."""

    by_name = serializers.SerializerMethodField()
    sha256 = serializers.CharField(source="source_sha256")
    stage = serializers.SerializerMethodField()
    mapping = mapping_field(allow_null=True)
    question = AdmissionQuestionOut(allow_null=True)
    facts = serializers.SerializerMethodField()
    error = RefusalOut(allow_null=True)
    candidate = serializers.UUIDField(source="candidate_id", allow_null=True)
    candidate_name = serializers.SerializerMethodField()

    class Meta:
        model = Admission
        fields = [
            "id", "lab", "by_name", "state", "name", "sha256", "size_bytes", "stage", "mapping", "question", "facts", "error", "candidate",
            "candidate_name", "created_at", "finished_at",
        ]  # fmt: skip

    def get_by_name(self, row: Admission) -> str:
        return row.by.name if row.by else ""

    @extend_schema_field(serializers.ChoiceField(choices=STAGES, allow_null=True))
    def get_stage(self, row: Admission) -> str | None:
        return row.progress.get("stage") if row.state == Admission.State.RUNNING else None

    @extend_schema_field(AdmissionFactsOut(allow_null=True))
    def get_facts(self, row: Admission) -> dict[str, Any] | None:
        return AdmissionFactsOut(row.facts).data if row.facts else None

    def get_candidate_name(self, row: Admission) -> str | None:
        return row.candidate.name if row.candidate else None


class ConversionOut(serializers.Serializer[Any]):
    """Whether checkpoints (.pt) are converted here; `is_on` null: no worker has started yet."""

    is_on = serializers.BooleanField(allow_null=True)
    faults = serializers.ListField(child=serializers.CharField(), help_text="why not, one a limit that does not hold")
    checked_at = serializers.DateTimeField(allow_null=True)


class AdmissionChoicesOut(serializers.Serializer[Any]):
    """What can be brought, and what its classes may mean."""

    conversion = ConversionOut()
    meanings = serializers.ListField(child=serializers.ChoiceField(choices=MEANINGS))
    most_bytes = serializers.IntegerField()
