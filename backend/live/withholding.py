"""Keeps results from people who must not see them yet: their events are replaced, so that numbers stay without gaps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from backend.core import concealment
from backend.live.events import ResultWithheld

Concerned = tuple[UUID, str]
Delivered = dict[str, Any]


def withheld_from(user_id: UUID, concerns: Sequence[Concerned | None]) -> list[bool]:
    """Which of these must not be told to this person now; one answer a concern."""
    stacks = {concern[0] for concern in concerns if concern is not None}
    hidden = concealment.hidden_in(user_id, stacks) if stacks else {}
    return [concern is not None and concern[1] in hidden[concern[0]] for concern in concerns]


def without_result(delivered: Delivered, place: str) -> Delivered:
    """The same place in the topic, without what was found."""
    return delivered | {"event": ResultWithheld(name=place).model_dump(mode="json")}


def as_told_to(user_id: UUID, page: Sequence[Delivered]) -> list[Delivered]:
    """A page of events as this person may hear it."""
    concerns = [concealment.concern_of(one["event"]) for one in page]
    withheld = withheld_from(user_id, concerns)
    return [
        without_result(one, concern[1]) if is_withheld and concern is not None else one
        for one, concern, is_withheld in zip(page, concerns, withheld, strict=True)
    ]
