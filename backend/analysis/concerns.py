"""Of which recording and place an event of a run tells a result."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from uuid import UUID

from backend.analysis.models import Run


def of_calls(event: Mapping[str, Any]) -> tuple[UUID, str]:
    return _stack_of(event["run_id"]), event["name"]


def of_profile(event: Mapping[str, Any]) -> tuple[UUID, str]:
    return _stack_of(event["run_id"]), event["profile"]["name"]


@lru_cache(maxsize=1000)
def _stack_of(run_id: str) -> UUID:
    """A run never moves to another recording; of a run that is gone nothing is told to anybody who reads blind anything."""
    stack_id = Run.objects.filter(id=run_id).values_list("stack_id", flat=True).first()
    return stack_id or UUID(int=0)
