"""What an export of labels is asked for, and what it would hold."""

from __future__ import annotations

from typing import Any, get_args

from rest_framework import serializers

from backend.labels.outgoing import PREFIX, Source

FORMS = ("label-studio", "yolo", "coco", "csv")


class ExportAsked(serializers.Serializer[Any]):
    """Which labels go out; everything of the lab where nothing is said."""

    source = serializers.ChoiceField(  # type: ignore[assignment]  # the name of a field of our own
        choices=get_args(Source), default="imported", help_text="what was brought in, wells of our dishes, or onsets of our embryos"
    )
    label_import = serializers.ListField(
        child=serializers.UUIDField(), default=list, max_length=100, help_text="what these imports brought"
    )
    instance = serializers.CharField(default="", allow_blank=True, max_length=255)
    annotator = serializers.CharField(default="", allow_blank=True, max_length=255)
    dish = serializers.ListField(child=serializers.UUIDField(), default=list, max_length=500)
    frames = serializers.IntegerField(default=1, min_value=1, max_value=100, help_text="pictures of each recording")
    annotators = serializers.BooleanField(
        default=True, help_text="false: who labelled is left out; another Label Studio refuses people whom it does not know"
    )
    prefix = serializers.RegexField(
        r"^[A-Za-z0-9._~:/?=&%+,@-]*$", default=PREFIX, allow_blank=True, max_length=300, help_text="stands before our pictures' names"
    )
    pictures = serializers.BooleanField(default=False, help_text="put the pictures into the archive too, as JPEG")


class ExportCountsOut(serializers.Serializer[Any]):
    """What an export would hold."""

    tasks = serializers.IntegerField(help_text="of embryos: recordings")
    withheld = serializers.IntegerField(help_text="left out, because you read them blind and have not submitted your reading")
