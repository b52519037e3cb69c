"""Writes the record of changes; nothing here changes or removes a row."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from backend.accounts.models import User
from backend.audit import chain
from backend.audit.models import Entry, Head
from backend.core.changes import Change
from backend.core.held import Held, OutOfOrder, held_now

OTHER_KEY = (
    "The record of changes was begun with another key. Set AUDIT_KEY, or put the file audit_key into the data folder, "
    "as it was at the first start; every host of an installation needs the same."
)


class HeadMissing(Exception):
    """Rows are there and the end of their chain is not: somebody has removed it."""


class WrongKey(Exception):
    """The chain was begun with another key; a row written with this one could never be verified."""


class ChainHeld(Held):
    """Marks a transaction that holds the end of the chain."""

    def __call__(self) -> None:
        """Nothing is left to be done after the commit."""


@transaction.atomic
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
    """Add one row to the chain inside the transaction of the change it speaks of; `before` and `after` are JSON.

    The end of the chain stays locked until commit. A transaction that also announces records first; OutOfOrder where it does not.
    """
    head = _take_head(action)
    facts = {
        "id": head.count + 1,
        "at": timezone.now(),
        "actor_key": str(actor.id) if actor is not None else "",
        "actor_name": actor.name if actor is not None else "",
        "lab_id": UUID(str(lab_id)) if lab_id is not None else None,
        "action": action,
        "subject": subject,
        "before": before,
        "after": after,
        "reason": reason,
    }
    entry = Entry.objects.create(**facts, actor=actor, digest=chain.link(head.digest, facts))
    head.count, head.digest = entry.id, entry.digest
    head.seal, head.key_id = chain.seal_of(head.count, head.digest), chain.key_id()
    head.save(update_fields=["count", "digest", "seal", "key_id"])
    return entry


def hold_chain() -> None:
    """Take the end of the chain for a transaction that announces before it records."""
    _take_head("")


def _take_head(action: str) -> Head:
    """The end of the chain, locked until commit: SQLite's write lock is held already, PostgreSQL locks the row."""
    if not held_now(ChainHeld):
        announced = held_now(Held)
        if announced:
            raise OutOfOrder(f"record({action!r}) was called after {announced[0]!r} was taken; record first, then announce.")
        transaction.on_commit(ChainHeld())
    head = Head.objects.select_for_update().first()
    if head is not None and head.key_id not in ("", chain.key_id()):
        raise WrongKey(OTHER_KEY)
    if head is None:
        if Entry.objects.exists():
            raise HeadMissing("The end of the audit chain is missing; `manage.py audit verify` tells more, a backup brings it back.")
        head, _ = Head.objects.select_for_update().get_or_create(id=1)
    return head


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


def require_key() -> None:
    """Raise WrongKey at once, rather than at the first change, where this process could not go on with the chain."""
    head = Head.objects.first()
    if head is not None and head.key_id not in ("", chain.key_id()):
        raise WrongKey(OTHER_KEY)
