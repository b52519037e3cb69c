"""Who reads what blind: a lab's rules for reviewing, people's own, and who was asked to read an embryo."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from backend.accounts.models import Lab
from backend.analysis.values import place_name
from backend.core.models import Row
from backend.imaging.models import Stack


class ReviewSettings(Row):
    """How a lab reviews; a lab without a row reviews by the defaults, version 0."""

    lab = models.OneToOneField(Lab, on_delete=models.CASCADE, related_name="review_settings")
    version = models.PositiveIntegerField(default=0)
    blind_first = models.BooleanField(default=False)
    bulk_threshold = models.FloatField(default=0.9)
    tolerance_hours = models.JSONField(default=dict)
    """By phase, where the lab has said it; else `tolerances.USUAL`."""

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(bulk_threshold__gte=0, bulk_threshold__lte=1), name="bulk_threshold_is_a_share")
        ]

    def __str__(self) -> str:
        return f"review settings of {self.lab_id}"


class PersonalRule(Row):
    """What holds for one person of a lab, whatever the lab's rule says."""

    lab = models.ForeignKey(Lab, on_delete=models.CASCADE, related_name="personal_rules")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="personal_rules")
    blind_first = models.BooleanField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["lab", "user"], name="one_rule_a_person")]

    def __str__(self) -> str:
        return f"{self.user_id} {'blind first' if self.blind_first else 'sees at once'}"


class Assignment(Row):
    """Somebody was asked to read an embryo; done once their reading is submitted."""

    stack = models.ForeignKey(Stack, on_delete=models.CASCADE, related_name="assignments")
    row = models.PositiveSmallIntegerField()
    column = models.PositiveSmallIntegerField()
    reader = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="assignments")
    is_blind = models.BooleanField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    by_name = models.CharField(max_length=120)

    class Meta:
        ordering = ["created_at", "row", "column"]
        constraints = [models.UniqueConstraint(fields=["stack", "row", "column", "reader"], name="one_assignment_a_reader")]

    def __str__(self) -> str:
        return f"{self.place} for {self.reader_id}"

    @property
    def place(self) -> str:
        return place_name(self.row, self.column)
