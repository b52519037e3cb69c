"""The record of changes, read only."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet

from backend.accounts.actor import Actor
from backend.accounts.models import Role
from backend.audit.models import Entry


def entries_of(*, actor: Actor, lab_id: UUID) -> QuerySet[Entry]:
    """What changed in the lab, latest first; for its admins."""
    return Entry.objects.filter(lab_id=actor.require(lab_id, Role.ADMIN).id)
