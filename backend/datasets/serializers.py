"""The shapes of data sets on the wire."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from backend.datasets.models import DataSet, DataSetItem
from backend.datasets.pictures import reference_of
from backend.datasets.steps import MOST_COPIES, MOST_STEPS, MOVING, PARAMETERS
from backend.datasets.values import CONTENTS, SOURCES, SPLITS
from backend.imaging.serializers import RefusalOut

TASKS = ["wells", "phases"]
STEPS = list(PARAMETERS)
SPLIT_NAMES = list(SPLITS)
STATES = ["draft", "freezing", "frozen"]
ORIGINS = list(SOURCES)
FORMS = ["yolo", "coco", "csv"]
MOST_CHOSEN = 2000


class FiltersIn(serializers.Serializer[Any]):
    """Which labels are taken; an empty list means all."""

    sources = serializers.ListField(
        child=serializers.ChoiceField(choices=ORIGINS),
        default=ORIGINS,
        allow_empty=False,
        help_text="labels: imported ones; people: readings and corrections made here. What a machine says is never a label.",
    )
    dishes = serializers.ListField(child=serializers.UUIDField(), default=list, max_length=MOST_CHOSEN)
    patients = serializers.ListField(child=serializers.CharField(max_length=100), default=list, max_length=MOST_CHOSEN)
    annotators = serializers.ListField(child=serializers.CharField(max_length=255), default=list, max_length=MOST_CHOSEN)
    imports = serializers.ListField(child=serializers.UUIDField(), default=list, max_length=MOST_CHOSEN)
    meanings = serializers.ListField(
        child=serializers.CharField(max_length=20), default=list, max_length=10, help_text="a picture shows at least one of these classes"
    )
    ground_truth_only = serializers.BooleanField(default=False)
    since = serializers.DateField(allow_null=True, default=None)
    until = serializers.DateField(allow_null=True, default=None, help_text="the last day that still counts")
    frames_a_phase = serializers.IntegerField(
        min_value=1, max_value=200, default=8, help_text="of one phase of one embryo of a recording at most so many frames are taken"
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """As JSON, the form in which a row keeps it."""
        return attrs | {
            "dishes": [str(key) for key in attrs["dishes"]],
            "imports": [str(key) for key in attrs["imports"]],
            "since": attrs["since"] and attrs["since"].isoformat(),
            "until": attrs["until"] and attrs["until"].isoformat(),
        }


class SplitIn(serializers.Serializer[Any]):
    """How pictures are divided: never two splits share a patient, a dish or an embryo."""

    shares = serializers.ListField(
        child=serializers.IntegerField(min_value=0, max_value=100),
        min_length=3,
        max_length=3,
        default=[80, 10, 10],
        help_text="train, validation and test in percent; [80, 20, 0] keeps no test split",
    )
    seed = serializers.IntegerField(min_value=0, max_value=2**31 - 1, default=1)
    keep_given = serializers.BooleanField(
        default=True, help_text="labels that came with a split of their own keep it: what they hold back (dev) stays held back"
    )

    def validate_shares(self, shares: list[int]) -> list[int]:
        if sum(shares) != 100 or not shares[0] or not shares[1]:
            raise serializers.ValidationError("Shares add up to 100, with something to learn from and something to choose by.")
        return shares


class StepIn(serializers.Serializer[Any]):
    """One step; parameters that are left out have their usual values. Which there are, the list of steps tells."""

    step = serializers.ChoiceField(choices=STEPS)
    sigma_px = serializers.FloatField(required=False)
    size_px = serializers.FloatField(required=False)
    sigma_grey = serializers.FloatField(required=False)
    gain = serializers.FloatField(required=False)
    clip = serializers.FloatField(required=False)
    tiles = serializers.FloatField(required=False)
    across = serializers.FloatField(required=False)
    down = serializers.FloatField(required=False)
    degrees = serializers.FloatField(required=False)
    x = serializers.FloatField(required=False)
    y = serializers.FloatField(required=False)
    keep = serializers.FloatField(required=False)


class StepsIn(serializers.Serializer[Any]):
    """What pictures go through: preprocessing as it stands for all of them, augmentation drawn anew for copies of the training split."""

    preprocessing = StepIn(many=True, default=list)
    augmentation = StepIn(many=True, default=list)
    copies = serializers.IntegerField(
        min_value=0, max_value=MOST_COPIES, default=0, help_text="changed copies beside each training picture"
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if max(len(attrs["preprocessing"]), len(attrs["augmentation"])) > MOST_STEPS:
            raise serializers.ValidationError(f"At most {MOST_STEPS} steps follow each other.")
        return attrs


class CountsIn(serializers.Serializer[Any]):
    task = serializers.ChoiceField(choices=TASKS)
    filters = FiltersIn(required=False)
    split = SplitIn(required=False)


class DataSetIn(CountsIn):
    """A draft; everything but its name and task may be left to the usual."""

    name = serializers.CharField(max_length=120)
    steps = StepsIn(required=False)


class DataSetPatch(serializers.Serializer[Any]):
    """What shall be otherwise; only a draft can be changed, and its task never."""

    name = serializers.CharField(max_length=120, required=False)
    filters = FiltersIn(required=False)
    steps = StepsIn(required=False)
    split = SplitIn(required=False)


class ClassCountOut(serializers.Serializer[Any]):
    name = serializers.CharField()
    count = serializers.IntegerField()


class SplitCountsOut(serializers.Serializer[Any]):
    """What is in one split."""

    split = serializers.ChoiceField(choices=SPLIT_NAMES)
    items = serializers.IntegerField()
    patients = serializers.IntegerField()
    dishes = serializers.IntegerField()
    embryos = serializers.IntegerField()
    classes = ClassCountOut(many=True)


class CountsOut(serializers.Serializer[Any]):
    """How much there is; a class that nothing shows is listed with 0."""

    items = serializers.IntegerField()
    classes = ClassCountOut(many=True)
    splits = SplitCountsOut(many=True)
    doubtful = serializers.IntegerField(help_text="pictures that got two phases: neither taught nor scored")
    unnamed = serializers.IntegerField(help_text="pictures of which nobody says whose they are; they are only kept apart one by one")


class FreezingOut(serializers.Serializer[Any]):
    """How far the worker is."""

    state = serializers.CharField()
    done = serializers.IntegerField()


class DataSetOut(serializers.ModelSerializer[DataSet]):
    """`counts` is null where the reader is blind for something in it, and where they could not be made."""

    by_name = serializers.SerializerMethodField()
    task = serializers.ChoiceField(choices=TASKS)
    state = serializers.ChoiceField(choices=STATES)
    filters = FiltersIn()
    split = SplitIn()
    steps = StepsIn()
    counts = serializers.SerializerMethodField()
    error = RefusalOut(allow_null=True)

    class Meta:
        model = DataSet
        fields = [
            "id", "lab", "by_name", "name", "task", "filters", "steps", "split", "state", "hash", "counts", "error", "created_at",
            "updated_at", "frozen_at",
        ]  # fmt: skip
        read_only_fields = fields

    def get_by_name(self, row: DataSet) -> str:
        return row.by.name if row.by else ""

    @extend_schema_field(CountsOut(allow_null=True))
    def get_counts(self, row: DataSet) -> dict[str, Any] | None:
        return None if row.id in self.context["hidden"] else row.counts or None


class WellOut(serializers.Serializer[Any]):
    """One well in pixels of the item's picture."""

    box = serializers.ListField(child=serializers.FloatField(), min_length=4, max_length=4)
    content = serializers.ChoiceField(choices=list(CONTENTS))
    row = serializers.IntegerField(allow_null=True)
    column = serializers.IntegerField(allow_null=True)


