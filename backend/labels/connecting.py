"""A lab's connection to its own Label Studio server: who sets it, and what is asked of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from backend.accounts.actor import NOT_HERE, Actor
from backend.accounts.models import Lab, Role
from backend.audit.services import record
from backend.core.errors import Refused
from backend.core.jobs import transitions
from backend.imaging.selectors import dishes_visible_to
from backend.labels.addresses import allowed_address
from backend.labels.models import Connection, LabelSync
from backend.labels.sealing import seal
from backend.labels.server import kind_of
from backend.labels.sync_selectors import connection_of, lab_with_connection, sync_visible_to

Direction = LabelSync.Direction


def set_connection(*, actor: Actor, lab_id: UUID, address: str, token: str | None) -> Connection:
    """Keep the address and the sealed token; without a token the one that is kept stays, for the same address only."""
    lab = _by_instance_admin(actor, lab_id)
    address = allowed_address(address)
    with transaction.atomic():
        known = Connection.objects.select_for_update().filter(lab=lab).first()
        connection = known or Connection(lab=lab)
        before = {"address": connection.address, "token_kind": connection.token_kind} if known else None
        if token is not None:
            connection.token_kind, connection.sealed_token = kind_of(token.strip()), seal(token.strip())
        elif known is None or known.address != address:
            raise Refused(
                "needs_token", f"The token for {address} is missing.", "Enter the token too; it is never sent to another address."
            )
        connection.address, connection.by = address, actor.user
        connection.state, connection.error, connection.checked_at = Connection.State.UNCHECKED, None, None
        connection.projects, connection.server_version = [], ""
        connection.save()
        after = {"address": address, "token_kind": connection.token_kind, "is_new_token": token is not None}
        record(actor=actor.user, lab_id=lab.id, action="label_connection.set", subject=f"lab {lab.id}", before=before, after=after)
    return connection


def remove_connection(*, actor: Actor, lab_id: UUID) -> None:
    """Forget address and token; exchanges under way find nothing to go on with."""
    lab = _by_instance_admin(actor, lab_id)
    with transaction.atomic():
        connection = connection_of(lab)
        before = {"address": connection.address, "token_kind": connection.token_kind}
        connection.delete()
        record(actor=actor.user, lab_id=lab.id, action="label_connection.removed", subject=f"lab {lab.id}", before=before)


def request_check(*, actor: Actor, lab_id: UUID) -> LabelSync:
    """Have the worker try the connection and list the projects."""
    lab = lab_with_connection(actor, lab_id) if actor.is_instance_admin else actor.require(lab_id, Role.ADMIN)
    return _request(actor=actor, lab=lab, direction=Direction.CHECK)


def request_pull(*, actor: Actor, lab_id: UUID, project: int, pictures: bool) -> LabelSync:
    """Have the worker fetch every task of a project; what came waits to be looked at and confirmed like a file."""
    lab = actor.require(lab_id, Role.EMBRYOLOGIST)
    return _request(actor=actor, lab=lab, direction=Direction.PULL, project=project, options={"pictures": pictures})


def request_push(*, actor: Actor, lab_id: UUID, project: int, dishes: Sequence[UUID], frames: int, stills: bool) -> LabelSync:
    """Have the worker leave our predictions on a project's tasks; frames of the named dishes become tasks where they are none yet."""
    lab = actor.require(lab_id, Role.ADMIN)
    known = set(dishes_visible_to(actor).filter(lab=lab, id__in=dishes).values_list("id", flat=True))
    if missing := set(dishes) - known:
        raise Refused("not_found", f"{len(missing)} of the dishes are not there. {NOT_HERE}", http_status=404)
    options = {"dishes": sorted(str(key) for key in known), "frames": frames, "stills": stills}
    return _request(actor=actor, lab=lab, direction=Direction.PUSH, project=project, options=options)


def cancel_sync(*, actor: Actor, sync_id: UUID) -> LabelSync:
    """End a waiting exchange now and a running one within seconds; what it exchanged so far stays."""
    sync = sync_visible_to(actor, sync_id)
    if not (actor.is_instance_admin and sync.direction == Direction.CHECK):
        actor.require(sync.lab_id, Role.EMBRYOLOGIST if sync.direction == Direction.PULL else Role.ADMIN)
    return transitions.cancel(sync, by=actor.user)


def _request(
    *, actor: Actor, lab: Lab, direction: Direction, project: int | None = None, options: dict[str, Any] | None = None
) -> LabelSync:
    connection = connection_of(lab)
    # Asked again at every step: an address may have been taken off the list since.
    address = allowed_address(connection.address)
    try:
        with transaction.atomic():
            sync = LabelSync.objects.create(
                lab=lab, by=actor.user, direction=direction, address=address, project=project, options=options or {}
            )
            after = {"address": address, "project": project, **sync.options}
            record(actor=actor.user, lab_id=lab.id, action=f"label_sync.{direction}_requested", subject=sync.subject, after=after)
            transitions.tell_worker(sync)
            sync.announce()
    except IntegrityError:
        raise Refused(
            "sync_under_way",
            "Another exchange with the server is under way.",
            "Wait until it has ended, or cancel it.",
            http_status=409,
        ) from None
    return sync


def _by_instance_admin(actor: Actor, lab_id: UUID) -> Lab:
    lab = lab_with_connection(actor, lab_id)
    if not actor.is_instance_admin:
        raise Refused(
            "forbidden",
            "Only an administrator of the installation sets which server a lab is connected to.",
            "Ask them, signed in with a browser.",
            http_status=403,
        )
    return lab
