"""What an actor may have a report on."""

from __future__ import annotations

from uuid import UUID

from backend.accounts.actor import NOT_HERE, Actor
from backend.core.errors import Refused
from backend.imaging.models import Cycle, Dish
from backend.imaging.selectors import dishes_visible_to


def dish_to_report(actor: Actor, dish_id: UUID) -> Dish:
    dish = dishes_visible_to(actor).select_related("lab", "cycle__patient").filter(id=dish_id).first()
    if dish is None:
        raise Refused("not_found", NOT_HERE, http_status=404)
    return dish


def cycle_to_report(actor: Actor, cycle_id: UUID) -> Cycle:
    cycle = Cycle.objects.select_related("patient__lab").filter(id=cycle_id, patient__lab_id__in=actor.lab_ids_seen).first()
    if cycle is None:
        raise Refused("not_found", NOT_HERE, http_status=404)
    return cycle


def dishes_of(actor: Actor, cycle: Cycle) -> list[Dish]:
    """In the order in which they were recorded."""
    return list(dishes_visible_to(actor).select_related("lab", "cycle__patient").filter(cycle=cycle).order_by("created_at", "id"))
