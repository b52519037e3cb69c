"""Tasks as Label Studio writes them, today's and the older form with `completions`, taken apart without losing a key."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from backend.labels.formats.streaming import Fault
from backend.labels.formats.values import Annotation, Json, Kind, Remark, Task

OTHER_KINDS: dict[str, Kind] = {"predictions": "prediction", "drafts": "draft"}
HUMAN_KEYS = ("annotations", "completions")
_OF_ANNOTATION = frozenset(
    {"id", "completed_by", "was_cancelled", "ground_truth", "lead_time", "created_at", "updated_at", "model_version", "score", "result"}
)


class Faulty(Exception):
    """A task that cannot be used, with the reason."""

    def __init__(self, code: str, detail: str, **values: str) -> None:
        super().__init__(detail)
        self.fault = Fault(code, detail, values)


def looks_like_task(value: Json) -> bool:
    """True for an object that has the outer form of a task, labelled or not."""
    if not isinstance(value, dict):
        return False
    return isinstance(value.get("data"), dict) or any(_holds_results(value.get(key)) for key in (*HUMAN_KEYS, *OTHER_KINDS))


def is_older_form(value: Json) -> bool:
    return isinstance(value, dict) and "completions" in value and "annotations" not in value


def task_of(raw: Json, place: str) -> Task:
    """One task of an export; raises Faulty where its form leaves no doubt that something is broken."""
    if not isinstance(raw, dict):
        raise Faulty("task_not_object", f"A {_named(raw)} stands where a task should be.", found=_named(raw))
    remarks: list[Remark] = []
    human = next((key for key in HUMAN_KEYS if raw.get(key) is not None), None)
    if looks_like_task(raw) or human is not None:
        data, used = raw.get("data", {}), {"id", "data"}
        if "data" not in raw:
            remarks.append(Remark(place, "data_missing", "The task does not say what was labelled; its labels are kept."))
    else:
        # A list of things to label, as it is given to Label Studio: every key is data.
        data, used = raw, set(raw)
    if not isinstance(data, dict):
        raise Faulty("data_not_object", f"The task's data is a {_named(data)}, not an object.", found=_named(data))
    annotations: list[Annotation] = []
    if human is not None:
        used.add(human)
        annotations += _annotations(raw[human], "annotation", human, place, remarks)
    for key, kind in OTHER_KINDS.items():
        listed = raw.get(key)
        if key in used or listed is None:
            continue
        if isinstance(listed, list) and listed and all(isinstance(item, int | str) for item in listed):
            detail = f"The export names its {key} by number only ({len(listed)}); export with their content to bring them in."
            remarks.append(Remark(place, "numbers_only", detail, {"n": len(listed), "kind": kind}))
            continue
        used.add(key)
        annotations += _annotations(listed, kind, key, place, remarks)
    extra = {key: value for key, value in raw.items() if key not in used}
    return Task(place, identifier(raw.get("id")) if "id" in used else None, data, extra, tuple(annotations), tuple(remarks))


def annotation_of(raw: Json, kind: Kind, place: str, remarks: list[Remark]) -> Annotation:
    """One annotation, prediction or draft; what is not of the usual kind of value is kept among the extras."""
    if not isinstance(raw, dict):
        raise Faulty("annotation_not_object", f"A {_named(raw)} stands where {_one(kind)} should be.", found=_named(raw), kind=kind)
    result = raw.get("result")
    if result is None:
        remarks.append(
            Remark(place, "result_missing", f"{_one(kind).capitalize()} has no list of results; it is kept without any.", {"kind": kind})
        )
        result = []
    if not isinstance(result, list) or not all(isinstance(row, dict) for row in result):
        detail = f"The results of {_one(kind)} are a {_named(result)}, not a list of objects."
        raise Faulty("result_not_list", detail, found=_named(result), kind=kind)
    taken: dict[str, Any] = {}
    extra = {key: value for key, value in raw.items() if key not in _OF_ANNOTATION}

    def take(key: str, kinds: type | tuple[type, ...]) -> Any:
        value = raw.get(key)
        if value is None or (isinstance(value, kinds) and (kinds is bool or not isinstance(value, bool))):
            return value
        extra[key] = value
        return None

    for key in ("lead_time", "score"):
        taken[key] = take(key, (int, float))
    for key in ("created_at", "updated_at", "model_version"):
        taken[key] = take(key, str)
    older = {"was_cancelled": "skipped", "ground_truth": "honeypot"}
    for key, before in older.items():
        taken[key] = bool(take(key, bool) or (raw.get(before) is True))
    completed_by = raw.get("completed_by")
    who = completed_by if completed_by is not None else raw.get("user") if kind == "draft" else None
    return Annotation(
        kind=kind,
        external_id=identifier(raw.get("id")),
        annotator=None if kind == "prediction" else annotator(who),
        completed_by=completed_by,
        result=tuple(result),
        extra=extra,
        **taken,
    )


def identifier(value: Json) -> str | None:
    """A number or a name as text; None for what is neither."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    return str(value)[:120] or None


def annotator(who: Json) -> str | None:
    """Who, as text: an address where there is one, else the number."""
    if isinstance(who, Mapping):
        who = who.get("email") or who.get("id") or who.get("username")
    return None if who is None or isinstance(who, list | Mapping | bool) else str(who)[:255]


def hash_of(value: Json) -> str:
    """The same for equal JSON, whatever the order of keys."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _annotations(listed: Json, kind: Kind, key: str, place: str, remarks: list[Remark]) -> list[Annotation]:
    if not isinstance(listed, list):
        raise Faulty("annotations_not_list", f"The task's {key} are a {_named(listed)}, not a list.", found=_named(listed), kind=kind)
    return [annotation_of(raw, kind, place, remarks) for raw in listed]


def _holds_results(listed: Json) -> bool:
    return isinstance(listed, list) and any(isinstance(item, dict) and "result" in item for item in listed)


def _one(kind: Kind) -> str:
    return "an annotation" if kind == "annotation" else f"a {kind}"


def _named(value: Json) -> str:
    names = {dict: "object", list: "list", str: "text", bool: "yes or no", int: "number", float: "number", type(None): "null"}
    return names.get(type(value), "value")
