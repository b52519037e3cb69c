"""The shapes of recordings, uploads and patients on the wire."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from backend.imaging.models import Cycle, Patient, Stack, Upload
from backend.imaging.names import LONGEST
from backend.imaging.selectors import SHOWABLE


class RefusalOut(serializers.Serializer[Any]):
    """What happened, why, and what to do next."""

    code = serializers.CharField()
    detail = serializers.CharField()
    hint = serializers.CharField()


class SameRecordingOut(serializers.Serializer[Any]):
    """The earlier recording of this lab that holds the very same bytes."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    dish = serializers.UUIDField(source="dish_id", allow_null=True)
    dish_label = serializers.SerializerMethodField()

    def get_dish_label(self, stack: Stack) -> str:
        return stack.dish.label if stack.dish else ""


class StackOut(serializers.ModelSerializer[Stack]):
    refusal = RefusalOut(allow_null=True)
    planes = serializers.ListField(child=serializers.FloatField())
    notes = serializers.ListField(child=serializers.CharField())
    same_as = SameRecordingOut(allow_null=True)
    frame_url_template = serializers.SerializerMethodField()

    class Meta:
        model = Stack
        fields = [
            "id",
            "lab",
            "dish",
            "name",
            "state",
            "refusal",
            "sha256",
            "size_bytes",
            "format",
            "width_px",
            "height_px",
            "frame_count",
            "planes",
            "default_plane",
            "bit_depth",
            "interval_minutes",
            "hpi_at_first_frame",
            "started_at",
            "times_from",
            "layout_guess",
            "notes",
            "same_as",
            "created_at",
            "frame_url_template",
        ]
        read_only_fields = fields

    def get_frame_url_template(self, stack: Stack) -> str:
        """Fill in {index}, {plane} and {width}; empty while there is nothing to show."""
        return f"/media/frames/{stack.id}/{stack.sha256[:16]}/{{index}}-{{plane}}-{{width}}.jpg" if stack.state in SHOWABLE else ""


class StackIn(serializers.Serializer[Any]):
    """The files of one batch are one recording."""

    lab = serializers.UUIDField()
    batch = serializers.UUIDField()
    name = serializers.CharField(max_length=LONGEST)


class HoursOut(serializers.Serializer[Any]):
    """One value a frame; null where nobody knows."""

    hours_post_insemination = serializers.ListField(child=serializers.FloatField(allow_null=True))
    hours_since_start = serializers.ListField(child=serializers.FloatField(allow_null=True))


class UploadOut(serializers.ModelSerializer[Upload]):
    length = serializers.IntegerField(min_value=0, max_value=settings.UPLOAD_MAX_BYTES)
    offset = serializers.IntegerField(min_value=0, max_value=settings.UPLOAD_MAX_BYTES)

    class Meta:
        model = Upload
        fields = ["id", "lab", "name", "batch", "length", "offset", "expires_at"]
        read_only_fields = fields


class CycleOut(serializers.ModelSerializer[Cycle]):
    class Meta:
        model = Cycle
        fields = ["id", "label", "method"]


class PatientOut(serializers.ModelSerializer[Patient]):
    cycles = CycleOut(many=True)

    class Meta:
        model = Patient
        fields = ["id", "code", "cycles"]


class FolderEntryOut(serializers.Serializer[Any]):
    name = serializers.CharField()
    is_folder = serializers.BooleanField()
    size_bytes = serializers.IntegerField()


@extend_schema_field(serializers.CharField())
class PathField(serializers.CharField):
    """A relative path as text; trimming would name another file."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"max_length": 1024, "allow_blank": True, "trim_whitespace": False, **options})


class FolderOut(serializers.Serializer[Any]):
    path = PathField()
    entries = FolderEntryOut(many=True)


class FolderQuery(serializers.Serializer[Any]):
    lab = serializers.UUIDField()
    path = PathField(default="")


class ImportIn(serializers.Serializer[Any]):
    lab = serializers.UUIDField()
    path = PathField()
