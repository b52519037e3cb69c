"""What people decide about embryos, what became of them, and the rules a lab scores them by."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from backend.accounts.models import Lab
from backend.analysis.values import place_name
from backend.core.models import Row
from backend.imaging.models import Cycle, Dish


class AtPlace(Row):
    """Something about one embryo of a dish; `version` rises with every accepted write."""

    row = models.PositiveSmallIntegerField()
    column = models.PositiveSmallIntegerField()
    version = models.PositiveIntegerField(default=1)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    by_name = models.CharField(max_length=120)
    at = models.DateTimeField()

    class Meta:
        abstract = True

    @property
    def place(self) -> str:
        return place_name(self.row, self.column)


class Decision(AtPlace):
    """What shall be done with an embryo, as decided last; its history lies in `changes`."""

    class Value(models.TextChoices):
        TRANSFER = "transfer", "transfer"
        FREEZE = "freeze", "freeze"
        AVOID = "avoid", "avoid"
        UNDECIDED = "undecided", "undecided"

    dish = models.ForeignKey(Dish, on_delete=models.PROTECT, related_name="decisions")
    value = models.CharField(max_length=10, choices=Value.choices, default=Value.UNDECIDED)
    reason = models.TextField(blank=True)

    class Meta:
        ordering = ["row", "column"]
        constraints = [models.UniqueConstraint(fields=["dish", "row", "column"], name="one_decision_a_place")]

    def __str__(self) -> str:
        return f"{self.value} {self.place}"


class DecisionChange(models.Model):
    """One step of a decision's history; rows are added and never changed."""

    decision = models.ForeignKey(Decision, on_delete=models.PROTECT, related_name="changes")
    version = models.PositiveIntegerField()
    value = models.CharField(max_length=10, choices=Decision.Value.choices)
    reason = models.TextField(blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    by_name = models.CharField(max_length=120)
    at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["decision", "version"], name="one_change_a_version")]

    def __str__(self) -> str:
        return f"{self.value} as version {self.version}"


class Fate(AtPlace):
    """What became of an embryo; `at` is when that was."""

    class Value(models.TextChoices):
        UNKNOWN = "", "not told"
        TRANSFERRED = "transferred", "transferred"
        FROZEN = "frozen", "frozen"
        DISCARDED = "discarded", "discarded"

    dish = models.ForeignKey(Dish, on_delete=models.PROTECT, related_name="fates")
    fate = models.CharField(max_length=12, choices=Value.choices, blank=True)

    class Meta:
        ordering = ["row", "column"]
        constraints = [models.UniqueConstraint(fields=["dish", "row", "column"], name="one_fate_a_place")]

    def __str__(self) -> str:
        return f"{self.fate} {self.place}"


class CycleOutcome(Row):
    """What came of the transfer of a cycle; None: not told."""

    cycle = models.OneToOneField(Cycle, on_delete=models.PROTECT, related_name="outcome")
    version = models.PositiveIntegerField(default=1)
    hcg = models.BooleanField(null=True)
    clinical_pregnancy = models.BooleanField(null=True)
    sacs = models.PositiveSmallIntegerField(null=True)
    live_birth = models.BooleanField(null=True)
    miscarriage = models.BooleanField(null=True)
    note = models.TextField(blank=True)
    by_name = models.CharField(max_length=120)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"outcome of {self.cycle_id}"


class RuleSet(Row):
    """A lab's own rule for scoring embryos; off until every threshold is entered and somebody turns it on."""

    class Kind(models.TextChoices):
        GRADES = "grades", "grades"
        WEIGHTED = "weighted", "points"

    lab = models.ForeignKey(Lab, on_delete=models.PROTECT, related_name="rule_sets")
    name = models.CharField(max_length=80)
    source = models.TextField(blank=True)
    """Where the rule was published, as text."""
    template = models.CharField(max_length=20, blank=True)
    """The published template it was made from; empty for the lab's own."""
    is_on = models.BooleanField(default=False)
    version = models.PositiveIntegerField(default=1)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    criteria = models.JSONField()
    """Each as `rules.Criterion` in JSON, in order."""
    grades = models.JSONField(default=list)
    """Each as `rules.Grade` in JSON, the best first."""
    updated_at = models.DateTimeField()

    class Meta:
        ordering = ["name", "id"]
        constraints = [models.UniqueConstraint(fields=["lab", "name"], name="one_rule_set_a_name")]

    def __str__(self) -> str:
        return self.name
