"""Rows that say which weights are in use, for tests that need no file."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from backend.registry.models import Use, Weights


def set_in_use(weights: Weights, **said: Any) -> Weights:
    """The same weights, now the server's default for their task, or with `lab` what that lab chose."""
    wanted = {"task": weights.task, "lab": None, "state": Use.State.CURRENT, **said}
    Use.objects.get_or_create(**wanted, defaults={"weights": weights, "confirmed_at": timezone.now()})
    return weights
