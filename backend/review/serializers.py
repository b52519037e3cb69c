"""The shapes of readings, history, corrections and comments on the wire."""

from __future__ import annotations

from typing import Any, cast

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from backend.analysis.serializers import CONTENTS
from backend.imaging.selectors import hours_of
from backend.review.effective import hour_at
from backend.review.measurement_serializers import MeasurementOut, measurement_told
from backend.review.models import Comment, Correction, Presence, Reading, Signature, Verdict
from backend.review.selectors import correctors_of, is_signature_valid, out_of_order, signature_of
from backend.review.services import MOST_SECONDS
from backend.review.values import FieldChange

SOURCES = ["machine", "human"]
LETTERS = ["A", "B", "C", "D"]
MARKED_BY = ["own", "machine"]
VERDICTS = ["accepted", "rejected", "added"]
DOING = ["looking", "editing"]


class ReaderOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()


class MarkedOnsetOut(serializers.Serializer[Any]):
    frame_index = serializers.IntegerField()
    hours_post_insemination = serializers.FloatField(allow_null=True)
    source = serializers.ChoiceField(choices=MARKED_BY, help_text="machine: accepted as it was")  # type: ignore[assignment]


class JudgedEventOut(serializers.Serializer[Any]):
    kind = serializers.CharField()
    first_frame = serializers.IntegerField()
    last_frame = serializers.IntegerField()
    verdict = serializers.ChoiceField(choices=VERDICTS)


class GradesOut(serializers.Serializer[Any]):
    """Only those that were given."""

    expansion = serializers.IntegerField(min_value=1, max_value=6, required=False)
    icm = serializers.ChoiceField(choices=LETTERS, required=False)
    te = serializers.ChoiceField(choices=LETTERS, required=False)
    fragmentation = serializers.ChoiceField(choices=["none", "mild", "severe"], required=False)
    evenness = serializers.ChoiceField(choices=["even", "uneven"], required=False)
    pn_count = serializers.IntegerField(min_value=0, max_value=4, required=False)
    multinucleation = serializers.ChoiceField(choices=["none", "at_2", "at_4", "at_both"], required=False)


class RejectedOut(serializers.Serializer[Any]):
    verdict = serializers.ChoiceField(choices=["rejected"])


class ProfileVerdictOut(serializers.Serializer[Any]):
    """Said of the machine's profile as a whole; empty where nothing was."""

    machine = RejectedOut(required=False)


class SignatureOut(serializers.ModelSerializer[Signature]):
    at = serializers.DateTimeField(source="created_at")
    is_valid = serializers.SerializerMethodField(  # type: ignore[assignment]
        help_text="false once the reading says something else than what was signed"
    )

    class Meta:
        model = Signature
        fields = ["by_name", "at", "meaning", "content_hash", "is_valid"]

    def get_is_valid(self, signature: Signature) -> bool:
        return is_signature_valid(signature, self.context.get("reading") or signature.reading)


class WarningOut(serializers.Serializer[Any]):
    code = serializers.ChoiceField(choices=["out_of_order"])
    detail = serializers.CharField()


class ReadingOut(serializers.ModelSerializer[Reading]):
    """One person's annotation of one embryo; version 0 where nothing was written yet."""

    place = serializers.CharField()
    reader = ReaderOut()
    updated_at = serializers.DateTimeField(allow_null=True)
    onsets = serializers.SerializerMethodField()
    absent = serializers.SerializerMethodField(help_text="phases that the reader says there were none of")
    events = serializers.DictField(child=JudgedEventOut(), help_text="by kind@first_frame")
    grades = GradesOut()
    measurements = serializers.SerializerMethodField()
    profile = ProfileVerdictOut()
    is_signed = serializers.SerializerMethodField()
    signature = serializers.SerializerMethodField()
    warnings = serializers.SerializerMethodField()

    class Meta:
        model = Reading
        fields = [
            "stack",
            "place",
            "reader",
            "version",
            "state",
            "is_blind",
            "submitted_at",
            "updated_at",
            "onsets",
            "absent",
            "events",
            "grades",
            "measurements",
            "profile",
            "seconds_spent",
            "is_signed",
            "signature",
            "warnings",
        ]

    @extend_schema_field(serializers.DictField(child=MarkedOnsetOut()))
    def get_onsets(self, reading: Reading) -> dict[str, Any]:
        hours = self._hours(reading)
        return {
            phase: {
                "frame_index": said["frame_index"],
                "hours_post_insemination": hour_at(hours, said["frame_index"]),
                "source": said["source"],
            }
            for phase, said in reading.onsets.items()
            if "frame_index" in said
        }

    @extend_schema_field(serializers.DictField(child=MeasurementOut()))
    def get_measurements(self, reading: Reading) -> dict[str, Any]:
        hours = self._hours(reading) if reading.measurements else []
        return {name: measurement_told(one, hours) for name, one in reading.measurements.items()}

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_absent(self, reading: Reading) -> list[str]:
        return sorted(phase for phase, said in reading.onsets.items() if said.get("is_absent"))

    def get_is_signed(self, reading: Reading) -> bool:
        signature = signature_of(reading)
        return signature is not None and is_signature_valid(signature, reading)

    @extend_schema_field(SignatureOut(allow_null=True))
    def get_signature(self, reading: Reading) -> dict[str, Any] | None:
        signature = signature_of(reading)
        return SignatureOut(signature, context={"reading": reading}).data if signature else None

    @extend_schema_field(WarningOut(many=True))
    def get_warnings(self, reading: Reading) -> list[dict[str, str]]:
        return [
            {"code": "out_of_order", "detail": f"{after} begins before {before}, although it comes later."}
            for before, after in out_of_order(reading)
        ]

    def _hours(self, reading: Reading) -> list[float | None]:
        """Of all readings of one recording the same list, computed once an answer."""
        kept = cast(dict[str, Any], self.context).setdefault("hours", {})
        if reading.stack_id not in kept:
            kept[reading.stack_id] = hours_of(reading.stack)
        return cast(list[float | None], kept[reading.stack_id])


