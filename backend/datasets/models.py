"""Data sets: which labelled pictures are learned from and judged on, chosen by filters, split, and frozen so that results repeat."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import models

from backend.accounts.models import Lab
from backend.core.jobs.models import LeasedJob
from backend.core.jobs.models import State as JobState
from backend.core.models import Row
from backend.imaging.models import Stack
from backend.labels.models import Picture
from backend.live import events
from backend.live.publish import publish
from backend.live.topics import lab_topic


class DataSet(Row):
    """A named choice of labelled pictures; once frozen neither it nor its items change."""

    class Task(models.TextChoices):
        WELLS = "wells", "finding wells and their contents"
        PHASES = "phases", "naming phases"

    class State(models.TextChoices):
        DRAFT = "draft", "being chosen"
        FREEZING = "freezing", "being frozen"
        FROZEN = "frozen", "frozen"

    lab = models.ForeignKey(Lab, on_delete=models.PROTECT, related_name="data_sets")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    name = models.CharField(max_length=120)
    task = models.CharField(max_length=8, choices=Task.choices)
    filters = models.JSONField(default=dict)
    """As `values.Filters` in JSON."""
    steps = models.JSONField(default=dict)
    """`{preprocessing: [step], augmentation: [step], copies}`."""
    split = models.JSONField(default=dict)
    """As `values.SplitRule` in JSON."""
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    hash = models.CharField(max_length=64, blank=True)
    """SHA-256 over task, steps and every item's picture, label and split; empty until frozen."""
    counts = models.JSONField(default=dict)
    """As `counting.count` says it; of a draft as of its last change."""
    stack_ids = models.JSONField(default=list)
    """The recordings that its labels are about, so that who is blind for one is not told of it."""
    error = models.JSONField(null=True)
    """`{code, detail, hint}` of the last freezing that failed."""
    updated_at = models.DateTimeField(auto_now=True)
    frozen_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(fields=["lab", "name"], name="one_data_set_a_name"),
            models.CheckConstraint(condition=~models.Q(state="frozen") | ~models.Q(hash=""), name="a_frozen_data_set_has_a_hash"),
        ]

    def __str__(self) -> str:
        return self.name


class DataSetItem(models.Model):
    """One labelled picture of a frozen data set: a whole picture that came with its labels, or a cut of a recording's frame."""

    class Split(models.TextChoices):
        TRAIN = "train", "learned from"
        VALIDATION = "validation", "steps are chosen by"
        TEST = "test", "judged on once"

    dataset = models.ForeignKey(DataSet, on_delete=models.CASCADE, related_name="items")
    number = models.PositiveIntegerField()
    picture = models.ForeignKey(Picture, on_delete=models.PROTECT, null=True, related_name="+")
    stack = models.ForeignKey(Stack, on_delete=models.PROTECT, null=True, related_name="+")
    """The recording that the label is about, where there is one; where `picture` is null the picture is cut from it."""
    frame_index = models.PositiveIntegerField(null=True)
    plane = models.PositiveSmallIntegerField(default=0)
    place = models.CharField(max_length=4, blank=True)
    """Such as A1; empty: the whole dish."""
    cut = models.JSONField(null=True)
    """[x0, y0, x1, y1] of the frame; null: all of it."""
    content_key = models.CharField(max_length=64)
    """SHA-256 of the picture, or of what names the cut: equal pictures have equal keys."""
    width_px = models.PositiveIntegerField()
    height_px = models.PositiveIntegerField()
    label = models.JSONField()
    classes = models.CharField(max_length=120)
    """` embryo empty `: what of the label is counted, with spaces on both sides."""
    patient = models.CharField(max_length=120, blank=True)
    dish = models.CharField(max_length=200, blank=True)
    embryo = models.CharField(max_length=240, blank=True)
    split = models.CharField(max_length=10, choices=Split.choices)
    annotator = models.CharField(max_length=255, blank=True)
    labelled_at = models.DateTimeField(null=True)
    source = models.JSONField(default=dict)
    """`{annotations: [id], readings: [id], corrections: [id]}` that the label was made of."""

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["dataset", "number"], name="one_item_a_number"),
            models.UniqueConstraint(fields=["dataset", "content_key"], name="one_item_a_picture"),
            models.CheckConstraint(
                condition=models.Q(picture__isnull=False) | models.Q(stack__isnull=False, frame_index__isnull=False),
                name="an_item_has_a_picture",
            ),
        ]
        indexes = [models.Index(fields=["dataset", "split", "number"], name="items_of_a_split")]

    def __str__(self) -> str:
        return f"item {self.number}"


class Freezing(LeasedJob):
    """Writing a data set's items once and for all."""

    TASK = "datasets.freeze"
    KIND = "freezing"
    LOADED_WITH = ("lab", "by", "dataset")

    dataset = models.ForeignKey(DataSet, on_delete=models.CASCADE, related_name="freezings")

    class Meta(LeasedJob.Meta):
        abstract = False
        constraints = [
            *LeasedJob.Meta.constraints,
            models.UniqueConstraint(
                fields=["dataset"], condition=models.Q(state__in=["queued", "running"]), name="one_freezing_under_way_a_data_set"
            ),
        ]

    def __str__(self) -> str:
        return f"freezing of {self.dataset_id}"

    def summary(self) -> Any:
        return {"data_set": str(self.dataset_id), "hash": self.dataset.hash, "items": self.dataset.counts.get("items")}

    def ended(self) -> None:
        """Whatever ended it without freezing leaves a draft that can be changed and frozen again."""
        if self.state != JobState.FINISHED:
            DataSet.objects.filter(id=self.dataset_id, state=DataSet.State.FREEZING).update(state=DataSet.State.DRAFT, error=self.error)

    def announce(self) -> None:
        came = {JobState.FINISHED: DataSet.State.FROZEN, JobState.CANCELLED: DataSet.State.DRAFT, JobState.FAILED: DataSet.State.DRAFT}
        state = came.get(JobState(self.state), DataSet.State.FREEZING)
        tell_of(self.lab_id, self.dataset_id, state)


def tell_of(lab_id: UUID, data_set_id: UUID, state: str) -> None:
    """Tell the lab's followers what became of a data set, inside the change."""
    event = events.DataSetChanged.model_validate({"data_set_id": str(data_set_id), "state": state})
    publish(lab_topic(lab_id), event)
