"""What is in a set of labels, counted as it goes by: the same figures for the command, the dry run and the finished import."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from backend.labels.formats.interpreting import Said, interpret
from backend.labels.formats.mapping import LabelMapping
from backend.labels.formats.reading import Reading
from backend.labels.formats.regions import Drawn, drawn, words_of
from backend.labels.formats.values import Annotation, Remark, Task

MOST_WARNINGS = 1000
MOST_WORDS = 2000
MOST_RUNS = 200


@dataclass(slots=True)
class Tally:
    """Counts; the work of people and of machines stays apart."""

    tasks: int = 0
    annotations: int = 0
    """By people, deliberately empty ones included, skipped ones not: as Label Studio itself counts them."""
    regions: int = 0
    """What people marked somewhere; all results of one id are one."""
    predictions: int = 0
    drafts: int = 0
    skipped_tasks: int = 0
    empty_annotations: int = 0
    unlabelled_tasks: int = 0
    wells: Counter[str] = field(default_factory=Counter)
    phases: Counter[str] = field(default_factory=Counter)
    annotators: Counter[str] = field(default_factory=Counter)
    runs: Counter[str] = field(default_factory=Counter)
    """Predictions by the version of the model that made them."""
    words: Counter[tuple[str, str]] = field(default_factory=Counter)
    unknown: Counter[str] = field(default_factory=Counter)
    remarks: list[Remark] = field(default_factory=list)
    remark_count: int = 0
    _seen: set[int] = field(default_factory=set)
    _skipped: set[int] = field(default_factory=set)
    _labelled: set[int] = field(default_factory=set)

    def add(self, task: Task, mapping: LabelMapping, size: tuple[int, int] | None = None) -> list[tuple[Annotation, Drawn, Said]]:
        """Count a task and give what each of its annotations says."""
        size = task.size or size
        key = hash(task.external_id if task.external_id is not None else task.place)
        # A task that comes in several rows or files is one task.
        self.tasks += key not in self._seen
        self._seen.add(key)
        self.remark(task.remarks)
        said = []
        for annotation in task.annotations:
            marks = drawn(annotation.result, task.place, size)
            meant = interpret(marks, mapping, task.place, size)
            said.append((annotation, marks, meant))
            self._count(annotation, marks, meant, key)
        if any(annotation.kind == "annotation" for annotation in task.annotations):
            self._labelled.add(key)
        self.unlabelled_tasks = self.tasks - len(self._labelled)
        self.skipped_tasks = len(self._skipped)
        return said

    def remark(self, remarks: Iterable[Remark]) -> None:
        for remark in remarks:
            self.remark_count += 1
            if len(self.remarks) < MOST_WARNINGS:
                self.remarks.append(remark)

    def _count(self, annotation: Annotation, marks: Drawn, said: Said, key: int) -> None:
        self.unknown.update(marks.unknown)
        if annotation.kind == "prediction":
            self.predictions += 1
            self.runs[annotation.model_version or ""] += 1
            self.words.update(words_of(annotation.result))
            return
        if annotation.kind == "draft":
            self.drafts += 1
            return
        if annotation.annotator is not None:
            self.annotators[annotation.annotator] += 1
        if annotation.was_cancelled:
            self._skipped.add(key)
            return
        self.annotations += 1
        self.empty_annotations += annotation.is_deliberately_empty
        self.regions += len(marks.regions)
        self.words.update(words_of(annotation.result))
        self.remark((*marks.remarks, *said.remarks))
        if said.dish is not None:
            self.wells.update(well.content for well in said.dish.wells)
            if said.dish.phase is not None:
                self.phases[said.dish.phase] += 1
        self.phases.update(phase.phase for phase in said.phases or ())

    def listed_words(self, mapping: LabelMapping) -> list[dict[str, Any]]:
        """Words for the mapping screen, the frequent first."""
        return [
            {"text": word, "kind": kind, "count": count, "meaning": mapping.meaning(word)}
            for (kind, word), count in self.words.most_common(MOST_WORDS)
        ]


def summary(tally: Tally, reading: Reading) -> dict[str, Any]:
    """The one object that the command prints; warnings hold what was lost, left out or doubtful, faults first."""
    remarks = [*reading.faults, *reading.remarks, *tally.remarks]
    hidden = reading.fault_count + len(reading.remarks) + tally.remark_count - len(remarks[:MOST_WARNINGS])
    listed = [remark.as_json() for remark in remarks[:MOST_WARNINGS]]
    if tally.drafts:
        listed.append(
            {"place": reading.source.label, "code": "drafts", "detail": f"{tally.drafts} drafts are kept as drafts, not as labels."}
        )
    if hidden > 0:
        listed.append(
            {"place": reading.source.label, "code": "more", "detail": f"{hidden} more warnings of the same kinds are not listed."}
        )
    return {
        "tasks": tally.tasks,
        "annotations": tally.annotations,
        "annotators": len(tally.annotators),
        "regions": tally.regions,
        "predictions": tally.predictions,
        "skipped_tasks": tally.skipped_tasks,
        "empty_annotations": tally.empty_annotations,
        "unknown": dict(sorted(tally.unknown.items())),
        "warnings": listed,
    }