class ChangeIn(serializers.Serializer[Any]):
    """One field as it shall be; null takes back what was said."""

    field = serializers.CharField(max_length=80)
    value = serializers.JSONField(allow_null=True)
    reason = serializers.CharField(max_length=1000, allow_blank=True, default="")


class ReadingIn(serializers.Serializer[Any]):
    changes = ChangeIn(many=True, max_length=500)  # type: ignore[call-arg]
    seconds_spent = serializers.FloatField(min_value=0, max_value=MOST_SECONDS, default=0.0, help_text="to add since the last save")


class SubmitIn(serializers.Serializer[Any]):
    seconds_spent = serializers.FloatField(min_value=0, max_value=MOST_SECONDS, default=0.0, help_text="to add since the last save")


class SignIn(serializers.Serializer[Any]):
    meaning = serializers.ChoiceField(choices=Signature.Meaning.choices)
    reader_id = serializers.UUIDField(required=False, allow_null=True, default=None, help_text="whose reading; left out: one's own")


class CorrectionIn(serializers.Serializer[Any]):
    changes = ChangeIn(many=True, allow_empty=False, max_length=500)  # type: ignore[call-arg]


def field_changes(said: dict[str, Any]) -> list[FieldChange]:
    return [FieldChange(**change) for change in said["changes"]]


class VerdictOut(serializers.ModelSerializer[Verdict]):
    """One value that somebody gave or took back, with what it was before and what the machine said then."""

    place = serializers.CharField(help_text="empty: about the whole dish")
    before = serializers.JSONField(allow_null=True)
    after = serializers.JSONField(allow_null=True)
    machine = serializers.SerializerMethodField()

    class Meta:
        model = Verdict
        fields = ["id", "at", "by_name", "place", "field", "before", "after", "machine", "reason"]

    @extend_schema_field(serializers.JSONField(allow_null=True))
    def get_machine(self, verdict: Verdict) -> Any:
        """Wells and the lattice stay visible to those who read blind."""
        is_hidden = verdict.reading_id is not None and verdict.place in self.context["hidden"]
        return None if is_hidden else verdict.machine


class VerdictsAsked(serializers.Serializer[Any]):
    place = serializers.CharField(required=False, max_length=4)


class ContentFromOut(serializers.Serializer[Any]):
    from_frame = serializers.IntegerField()
    content = serializers.ChoiceField(choices=CONTENTS)


class BoxAtOut(serializers.Serializer[Any]):
    frame_index = serializers.IntegerField()
    box = serializers.ListField(child=serializers.FloatField(), min_length=4, max_length=4)


class CorrectedWellOut(serializers.Serializer[Any]):
    """Only what was put right."""

    content = ContentFromOut(many=True, required=False)
    box = BoxAtOut(required=False)
    is_removed = serializers.BooleanField(required=False)
    is_added = serializers.BooleanField(required=False)


class CorrectedByOut(serializers.Serializer[Any]):
    by_name = serializers.CharField()
    at = serializers.DateTimeField()


