"""Calls of single frames on their way to the page: many a second are found, a few messages a second are told."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator

from backend.live.events import CallValue

MESSAGES_A_SECOND = 4.0
MOST_CALLS = 50
"""In one message; all are stored, and travel over REST."""
Place = tuple[int, int]


class StageNews:
    """Gathers calls well by well; each well's first are told at once, later ones in its turn."""

    def __init__(self) -> None:
        self._waiting: dict[Place, list[CallValue]] = {}
        self._told_at: dict[Place, float] = {}

    def add(self, place: Place, calls: Iterable[CallValue]) -> None:
        self._waiting.setdefault(place, []).extend(calls)

    def drop(self, place: Place) -> None:
        """What waits for this well is not worth telling any more."""
        self._waiting.pop(place, None)

    def forget(self) -> None:
        """Places mean other wells from now on."""
        self._waiting.clear()
        self._told_at.clear()

    def due(self) -> Iterator[tuple[Place, list[CallValue]]]:
        """Wells with news whose turn has come, and the newest of their calls in order of frames."""
        now = time.monotonic()
        turn_s = len(self._told_at) / MESSAGES_A_SECOND
        for place in sorted(self._waiting):
            if now - self._told_at.get(place, -turn_s + now) >= turn_s:
                calls = self._waiting.pop(place)[-MOST_CALLS:]
                self._told_at[place] = now
                yield place, sorted(calls, key=lambda call: call.frame_index)
