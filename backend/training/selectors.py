"""Trainings as they may be seen, and what there is to train with."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet

from backend.accounts.actor import NOT_HERE, Actor
from backend.core.errors import Refused
from backend.core.jobs.models import UNDER_WAY
from backend.datasets.models import DataSet
from backend.registry.models import Weights
from backend.registry.selectors import weights_visible_to
from backend.training.models import TrainingJob

TASK_OF_RECIPE = {"wells": "wells", "phases": "stages"}
"""What the registry calls the task of each recipe."""
FAMILY_OF_RECIPE = {"wells": "yolo", "phases": "convnextv2"}
"""The only nets that the recipes can go on with."""
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


def startings_visible_to(actor: Actor, lab_id: UUID) -> list[Starting]:
    """What is shipped and what this lab has taught, what is in use first."""
    lab = actor.require(lab_id)
    found = []
    for weights in weights_visible_to(actor):
        recipe = next((name for name, task in TASK_OF_RECIPE.items() if task == weights.task), None)
        if recipe is not None and weights.lab_id in (None, lab.id):
            found.append(Starting(weights, recipe, why_not(weights, recipe)))
    return sorted(found, key=lambda one: one.weights.state != Weights.State.ACTIVE)


def why_not(weights: Weights, recipe: str) -> str | None:
    """Why a recipe cannot go on from these weights."""
    if weights.state == Weights.State.UNUSABLE:
        return "unusable"
    return None if weights.family == FAMILY_OF_RECIPE[recipe] else "other_net"


@dataclass(frozen=True)
class Material:
    """A data set that could be learned from; `reason` says why not."""

    dataset: DataSet
    reason: str | None
    """`not_frozen`, `no_train` or `no_test`; None where it can be learned from."""


def materials_of(actor: Actor, lab_id: UUID) -> list[Material]:
    """The lab's data sets, those that can be learned from first."""
    lab = actor.require(lab_id)
    rows = [Material(row, lacks(row)) for row in DataSet.objects.filter(lab=lab).order_by("-created_at", "id")]
    return sorted(rows, key=lambda one: one.reason is not None)


def _lacks(row: DataSet) -> str | None:
    if row.state != DataSet.State.FROZEN:
        return "not_frozen"
    splits = set(row.items.order_by().values_list("split", flat=True).distinct())
    return "no_train" if "train" not in splits else "no_test" if "test" not in splits else None


def lacks(row: DataSet) -> str | None:
    """Why nothing can be learned from a data set; None where it can."""
    if row.state != DataSet.State.FROZEN:
        return "not_frozen"
    splits = set(row.items.order_by().values_list("split", flat=True).distinct())
    return "no_train" if "train" not in splits else "no_test" if "test" not in splits else None
