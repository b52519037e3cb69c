"""Works on an import: reads the file and says what it would do, or does it; both walk the same way."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any
from uuid import UUID

from django.db import DatabaseError, OperationalError, transaction

from backend.audit.services import record
from backend.core.errors import refusal
from backend.core.files import ContentStore
from backend.core.jobs.draining import Draining
from backend.core.jobs.lease import CancelAsked, LeaseLost
from backend.core.jobs.transitions import end
from backend.core.jobs.working import Attempt, Failure, work_on
from backend.labels.comparing import Compared, Prepared, compare, instance_of, key_of, usual_choice
from backend.labels.formats.counting import Tally
from backend.labels.formats.mapping import LabelMapping, guessed
from backend.labels.formats.reading import LOSSY_FORMS, Reading, read
from backend.labels.formats.values import Filled, Remark, Task, Unreadable
from backend.labels.keeping import PictureKeeper
from backend.labels.matching import NONE, Matcher
from backend.labels.models import LabelConflict, LabelImport
from backend.labels.reporting import Report
from backend.labels.writing import Writer, question

logger = logging.getLogger(__name__)

BATCH = 200
TELL_EVERY_S = 1.0
MOST_CONFLICTS = 5000
MOST_OPTIONS = 50
DISK_FULL = "Make room on the server, then start the import again: what is here already is not written twice."


def execute(import_id: UUID | str) -> None:
    """Make one attempt at a waiting import; safe to call any number of times."""
    work_on(LabelImport, import_id, _work, explain=_explain)


def _work(attempt: Attempt[LabelImport]) -> None:
    job = attempt.job()
    path = ContentStore().path_of(job.source_sha256)
    with read(path, name=job.name) as reading, PictureKeeper(job.lab_id, reading.source) as keeper:
        walk = _Walk(attempt, job, reading, keeper)
        if job.step == LabelImport.Step.READING:
            walk.preview()
        else:
            walk.write()


@dataclass
class _Walk:
    """One way through the file."""

    attempt: Attempt[LabelImport]
    job: LabelImport
    reading: Reading
    keeper: PictureKeeper
    tally: Tally = field(default_factory=Tally)
    told_at: float = 0.0

    def preview(self) -> None:
        """Say what would be created, matched, changed and skipped; nothing but this row and its questions is written."""
        mapping = LabelMapping.of_json(self.job.mapping) if self.job.mapping else self._guess()
        report, conflicts = Report(self.reading), _Conflicts(self.job, is_lossy=self._is_lossy)
        for batch in self._batches(mapping, choices={}):
            for one in compare(self.job.lab_id, batch):
                report.compared(one)
                conflicts.ask(one)
        if not self.reading.tasks_seen:
            raise self._no_task()
        with self.attempt.transaction() as job:
            job.format, job.mapping, job.words = self.reading.format, mapping.as_json(), self.tally.listed_words(mapping)
            job.report = report.as_json(self.tally, self.keeper.remarks, conflicts.count)
            job.progress = {"done": self.reading.tasks_seen, "total": self.reading.tasks_seen}
            conflicts.save(job)
            end(job, LabelImport.State.PREVIEWED)

    def write(self) -> None:
        """Do it, batch by batch; a task that fails is told with its place, and all others are written."""
        mapping = LabelMapping.of_json(self.job.mapping)
        choices = {(kind, key): choice for kind, key, choice in self.job.conflicts.values_list("kind", "key", "choice")}
        writer = Writer(self.job, self.keeper, choices, is_lossy=self._is_lossy)
        report, done = Report(self.reading), Counter[str]()
        for batch in self._batches(mapping, choices):
            done += self._written(writer, batch, report)
        if not self.reading.tasks_seen:
            raise self._no_task()
        with self.attempt.transaction() as job:
            seen = self.reading.tasks_seen
            job.progress = {"done": seen, "total": seen}
            job.report = report.as_json(self.tally, self.keeper.remarks, 0) | {"done": _done(job, done, self.keeper.stored)}
            end(job, LabelImport.State.FINISHED)

    def _written(self, writer: Writer, batch: Sequence[Prepared], report: Report) -> Counter[str]:
        try:
            return self._commit(writer, batch, report)
        except (LeaseLost, CancelAsked, Draining, OperationalError):
            raise
        except (DatabaseError, ValueError, TypeError, OverflowError) as problem:
            if len(batch) == 1:
                logger.warning("A task of import %s could not be written: %s", self.job.id, problem)
                detail = f"The database did not take it ({type(problem).__name__})."
                values = {"problem": type(problem).__name__}
                self.reading.faults.append(Remark(batch[0].task.place, "not_written", detail, values))
                self.reading.fault_count += 1
                return Counter()
        # Somewhere in this batch is a task that cannot be written; alone, it fails alone.
        return sum((self._written(writer, [one], report) for one in batch), Counter[str]())

    def _commit(self, writer: Writer, batch: Sequence[Prepared], report: Report) -> Counter[str]:
        with self.attempt.transaction() as job:
            compared = compare(job.lab_id, batch)
            with transaction.atomic():
                done = writer.write(compared)
            if any(done.values()):
                record(actor=job.by, lab_id=job.lab_id, action="labels.imported", subject=job.subject, after=dict(+done))
            job.progress = self._progress()
            job.save(update_fields=["progress"])
            if self._is_time():
                job.announce()
        for one in compared:
            report.compared(one)
        return done

    def _batches(self, mapping: LabelMapping, choices: dict[tuple[str, str], str]) -> Iterator[list[Prepared]]:
        matcher = Matcher(self.job.lab_id, self.reading.source.files())
        tasks = iter(self.reading)
        while listed := list(islice(self._checked(tasks), BATCH)):
            self._tell()
            matches = matcher.matches(listed)
            yield [self._prepared(task, match, mapping, choices) for task, match in zip(listed, matches, strict=True)]

    def _prepared(self, task: Task, match: Any, mapping: LabelMapping, choices: dict[tuple[str, str], str]) -> Prepared:
        self.attempt.check()
        instance, key = instance_of(task, self.job.instance), key_of(task)
        candidate = match.taken(choices.get(("picture", f"{instance}|{key}"[:255])))
        size = self.keeper.size_of(candidate, task.place)
        said = [(annotation, meant) for annotation, _, meant in self.tally.add(task, mapping, size)]
        return Prepared(task, instance, key, match, candidate, said)

    def _guess(self) -> LabelMapping:
        """The words of the whole file, before anything can be said of what they mean."""
        tally, nothing = Tally(), LabelMapping()
        for task in self._checked(iter(self.reading)):
            tally.add(task, nothing)
        self.reading.begin_again()
        return guessed((word for _, word in tally.words), self.reading.aliases)

    def _checked(self, tasks: Iterator[Task]) -> Iterator[Task]:
        for task in tasks:
            self.attempt.check()
            yield task

    def _no_task(self) -> Unreadable:
        if self.reading.faults:
            first = self.reading.faults[0]
            return Unreadable(first.code, f"No task could be read. {first.place}: {first.detail}", "Correct the file, or export it again.")
        return Unreadable("no_tasks", f"{self.job.name} holds no task.", "Export a project that has tasks.")

    @property
    def _is_lossy(self) -> bool:
        return self.reading.format in LOSSY_FORMS

    def _progress(self) -> dict[str, int]:
        total = (self.job.report or {}).get("summary", {}).get("read", 0)
        return {"done": self.reading.tasks_seen, "total": total}

    def _is_time(self) -> bool:
        now = time.monotonic()
        if now - self.told_at < TELL_EVERY_S:
            return False
        self.told_at = now
        return True

    def _tell(self) -> None:
        if self._is_time():
            with self.attempt.transaction() as job:
                job.progress = self._progress()
                job.save(update_fields=["progress"])
                job.announce()


class _Conflicts:
    """Questions for the screen, each with the careful answer already given."""

    def __init__(self, job: LabelImport, *, is_lossy: bool) -> None:
        self._is_lossy = is_lossy
        self._answered = {(kind, key): choice for kind, key, choice in job.conflicts.values_list("kind", "key", "choice")}
        self._rows: dict[tuple[str, str], LabelConflict] = {}
        self.count = 0

    def ask(self, one: Compared) -> None:
        place, match = one.prepared.task.place[:300], one.prepared.match
        if len(match.candidates) > 1:
            name = match.reference.bare_name if match.reference is not None else "the picture"
            options = [candidate.as_option() for candidate in match.candidates[:MOST_OPTIONS]]
            options.append({"id": NONE, "kind": "none", "text": "", "name": ""})
            detail = f"{len(match.candidates)} pictures are called {name}."
            values: Filled = {"n": len(match.candidates), "name": name}
            key = f"{one.prepared.instance}|{one.prepared.external_id}"[:255]
            self._add(LabelConflict.Kind.PICTURE, key, place, detail, values, options, NONE)
        for version in one.versions:
            if version.current is None or version.annotation.kind == "prediction":
                continue
            who = version.annotation.annotator or "somebody"
            detail = f"The {version.annotation.kind} {version.external_id[:40]} by {who} differs from what is here."
            here, there = version.current.written_at, version.annotation.updated_at or ""
            options = [
                {"id": "keep", "kind": "keep", "text": here, "name": ""},
                {"id": "take", "kind": "take", "text": there, "name": ""},
            ]
            values = {"kind": version.annotation.kind, "id": version.external_id[:40], "who": version.annotation.annotator or ""}
            usual = usual_choice(version, is_lossy=self._is_lossy)
            self._add(LabelConflict.Kind.CHANGED, question(one, version), place, detail, values, options, usual)

    def save(self, job: LabelImport) -> None:
        job.conflicts.all().delete()
        rows = list(self._rows.values())
        for number, row in enumerate(rows):
            row.label_import, row.number = job, number
        LabelConflict.objects.bulk_create(rows)

    def _add(
        self,
        kind: str,
        key: str,
        place: str,
        detail: str,
        values: Filled,
        options: Sequence[Filled],
        usual: str,
    ) -> None:
        self.count += (kind, key) not in self._rows
        if len(self._rows) < MOST_CONFLICTS:
            known = self._answered.get((kind, key))
            choice = known if known in {option["id"] for option in options} else usual
            said = {"place": place, "detail": detail[:500], "values": values, "options": options}
            row = LabelConflict(kind=kind, key=key, choice=choice, **said)
            self._rows.setdefault((kind, key), row)


def _done(job: LabelImport, changed: Counter[str], pictures: int) -> dict[str, int]:
    """What this import brought, earlier attempts at it included."""
    kinds = Counter(job.annotations.values_list("kind", flat=True))
    return {
        "tasks": job.tasks.count(),
        "annotations": kinds["annotation"],
        "predictions": kinds["prediction"],
        "drafts": kinds["draft"],
        "changed_annotations": changed["changed_annotations"],
        "reinterpreted": changed["reinterpreted"],
        "pictures": pictures,
    }


def _explain(problem: Exception) -> Failure:
    if isinstance(problem, Unreadable):
        return Failure(problem.as_dict())
    if isinstance(problem, FileNotFoundError):
        return Failure(refusal("file_lost", "The uploaded file is no longer on the server.", "Upload it again."))
    if isinstance(problem, OSError):
        return Failure(refusal("disk_failed", f"The server's disk failed: {problem.strerror}.", DISK_FULL), may_pass=True)
    if isinstance(problem, MemoryError):
        return Failure(
            refusal("out_of_memory", "The server has not enough memory for this file.", "Split the export, or ask for more memory.")
        )
    hint = "Start it again; if it happens again, report it."
    return Failure(refusal("import_failed", f"The import met an unforeseen {type(problem).__name__}.", hint), may_pass=True)
