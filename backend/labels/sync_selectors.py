"""What an actor may see of a lab's connection and its exchanges."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet

from backend.accounts.actor import NOT_HERE, Actor
from backend.accounts.models import Lab
from backend.core.errors import Refused
from backend.labels.models import Connection, LabelSync


def lab_with_connection(actor: Actor, lab_id: UUID) -> Lab:
    """The lab for its members, and for administrators of the installation, who belong to none and set every lab's connection."""
    if not actor.is_instance_admin:
        return actor.require(lab_id)
    lab = Lab.objects.filter(id=lab_id).first()
    if lab is None:
        raise Refused("not_found", NOT_HERE, http_status=404)
    return lab


def connection_of(lab: Lab) -> Connection:
    connection = Connection.objects.select_related("lab").filter(lab=lab).first()
    if connection is None:
        raise Refused(
            "not_connected",
            "This lab is connected to no Label Studio server.",
            "An administrator of the installation enters the address and a token.",
            http_status=409,
        )
    return connection


def syncs_visible_to(actor: Actor, lab_id: UUID) -> QuerySet[LabelSync]:
    """The lab's exchanges, newest first."""
    lab = lab_with_connection(actor, lab_id)
    return LabelSync.objects.filter(lab=lab).select_related("by")


def sync_visible_to(actor: Actor, sync_id: UUID) -> LabelSync:
    sync = LabelSync.objects.select_related("by", "lab").filter(id=sync_id).first()
    if sync is None or not (actor.is_instance_admin or actor.sees(sync.lab_id)):
        raise Refused("not_found", NOT_HERE, http_status=404)
    return sync


def instance_of(address: str, project: int) -> str:
    """What the numbers of a project's tasks belong to."""
    return f"{address}/projects/{project}"[:255]