class CorrectionOut(serializers.ModelSerializer[Correction]):
    unusable = serializers.ListField(child=serializers.ListField(child=serializers.IntegerField(), min_length=2, max_length=2))
    wells = serializers.DictField(child=CorrectedWellOut())
    corrected_by = serializers.SerializerMethodField()

    class Meta:
        model = Correction
        fields = ["stack", "version", "layout", "unusable", "wells", "corrected_by"]

    @extend_schema_field(serializers.DictField(child=CorrectedByOut()))
    def get_corrected_by(self, correction: Correction) -> dict[str, Any]:
        """By field, such as `wells.A1.content`: who gave it the value that stands."""
        return {field: CorrectedByOut(verdict).data for field, verdict in correctors_of(correction).items()}


class EffectiveOnsetOut(serializers.Serializer[Any]):
    """Bounds are the machine's 90 %, or the spread of the readings; in hours, or in frames where no hours are known."""

    frame_index = serializers.IntegerField()
    hours_post_insemination = serializers.FloatField(allow_null=True)
    low = serializers.FloatField()
    high = serializers.FloatField()
    confidence = serializers.FloatField(allow_null=True)
    source = serializers.ChoiceField(choices=SOURCES)  # type: ignore[assignment]
    by_name = serializers.CharField(allow_null=True)
    at = serializers.DateTimeField(allow_null=True)


class EffectiveEventOut(serializers.Serializer[Any]):
    kind = serializers.CharField()
    first_frame = serializers.IntegerField()
    last_frame = serializers.IntegerField()
    confidence = serializers.FloatField(allow_null=True)
    detail = serializers.CharField()
    source = serializers.ChoiceField(choices=SOURCES)  # type: ignore[assignment]
    verdict = serializers.ChoiceField(choices=VERDICTS, allow_null=True)
    by_name = serializers.CharField(allow_null=True)
    at = serializers.DateTimeField(allow_null=True)


class EffectiveGradeOut(serializers.Serializer[Any]):
    value = serializers.JSONField()
    by_name = serializers.CharField()
    at = serializers.DateTimeField()


class EffectiveContentOut(serializers.Serializer[Any]):
    value = serializers.ChoiceField(choices=CONTENTS)
    source = serializers.ChoiceField(choices=SOURCES)  # type: ignore[assignment]


class EffectiveOut(serializers.Serializer[Any]):
    """A well as it counts for the asker: the latest verdict of a reading they may see, else the machine's."""

    place = serializers.CharField()
    content = EffectiveContentOut(allow_null=True)
    onsets = serializers.DictField(child=EffectiveOnsetOut())
    absent = serializers.ListField(child=serializers.CharField())
    events = EffectiveEventOut(many=True)
    grades = serializers.DictField(child=EffectiveGradeOut())
    is_hidden = serializers.BooleanField()
    is_profile_rejected = serializers.BooleanField(help_text="a person rejected all that the machine says of this embryo")
    readings_submitted = serializers.IntegerField()
    uncertainty = serializers.FloatField(allow_null=True)


class CommentOut(serializers.ModelSerializer[Comment]):
    place = serializers.CharField()
    by_name = serializers.CharField(source="by.name")
    by_me = serializers.SerializerMethodField()
    is_resolved = serializers.SerializerMethodField()
    resolved_by_name = serializers.SerializerMethodField()

    class Meta:
        model = Comment
        fields = [
            "id",
            "stack",
            "place",
            "frame_index",
            "text",
            "by_name",
            "by_me",
            "created_at",
            "is_resolved",
            "resolved_by_name",
            "version",
        ]

    def get_by_me(self, comment: Comment) -> bool:
        return bool(comment.by_id == self.context["user_id"])

    def get_is_resolved(self, comment: Comment) -> bool:
        return comment.resolved_at is not None

    def get_resolved_by_name(self, comment: Comment) -> str | None:
        return comment.resolved_by.name if comment.resolved_by else None


class CommentIn(serializers.Serializer[Any]):
    place = serializers.CharField(max_length=4)
    frame_index = serializers.IntegerField(min_value=0, max_value=2**31 - 1, allow_null=True, default=None)
    text = serializers.CharField(max_length=4000)


class CommentChangeIn(serializers.Serializer[Any]):
    text = serializers.CharField(max_length=4000, required=False)
    is_resolved = serializers.BooleanField(required=False)


class PresenceOut(serializers.ModelSerializer[Presence]):
    place = serializers.CharField()
    user_id = serializers.UUIDField()
    name = serializers.CharField(source="user.name")
    doing = serializers.ChoiceField(choices=DOING)

    class Meta:
        model = Presence
        fields = ["place", "user_id", "name", "doing", "seen_at"]


class PresenceIn(serializers.Serializer[Any]):
    place = serializers.CharField(max_length=4)
    doing = serializers.ChoiceField(choices=DOING)
