"""Writes the record of changes; nothing here changes or removes a row."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from backend.accounts.models import User
from backend.audit.models import Entry
from backend.core.changes import Change


def record(
    *,
    actor: User | None,
    lab_id: UUID | None,
    action: str,
    subject: str,
    before: Any = None,
    after: Any = None,
    reason: str = "",
) -> Entry:
    """Add one row inside the transaction of the change it speaks of; `before` and `after` are JSON."""
    return Entry.objects.create(
        actor=actor,
        actor_name=actor.name if actor is not None else "",
        lab_id=lab_id,
        action=action,
        subject=subject,
        before=before,
        after=after,
        reason=reason,
    )


def keep(*, change: Change, **_: Any) -> None:
    """Receive the changes of apps below this one."""
    record(
        actor=change.actor,
        lab_id=change.lab_id,
        action=change.action,
        subject=change.subject,
        before=change.before,
        after=change.after,
        reason=change.reason,
    )
