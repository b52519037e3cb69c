"""The shapes of imports, their questions and what they brought, on the wire."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from backend.imaging.serializers import RefusalOut
from backend.labels.formats.mapping import MEANINGS, PRESETS
from backend.labels.models import LabelAnnotation, LabelConflict, LabelImport, LabelTask, Picture
from backend.labels.selectors import ABOUT

OPTION_KINDS = ("file", "picture", "stack", "none", "keep", "take")


class LabelMappingOut(serializers.Serializer[Any]):
    """What the words of a file mean here; a word that is not named keeps its labels and says nothing."""

    words = serializers.DictField(child=serializers.ChoiceField(choices=MEANINGS), default=dict)
    wells_without_label = serializers.BooleanField(default=False, help_text="every bare box, ellipse or point is a well")


class LabelImportIn(serializers.Serializer[Any]):
    """An uploaded file to be read as labels; `preset` empty: meanings are guessed from the words."""

    upload = serializers.UUIDField()
    instance = serializers.CharField(
        default="", allow_blank=True, max_length=255, help_text="whose numbers the file's are; empty: the project it names"
    )
    preset = serializers.ChoiceField(choices=["", *PRESETS], default="", allow_blank=True)


class LabelPreviewIn(serializers.Serializer[Any]):
    preset = serializers.ChoiceField(choices=["", *PRESETS], default="", allow_blank=True)
    mapping = LabelMappingOut(allow_null=True, default=None)


class LabelConfirmIn(serializers.Serializer[Any]):
    mapping = LabelMappingOut(allow_null=True, default=None, help_text="null: as it was previewed")
    conflicts = serializers.DictField(
        child=serializers.CharField(max_length=80), default=dict, help_text="a question's id to the chosen option's id"
    )


class LabelProgressOut(serializers.Serializer[Any]):
    """Tasks; `total` is 0 while nobody has counted them."""

    done = serializers.IntegerField()
    total = serializers.IntegerField()


class LabelWordOut(serializers.Serializer[Any]):
    """A word that labels or chooses in the file, how often, and what it means here."""

    text = serializers.CharField()
    kind = serializers.ChoiceField(choices=["label", "choice"])
    count = serializers.IntegerField()
    meaning = serializers.ChoiceField(choices=MEANINGS, allow_null=True)


@extend_schema_field({"oneOf": [{"type": "string"}, {"type": "integer"}]})
class LabelValueField(serializers.Field[Any, Any, Any, Any]):
    """A text or a whole number, as it is."""

    def to_representation(self, value: Any) -> Any:
        return value


class LabelRemarkOut(serializers.Serializer[Any]):
    """Something lost, doubtful or left out, in English; `code` and `values` say it in any other language."""

    place = serializers.CharField()
    code = serializers.CharField()
    detail = serializers.CharField()
    values = serializers.DictField(
        child=LabelValueField(), default=dict, help_text="what the sentence fills in; `n` is what a plural follows"
    )


class NamedCountOut(serializers.Serializer[Any]):
    name = serializers.CharField()
    count = serializers.IntegerField()


class LabelSummaryOut(serializers.Serializer[Any]):
    """What the file holds; skipped, deliberately empty and unlabelled are three things."""

    read = serializers.IntegerField(help_text="rows or tasks that were read, several of which may be one task")
    tasks = serializers.IntegerField()
    annotations = serializers.IntegerField()
    annotators = serializers.IntegerField()
    regions = serializers.IntegerField()
    predictions = serializers.IntegerField()
    drafts = serializers.IntegerField()
    skipped_tasks = serializers.IntegerField()
    empty_annotations = serializers.IntegerField()
    unlabelled_tasks = serializers.IntegerField()
    unknown = serializers.DictField(child=serializers.IntegerField(), help_text="result types without a meaning here, kept as they are")


class LabelStandingOut(serializers.Serializer[Any]):
    created = serializers.IntegerField()
    matched = serializers.IntegerField()
    changed = serializers.IntegerField()


class LabelPlanOut(serializers.Serializer[Any]):
    """What is new here, the same as before, or differs from what is here."""

    tasks = LabelStandingOut()
    annotations = LabelStandingOut()
    predictions = LabelStandingOut()
    drafts = LabelStandingOut()


class LabelPicturesOut(serializers.Serializer[Any]):
    """Tasks by where their picture is."""

    in_file = serializers.IntegerField()
    here = serializers.IntegerField()
    several = serializers.IntegerField()
    missing = serializers.IntegerField()


class LabelDoneOut(serializers.Serializer[Any]):
    """What the import brought."""

    tasks = serializers.IntegerField()
    annotations = serializers.IntegerField()
    predictions = serializers.IntegerField()
    drafts = serializers.IntegerField()
    changed_annotations = serializers.IntegerField()
    reinterpreted = serializers.IntegerField()
    pictures = serializers.IntegerField()


class LabelReportOut(serializers.Serializer[Any]):
    """The dry run; after the import the same, with what was done."""

    summary = LabelSummaryOut()
    annotators = NamedCountOut(many=True)
    runs = NamedCountOut(many=True, help_text="predictions by the version of the model that made them")
    wells = serializers.DictField(child=serializers.IntegerField())
    phases = serializers.DictField(child=serializers.IntegerField())
    plan = LabelPlanOut()
    pictures = LabelPicturesOut()
    skipped = LabelRemarkOut(many=True, help_text="tasks that could not be used; all others are imported")
    skipped_count = serializers.IntegerField()
    warnings = LabelRemarkOut(many=True)
    warning_count = serializers.IntegerField()
    conflict_count = serializers.IntegerField()
    done = LabelDoneOut(allow_null=True)


class LabelImportOut(serializers.ModelSerializer[LabelImport]):
    """An import as lists show it."""

    by_name = serializers.SerializerMethodField()
    progress = serializers.SerializerMethodField()
    error = RefusalOut(allow_null=True)

    class Meta:
        model = LabelImport
        fields = [
            "id",
            "lab",
            "by_name",
            "name",
            "size_bytes",
            "instance",
            "state",
            "step",
            "cancel_requested",
            "format",
            "preset",
            "progress",
            "error",
            "created_at",
            "started_at",
            "finished_at",
        ]
        read_only_fields = fields

    def get_by_name(self, row: LabelImport) -> str:
        return row.by.name if row.by else ""

    @extend_schema_field(LabelProgressOut())
    def get_progress(self, row: LabelImport) -> dict[str, int]:
        return {"done": int(row.progress.get("done", 0)), "total": int(row.progress.get("total", 0))}


class LabelImportDetailOut(LabelImportOut):
    """An import with everything that was read."""

    mapping = LabelMappingOut()
    words = LabelWordOut(many=True)
    report = LabelReportOut(allow_null=True)

    class Meta(LabelImportOut.Meta):
        fields = [*LabelImportOut.Meta.fields, "mapping", "words", "report"]
        read_only_fields = fields


class LabelConflictOptionOut(serializers.Serializer[Any]):
    """One answer; those that are a picture (`file`, `picture`, `stack`) can be looked at."""

    id = serializers.CharField()
    kind = serializers.ChoiceField(choices=OPTION_KINDS)
    text = serializers.CharField(help_text="in English; of a version, when it was written")
    name = serializers.CharField()
    width_px = serializers.IntegerField(required=False)
    height_px = serializers.IntegerField(required=False)
    since = serializers.DateField(required=False, help_text="since when it is here")
    frames = serializers.IntegerField(required=False, help_text="of a recording")


class LabelConflictOut(serializers.ModelSerializer[LabelConflict]):
    """A question with the option that is taken until somebody chooses another."""

    values = serializers.DictField(child=LabelValueField(), help_text="what `detail` fills in")
    options = LabelConflictOptionOut(many=True)

    class Meta:
        model = LabelConflict
        fields = ["id", "number", "kind", "place", "detail", "values", "options", "choice"]
        read_only_fields = fields


class WellLabelOut(serializers.Serializer[Any]):
    """What a person said of one well; the box in pixels of the picture."""

    box_px = serializers.ListField(child=serializers.FloatField(), min_length=4, max_length=4)
    content = serializers.ChoiceField(choices=["empty", "embryo", "gas", "embryo_gas"])
    region = serializers.CharField()
    row = serializers.IntegerField(allow_null=True)
    column = serializers.IntegerField(allow_null=True)


class DishLabelOut(serializers.Serializer[Any]):
    wells = WellLabelOut(many=True)
    gas_outside = serializers.BooleanField()
    no_wells = serializers.BooleanField()
    phase = serializers.CharField(allow_null=True)


class PhaseLabelOut(serializers.Serializer[Any]):
    phase = serializers.CharField()
    first_frame = serializers.IntegerField(allow_null=True)
    last_frame = serializers.IntegerField(allow_null=True)
    embryo = serializers.CharField(allow_null=True)


class LabelAnnotationOut(serializers.ModelSerializer[LabelAnnotation]):
    """One annotation without its raw results, which are exported and not shown."""

    dish = DishLabelOut(allow_null=True)
    phases = PhaseLabelOut(many=True, allow_null=True)
    result_count = serializers.SerializerMethodField()

    class Meta:
        model = LabelAnnotation
        fields = [
            "id",
            "kind",
            "external_id",
            "is_current",
            "annotator",
            "was_cancelled",
            "ground_truth",
            "lead_time",
            "written_at",
            "model_version",
            "score",
            "result_count",
            "dish",
            "phases",
            "imported_by",
        ]
        read_only_fields = fields

    def get_result_count(self, row: LabelAnnotation) -> int:
        return len(row.result)


class LabelPictureOut(serializers.ModelSerializer[Picture]):
    class Meta:
        model = Picture
        fields = ["id", "name", "width", "height", "stack", "frame_index", "plane"]
        read_only_fields = fields


class LabelTaskOut(serializers.ModelSerializer[LabelTask]):
    picture = LabelPictureOut(allow_null=True)
    annotations = LabelAnnotationOut(many=True)

    class Meta:
        model = LabelTask
        fields = ["id", "instance", "external_id", "place", "picture", "brought_by", "annotations", "created_at"]
        read_only_fields = fields


class TasksAsked(serializers.Serializer[Any]):
    """Which tasks are listed."""

    label_import = serializers.UUIDField(required=False)
    instance = serializers.CharField(required=False, max_length=255)
    annotator = serializers.CharField(required=False, max_length=255)
    has_picture = serializers.BooleanField(required=False, allow_null=True, default=None)
    about = serializers.ChoiceField(choices=ABOUT, required=False, help_text="what annotations say, as far as it means something here")
