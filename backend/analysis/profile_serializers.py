"""The shapes of one embryo's frames and of tables of profiles on the wire."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from backend.analysis.compact import STAGES
from backend.analysis.serializers import ProfileOut


class StagerOut(serializers.Serializer[Any]):
    """The weights that named the stages, and the code that ran them."""

    name = serializers.CharField()
    sha256 = serializers.CharField()
    code_version = serializers.CharField()


class CalledFramesOut(serializers.Serializer[Any]):
    """Every called frame of one embryo in order, one value a frame in each list."""

    frame_index = serializers.ListField(child=serializers.IntegerField())
    hours_post_insemination = serializers.ListField(child=serializers.FloatField(allow_null=True))
    stage = serializers.ListField(child=serializers.ChoiceField(choices=STAGES))
    confidence = serializers.ListField(child=serializers.FloatField())
    is_decoded = serializers.ListField(child=serializers.BooleanField(), help_text="false where a frame was only seen alone yet")
    focus = serializers.ListField(child=serializers.FloatField())
    is_dark = serializers.ListField(child=serializers.BooleanField())
    is_out_of_view = serializers.ListField(child=serializers.BooleanField())
    probabilities = serializers.ListField(
        child=serializers.ListField(child=serializers.FloatField()), help_text=f"one a stage, in this order: {', '.join(STAGES)}"
    )


class EmbryoProfileOut(serializers.Serializer[Any]):
    profile = ProfileOut()
    stager = StagerOut(allow_null=True)
    frames = CalledFramesOut()


class NamedWeightsOut(serializers.Serializer[Any]):
    name = serializers.CharField()
    sha256 = serializers.CharField()


class ProfileRowOut(serializers.Serializer[Any]):
    """One embryo of a table: whose it is, what told it, and its profile."""

    dish = serializers.CharField()
    patient_code = serializers.CharField()
    cycle_label = serializers.CharField()
    recording = serializers.CharField()
    run = serializers.UUIDField()
    run_state = serializers.CharField()
    wells_by = NamedWeightsOut()
    stages_by = NamedWeightsOut(allow_null=True)
    code_version = serializers.CharField()
    bounds_in = serializers.ChoiceField(choices=["hours", "frames"], help_text="what onsets' `low` and `high` are told in")
    profile = ProfileOut()
