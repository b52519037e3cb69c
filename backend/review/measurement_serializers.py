"""The shapes of measurements on the wire."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from backend.review.effective import hour_at
from backend.review.measuring import size_of

MEASURED = ["line", "circle", "polygon"]


class KeptCalibrationOut(serializers.Serializer[Any]):
    um_per_px_x = serializers.FloatField()
    um_per_px_y = serializers.FloatField()
    basis = serializers.ChoiceField(choices=["pitch", "well"])
    layout = serializers.CharField()
    pitch_um = serializers.FloatField(allow_null=True)
    well_um = serializers.FloatField(allow_null=True)
    pairs = serializers.IntegerField(help_text="of neighbouring wells that were measured")
    run = serializers.UUIDField(allow_null=True)


class MeasurementOut(serializers.Serializer[Any]):
    """Points are pixels of the full frame: a line's ends, a circle's centre and a point of its rim, a polygon's corners."""

    kind = serializers.ChoiceField(choices=MEASURED)
    frame_index = serializers.IntegerField()
    hours_post_insemination = serializers.FloatField(allow_null=True)
    plane = serializers.IntegerField()
    points = serializers.ListField(child=serializers.ListField(child=serializers.FloatField(), min_length=2, max_length=2))
    um = serializers.FloatField(allow_null=True, help_text="length, diameter or outline; null where nothing was calibrated")
    um2 = serializers.FloatField(allow_null=True, help_text="area; null for a line")
    px = serializers.FloatField()
    px2 = serializers.FloatField(allow_null=True)
    calibration = KeptCalibrationOut(allow_null=True, help_text="by which it was measured when it was written")
    label = serializers.CharField()  # type: ignore[assignment]


def measurement_told(kept: dict[str, Any], hours: list[float | None]) -> dict[str, Any]:
    """As it is kept, with its size in pixels and its hour."""
    size = size_of(kept)
    when = hour_at(hours, kept["frame_index"])
    return {"calibration": None, **kept, "px": size.length, "px2": size.area, "hours_post_insemination": when}