class ItemOut(serializers.ModelSerializer[DataSetItem]):
    """One labelled picture; `picture` is the address of its JPEG, to which ?width=96, 384, 768 or 1536 can be added."""

    reference = serializers.SerializerMethodField()
    picture = serializers.SerializerMethodField()
    split = serializers.ChoiceField(choices=SPLIT_NAMES)
    wells = serializers.SerializerMethodField()
    gas_outside = serializers.SerializerMethodField()
    no_wells = serializers.SerializerMethodField()
    phase = serializers.SerializerMethodField()
    frame = serializers.SerializerMethodField()
    is_doubtful = serializers.SerializerMethodField()
    origin = serializers.SerializerMethodField()

    class Meta:
        model = DataSetItem
        fields = [
            "number", "reference", "picture", "width_px", "height_px", "split", "wells", "gas_outside", "no_wells", "phase", "frame",
            "is_doubtful", "patient", "dish", "embryo", "place", "annotator", "labelled_at", "origin",
        ]  # fmt: skip
        read_only_fields = fields

    def get_reference(self, item: DataSetItem) -> str:
        return reference_of(item)

    def get_picture(self, item: DataSetItem) -> str:
        return f"/api/labs/{item.dataset.lab_id}/item-pictures/{reference_of(item)}/"

    @extend_schema_field(WellOut(many=True))
    def get_wells(self, item: DataSetItem) -> list[Any]:
        return list(item.label.get("wells", ()))

    def get_gas_outside(self, item: DataSetItem) -> bool:
        return bool(item.label.get("gas_outside"))

    def get_no_wells(self, item: DataSetItem) -> bool:
        return bool(item.label.get("no_wells"))

    @extend_schema_field(serializers.IntegerField(allow_null=True, min_value=1, max_value=4))
    def get_phase(self, item: DataSetItem) -> int | None:
        phase: int | None = item.label.get("phase")
        return phase

    @extend_schema_field(serializers.IntegerField(allow_null=True))
    def get_frame(self, item: DataSetItem) -> int | None:
        frame: int | None = item.label.get("frame", item.frame_index)
        return frame

    def get_is_doubtful(self, item: DataSetItem) -> bool:
        return bool(item.label.get("in_two_phases"))

    @extend_schema_field(serializers.ChoiceField(choices=ORIGINS))
    def get_origin(self, item: DataSetItem) -> str:
        return "labels" if "annotations" in item.source else "people"


