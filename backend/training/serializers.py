"""The shapes of trainings on the wire."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from backend.imaging.serializers import RefusalOut
from backend.training.models import TrainingJob

RECIPES = ["wells", "phases"]
STAGES = ["preparing", "learning", "learning_again", "judging"]
ROLES = ["candidate", "active", "start", "baseline"]
UNUSED_DATA = ["not_frozen", "no_train", "no_test"]
UNUSED_WEIGHTS = ["unusable", "other_net"]
MOST_STEPS = 20_000


class TrainingProgressOut(serializers.Serializer[Any]):
    """How far a running training is; `minutes` since this attempt began."""

    stage = serializers.ChoiceField(choices=STAGES)
    done = serializers.IntegerField()
    total = serializers.IntegerField()
    minutes = serializers.FloatField()
    estimate_s = serializers.IntegerField(allow_null=True, help_text="seconds to the end at the present pace")


class CurvePointOut(serializers.Serializer[Any]):
    """One look at the training: the mean loss since the last one, and how the averaged net does on the validation split."""

    step = serializers.IntegerField()
    loss = serializers.FloatField()
    validation = serializers.FloatField(allow_null=True, help_text="share named right (phases), F1 of wells found and named right (wells)")


class TrainingFactsOut(serializers.Serializer[Any]):
    """What was learned from, and how it ended."""

    pictures = serializers.IntegerField()
    validation_pictures = serializers.IntegerField(help_text="those among them that chose how long to learn, before they were learned from")
    steps = serializers.IntegerField(help_text="all that were made, to choose and then once more")
    best_step = serializers.IntegerField(allow_null=True, help_text="how many steps were chosen, and then made again from all pictures")
    stopped_early = serializers.BooleanField()
    minutes = serializers.FloatField(help_text="of learning, over all attempts")


class PhaseFiguresOut(serializers.Serializer[Any]):
    """Single pictures named against the lab's phases; three classes: blastulation and expansion are one."""

    pictures = serializers.IntegerField()
    accuracy3 = serializers.FloatField()
    accuracy3_interval = serializers.ListField(child=serializers.FloatField(), help_text="95 %, embryos drawn anew")
    f1_3 = serializers.FloatField()
    accuracy4 = serializers.FloatField()
    confusion = serializers.ListField(
        child=serializers.ListField(child=serializers.IntegerField()),
        help_text="rows: the lab's phases 1 to 4; columns the same, last what was named empty or not seen",
    )


class WellFiguresOut(serializers.Serializer[Any]):
    """Wells at IoU 0.5, contents over the wells that were found."""

    pictures = serializers.IntegerField()
    wells = serializers.IntegerField()
    right = serializers.FloatField(help_text="F1 of wells that were found and whose content was named right")
    right_interval = serializers.ListField(child=serializers.FloatField(), help_text="95 %, pictures drawn anew")
    recall = serializers.FloatField()
    false_alarms = serializers.IntegerField()
    content_f1 = serializers.FloatField()
    content_accuracy = serializers.FloatField()
    mean_iou = serializers.FloatField()
    gas_outside_accuracy = serializers.FloatField()


class ContenderOut(serializers.Serializer[Any]):
    """One that was judged; one of the two kinds of figures is there."""

    role = serializers.ChoiceField(choices=ROLES)
    name = serializers.CharField()
    phases = PhaseFiguresOut(allow_null=True)
    wells = WellFiguresOut(allow_null=True)


class DifferenceOut(serializers.Serializer[Any]):
    """The candidate's main figure less another's, on the same pictures; the interval is 95 %."""

    against = serializers.ChoiceField(choices=ROLES)
    value = serializers.FloatField()
    low = serializers.FloatField()
    high = serializers.FloatField()


class FinalOut(serializers.Serializer[Any]):
    """The one judgement on the held-out split, which nothing was learned from or chosen by."""

    main = serializers.ChoiceField(choices=["accuracy3", "right"], help_text="the figure that the differences are of")
    contenders = ContenderOut(many=True)
    differences = DifferenceOut(many=True)
    renderings = ContenderOut(many=True, help_text="wells only: the same on renderings, which tell whether something was forgotten")


