"""The shapes of dish geometry and calibration on the wire."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from backend.review.values import LAYOUT

LEAST_UM, MOST_UM = 10.0, 20_000.0
"""Microwells lie tenths of a millimetre apart; what is outside was typed in another unit."""


class EnteredOut(serializers.Serializer[Any]):
    pitch_um = serializers.FloatField(help_text="from one well's centre to the next one's")
    well_um = serializers.FloatField(allow_null=True, help_text="a well's diameter")
    by_name = serializers.CharField()
    at = serializers.DateTimeField()


class DishGeometryOut(serializers.Serializer[Any]):
    layouts = serializers.DictField(child=EnteredOut(), help_text="by layout such as 4x3, those that the lab has entered")
    version = serializers.IntegerField()


class EnteredIn(serializers.Serializer[Any]):
    pitch_um = serializers.FloatField(min_value=LEAST_UM, max_value=MOST_UM)
    well_um = serializers.FloatField(min_value=LEAST_UM, max_value=MOST_UM, allow_null=True, default=None)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["well_um"] is not None and attrs["well_um"] >= attrs["pitch_um"]:
            raise serializers.ValidationError({"well_um": "A well is narrower than the distance to the next one's centre."})
        return attrs


class DishGeometryIn(serializers.Serializer[Any]):
    """Layouts that are left out stay as they are; null forgets one."""

    layouts = serializers.DictField(child=EnteredIn(allow_null=True), allow_empty=False)

    def validate_layouts(self, said: dict[str, Any]) -> dict[str, Any]:
        strange = [layout for layout in said if not LAYOUT.fullmatch(layout)]
        if strange:
            raise serializers.ValidationError(f"{strange[0][:20]!r} is no layout; one looks like 4x3: rows x columns, each 1 to 10.")
        return said


class PixelScaleOut(serializers.Serializer[Any]):
    """Micrometres a pixel with where they come from; null with the reason where they are not known."""

    layout = serializers.CharField()
    missing = serializers.ChoiceField(
        choices=["", "no_layout", "no_pitch", "no_wells"], help_text="why nothing is calibrated; empty: it is"
    )
    pitch_um = serializers.FloatField(allow_null=True)
    well_um = serializers.FloatField(allow_null=True)
    entered_by = serializers.CharField()
    entered_at = serializers.DateTimeField(allow_null=True)
    um_per_px_x = serializers.FloatField(allow_null=True)
    um_per_px_y = serializers.FloatField(allow_null=True)
    basis = serializers.ChoiceField(choices=["", "pitch", "well"])
    px_per_pitch_x = serializers.FloatField(allow_null=True, help_text="to the next well of a row")
    px_per_pitch_y = serializers.FloatField(allow_null=True, help_text="to the next well of a column")
    pairs_x = serializers.IntegerField()
    pairs_y = serializers.IntegerField()
    between = serializers.ListField(child=serializers.CharField(), help_text="the pairs of neighbours, such as A1-A2")
    is_even = serializers.BooleanField(help_text="false: neighbours lie unevenly; look at the wells before you rely on it")
    well_um_found = serializers.FloatField(allow_null=True, help_text="the wells' diameter by this calibration")
    run = serializers.UUIDField(allow_null=True, help_text="whose wells were measured; null: boxes that people drew")
    kept = serializers.JSONField(source="as_kept", allow_null=True, help_text="what a measurement keeps of it")
