"""Labels as Label Studio and its kin know them: what was brought in, kept as it was written, beside what it means here."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar
from uuid import UUID

from django.conf import settings
from django.db import models, transaction

from backend.accounts.models import Lab
from backend.core.jobs.models import LeasedJob
from backend.core.jobs.scratch import remove_after_commit
from backend.core.models import Row
from backend.imaging.models import Stack


class Picture(Row):
    """One labelled picture: bytes of its own in the content store, or one frame of a known recording."""

    lab = models.ForeignKey(Lab, on_delete=models.PROTECT, related_name="label_pictures")
    sha256 = models.CharField(max_length=64, db_index=True)
    """Of the picture's own bytes; of the recording's bytes where it is a frame."""
    name = models.CharField(max_length=1024)
    """As the file called it; text only."""
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    dhash = models.CharField(max_length=16, blank=True)
    """Sixty-four bits, near ones of pictures that look alike; empty for frames."""
    stack = models.ForeignKey(Stack, on_delete=models.CASCADE, null=True, related_name="label_pictures")
    frame_index = models.PositiveIntegerField(null=True)
    plane = models.PositiveSmallIntegerField(null=True)

    class Meta:
        ordering = ["created_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["lab", "sha256"], condition=models.Q(stack=None), name="one_picture_a_content"),
            models.UniqueConstraint(fields=["stack", "frame_index", "plane"], name="one_picture_a_frame"),
            models.CheckConstraint(
                condition=models.Q(stack__isnull=True) | models.Q(frame_index__isnull=False, plane__isnull=False), name="a_frame_says_which"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class LabelImport(LeasedJob):
    """One file of labels on its way in: read and shown first, written once somebody confirmed it."""

    class State(models.TextChoices):
        QUEUED = "queued", "waiting"
        RUNNING = "running", "running"
        PREVIEWED = "previewed", "waiting for confirmation"
        FINISHED = "finished", "finished"
        CANCELLED = "cancelled", "cancelled"
        FAILED = "failed", "failed"

    class Step(models.TextChoices):
        READING = "reading", "reading"
        IMPORTING = "importing", "importing"

    TASK: ClassVar[str] = "labels.import"
    KIND: ClassVar[str] = "label_import"

    state = models.CharField(max_length=12, choices=State.choices, default=State.QUEUED, db_index=True)
    step = models.CharField(max_length=12, choices=Step.choices, default=Step.READING)
    name = models.CharField(max_length=255)
    """The file as the person called it."""
    source_sha256 = models.CharField(max_length=64)
    size_bytes = models.PositiveBigIntegerField()
    instance = models.CharField(max_length=255)
    """The server, project or file set that the file's numbers belong to; the same number elsewhere is another task."""
    format = models.CharField(max_length=16, blank=True)
    preset = models.CharField(max_length=20, blank=True)
    mapping = models.JSONField(default=dict)
    words = models.JSONField(default=list)
    """Every word that labels in the file: `{text, kind, count, meaning}`; what the mapping screen lists."""
    report = models.JSONField(null=True)
    """What the dry run saw, and after the import what was done."""

    class Meta(LeasedJob.Meta):
        constraints = [*LeasedJob.Meta.constraints]

    def __str__(self) -> str:
        return self.name

    def announce(self) -> None:
        from backend.labels.news import announce_import

        announce_import(self)

    def summary(self) -> Any:
        return (self.report or {}).get("done")

    def ended(self) -> None:
        """A file that was refused or given up is not kept; one that was imported can be given another meaning later."""
        from backend.imaging.intake import release_content

        sha256 = self.source_sha256
        if self.state in (self.State.FAILED, self.State.CANCELLED):
            transaction.on_commit(lambda: release_content(sha256), robust=True)


class LabelConflict(Row):
    """A question that only a person can answer before, or instead of, the usual answer is taken."""

    class Kind(models.TextChoices):
        PICTURE = "picture", "several pictures may be meant"
        CHANGED = "changed", "differs from what is here"

    label_import = models.ForeignKey(LabelImport, on_delete=models.CASCADE, related_name="conflicts")
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=12, choices=Kind.choices)
    key = models.CharField(max_length=255)
    """What it is about, the same in every reading of the file."""
    place = models.CharField(max_length=300)
    detail = models.CharField(max_length=500)
    """In English, for programs."""
    values = models.JSONField(default=dict)
    """What `detail` fills in: `{n, name}` of several pictures, `{kind, id, who}` of an annotation."""
    options = models.JSONField()
    """`[{id, kind, text, name, width_px?, height_px?, since?, frames?}]`."""
    choice = models.CharField(max_length=80)
    """The option taken; until somebody chooses, the careful one."""

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["label_import", "kind", "key"], name="one_conflict_a_question")]

    def __str__(self) -> str:
        return self.detail


class LabelTask(Row):
    """One thing that was labelled; everything its file said of it goes out again as it came."""

    lab = models.ForeignKey(Lab, on_delete=models.PROTECT, related_name="label_tasks")
    instance = models.CharField(max_length=255)
    external_id = models.CharField(max_length=120)
    """Its number in that instance; for tasks without one, a hash of their data."""
    data = models.JSONField()
    extra = models.JSONField(default=dict)
    place = models.CharField(max_length=300)
    picture = models.ForeignKey(Picture, on_delete=models.SET_NULL, null=True, related_name="label_tasks")
    brought_by = models.ForeignKey(LabelImport, on_delete=models.SET_NULL, null=True, related_name="tasks")
    """The import that made it; null for what came over a connection."""

    class Meta:
        ordering = ["created_at", "id"]
        constraints = [models.UniqueConstraint(fields=["lab", "instance", "external_id"], name="one_label_task_a_number")]

    def __str__(self) -> str:
        return f"{self.instance} {self.external_id}"


