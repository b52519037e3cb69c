"""Imports, tasks and pictures that an actor may see."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet

from backend.accounts.actor import NOT_HERE, Actor
from backend.core.concealment import hidden_in
from backend.core.errors import Refused
from backend.labels.models import LabelAnnotation, LabelConflict, LabelImport, LabelTask, Picture

ABOUT = ("wells", "phases", "none")


def speaks_of(sha256: str) -> bool:
    """Labels still need these bytes."""
    gone = (LabelImport.State.FAILED, LabelImport.State.CANCELLED)
    imports = LabelImport.objects.filter(source_sha256=sha256).exclude(state__in=gone)
    return Picture.objects.filter(sha256=sha256, stack=None).exists() or imports.exists()


def imports_visible_to(actor: Actor, lab_id: UUID) -> QuerySet[LabelImport]:
    """Those of one lab, newest first."""
    lab = actor.require(lab_id)
    return LabelImport.objects.filter(lab=lab).select_related("by").order_by("-created_at", "id")


def import_visible_to(actor: Actor, import_id: UUID) -> LabelImport:
    row = LabelImport.objects.filter(id=import_id, lab_id__in=actor.lab_ids_seen).select_related("by", "lab").first()
    if row is None:
        raise Refused("not_found", NOT_HERE, http_status=404)
    return row


def conflicts_of(row: LabelImport) -> QuerySet[LabelConflict]:
    return row.conflicts.order_by("number")


def tasks_visible_to(actor: Actor, lab_id: UUID, asked: Mapping[str, Any]) -> QuerySet[LabelTask]:
    """Tasks of one lab; those of a recording that the actor reads blind wait until its own reading is submitted."""
    lab = actor.require(lab_id)
    current = LabelAnnotation.objects.filter(task=OuterRef("pk"), is_current=True)
    rows = LabelTask.objects.filter(lab=lab)
    if asked.get("label_import"):
        brought = LabelAnnotation.objects.filter(task=OuterRef("pk"), imported_by=asked["label_import"])
        rows = rows.filter(Q(brought_by=asked["label_import"]) | Exists(brought))
    if asked.get("instance"):
        rows = rows.filter(instance=asked["instance"])
    if asked.get("annotator"):
        rows = rows.filter(Exists(current.filter(annotator=asked["annotator"])))
    if asked.get("has_picture") is not None:
        rows = rows.filter(picture__isnull=not asked["has_picture"])
    about = asked.get("about")
    if about == "wells":
        rows = rows.filter(Exists(current.filter(dish__isnull=False)))
    elif about == "phases":
        rows = rows.filter(Exists(current.filter(Q(phases__isnull=False) | Q(dish__phase__isnull=False))))
    elif about == "none":
        rows = rows.exclude(Exists(current.filter(Q(phases__isnull=False) | Q(dish__isnull=False))))
    return _shown(actor, rows).order_by("created_at", "id")


def task_visible_to(actor: Actor, task_id: UUID) -> LabelTask:
    rows = LabelTask.objects.filter(id=task_id, lab_id__in=actor.lab_ids_seen)
    row = _shown(actor, rows).first()
    if row is None:
        raise Refused("not_found", NOT_HERE, http_status=404)
    return row


def _shown(actor: Actor, rows: QuerySet[LabelTask]) -> QuerySet[LabelTask]:
    stacks = set(rows.exclude(picture__stack=None).order_by().values_list("picture__stack", flat=True).distinct())
    blind = [key for key, hidden in hidden_in(actor.user.id, stacks).items() if hidden]
    if blind:
        rows = rows.exclude(picture__stack__in=blind)
    said = Prefetch("annotations", LabelAnnotation.objects.order_by("number", "created_at", "id"))
    return rows.select_related("picture").prefetch_related(said)