class TrainingOut(serializers.ModelSerializer[TrainingJob]):
    by_name = serializers.SerializerMethodField()
    data_set = serializers.UUIDField(source="dataset_id")
    data_set_name = serializers.CharField(source="dataset.name")
    data_set_hash = serializers.CharField(source="dataset.hash")
    started_from = serializers.CharField(source="start.name")
    seed = serializers.SerializerMethodField()
    steps = serializers.SerializerMethodField()
    is_resumable = serializers.BooleanField()
    progress = serializers.SerializerMethodField()
    curve = CurvePointOut(many=True)
    facts = serializers.SerializerMethodField()
    final = FinalOut(allow_null=True)
    candidate_name = serializers.SerializerMethodField()
    error = RefusalOut(allow_null=True)

    class Meta:
        model = TrainingJob
        fields = [
            "id",
            "lab",
            "by_name",
            "state",
            "recipe",
            "data_set",
            "data_set_name",
            "data_set_hash",
            "start",
            "started_from",
            "seed",
            "steps",
            "attempts",
            "stop_requested",
            "cancel_requested",
            "is_resumable",
            "progress",
            "curve",
            "facts",
            "final",
            "candidate",
            "candidate_name",
            "error",
            "code_version",
            "created_at",
            "started_at",
            "finished_at",
        ]
        read_only_fields = fields

    def get_by_name(self, training: TrainingJob) -> str:
        return training.by.name if training.by else ""

    def get_seed(self, training: TrainingJob) -> int:
        return int(training.settings.get("seed", 1))

    def get_steps(self, training: TrainingJob) -> int | None:
        steps: int | None = training.settings.get("steps")
        return steps

    def get_candidate_name(self, training: TrainingJob) -> str:
        return training.candidate.name if training.candidate else ""

    @extend_schema_field(TrainingProgressOut(allow_null=True))
    def get_progress(self, training: TrainingJob) -> dict[str, Any] | None:
        return training.progress or None

    @extend_schema_field(TrainingFactsOut(allow_null=True))
    def get_facts(self, training: TrainingJob) -> dict[str, Any] | None:
        return training.facts or None


class TrainingIn(serializers.Serializer[Any]):
    """What to learn from, how, and from which weights on."""

    data_set = serializers.UUIDField()
    recipe = serializers.ChoiceField(choices=RECIPES)
    start = serializers.UUIDField(allow_null=True, default=None, help_text="null: the weights in use")
    seed = serializers.IntegerField(min_value=0, max_value=2**31 - 1, default=1)
    steps = serializers.IntegerField(
        min_value=1, max_value=MOST_STEPS, allow_null=True, default=None, help_text="at most so many; null: the recipe's own"
    )


class SplitPicturesOut(serializers.Serializer[Any]):
    """How many pictures are learned from, chosen by, and held out to be judged on once."""

    train = serializers.IntegerField()
    validation = serializers.IntegerField(help_text="learned from once they have chosen; 0: a part of train is set apart to choose by")
    test = serializers.IntegerField()


class DataSetChoiceOut(serializers.Serializer[Any]):
    """A data set of the lab, and why nothing can be learned from it where that is so."""

    id = serializers.UUIDField(source="dataset.id")
    name = serializers.CharField(source="dataset.name")
    recipe = serializers.ChoiceField(choices=RECIPES, source="dataset.task")
    hash = serializers.CharField(source="dataset.hash")
    reason = serializers.ChoiceField(choices=UNUSED_DATA, allow_null=True)
    pictures = SplitPicturesOut(allow_null=True, help_text="null: somebody who reads blind is not told")


class WeightsChoiceOut(serializers.Serializer[Any]):
    """Weights that could be gone on from, and why not where that is so; those in use come first."""

    id = serializers.UUIDField(source="weights.id")
    name = serializers.CharField(source="weights.name")
    recipe = serializers.ChoiceField(choices=RECIPES)
    is_in_use = serializers.BooleanField()
    is_candidate = serializers.SerializerMethodField()
    created_at = serializers.DateTimeField(source="weights.created_at")
    reason = serializers.ChoiceField(choices=UNUSED_WEIGHTS, allow_null=True)

    def get_is_candidate(self, one: Any) -> bool:
        return bool(one.weights.state == "candidate")


class TrainingPaceOut(serializers.Serializer[Any]):
    """How long a recipe learns: at most `passes` times `steps`, each as long as in the latest `trainings` of this server."""

    recipe = serializers.ChoiceField(choices=RECIPES)
    steps = serializers.IntegerField(help_text="the recipe's own; it ends earlier where nothing is gained any more")
    passes = serializers.IntegerField(help_text="once to choose how many steps, once more from all pictures")
    seconds_a_step = serializers.FloatField()
    trainings = serializers.IntegerField(help_text="0: none was finished here yet, and the pace is that of two idle cores elsewhere")


class TrainingChoicesOut(serializers.Serializer[Any]):
    """What a training can be made of, and how long it would take."""

    data_sets = DataSetChoiceOut(many=True)
    weights = WeightsChoiceOut(many=True)
    paces = TrainingPaceOut(many=True)