class ItemsAsked(serializers.Serializer[Any]):
    split = serializers.ChoiceField(choices=SPLIT_NAMES, required=False)
    meaning = serializers.CharField(max_length=20, required=False, help_text="a class that the picture shows")
    page = serializers.IntegerField(min_value=1, default=1)
    page_size = serializers.IntegerField(min_value=1, max_value=200, default=60)


class ItemsOut(serializers.Serializer[Any]):
    count = serializers.IntegerField()
    results = ItemOut(many=True)


class LabelChoiceOut(serializers.Serializer[Any]):
    """Something to filter by, and how many labels or recordings it leaves."""

    key = serializers.CharField()
    name = serializers.CharField()
    count = serializers.IntegerField()


class MeaningsOut(serializers.Serializer[Any]):
    wells = serializers.ListField(child=serializers.CharField())
    phases = serializers.ListField(child=serializers.CharField())


class LabelChoicesOut(serializers.Serializer[Any]):
    """What a lab's labels can be filtered by."""

    annotators = LabelChoiceOut(many=True)
    imports = LabelChoiceOut(many=True)
    dishes = LabelChoiceOut(many=True)
    patients = LabelChoiceOut(many=True)
    meanings = MeaningsOut()


class PreviewIn(serializers.Serializer[Any]):
    """A picture by its `reference`, what is marked in it, and the steps to take; `at_random` draws them as augmentation does."""

    reference = serializers.CharField(max_length=120)
    boxes = serializers.ListField(
        child=serializers.ListField(child=serializers.FloatField(), min_length=4, max_length=4), default=list, max_length=200
    )
    steps = StepIn(many=True)
    at_random = serializers.BooleanField(default=False)
    seed = serializers.IntegerField(min_value=0, max_value=2**31 - 1, default=1)


class PreviewOut(serializers.Serializer[Any]):
    """The picture after the steps as base64 JPEG, and its boxes; `kept` are the places of those still to be seen."""

    jpeg = serializers.CharField()
    width_px = serializers.IntegerField()
    height_px = serializers.IntegerField()
    boxes = serializers.ListField(child=serializers.ListField(child=serializers.FloatField()))
    kept = serializers.ListField(child=serializers.IntegerField())


class ParameterOut(serializers.Serializer[Any]):
    name = serializers.CharField()
    low = serializers.FloatField()
    high = serializers.FloatField()
    usual = serializers.FloatField()
    is_odd = serializers.BooleanField()
    is_amount = serializers.BooleanField(help_text="drawn within plus and minus this for augmentation")


class StepKindOut(serializers.Serializer[Any]):
    step = serializers.ChoiceField(choices=STEPS)
    is_moving = serializers.BooleanField(help_text="moves what is marked along")
    parameters = ParameterOut(many=True)


def step_kinds() -> list[dict[str, Any]]:
    """Every step with its parameters, in the order in which they are offered."""
    return [
        {
            "step": name,
            "is_moving": name in MOVING,
            "parameters": [{"name": key, **parameter.__dict__} for key, parameter in parameters.items()],
        }
        for name, parameters in PARAMETERS.items()
    ]


class PictureAsked(serializers.Serializer[Any]):
    width = serializers.ChoiceField(choices=[0, 96, 384, 768, 1536], default=0, help_text="0: as wide as it is")


class ExportAsked(serializers.Serializer[Any]):
    form = serializers.ChoiceField(choices=FORMS)
