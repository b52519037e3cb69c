"""Lets apps below the audit trail tell of their changes without knowing who keeps the record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.dispatch import Signal


@dataclass(frozen=True)
class Change:
    """One change as it will be recorded; values are JSON."""

    actor: Any
    lab_id: UUID | None
    action: str
    subject: str
    before: Any = None
    after: Any = None
    reason: str = ""


changed = Signal()


def tell(change: Change) -> None:
    """Record a change inside the caller's transaction; a record that fails takes the change back with it."""
    changed.send(sender=Change, change=change)