class LabelAnnotation(Row):
    """What one annotator, or one run of a machine elsewhere, said of a task; never changed, only followed by another version."""

    class Kind(models.TextChoices):
        ANNOTATION = "annotation", "by a person"
        PREDICTION = "prediction", "by a machine"
        DRAFT = "draft", "begun by a person"

    task = models.ForeignKey(LabelTask, on_delete=models.CASCADE, related_name="annotations")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    number = models.PositiveIntegerField(default=0)
    """Its place within the task, so that it goes out in the order it came."""
    external_id = models.CharField(max_length=120)
    """Its number in the instance; for those without one, a hash of what they say."""
    has_external_id = models.BooleanField(default=True)
    is_current = models.BooleanField(default=True)
    """False for versions that were followed by another."""
    annotator = models.CharField(max_length=255, blank=True)
    completed_by = models.JSONField(null=True)
    result = models.JSONField()
    """As it was written."""
    extra = models.JSONField(default=dict)
    dish = models.JSONField(null=True)
    """What it says of a picture of a dish, see `formats.meaning`; null where the mapping finds nothing of the kind."""
    phases = models.JSONField(null=True)
    """What it says of phases over time."""
    was_cancelled = models.BooleanField(default=False)
    ground_truth = models.BooleanField(default=False)
    lead_time = models.FloatField(null=True)
    written_at = models.CharField(max_length=40, blank=True)
    """When it was last changed, as the file says it."""
    written_first_at = models.CharField(max_length=40, blank=True)
    model_version = models.CharField(max_length=255, blank=True)
    score = models.FloatField(null=True)
    content_hash = models.CharField(max_length=64)
    imported_by = models.ForeignKey(LabelImport, on_delete=models.SET_NULL, null=True, related_name="annotations")

    class Meta:
        ordering = ["number", "created_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["task", "kind", "external_id", "content_hash"], name="one_annotation_a_content"),
            models.UniqueConstraint(
                fields=["task", "kind", "external_id"], condition=models.Q(is_current=True), name="one_current_version_an_annotation"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.external_id}"


class Connection(Row):
    """A lab's own Label Studio server; only an administrator of the instance writes it."""

    class TokenKind(models.TextChoices):
        LEGACY = "legacy", "legacy API token"
        PERSONAL = "personal", "personal access token"

    class State(models.TextChoices):
        UNCHECKED = "unchecked", "not tried yet"
        WORKS = "works", "works"
        FAILS = "fails", "does not work"

    lab = models.OneToOneField(Lab, on_delete=models.CASCADE, related_name="label_connection")
    address = models.CharField(max_length=500)
    """Scheme, host, port and path; one of LABEL_STUDIO_ALLOWED, which is asked again whenever it is opened."""
    sealed_token = models.TextField()
    """Readable only with the secret key; never answered to anybody."""
    token_kind = models.CharField(max_length=8, choices=TokenKind.choices)
    state = models.CharField(max_length=9, choices=State.choices, default=State.UNCHECKED)
    checked_at = models.DateTimeField(null=True)
    error = models.JSONField(null=True)
    """`{code, detail, hint}` of the last check that failed."""
    server_version = models.CharField(max_length=40, blank=True)
    projects = models.JSONField(default=list)
    """`[{id, title, tasks}]` as the last check found them."""
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")

    def __str__(self) -> str:
        return self.address


class LabelSync(LeasedJob):
    """One exchange with a lab's own server: a try, tasks and annotations in, or our predictions out."""

    class Direction(models.TextChoices):
        CHECK = "check", "try"
        PULL = "pull", "in"
        PUSH = "push", "out"

    TASK: ClassVar[str] = "labels.sync"
    KIND: ClassVar[str] = "label_sync"

    direction = models.CharField(max_length=5, choices=Direction.choices)
    address = models.CharField(max_length=500)
    """As it was when this was asked for; an exchange never goes on with another server."""
    project = models.PositiveIntegerField(null=True)
    options = models.JSONField(default=dict)
    """What was asked for: `{pictures}` of a pull, `{dishes, stills}` of a push."""
    cursor = models.JSONField(default=dict)
    """How far it came, so that another attempt goes on from there."""
    report = models.JSONField(null=True)
    label_import = models.ForeignKey(LabelImport, on_delete=models.SET_NULL, null=True, related_name="syncs")
    """What a pull brought, waiting to be looked at and confirmed like any file."""

    class Meta(LeasedJob.Meta):
        constraints = [
            *LeasedJob.Meta.constraints,
            models.UniqueConstraint(
                fields=["lab"], condition=models.Q(state__in=["queued", "running"]), name="one_label_sync_under_way_a_lab"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.direction} {self.address}"

    def announce(self) -> None:
        from backend.labels.news import announce_sync

        announce_sync(self)

    def summary(self) -> Any:
        return self.report

    def ended(self) -> None:
        remove_after_commit(home_of(self.id))


def home_of(sync_id: UUID) -> Path:
    """Where pages lie while an exchange is worked on."""
    return Path(settings.DATA_DIR, "label-syncs", str(sync_id))
