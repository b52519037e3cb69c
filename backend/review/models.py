"""What people said: readings, shared corrections, comments, and the history of every value; the machine's rows stay as they are."""

from __future__ import annotations

from typing import Any, NoReturn

from django.conf import settings
from django.db import models

from backend.accounts.models import Lab
from backend.analysis.values import place_name
from backend.core.models import Row
from backend.imaging.models import Stack


class NeverChanged(Exception):
    """A row of the history was to be changed or removed."""


class _Appended(models.QuerySet[Any]):
    def update(self, **kwargs: Any) -> NoReturn:  # noqa: ARG002 - Django's signature
        raise NeverChanged("Rows of the history are added and never changed.")

    def delete(self) -> NoReturn:
        raise NeverChanged("Rows of the history are added and never removed.")


class Reading(Row):
    """One person's annotation of one embryo of one recording; `version` rises with every accepted write."""

    class State(models.TextChoices):
        DRAFT = "draft", "being written"
        SUBMITTED = "submitted", "submitted"

    stack = models.ForeignKey(Stack, on_delete=models.PROTECT, related_name="readings")
    row = models.PositiveSmallIntegerField()
    column = models.PositiveSmallIntegerField()
    reader = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="readings")
    version = models.PositiveIntegerField(default=1)
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    is_blind = models.BooleanField(default=False)
    """Everything in it was entered while the machine's findings were hidden from the reader."""
    submitted_at = models.DateTimeField(null=True)
    """Last time; kept when it becomes a draft again."""
    updated_at = models.DateTimeField()
    onsets = models.JSONField(default=dict)
    """By phase: {frame_index, source}, or {is_absent: true} where the reader says that there was none."""
    events = models.JSONField(default=dict)
    grades = models.JSONField(default=dict)
    measurements = models.JSONField(default=dict)
    """By id: what was drawn, and what it measures in micrometres with the calibration that held when it was written."""
    profile = models.JSONField(default=dict)
    """{machine: {verdict: rejected}} where the machine's whole profile was rejected."""
    judged_at = models.JSONField(default=dict)
    """When each field that has a value was given it: {"onsets.t2": "2026-01-01T12:00:00Z"}."""
    seconds_spent = models.FloatField(default=0)

    class Meta:
        ordering = ["row", "column", "created_at"]
        constraints = [models.UniqueConstraint(fields=["stack", "row", "column", "reader"], name="one_reading_a_reader")]

    def __str__(self) -> str:
        return f"{self.place} by {self.reader_id}"

    @property
    def place(self) -> str:
        return place_name(self.row, self.column)


class Correction(Row):
    """What a lab's people put right about the dish of a recording: its lattice, wells, contents and unusable frames."""

    stack = models.OneToOneField(Stack, on_delete=models.PROTECT, related_name="correction")
    version = models.PositiveIntegerField(default=1)
    layout = models.CharField(max_length=5, blank=True)
    unusable = models.JSONField(default=list)
    """[[first, last], ...] frames, in order."""
    wells = models.JSONField(default=dict)
    """By place: {content: [{from_frame, content}], box: {frame_index, box}, is_removed: true, is_added: true}, what was said of each."""
    updated_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"corrections of {self.stack_id}"


class Verdict(models.Model):
    """One value that a person gave or took back; rows are added and never changed."""

    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    by_name = models.CharField(max_length=120)
    stack = models.ForeignKey(Stack, on_delete=models.PROTECT, related_name="verdicts")
    reading = models.ForeignKey(Reading, on_delete=models.PROTECT, null=True, related_name="verdicts")
    """Null: a correction, which is the lab's."""
    row = models.PositiveSmallIntegerField(null=True)
    column = models.PositiveSmallIntegerField(null=True)
    """Null: about the whole dish."""
    field = models.CharField(max_length=80)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    machine = models.JSONField(null=True)
    """What the machine's latest finished run said of this field then."""
    reason = models.TextField(blank=True)
    batch = models.UUIDField(null=True, db_index=True)
    """Shared by everything that was accepted in one go."""

    objects = _Appended.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["stack", "row", "column"], name="verdicts_of_an_embryo")]

    def __str__(self) -> str:
        return f"{self.field} {self.place}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise NeverChanged("Rows of the history are added and never changed.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:  # noqa: ARG002 - Django's signature
        raise NeverChanged("Rows of the history are added and never removed.")

    @property
    def place(self) -> str:
        return place_name(self.row, self.column)


class Signature(Row):
    """A reader's or an admin's name under a submitted reading, bound to the hash of its content."""

    class Meaning(models.TextChoices):
        REVIEWED = "reviewed", "reviewed"
        APPROVED = "approved", "approved"

    reading = models.ForeignKey(Reading, on_delete=models.PROTECT, related_name="signatures")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    by_name = models.CharField(max_length=120)
    meaning = models.CharField(max_length=10, choices=Meaning.choices)
    content_hash = models.CharField(max_length=64)

    class Meta:
        ordering = ["-created_at", "-id"]

    def __str__(self) -> str:
        return f"{self.meaning} by {self.by_name}"


class DishGeometry(Row):
    """How far apart the wells of a lab's dishes lie; a lab without a row has entered nothing, version 0."""

    lab = models.OneToOneField(Lab, on_delete=models.CASCADE, related_name="dish_geometry")
    version = models.PositiveIntegerField(default=0)
    layouts = models.JSONField(default=dict)
    """By layout such as 4x3: {pitch_um, well_um or null, by_name, at}."""

    def __str__(self) -> str:
        return f"dish geometry of {self.lab_id}"


class Comment(Row):
    """Something to say about an embryo, pinned to a frame where one is named; open until resolved."""

    stack = models.ForeignKey(Stack, on_delete=models.PROTECT, related_name="comments")
    row = models.PositiveSmallIntegerField()
    column = models.PositiveSmallIntegerField()
    frame_index = models.PositiveIntegerField(null=True)
    text = models.TextField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    version = models.PositiveIntegerField(default=1)
    resolved_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    resolved_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["created_at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(resolved_by__isnull=True, resolved_at__isnull=True)
                | models.Q(resolved_by__isnull=False, resolved_at__isnull=False),
                name="resolved_by_somebody_at_some_time",
            )
        ]

    def __str__(self) -> str:
        return self.text[:40]

    @property
    def place(self) -> str:
        return place_name(self.row, self.column)


class Presence(Row):
    """Who had an embryo open a moment ago; forgotten soon, and no part of any record."""

    stack = models.ForeignKey(Stack, on_delete=models.CASCADE, related_name="+")
    row = models.PositiveSmallIntegerField()
    column = models.PositiveSmallIntegerField()
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    doing = models.CharField(max_length=8)
    seen_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["stack", "row", "column", "user"], name="one_presence_a_place")]

    def __str__(self) -> str:
        return f"{self.user_id} {self.doing}"

    @property
    def place(self) -> str:
        return place_name(self.row, self.column)
