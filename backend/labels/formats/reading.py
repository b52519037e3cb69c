"""The way from a path to tasks: the form is told by content, and every form is read piece by piece."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from backend.labels.formats import boxes, coco, tables, xml
from backend.labels.formats.archives import FileIn, Source, open_source
from backend.labels.formats.streaming import Fault, entries
from backend.labels.formats.tasks import Faulty, hash_of, looks_like_task, task_of
from backend.labels.formats.telling import Format, Part, outer_of, parts_of
from backend.labels.formats.texts import as_utf8
from backend.labels.formats.values import Json, Remark, Task, Unreadable

MOST_REMARKS = 1000
_LOSSY = {
    Format.JSON_MIN: tables.LOSSY,
    Format.CSV: tables.LOSSY,
    Format.COCO: coco.LOSSY,
    Format.YOLO: boxes.YOLO_LOSSY,
    Format.VOC: boxes.VOC_LOSSY,
}
LOSSY_FORMS = frozenset(_LOSSY)


def detect(path: Path) -> Format:
    """The form of a file, ZIP or folder; raises Unreadable where it is none of the known."""
    with _closing(open_source(path)) as source:
        return parts_of(source, [])[0].format


def read(path: Path, *, name: str = "") -> Reading:
    """Prepare to read every task of a file, ZIP or folder; raises Unreadable where it is no export."""
    source = open_source(path)
    if name:
        source.label = name
    return Reading(source)


class Reading:
    """Tasks as they are read; what was left out or is doubtful is in `remarks` and `faults` by the time it was passed."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.remarks: list[Remark] = []
        self.faults: list[Remark] = []
        """Tasks that could not be used, with their places."""
        self.fault_count = 0
        self.tasks_seen = 0
        self._ids: dict[str, tuple[str, str]] = {}
        try:
            self.parts = parts_of(source, self.remarks)
            self.controls, self.aliases = _configured(source)
        except BaseException:
            source.close()
            raise
        self.format = self.parts[0].format
        self._first_remarks = tuple(self.remarks)

    def __iter__(self) -> Iterator[Task]:
        for part in self.parts:
            if part.format in _LOSSY:
                self._remark(Remark(self.source.label, f"{part.format}_is_lossy", _LOSSY[part.format]))
            for task in self._tasks(part):
                self.tasks_seen += 1
                yield task

    def begin_again(self) -> None:
        """Forget what was counted, before the tasks are read once more."""
        self.faults.clear()
        self.remarks[:] = self._first_remarks
        self._ids.clear()
        self.fault_count = self.tasks_seen = 0

    def __enter__(self) -> Reading:
        return self

    def __exit__(self, *_: object) -> None:
        self.source.close()

    def _tasks(self, part: Part) -> Iterator[Task]:
        if part.format is Format.YOLO:
            yield from boxes.tasks_of_yolo(self.source, list(part.files), self.source.files(), self._fault)
            return
        for file in part.files:
            if part.format is Format.VOC:
                yield from self._voc(file)
            elif part.format is Format.COCO:
                yield from coco.tasks_of_coco(lambda file=file: self._open(file), file.name, self._fault)  # type: ignore[misc]
            elif part.format is Format.CSV:
                yield from self._rows(file)
            else:
                yield from self._json(file, part.format)

    def _json(self, file: FileIn, form: Format) -> Iterator[Task]:
        with self._open(file) as opened:
            if outer_of(self.source, file) == "{":
                yield from self._one(opened, file)
                return
            for entry in entries(opened, file.name):
                place = f"{file.name}, task {(entry.index or 0) + 1}"
                if isinstance(entry.value, Fault):
                    self._fault(_with_id(place, None), entry.value)
                elif form is Format.JSON_MIN and isinstance(entry.value, dict) and not looks_like_task(entry.value):
                    yield self._told_apart(tables.task_of_row(entry.value, _with_id(place, entry.value), self.controls), file)
                else:
                    yield from self._task(entry.value, _with_id(place, entry.value), file)

    def _one(self, opened: BinaryIO, file: FileIn) -> Iterator[Task]:
        """A file that is one task: its fields come one by one."""
        whole: dict[str, Json] = {}
        for entry in entries(opened, file.name):
            if isinstance(entry.value, Fault):
                where = f"{file.name}, {entry.field}" + (f" {entry.index + 1}" if entry.index is not None else "")
                self._fault(where, entry.value)
            elif entry.index is None:
                whole[str(entry.field)] = entry.value
            else:
                whole.setdefault(str(entry.field), []).append(entry.value)
        yield from self._task(whole, _with_id(file.name, whole), file)

    def _task(self, value: Json, place: str, file: FileIn) -> Iterator[Task]:
        try:
            yield self._told_apart(task_of(value, place), file)
        except Faulty as problem:
            self._fault(place, problem.fault)

    def _told_apart(self, task: Task, file: FileIn) -> Task:
        """Files of several projects in one folder count from 1 each: the same number with other data is another task."""
        id_ = task.external_id
        if id_ is None or (len(self.parts) == 1 and len(self.parts[0].files) == 1):
            return task
        told = hash_of(task.data)
        first_file, first_told = self._ids.setdefault(id_, (file.name, told))
        if first_file == file.name or first_told == told:
            return task
        detail = f"Task {id_} of {file.name} is another than task {id_} of {first_file}; both are kept."
        values = {"task": id_, "file": file.name, "other": first_file}
        remarks = (*task.remarks, Remark(task.place, "number_twice", detail, values))
        return replace(task, external_id=f"{id_}@{file.name}"[:120], remarks=remarks)

    def _rows(self, file: FileIn) -> Iterator[Task]:
        with self._open(file) as opened:
            for line, row in tables.rows_of_csv(opened, file.name):
                place = f"{file.name}, line {line}"
                if isinstance(row, Fault):
                    self._fault(place, row)
                else:
                    yield tables.task_of_row(row, place, self.controls)

    def _voc(self, file: FileIn) -> Iterator[Task]:
        try:
            with self.source.open(file) as opened:
                task = boxes.task_of_voc(opened, file.name, self.source.label)
        except Unreadable as problem:
            self._fault(file.name, Fault(problem.code, problem.detail))
            return
        if task is not None:
            yield task

    def _open(self, file: FileIn) -> BinaryIO:
        return as_utf8(self.source.open(file), file.name, self.remarks)

    def _fault(self, place: str, fault: Fault) -> None:
        self.fault_count += 1
        if len(self.faults) < MOST_REMARKS:
            self.faults.append(Remark(place, fault.code, fault.detail, fault.values))

    def _remark(self, remark: Remark) -> None:
        if remark not in self.remarks:
            self.remarks.append(remark)


class _closing:  # noqa: N801 - used as a statement
    def __init__(self, source: Source) -> None:
        self._source = source

    def __enter__(self) -> Source:
        return self._source

    def __exit__(self, *_: object) -> None:
        self._source.close()


def _with_id(place: str, value: Json) -> str:
    id_ = value.get("id") if isinstance(value, dict) else None
    return f"{place} (id {str(id_)[:40]})" if isinstance(id_, int | str) and not isinstance(id_, bool) else place


def _configured(source: Source) -> tuple[dict[str, tuple[str, str]], dict[str, str]]:
    """Controls of every labelling configuration that lies beside the labels, and what their aliases stand for."""
    controls: dict[str, tuple[str, str]] = {}
    aliases: dict[str, str] = {}
    for file in source.files():
        if file.suffix == ".xml" and "config" in file.base.lower():
            with suppress(Unreadable), source.open(file) as opened:
                root = xml.parse(opened, file.name)
                controls |= xml.controls_of(root)
                aliases |= xml.aliases_of(root)
    return controls, aliases
