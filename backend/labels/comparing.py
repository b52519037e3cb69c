"""What of a file is new here, the same as before or changed: asked in batches, for the dry run and for the import alike."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from backend.labels.formats.interpreting import Said, dish_as_json, phases_as_json
from backend.labels.formats.references import picture_reference
from backend.labels.formats.tasks import hash_of
from backend.labels.formats.values import Annotation, Json, Task
from backend.labels.matching import Candidate, Match
from backend.labels.models import LabelAnnotation, LabelTask

KEEP, TAKE = "keep", "take"
EXPORT = "export"
"""The instance of tasks that name neither a server nor a project."""


@dataclass(slots=True)
class Prepared:
    """One task of the file with everything that is known of it before the database is asked."""

    task: Task
    instance: str
    external_id: str
    match: Match
    candidate: Candidate | None
    said: Sequence[tuple[Annotation, Said]]


@dataclass(slots=True)
class Version:
    """One annotation of the file beside what is here of it."""

    annotation: Annotation
    said: Said
    number: int
    external_id: str
    content_hash: str
    same: LabelAnnotation | None = None
    """The row that says the very same."""
    current: LabelAnnotation | None = None
    """The version that counts now, where that is another."""

    @property
    def standing(self) -> str:
        if self.same is not None and self.same.is_current:
            return "matched"
        return "changed" if self.current is not None else "created"

    @property
    def counts(self) -> bool:
        """A person's finished work: machines, drafts and skipped tasks say nothing of wells and phases here."""
        return self.annotation.kind == "annotation" and not self.annotation.was_cancelled

    @property
    def dish(self) -> dict[str, Any] | None:
        return dish_as_json(self.said.dish) if self.counts and self.said.dish is not None else None

    @property
    def phases(self) -> list[dict[str, Any]] | None:
        return phases_as_json(self.said.phases) if self.counts and self.said.phases else None


@dataclass(slots=True)
class Compared:
    """A task of the file beside what is here of it."""

    prepared: Prepared
    external_id: str
    row: LabelTask | None
    versions: list[Version] = field(default_factory=list)
    is_new: bool = field(init=False)
    """It was not here when it was compared; by the time it is counted it may have been written."""

    def __post_init__(self) -> None:
        self.is_new = self.row is None

    @property
    def key(self) -> str:
        return f"{self.prepared.instance}|{self.external_id}"[:255]


def instance_of(task: Task, said: str) -> str:
    """Where a task's number belongs: what the person said, else the project the export names."""
    project = task.extra.get("project")
    return said or (f"project {project}" if isinstance(project, int) and not isinstance(project, bool) else EXPORT)


def key_of(task: Task) -> str:
    """A task's number; without one, a hash of what it labels, or of what was said where it does not tell that."""
    if task.external_id is not None:
        return task.external_id
    return hash_of(task.data or [list(annotation.result) for annotation in task.annotations])


def content_of(annotation: Annotation) -> str:
    """A hash of everything an annotation says; when it was saved says nothing."""
    return hash_of(
        [
            list(annotation.result),
            annotation.was_cancelled,
            annotation.ground_truth,
            annotation.lead_time,
            annotation.score,
            annotation.model_version,
            annotation.completed_by if annotation.completed_by is not None else annotation.annotator,
            {name: value for name, value in annotation.extra.items() if name not in _OF_THE_MOMENT},
        ]
    )


_OF_THE_MOMENT = frozenset({"updated_by", "last_action", "draft_created_at", "created_ago", "result_count", "bulk_created"})


def compare(lab_id: UUID, batch: Sequence[Prepared]) -> list[Compared]:
    """Each task beside what the lab has of it; two questions to the database for all of them."""
    rows = _tasks(lab_id, batch)
    compared = [_standing(one, rows) for one in batch]
    known: dict[UUID, dict[tuple[str, str], list[LabelAnnotation]]] = defaultdict(lambda: defaultdict(list))
    there = {one.row.id for one in compared if one.row is not None}
    for said in LabelAnnotation.objects.filter(task_id__in=there).defer("result", "extra"):
        known[said.task_id][said.kind, said.external_id].append(said)
    for one in compared:
        one.versions = list(_versions(one.prepared, known[one.row.id] if one.row is not None else {}))
    return compared


def _tasks(lab_id: UUID, batch: Sequence[Prepared]) -> dict[tuple[str, str], LabelTask]:
    ids = {one.external_id for one in batch}
    ids |= {_other_number(one) for one in batch}
    found = LabelTask.objects.filter(lab_id=lab_id, instance__in={one.instance for one in batch}, external_id__in=ids)
    return {(row.instance, row.external_id): row for row in found}


def _standing(one: Prepared, rows: Mapping[tuple[str, str], LabelTask]) -> Compared:
    row = rows.get((one.instance, one.external_id))
    if row is None or _is_same_thing(row.data, one.task.data):
        return Compared(one, one.external_id, row)
    # Another project's export counts from 1 as well: its task 5 is not ours.
    number = _other_number(one)
    return Compared(one, number, rows.get((one.instance, number)))


def _other_number(one: Prepared) -> str:
    return f"{one.external_id[:110]}~{hash_of(one.task.data)[:8]}"


def _is_same_thing(here: dict[str, Json], there: dict[str, Json]) -> bool:
    """The same picture is named, or at least one field says the very same."""
    ours, theirs = picture_reference(here), picture_reference(there)
    if ours is not None and theirs is not None and ours.scheme != "inline":
        return ours.bare_name == theirs.bare_name
    return here == there or any(key in here and here[key] == value for key, value in there.items())


def _versions(one: Prepared, known: Mapping[tuple[str, str], list[LabelAnnotation]]) -> Iterator[Version]:
    taken: set[tuple[str, str]] = set()
    for number, (annotation, said) in enumerate(one.said):
        content = content_of(annotation)
        id_ = annotation.external_id or content
        copy = 1
        while (annotation.kind, id_) in taken:
            copy += 1
            id_ = f"{annotation.external_id or content}#{copy}"
        taken.add((annotation.kind, id_))
        version = Version(annotation, said, number, id_, content)
        for row in known.get((annotation.kind, id_), []):
            if row.content_hash == content:
                version.same = row
            elif row.is_current:
                version.current = row
        yield version


def usual_choice(version: Version, *, is_lossy: bool) -> str:
    """Of two versions the newer counts; a poorer form of an export never replaces a fuller one."""
    here = version.current
    if here is None or (version.annotation.kind == "prediction" and not is_lossy):
        return TAKE
    if is_lossy:
        return KEEP
    written = version.annotation.updated_at or ""
    return KEEP if written and here.written_at and written < here.written_at else TAKE


def row_of(version: Version, task: LabelTask, **more: Any) -> LabelAnnotation:
    """The row of an annotation that is not here yet."""
    annotation = version.annotation
    return LabelAnnotation(
        task=task,
        kind=annotation.kind,
        number=version.number,
        external_id=version.external_id,
        has_external_id=annotation.external_id is not None,
        annotator=annotation.annotator or "",
        completed_by=annotation.completed_by,
        result=list(annotation.result),
        extra=annotation.extra,
        dish=version.dish,
        phases=version.phases,
        was_cancelled=annotation.was_cancelled,
        ground_truth=annotation.ground_truth,
        lead_time=annotation.lead_time,
        written_at=(annotation.updated_at or "")[:40],
        written_first_at=(annotation.created_at or "")[:40],
        model_version=(annotation.model_version or "")[:255],
        score=annotation.score,
        content_hash=version.content_hash,
        **more,
    )
