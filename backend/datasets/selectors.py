"""Data sets and their items, read only; what a person is blind for is left out."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from backend.accounts.actor import NOT_HERE, Actor
from backend.core.concealment import hidden_in
from backend.core.errors import Refused
from backend.core.jobs.models import UNDER_WAY
from backend.datasets.counting import count
from backend.datasets.gathering import Gathered, gather
from backend.datasets.models import DataSet, DataSetItem, Freezing
from backend.datasets.splitting import Placed, splits_are_disjoint
from backend.datasets.values import CLASSES, Filters, SplitRule, Task
from backend.imaging.models import Stack
from backend.labels.models import LabelAnnotation, LabelImport
from backend.review.models import Correction, Reading


def data_sets_visible_to(actor: Actor, lab_id: UUID) -> QuerySet[DataSet]:
    lab = actor.require(lab_id)
    return DataSet.objects.filter(lab=lab).select_related("by").order_by("-created_at", "id")


def data_set_visible_to(actor: Actor, data_set_id: UUID) -> DataSet:
    row = DataSet.objects.filter(id=data_set_id, lab_id__in=actor.lab_ids_seen).select_related("by", "lab").first()
    if row is None:
        raise Refused("not_found", NOT_HERE, http_status=404)
    return row


def hidden_data_sets(actor: Actor, rows: Iterable[DataSet]) -> set[UUID]:
    """Those with labels of something that this person is blind for: their counts would tell of it."""
    rows = list(rows)
    stacks = {UUID(key) for row in rows for key in row.stack_ids}
    hidden = {str(stack_id) for stack_id, places in hidden_in(actor.user.id, stacks).items() if places}
    return {row.id for row in rows if hidden.intersection(row.stack_ids)}


def freezing_under_way(row: DataSet) -> Freezing | None:
    return Freezing.objects.filter(dataset=row, state__in=UNDER_WAY).first()


def frozen_data_sets_of(lab_id: UUID) -> QuerySet[DataSet]:
    """What can be trained on."""
    return DataSet.objects.filter(lab_id=lab_id, state=DataSet.State.FROZEN).order_by("-frozen_at", "id")


def items_visible_to(actor: Actor, row: DataSet) -> QuerySet[DataSetItem]:
    """Of a frozen data set, in order."""
    items = DataSetItem.objects.filter(dataset=row).order_by("number")
    hidden = {stack_id: places for stack_id, places in hidden_in(actor.user.id, [UUID(key) for key in row.stack_ids]).items() if places}
    for stack_id, places in hidden.items():
        about = Q(stack_id=stack_id)
        if not places.is_all_but:
            about &= Q(place__in=[*places.places, ""])
        else:
            about &= ~Q(place__in=places.places) | Q(place="")
        items = items.exclude(about)
    return items


def draft_items(actor: Actor, row: DataSet) -> list[DataSetItem]:
    """What would be its items if it were frozen now, in no table; the pictures are those of its filters at this moment."""
    gathered = _gathered(actor, row.lab_id, row.task, row.filters, row.split)  # type: ignore[arg-type]
    return items_of(row, gathered)


def items_of(row: DataSet, gathered: Gathered) -> list[DataSetItem]:
    """Items in the order of their splits, unsaved."""
    order = {"train": 0, "validation": 1, "test": 2}
    pairs = sorted(zip(gathered.candidates, gathered.splits, strict=True), key=lambda pair: (order[pair[1]], pair[0].content_key))
    return [
        DataSetItem(
            dataset=row,
            number=number,
            picture_id=one.picture_id,
            stack_id=one.stack_id,
            frame_index=one.frame_index,
            plane=one.plane,
            place=one.place,
            cut=None if one.cut is None else list(one.cut),
            content_key=one.content_key,
            width_px=one.width_px,
            height_px=one.height_px,
            label=one.label,
            classes=f" {' '.join(dict.fromkeys(one.classes))} ",
            patient=one.patient,
            dish=one.dish,
            embryo=one.embryo,
            split=split,
            annotator=one.annotator,
            labelled_at=one.labelled_at,
            source=one.source,
        )
        for number, (one, split) in enumerate(pairs, start=1)
    ]


def counts_for(actor: Actor, lab_id: UUID, task: Task, filters: dict[str, Any], split: dict[str, Any]) -> dict[str, Any]:
    """How much these filters take now, without keeping anything."""
    lab = actor.require(lab_id)
    return count(task, _gathered(actor, lab.id, task, filters, split))


def _gathered(actor: Actor, lab_id: UUID, task: Task, filters: dict[str, Any], split: dict[str, Any]) -> Gathered:
    return gather(lab_id, task, Filters.of(filters), SplitRule.of(split), reader_id=actor.user.id)


@dataclass(frozen=True)
class Choice:
    """Something to filter by, and how many labels it would leave."""

    key: str
    name: str
    count: int


def choices_for(actor: Actor, lab_id: UUID) -> dict[str, Any]:
    """What a lab's labels can be filtered by; nothing that was read in a recording that one is blind for."""
    lab = actor.require(lab_id)
    stacks = Stack.objects.filter(lab=lab, state=Stack.State.READY)
    said = Q(id__in=Correction.objects.values("stack_id")) | Q(id__in=Reading.objects.filter(state="submitted").values("stack_id"))
    about = list(
        stacks.filter(said | Q(label_pictures__isnull=False)).distinct().select_related("dish__cycle__patient").defer("hours_since_start")
    )
    hidden = hidden_in(actor.user.id, [stack.id for stack in about])
    seen = [stack for stack in about if stack.dish is not None and not hidden[stack.id]]
    labels = LabelAnnotation.objects.filter(
        task__lab=lab, task__picture__isnull=False, kind="annotation", is_current=True, was_cancelled=False
    )
    readers = Reading.objects.filter(stack__in=[stack.id for stack in seen], state=Reading.State.SUBMITTED)
    annotators = Counter(annotator for annotator in labels.values_list("annotator", flat=True).iterator() if annotator)
    annotators.update(readers.values_list("reader__name", flat=True))
    imports = Counter(str(key) for key in labels.values_list("imported_by_id", flat=True).iterator() if key)
    names = {str(key): name for key, name in LabelImport.objects.filter(lab=lab).values_list("id", "name")}
    dishes = {str(stack.dish_id): f"{stack.dish.cycle.patient.code} {stack.dish.label}" for stack in seen if stack.dish is not None}
    patients = Counter(stack.dish.cycle.patient.code for stack in seen if stack.dish is not None)
    return {
        "annotators": [Choice(name, name, number) for name, number in sorted(annotators.items())],
        "imports": [Choice(key, names.get(key, ""), number) for key, number in imports.most_common()],
        "dishes": [
            Choice(key, name, sum(str(stack.dish_id) == key for stack in seen))
            for key, name in sorted(dishes.items(), key=lambda one: one[1])
        ],
        "patients": [Choice(code, code, number) for code, number in sorted(patients.items())],
        "meanings": {task: list(names) for task, names in CLASSES.items()},
    }


def require_disjoint(row: DataSet) -> None:
    """Refuse with 409 `splits_overlap` where two splits of a frozen data set share a patient, dish, embryo or picture."""
    items = DataSetItem.objects.filter(dataset=row).order_by("number").values_list("split", "patient", "dish", "embryo", "content_key")
    splits_are_disjoint(Placed(split, _keys(patient, dish, embryo, key)) for split, patient, dish, embryo, key in items.iterator())


def _keys(patient: str, dish: str, embryo: str, content_key: str) -> tuple[tuple[str, str], ...]:
    named = (("patient", patient), ("dish", dish), ("embryo", embryo))
    return (*((kind, key) for kind, key in named if key), ("picture", content_key))


def content_hash(row: DataSet, items: Sequence[DataSetItem]) -> str:
    """The same for the same pictures, labels, splits and steps, whoever froze them and in whichever order they came."""
    digest = hashlib.sha256(_canonical({"task": row.task, "steps": row.steps}))
    for line in sorted(_canonical([item.content_key, item.label, item.split]) for item in items):
        digest.update(b"\n" + line)
    return digest.hexdigest()


def _canonical(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()
