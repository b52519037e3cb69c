"""What was recorded: patients by code, their cycles, dishes, and the recordings of each dish."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from backend.accounts.models import Lab
from backend.core.models import Row


class Patient(Row):
    """A pseudonymous code; a name is neither needed nor kept."""

    lab = models.ForeignKey(Lab, on_delete=models.PROTECT, related_name="patients")
    code = models.CharField(max_length=40)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["lab", "code"], name="one_patient_a_code")]

    def __str__(self) -> str:
        return self.code


class Cycle(Row):
    """One treatment of one patient."""

    class Method(models.TextChoices):
        UNKNOWN = "unknown", "not said"
        IVF = "ivf", "IVF"
        ICSI = "icsi", "ICSI"

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="cycles")
    label = models.CharField(max_length=40)
    method = models.CharField(max_length=8, choices=Method.choices, default=Method.UNKNOWN)
    inseminated_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["patient", "label"], name="one_cycle_a_label")]

    def __str__(self) -> str:
        return f"{self.patient} {self.label}"


class Dish(Row):
    """One dish of wells; `lab` repeats the patient's so that every query can start from it."""

    lab = models.ForeignKey(Lab, on_delete=models.PROTECT, related_name="dishes")
    cycle = models.ForeignKey(Cycle, on_delete=models.PROTECT, related_name="dishes")
    label = models.CharField(max_length=60)
    layout = models.CharField(max_length=5, blank=True, help_text="rows x columns; empty: the detector decides")
    incubator = models.CharField(max_length=40, blank=True)
    """The incubator or microscope it was filmed in, as the lab calls it."""

    class Meta:
        constraints = [models.UniqueConstraint(fields=["cycle", "label"], name="one_dish_a_label")]
        ordering = ["-created_at"]
        verbose_name_plural = "dishes"

    def __str__(self) -> str:
        return self.label


class Upload(Row):
    """One file on its way in, resumable; bytes lie at `uploads/<id>` in the data folder until it is whole."""

    lab = models.ForeignKey(Lab, on_delete=models.CASCADE, related_name="uploads")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    name = models.CharField(max_length=1024)
    """As the person's computer called it, with folders; text only, never a path here."""
    batch = models.UUIDField(db_index=True)
    """Files dropped together as one recording share it."""
    length = models.PositiveBigIntegerField()
    offset = models.PositiveBigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True)
    expires_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    stack = models.ForeignKey("Stack", on_delete=models.SET_NULL, null=True, related_name="uploads")

    class Meta:
        ordering = ["created_at", "id"]
        constraints = [models.CheckConstraint(condition=models.Q(offset__lte=models.F("length")), name="offset_within_length")]

    def __str__(self) -> str:
        return f"{self.name} {self.offset}/{self.length}"


class Stack(Row):
    """One recording of one dish, kept whole in the content store under its hash."""

    class State(models.TextChoices):
        ASSEMBLING = "assembling", "being put together"
        PROBING = "probing", "being looked at"
        RECOGNISED = "recognised", "waiting for confirmation"
        READY = "ready", "ready"
        REFUSED = "refused", "refused"

    lab = models.ForeignKey(Lab, on_delete=models.PROTECT, related_name="stacks")
    dish = models.ForeignKey(Dish, on_delete=models.PROTECT, null=True, related_name="stacks")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True)
    name = models.CharField(max_length=255)
    batch = models.UUIDField(null=True)
    """The uploads it is made of; asking twice for one batch gives one recording."""
    server_path = models.CharField(max_length=1024, blank=True)
    """Where it lies below the server folder, for a recording that was not uploaded."""
    state = models.CharField(max_length=12, choices=State.choices, default=State.ASSEMBLING, db_index=True)
    lease_token = models.UUIDField(null=True)
    """Held by the worker that takes it in; writes that carry an older token are dropped."""
    lease_until = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    same_as = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, related_name="+")
    """The earlier recording of this lab that holds the very same bytes."""
    refusal = models.JSONField(null=True)
    """`{code, detail, hint}` when it was refused."""
    sha256 = models.CharField(max_length=64, blank=True, db_index=True)
    size_bytes = models.PositiveBigIntegerField(default=0)
    format = models.CharField(max_length=16, blank=True)
    width_px = models.PositiveIntegerField(default=0)
    height_px = models.PositiveIntegerField(default=0)
    frame_count = models.PositiveIntegerField(default=0)
    planes = models.JSONField(default=list)
    default_plane = models.PositiveSmallIntegerField(default=0)
    """The plane in focus, by its place in `planes`: shown first, and the one that is analysed."""
    bit_depth = models.PositiveSmallIntegerField(default=8)
    interval_minutes = models.FloatField(null=True)
    hpi_at_first_frame = models.FloatField(null=True)
    started_at = models.DateTimeField(null=True)
    hours_since_start = models.JSONField(null=True)
    """One value a frame where real times are known; null: frames lie `interval_minutes` apart, or nobody knows."""
    times_from = models.CharField(max_length=12, default="none")
    layout_guess = models.CharField(max_length=5, blank=True)
    notes = models.JSONField(default=list)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(fields=["by", "batch"], name="one_stack_a_batch"),
            models.CheckConstraint(condition=~models.Q(state="ready") | models.Q(dish__isnull=False), name="a_ready_stack_has_a_dish"),
        ]

    def __str__(self) -> str:
        return self.name
