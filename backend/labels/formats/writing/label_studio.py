"""Label Studio's own JSON: a list of tasks, every key that was read written again."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from backend.labels.formats.values import Annotation, Json, Task

LISTS = {"annotation": "annotations", "prediction": "predictions", "draft": "drafts"}


def tasks_as_json(tasks: Iterable[Task]) -> Iterator[bytes]:
    """The file piece by piece, a task at a time; the whole never lies in memory."""
    yield b"["
    for number, task in enumerate(tasks):
        yield (b",\n" if number else b"\n") + as_bytes(task_as_json(task))
    yield b"\n]\n"


def task_as_json(task: Task) -> dict[str, Json]:
    """A task with its annotations, predictions and drafts, each in the order in which it was read."""
    said: dict[str, list[Json]] = {name: [] for name in LISTS.values()}
    for annotation in task.annotations:
        said[LISTS[annotation.kind]].append(annotation_as_json(annotation))
    # What was no list of annotations, such as bare numbers of predictions, is among the extras and goes out as it came.
    kept = {key: value for key, value in said.items() if value or key not in task.extra}
    named = {} if task.external_id is None else {"id": as_id(task.external_id)}
    return {**named, "data": task.data, **task.extra, **kept}


def annotation_as_json(annotation: Annotation) -> dict[str, Json]:
    """One annotation, prediction or draft with its results untouched; what was not said is not said here either."""
    by = annotation.completed_by
    if by is None and annotation.kind == "annotation":
        by = _by(annotation.annotator)
    told: dict[str, Json] = {
        "id": None if annotation.external_id is None else as_id(annotation.external_id),
        "completed_by": by,
        "lead_time": annotation.lead_time,
        "created_at": annotation.created_at,
        "updated_at": annotation.updated_at,
        "model_version": annotation.model_version,
        "score": annotation.score,
    }
    written = {key: value for key, value in told.items() if value is not None}
    if annotation.kind == "annotation":
        written |= {"was_cancelled": annotation.was_cancelled, "ground_truth": annotation.ground_truth}
    else:
        written |= {key: True for key in ("was_cancelled", "ground_truth") if getattr(annotation, key)}
    return {**written, **annotation.extra, "result": list(annotation.result)}


def as_id(text: str) -> int | str:
    """Label Studio's keys are numbers; anything else stays what it was."""
    return int(text) if text.isascii() and text.isdigit() and str(int(text)) == text else text


def as_bytes(value: Json) -> bytes:
    """JSON in UTF-8; letters that UTF-8 cannot carry, such as half of a surrogate pair, are written as escapes."""
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except UnicodeEncodeError:
        return json.dumps(value, allow_nan=False).encode()


def _by(annotator: str | None) -> Json:
    if annotator is None:
        return None
    named = as_id(annotator)
    return {"email": named} if isinstance(named, str) and "@" in named else named
