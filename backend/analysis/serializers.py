"""The shapes of dishes, runs and findings on the wire; runs and wells look as they do on the push channel."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiSerializerExtension
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from backend.analysis.models import Alert, ContentChange, EmbryoProfile, KeyFrame, Run, Well
from backend.analysis.profile_values import profile_value
from backend.analysis.values import place_name, run_value, well_value
from backend.imaging.serializers import StackOut
from backend.live.events import CallValue, ProfileValue, RunValue, Value, WellValue

KINDS = ["gas_in_well", "gas_outside_wells", "lattice_inconsistent", "frames_unusable", "well_emptied", "stray_well"]
CONTENTS = ["empty", "embryo", "gas", "embryo_gas"]


class RunOut(serializers.Serializer[Run]):
    """`LiveRunValue`: a run as the channel says it."""

    def to_representation(self, instance: Run) -> dict[str, Any]:
        return run_value(instance).model_dump(mode="json")


class WellOut(serializers.Serializer[Any]):
    """`LiveWellValue`: a row of the run's wells, or one that a key frame keeps as it was announced."""

    def to_representation(self, instance: Well | dict[str, Any]) -> dict[str, Any]:
        return well_value(instance).model_dump(mode="json") if isinstance(instance, Well) else instance


class ProfileOut(serializers.Serializer[Any]):
    """`LiveProfileValue`: a row of the run's profiles, or one in JSON already."""

    def to_representation(self, instance: EmbryoProfile | dict[str, Any]) -> dict[str, Any]:
        return profile_value(instance).model_dump(mode="json") if isinstance(instance, EmbryoProfile) else instance


class CallOut(serializers.Serializer[Any]):
    """`LiveCallValue`: what an embryo is in one frame."""

    def to_representation(self, instance: CallValue) -> dict[str, Any]:
        return instance.model_dump(mode="json")


class _AsOnTheChannel(OpenApiSerializerExtension):  # type: ignore[no-untyped-call]
    """REST and the push channel share one schema for what both say."""

    value: type[Value]

    def get_name(self, auto_schema: Any, direction: Any) -> str:  # noqa: ARG002 - drf-spectacular's signature
        return f"Live{self.value.__name__}"

    def map_serializer(self, auto_schema: Any, direction: Any) -> dict[str, Any]:  # noqa: ARG002 - drf-spectacular's signature
        schema = self.value.model_json_schema(mode="serialization", ref_template="#/components/schemas/Live{model}")
        return {name: part for name, part in schema.items() if name != "$defs"}


class _RunSchema(_AsOnTheChannel):  # type: ignore[no-untyped-call]
    target_class = RunOut
    value = RunValue


class _WellSchema(_AsOnTheChannel):  # type: ignore[no-untyped-call]
    target_class = WellOut
    value = WellValue


class _ProfileSchema(_AsOnTheChannel):  # type: ignore[no-untyped-call]
    target_class = ProfileOut
    value = ProfileValue


class _CallSchema(_AsOnTheChannel):  # type: ignore[no-untyped-call]
    target_class = CallOut
    value = CallValue


class WellCounts(serializers.Serializer[Any]):
    empty = serializers.IntegerField()
    embryo = serializers.IntegerField()
    gas = serializers.IntegerField()
    embryo_gas = serializers.IntegerField()


class DishOut(serializers.Serializer[Any]):
    """A `selectors.DishSummary`."""

    id = serializers.UUIDField(source="dish.id")
    lab = serializers.UUIDField(source="dish.lab_id")
    label = serializers.CharField(source="dish.label")  # type: ignore[assignment]
    layout = serializers.CharField(source="dish.layout")
    incubator = serializers.CharField(source="dish.incubator")
    cycle = serializers.UUIDField(source="dish.cycle_id")
    patient_code = serializers.CharField(source="dish.cycle.patient.code")
    cycle_label = serializers.CharField(source="dish.cycle.label")
    method = serializers.CharField(source="dish.cycle.method")
    created_at = serializers.DateTimeField(source="dish.created_at")
    stack = StackOut(allow_null=True)
    run = RunOut(allow_null=True)
    well_counts = WellCounts()
    alert_count = serializers.IntegerField()


