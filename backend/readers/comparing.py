"""One comparison as somebody asked for it."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from backend.accounts.actor import Actor
from backend.accounts.models import Lab
from backend.accounts.selectors import members_of
from backend.core.errors import Refused
from backend.readers.agreement import agreement
from backend.readers.annotations import MACHINE, material_of
from backend.readers.selectors import tolerances_of


def compare(
    *, actor: Actor, lab: Lab, a: str, b: str, dish: UUID | None = None, since: datetime | None = None, only_blind: bool = False
) -> dict[str, Any]:
    """Refuses a reader who is neither a member nor has read anything here."""
    material = material_of(actor, lab, dish_id=dish, since=since, only_blind=only_blind)
    names = {str(one.user_id): one.user.name for one in members_of(lab)} | material.names | {MACHINE: ""}
    if a not in names or b not in names:
        raise Refused("no_such_reader", "This lab has no such reader.", "Choose one of the lab's members, or the machine.", http_status=404)
    tolerances = tolerances_of(lab.id)
    told = agreement(material, a, b, tolerances)
    return told | {"a": {"id": a, "name": names[a]}, "b": {"id": b, "name": names[b]}, "tolerance_hours": tolerances}
