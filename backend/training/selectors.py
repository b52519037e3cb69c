"""Trainings as they may be seen, and what there is to train with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, QuerySet

from backend.accounts.actor import NOT_HERE, Actor
from backend.core.errors import Refused
from backend.core.jobs.models import UNDER_WAY
from backend.datasets.models import DataSet, DataSetItem
from backend.datasets.selectors import hidden_data_sets
from backend.registry.models import Weights
from backend.registry.selectors import weights_in_use, weights_visible_to
from backend.training.models import TrainingJob

TASK_OF_RECIPE = {"wells": "wells", "phases": "stages"}
"""What the registry calls the task of each recipe."""
FAMILIES_OF_RECIPE = {"wells": ("yolo11n", "yolo"), "phases": ("convnextv2",)}
"""The only nets that the recipes can go on with; weights made before there were several families say yolo."""
_ROWS = ("dataset", "start", "candidate", "by")


def trainings_visible_to(actor: Actor, lab_id: UUID) -> QuerySet[TrainingJob]:
    """Those of one lab, newest first."""
    lab = actor.require(lab_id)
    return TrainingJob.objects.filter(lab=lab).select_related(*_ROWS).order_by("-created_at", "id")


def training_visible_to(actor: Actor, training_id: UUID) -> TrainingJob:
    row = TrainingJob.objects.filter(lab_id__in=actor.lab_ids_seen, id=training_id).select_related(*_ROWS).first()
    if row is None:
        raise Refused("not_found", NOT_HERE, http_status=404)
    return row


def training_under_way(dataset: DataSet, recipe: str, start: Weights) -> TrainingJob | None:
    rows = TrainingJob.objects.filter(dataset=dataset, recipe=recipe, start=start, state__in=UNDER_WAY)
    return rows.select_related(*_ROWS).first()


@dataclass(frozen=True)
class Starting:
    """Weights that a training could go on from; `reason` says why not."""

    weights: Weights
    recipe: str
    reason: str | None
    """`unusable` or `other_net`; None where it can be started from."""
    is_in_use: bool = False


def startings_visible_to(actor: Actor, lab_id: UUID) -> list[Starting]:
    """What is shipped and what this lab has taught, what is in use first."""
    lab = actor.require(lab_id)
    in_use = {weights_in_use(task, lab.id) for task in TASK_OF_RECIPE.values()}
    found = []
    for weights in weights_visible_to(actor):
        recipe = next((name for name, task in TASK_OF_RECIPE.items() if task == weights.task), None)
        if recipe is not None and weights.lab_id in (None, lab.id):
            found.append(Starting(weights, recipe, why_not(weights, recipe), weights in in_use))
    return sorted(found, key=lambda one: not one.is_in_use)


def why_not(weights: Weights, recipe: str) -> str | None:
    """Why a recipe cannot go on from these weights."""
    if weights.state == Weights.State.UNUSABLE:
        return "unusable"
    return None if weights.family in FAMILIES_OF_RECIPE[recipe] else "other_net"


@dataclass(frozen=True)
class Material:
    """A data set that could be learned from; `reason` says why not."""

    dataset: DataSet
    reason: str | None
    """`not_frozen`, `no_train` or `no_test`; None where it can be learned from."""
    pictures: Mapping[str, int] | None
    """Of each split; None where the actor reads blind what some of them show."""


def materials_of(actor: Actor, lab_id: UUID) -> list[Material]:
    """The lab's data sets, those that can be learned from first."""
    lab = actor.require(lab_id)
    rows = list(DataSet.objects.filter(lab=lab).order_by("-created_at", "id"))
    held, hidden = _pictures_of(rows), hidden_data_sets(actor, rows)
    found = [Material(row, _lacks(row, held[row.id]), None if row.id in hidden else held[row.id]) for row in rows]
    return sorted(found, key=lambda one: one.reason is not None)


def lacks(row: DataSet) -> str | None:
    """Why nothing can be learned from a data set; None where it can."""
    return _lacks(row, _pictures_of([row])[row.id])


def _pictures_of(rows: Sequence[DataSet]) -> Mapping[UUID, Mapping[str, int]]:
    """How many pictures each split of each data set holds."""
    held = {row.id: dict.fromkeys(DataSetItem.Split.values, 0) for row in rows}
    items = DataSetItem.objects.filter(dataset__in=rows).order_by()
    for dataset, split, count in items.values_list("dataset", "split").annotate(count=Count("id")):
        held[dataset][split] = count
    return held


def _lacks(row: DataSet, splits: Mapping[str, int]) -> str | None:
    if row.state != DataSet.State.FROZEN:
        return "not_frozen"
    return "no_train" if not splits["train"] else "no_test" if not splits["test"] else None
