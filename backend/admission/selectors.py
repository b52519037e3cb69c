"""Admissions as they may be seen, and whether files can be converted here."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet

from backend.accounts.actor import NOT_HERE, Actor
from backend.admission.models import Admission, SandboxCheck
from backend.core.errors import Refused

State = Admission.State
_ROWS = ("by", "candidate", "lab")


def speaks_of(sha256: str) -> bool:
    """Somebody may still have these bytes read."""
    return Admission.objects.filter(source_sha256=sha256, state__in=(State.QUEUED, State.RUNNING, State.ASKING)).exists()


def admissions_visible_to(actor: Actor, lab_id: UUID) -> QuerySet[Admission]:
    """Those of one lab, newest first."""
    lab = actor.require(lab_id)
    return Admission.objects.filter(lab=lab).select_related(*_ROWS).order_by("-created_at", "id")


def admission_visible_to(actor: Actor, admission_id: UUID) -> Admission:
    row = Admission.objects.filter(id=admission_id, lab_id__in=actor.lab_ids_seen).select_related(*_ROWS).first()
    if row is None:
        raise Refused("not_found", NOT_HERE, http_status=404)
    return row


def sandbox_check() -> SandboxCheck | None:
    """What the worker that started last found; None before any has."""
    return SandboxCheck.objects.order_by("-checked_at").first()