class KeyFrameOut(serializers.ModelSerializer[KeyFrame]):
    wells = WellOut(many=True)
    lattice_residual_px = serializers.FloatField(allow_null=True)

    class Meta:
        model = KeyFrame
        fields = ["frame_index", "layout", "is_lattice_consistent", "lattice_residual_px", "reason", "wells"]


class ContentChangeOut(serializers.ModelSerializer[ContentChange]):
    name = serializers.SerializerMethodField()
    content = serializers.ChoiceField(choices=CONTENTS)
    previous = serializers.SerializerMethodField()

    class Meta:
        model = ContentChange
        fields = ["frame_index", "row", "column", "name", "content", "previous", "confidence"]

    def get_name(self, change: ContentChange) -> str:
        return place_name(change.row, change.column)

    @extend_schema_field(serializers.ChoiceField(choices=CONTENTS, allow_null=True))
    def get_previous(self, change: ContentChange) -> str | None:
        return change.previous or None


class AlertOut(serializers.ModelSerializer[Alert]):
    kind = serializers.ChoiceField(choices=KINDS)

    class Meta:
        model = Alert
        fields = ["kind", "frame_index", "place", "detail"]


class DishSnapshotOut(serializers.Serializer[Any]):
    """Everything the page of a dish shows; `live_seq` was read first, so events after it bring it up to date."""

    dish = DishOut()
    live_seq = serializers.IntegerField()
    run = RunOut(allow_null=True)
    runs = RunOut(many=True)
    wells = WellOut(many=True)
    key_frames = KeyFrameOut(many=True)
    content_changes = ContentChangeOut(many=True)
    alerts = AlertOut(many=True)
    profiles = ProfileOut(many=True)
    calls = serializers.DictField(
        child=serializers.ListField(child=CallOut()), help_text="by place what frames say alone where no profile reaches yet"
    )
    hidden_places = serializers.ListField(
        child=serializers.CharField(), help_text="embryos whose results this person sees once their own reading is submitted"
    )


class DishIn(serializers.Serializer[Any]):
    """What is said stays as it is where it is left out."""

    label = serializers.CharField(max_length=60, required=False)  # type: ignore[assignment]
    incubator = serializers.CharField(max_length=40, required=False, allow_blank=True)


class DishAsked(serializers.Serializer[Any]):
    """Which run's findings to show; the latest where nothing is said."""

    run = serializers.UUIDField(required=False)


class RunIn(serializers.Serializer[Any]):
    stack = serializers.UUIDField()
    weights = serializers.UUIDField(required=False, allow_null=True)


class PlacementsAsked(serializers.Serializer[Any]):
    # `from` is a word of Python.
    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        return {"from": serializers.IntegerField(min_value=0, max_value=2**31 - 1, default=0)}


class PlacementsOut(serializers.Serializer[Any]):
    first_frame = serializers.IntegerField()
    rows = serializers.ListField(
        child=serializers.ListField(child=serializers.FloatField()),
        help_text="[scale, rotation_rad, dx_px, dy_px, is_usable, gas_outside_wells] a frame, relative to its key frame",
    )


class ConfirmIn(serializers.Serializer[Any]):
    """What a person says about a recognised recording."""

    patient_code = serializers.CharField(max_length=40)
    cycle_label = serializers.CharField(max_length=40)
    method = serializers.ChoiceField(choices=["unknown", "ivf", "icsi"], default="unknown")
    dish_label = serializers.CharField(max_length=60)
    hpi_at_first_frame = serializers.FloatField(allow_null=True, default=None)
    interval_minutes = serializers.FloatField(allow_null=True, default=None)
    layout = serializers.CharField(max_length=5, allow_blank=True, default="")
    incubator = serializers.CharField(max_length=40, allow_blank=True, default="")
    analyse = serializers.BooleanField(default=True)
