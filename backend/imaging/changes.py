"""What each change of a recording tells the record of changes and the live channel, inside the change's own transaction."""

from __future__ import annotations

from typing import Any

from backend.accounts.models import User
from backend.audit import services as audit
from backend.imaging.models import Dish, Stack
from backend.live import events
from backend.live.publish import publish
from backend.live.topics import dish_topic, lab_topic


def stack_changed(
    stack: Stack, *, by: User | None, action: str, before: dict[str, Any] | None = None, after: dict[str, Any] | None = None
) -> None:
    """Record and announce; `action` is what was done, such as "stack.recognised"."""
    audit.record(actor=by, lab_id=stack.lab_id, action=action, subject=f"stack {stack.id}", before=before, after=after)
    announce(stack)


def announce(stack: Stack) -> None:
    """Tell the lab where a recording stands, for steps on the way that change nothing a person decided."""
    refusal = events.RefusalValue(**stack.refusal) if stack.refusal else None
    values = {"stack_id": str(stack.id), "name": stack.name, "state": stack.state, "dish": str(stack.dish_id) if stack.dish_id else None}
    event = events.StackChanged.model_validate({**values, "refusal": refusal})
    publish(lab_topic(stack.lab_id), event)


def dish_changed(dish: Dish, *, by: User, action: str, before: dict[str, Any] | None, after: dict[str, Any]) -> None:
    """Record and announce to those who look at the dish and to those who look at the lab."""
    audit.record(actor=by, lab_id=dish.lab_id, action=action, subject=f"dish {dish.id}", before=before, after=after)
    event = events.DishChanged(dish_id=str(dish.id), label=dish.label)
    publish(dish_topic(dish.id), event)
    publish(lab_topic(dish.lab_id), event)
