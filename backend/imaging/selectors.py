"""What an actor sees of patients, dishes and recordings."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar
from uuid import UUID

from django.db.models import Prefetch, QuerySet
from django.utils import timezone

from backend.accounts.actor import Actor
from backend.core.errors import Refused
from backend.core.files import ContentStore
from backend.imaging.models import Cycle, Dish, Patient, Stack, Upload

T = TypeVar("T")
SHOWABLE = (Stack.State.RECOGNISED, Stack.State.READY)


def stacks_visible_to(actor: Actor) -> QuerySet[Stack]:
    """Without the times of every frame, which are a megabyte for a long recording; `hours_since_start_of` reads them."""
    stacks = Stack.objects.filter(lab_id__in=actor.lab_ids_seen)
    return (
        stacks.select_related("dish__cycle", "same_as__dish")
        .defer("hours_since_start", "same_as__hours_since_start")
        .order_by("-created_at", "id")
    )


def stack_visible_to(actor: Actor, stack_id: UUID) -> Stack:
    return _found(stacks_visible_to(actor).filter(id=stack_id).first())


def dishes_visible_to(actor: Actor) -> QuerySet[Dish]:
    return Dish.objects.filter(lab_id__in=actor.lab_ids_seen).select_related("cycle__patient").order_by("-created_at", "id")


def patients_visible_to(actor: Actor) -> QuerySet[Patient]:
    cycles = Prefetch("cycles", queryset=Cycle.objects.order_by("label", "id"))
    return Patient.objects.filter(lab_id__in=actor.lab_ids_seen).prefetch_related(cycles).order_by("code", "id")


def uploads_visible_to(actor: Actor) -> QuerySet[Upload]:
    return Upload.objects.filter(lab_id__in=actor.lab_ids_seen)


def upload_visible_to(actor: Actor, upload_id: UUID) -> Upload:
    return _found(uploads_visible_to(actor).filter(id=upload_id).first())


def unfinished_uploads_of(actor: Actor) -> QuerySet[Upload]:
    """What this person can go on with."""
    return uploads_visible_to(actor).filter(by=actor.user, stack=None, expires_at__gt=timezone.now()).order_by("created_at", "id")


def may_follow_dish(actor: Actor, dish_id: UUID) -> bool:
    return dishes_visible_to(actor).filter(id=dish_id).exists()


def path_of(stack: Stack) -> Path:
    """A readable local path of the whole recording."""
    return ContentStore().path_of(stack.sha256)


def hours_since_start_of(stack: Stack) -> list[float | None]:
    """One value a frame: measured times where the recording has them, else the interval's, else None."""
    known: list[float] | None = stack.hours_since_start
    if known is not None and len(known) == stack.frame_count:
        return [round(hours, 5) for hours in known]
    if stack.interval_minutes is None:
        return [0.0 if stack.frame_count == 1 else None] * stack.frame_count
    return [round(index * stack.interval_minutes / 60, 5) for index in range(stack.frame_count)]


def first_hour_of(stack: Stack) -> float | None:
    """Hours post insemination at the first frame: as confirmed, else from the cycle's and the recording's clocks."""
    if stack.hpi_at_first_frame is not None:
        return stack.hpi_at_first_frame
    if stack.dish is None or stack.started_at is None or stack.dish.cycle.inseminated_at is None:
        return None
    return (stack.started_at - stack.dish.cycle.inseminated_at).total_seconds() / 3600


def hours_of(stack: Stack) -> list[float | None]:
    """Hours post insemination, one value a frame; None where nobody knows."""
    first = first_hour_of(stack)
    return [None if first is None or hours is None else round(first + hours, 5) for hours in hours_since_start_of(stack)]


def _found(row: T | None) -> T:
    if row is None:
        raise Refused("not_found", "There is nothing here, or it belongs to another lab.", http_status=404)
    return row
