"""What monitoring is told of drift: reckoned by the worker's rounds, so that reading it costs the same however many runs there are."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone

from backend.drift import figures
from backend.drift.models import Standing
from backend.drift.selectors import drift_in, labs_with_figures

AT_LATEST = timedelta(minutes=5)
"""A lab without new recordings is reckoned again so often: other weights may have come into use, or none."""


def sweep() -> None:
    """The worker's round: figures of new runs, then how those labs stand whose figures are new or were not looked at lately."""
    fresh = figures.sweep()
    lately = set(Standing.objects.filter(reckoned_at__gt=timezone.now() - AT_LATEST).values_list("lab_id", flat=True)) - fresh
    for lab_id in labs_with_figures():
        if lab_id not in lately:
            reckon(lab_id)


def reckon(lab_id: UUID) -> None:
    """Keep how the recordings of a lab stand now."""
    told: list[dict[str, Any]] = [
        {
            "incubator": one.name,
            "alarms": len(one.alarms),
            "shifts": {name: moved.shift for name, moved in one.weeks[-1].figures.items() if moved.shift is not None},
        }
        for one in drift_in(lab_id).incubators
    ]
    Standing.objects.update_or_create(lab_id=lab_id, defaults={"told": told, "reckoned_at": timezone.now()})
