"""The shapes of the review queue on the wire."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from backend.analysis.serializers import CONTENTS
from backend.imaging.serializers import StackOut
from backend.review.values import MOST_OF_A_KIND
from backend.worklist.models import Score
from backend.worklist.scoring import WEIGHTS
from backend.worklist.selectors import OPEN, SUBMITTED


class ReasonOut(serializers.Serializer[Any]):
    """Why an item waits where it does; `phase`, `kind` (of an event) and `frame_index` where it speaks of one."""

    code = serializers.ChoiceField(choices=list(WEIGHTS))
    weight = serializers.FloatField(help_text="what this alone would make of the score")
    detail = serializers.CharField()
    phase = serializers.CharField(allow_blank=True)
    kind = serializers.CharField(allow_blank=True)
    frame_index = serializers.IntegerField(allow_null=True)


class QueueMachineOut(serializers.Serializer[Any]):
    """What the embryo is at the last frame that was read."""

    stage = serializers.CharField()
    confidence = serializers.FloatField()


class QueueContentOut(serializers.Serializer[Any]):
    """What the well held most of the time, as the machine saw it; never hidden."""

    value = serializers.ChoiceField(choices=CONTENTS)
    confidence = serializers.FloatField()


class QueuePictureOut(serializers.Serializer[Any]):
    """Fill in {index}, {plane} and {width} of the address to see a frame."""

    frame_url_template = serializers.SerializerMethodField()
    default_plane = serializers.IntegerField()
    width_px = serializers.IntegerField()
    height_px = serializers.IntegerField()
    frame_count = serializers.IntegerField()

    def get_frame_url_template(self, stack: Any) -> str:
        return StackOut().get_frame_url_template(stack)


class QueueItemOut(serializers.Serializer[Any]):
    """One embryo or well; where the asker is blind for it, nothing of the machine's result is in it."""

    stack = serializers.UUIDField(source="stack_id")
    run = serializers.UUIDField(source="run_id")
    dish = serializers.UUIDField(source="stack.dish_id")
    dish_label = serializers.CharField(source="stack.dish.label")
    place = serializers.CharField()
    kind = serializers.ChoiceField(choices=Score.Kind.choices)
    score = serializers.FloatField(source="shown_uncertainty", allow_null=True, help_text="0 sure to 1; null while blind")
    novelty = serializers.FloatField(
        source="shown_distance", allow_null=True, help_text="distance of the onsets from usual hours in standard deviations"
    )
    reasons = serializers.SerializerMethodField()
    machine = serializers.SerializerMethodField()
    content = serializers.SerializerMethodField()
    picture = QueuePictureOut(source="stack")
    thumbnail_frame = serializers.SerializerMethodField()
    box = serializers.SerializerMethodField()
    state = serializers.SerializerMethodField()
    is_hidden = serializers.BooleanField()
    is_rejected = serializers.BooleanField(help_text="I rejected the machine's profile and have not submitted a reading of my own yet")
    version = serializers.IntegerField(source="own_version", help_text="of my reading; 0: there is none yet")
    readings = serializers.IntegerField(help_text="submitted so far, by anybody")
    recorded_at = serializers.DateTimeField()

    @extend_schema_field(ReasonOut(many=True))
    def get_reasons(self, score: Any) -> list[dict[str, Any]]:
        return [] if score.is_hidden else score.reasons

    @extend_schema_field(QueueMachineOut(allow_null=True))
    def get_machine(self, score: Any) -> dict[str, Any] | None:
        return None if score.is_hidden or not score.stage else {"stage": score.stage, "confidence": score.confidence}

    @extend_schema_field(QueueContentOut())
    def get_content(self, score: Any) -> dict[str, Any]:
        return {"value": score.content, "confidence": score.content_confidence}

    def get_thumbnail_frame(self, score: Any) -> int:
        """Where the weightiest reason can be seen; while blind, the last frame that could be seen."""
        frame: int = score.plain_frame if score.is_hidden else score.thumbnail_frame
        return frame

    @extend_schema_field(
        serializers.ListField(
            child=serializers.FloatField(),
            min_length=4,
            max_length=4,
            allow_null=True,
            help_text="[x0, y0, x1, y1] of the well in this frame, in full-frame pixels",
        )
    )
    def get_box(self, score: Any) -> list[float] | None:
        box: list[float] | None = score.plain_box if score.is_hidden else score.box
        return box

    @extend_schema_field(serializers.ChoiceField(choices=[OPEN, SUBMITTED]))
    def get_state(self, score: Any) -> str:
        return SUBMITTED if score.is_submitted else OPEN


class QueueAcceptIn(serializers.Serializer[Any]):
    """The version of my reading of each place, 0 where there is none yet; seconds are those spent on all of them."""

    stack = serializers.UUIDField()
    versions = serializers.DictField(child=serializers.IntegerField(min_value=0), allow_empty=False)
    seconds_spent = serializers.FloatField(min_value=0, default=0.0)

    def validate_versions(self, versions: dict[str, int]) -> dict[str, int]:
        if len(versions) > MOST_OF_A_KIND:
            raise serializers.ValidationError(f"At most {MOST_OF_A_KIND} places at once.")
        return versions


class BatchOut(serializers.Serializer[Any]):
    """What was accepted or rejected in one go, and the name under which it can be taken back."""

    batch = serializers.UUIDField(allow_null=True)
    count = serializers.IntegerField()


class AcceptAboveIn(serializers.Serializer[Any]):
    """`threshold` is how sure the machine has to be, as 1 less the score; `expected` the number that a person was shown."""

    lab = serializers.UUIDField()
    threshold = serializers.FloatField(min_value=0, max_value=1, required=False, help_text="the lab's own where nothing is said")
    dry_run = serializers.BooleanField(default=True)
    expected = serializers.IntegerField(min_value=0, allow_null=True, default=None)
    batch = serializers.UUIDField(allow_null=True, default=None, help_text="my own, to go on with where some were left")


class SureItemOut(serializers.Serializer[Any]):
    stack = serializers.UUIDField(source="stack_id")
    dish = serializers.UUIDField(source="stack.dish_id")
    dish_label = serializers.CharField(source="stack.dish.label")
    place = serializers.CharField()
    score = serializers.FloatField(source="uncertainty")


class SureOut(BatchOut):
    """`count` embryos are accepted, or would be in a dry run; `items` are the first of them, `left` wait for another go."""

    threshold = serializers.FloatField()
    left = serializers.IntegerField()
    items = SureItemOut(many=True)


class UndoIn(serializers.Serializer[Any]):
    batch = serializers.UUIDField()


class KeptOut(serializers.Serializer[Any]):
    """A reading that was not taken back, because it was changed or signed since."""

    stack = serializers.UUIDField()
    place = serializers.CharField()
    why = serializers.ChoiceField(choices=["changed", "signed"])


class UndoneOut(serializers.Serializer[Any]):
    """Ask again while some are left."""

    count = serializers.IntegerField()
    kept = KeptOut(many=True)
    left = serializers.IntegerField()


class PaceDayOut(serializers.Serializer[Any]):
    day = serializers.DateField()
    decided = serializers.IntegerField()
    median_seconds = serializers.FloatField(allow_null=True)


class PaceAsked(serializers.Serializer[Any]):
    lab = serializers.UUIDField(required=False, help_text="all of one's labs where nothing is said")


class PaceOut(serializers.Serializer[Any]):
    """How long my own submitted readings took."""

    median_seconds = serializers.FloatField(allow_null=True)
    decided = serializers.IntegerField()
    by_day = PaceDayOut(many=True)
