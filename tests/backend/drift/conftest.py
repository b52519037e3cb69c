"""Finished runs of one lab, filed by incubator and day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from backend.analysis.models import Run, Well
from backend.analysis.rows import put
from backend.drift.figures import sweep
from tests.backend.analysis.conftest import ask, recorded, stack_of, weights

__all__ = ["ask", "recorded", "stack_of", "weights"]
MONDAY = datetime(2026, 6, 1, 12, tzinfo=timezone.get_default_timezone())
LOOKS = {"brightness": 0.5, "contrast": 0.3, "sharpness": 0.05, "evenness": 0.8}
Read = Callable[..., Run]


@pytest.fixture
def read(stack_of: Any, ask: Callable[..., Run]) -> Read:
    """A recording that was read to its end on that day after the first Monday."""
    count = iter(range(10_000))

    def make(day: int = 0, incubator: str = "", *, sureness: float = 0.9, **looks: float) -> Run:
        stack = stack_of(f"D{next(count)}")
        type(stack.dish).objects.filter(id=stack.dish_id).update(incubator=incubator)
        run = ask(stack)
        at = MONDAY + timedelta(days=day, minutes=next(count))
        Run.objects.filter(id=run.id).update(
            state=Run.State.FINISHED, finished_at=at, frames_done=100, usable_frames=98, looks=LOOKS | looks
        )
        shares = {"embryo": sureness, "empty": 1 - sureness, "gas": 0.0, "embryo_gas": 0.0}
        well = Well(run=run, row=0, column=0, box=[0, 0, 1, 1], content="embryo", confidence=1, content_probabilities=shares)
        put(Well, [well], key=("run", "row", "column"))
        run.refresh_from_db()
        return run

    return make


@pytest.fixture
def weeks(read: Read) -> Callable[..., None]:
    """So many recordings in each of so many weeks, their brightness a little apart; then the worker's rounds."""

    def make(weeks: int, a_week: int = 5, incubator: str = "", since: int = 0, **looks: float) -> None:
        for week in range(since, since + weeks):
            for number in range(a_week):
                read(7 * week + number % 7, incubator, **{"brightness": 0.5 + 0.01 * (number % 3 - 1)} | looks)
        while _round():
            pass

    return make


def _round() -> bool:
    from backend.drift.models import RunFigures

    before = RunFigures.objects.count()
    sweep()
    return RunFigures.objects.count() > before
