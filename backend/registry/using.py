"""Lab admins decide which weights their lab uses: one proposes, another confirms, and going back takes one."""

from __future__ import annotations

from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from backend.accounts.actor import NOT_HERE, Actor
from backend.accounts.models import Lab, Role
from backend.accounts.stepup import needs_step_up
from backend.audit.services import record
from backend.core.errors import Refused
from backend.core.versions import check_version
from backend.live.detector_events import DetectorSettingsChanged
from backend.live.publish import publish
from backend.live.topics import lab_topic
from backend.registry.models import DetectorSettings, Use, Weights
from backend.registry.selectors import admins_of, can_roll_back, current_use, usable_before, weights_visible_to, why_not_proposed
from backend.registry.transitions import put_into_use, subject_of, tell_of

State = Use.State


@transaction.atomic
def propose_use(*, actor: Actor, lab_id: UUID, task: str, weights_id: UUID | None, reason: str, has_stepped_up: bool) -> Use:
    """Ask another admin to let the lab use these weights, or without any to follow the server's default again.

    Where the default is what was in use before, that is going back, which takes one admin.
    """
    lab = _admitted(actor, lab_id, has_stepped_up)
    weights = _weights(actor, lab, task, weights_id)
    refused = why_not_proposed(weights, task, lab.id)
    if refused is not None:
        raise refused
    current = current_use(task, lab.id)
    if weights is None and current is not None and _falls_back_to_default(current):
        return _go_back(lab, task, current, actor, reason)
    if admins_of(lab.id) < 2:
        detail = "Another admin has to confirm this, and the lab has only one."
        raise Refused("needs_second_admin", detail, "Invite a second admin, or make one of the members an admin.", http_status=409)
    use = Use(lab=lab, task=task, weights=weights, state=State.PROPOSED, asked_by=actor.user, reason=reason)
    try:
        with transaction.atomic():
            use.save(force_insert=True)
    except IntegrityError:
        detail = "Another change of this detector waits to be confirmed."
        raise Refused("already_proposed", detail, "Confirm or withdraw that one first.", http_status=409) from None
    after = {"task": task, "sha256": weights.sha256 if weights else None}
    record(actor=actor.user, lab_id=lab.id, action="use.proposed", subject=subject_of(use), after=after, reason=reason)
    tell_of(use)
    return use


@transaction.atomic
def confirm_use(*, actor: Actor, use: Use, has_stepped_up: bool) -> Use:
    """Put proposed weights into use, for runs that are requested from now on; never by who proposed them."""
    assert use.lab_id is not None  # noqa: S101 - only labs propose
    _admitted(actor, use.lab_id, has_stepped_up)
    row = _waiting(use)
    if row.asked_by_id == actor.user.id:
        detail = "You proposed this yourself; another admin has to confirm it."
        raise Refused("needs_second_admin", detail, "Ask another admin of the lab.", http_status=403)
    refused = why_not_proposed(row.weights, row.task, use.lab_id)
    if refused is not None:
        raise refused
    row.confirmed_by = actor.user
    return put_into_use(row, by=actor.user)


@transaction.atomic
def withdraw_use(*, actor: Actor, use: Use, reason: str = "") -> Use:
    """Take a proposal back, one's own or another admin's."""
    actor.require(use.lab_id, Role.ADMIN)
    row = _waiting(use)
    row.state, row.ended_at = State.WITHDRAWN, timezone.now()
    row.save(update_fields=["state", "ended_at"])
    record(actor=actor.user, lab_id=row.lab_id, action="use.withdrawn", subject=subject_of(row), reason=reason)
    tell_of(row)
    return row


@transaction.atomic
def roll_back(*, actor: Actor, lab_id: UUID, task: str, reason: str = "", has_stepped_up: bool) -> Use:
    """Use again what was in use before: one admin, at once, for runs that are requested from now on."""
    lab = _admitted(actor, lab_id, has_stepped_up)
    current = current_use(task, lab.id)
    if current is None or not can_roll_back(current):
        detail = "The lab has used nothing before that it could go back to."
        raise Refused("nothing_before", detail, "Propose the weights that you want.", http_status=409)
    return _go_back(lab, task, current, actor, reason)


@transaction.atomic
def change_settings(
    *, actor: Actor, lab_id: UUID, version: int, retries_on_previous: bool | None = None, shadow_runs: int | None = None
) -> DetectorSettings:
    """Change what is named and leave the rest."""
    lab = actor.require(lab_id, Role.ADMIN)
    DetectorSettings.objects.get_or_create(lab=lab)
    kept = DetectorSettings.objects.select_for_update().get(lab=lab)
    check_version(version, kept.version)
    wanted = {"retries_on_previous": retries_on_previous, "shadow_runs": shadow_runs}
    changed = {name: value for name, value in wanted.items() if value is not None and value != getattr(kept, name)}
    if not changed:
        return kept
    before = {name: getattr(kept, name) for name in changed}
    for name, value in changed.items():
        setattr(kept, name, value)
    kept.version += 1
    kept.save()
    subject = f"lab {lab.id}"
    record(actor=actor.user, lab_id=lab.id, action="detector_settings.changed", subject=subject, before=before, after=changed)
    publish(lab_topic(lab.id), DetectorSettingsChanged(version=kept.version))
    return kept


def _admitted(actor: Actor, lab_id: UUID, has_stepped_up: bool) -> Lab:
    lab = actor.require(lab_id, Role.ADMIN)
    if not has_stepped_up:
        raise needs_step_up()
    # Two admins who act at the same moment act one after the other.
    return Lab.objects.select_for_update().get(id=lab.id)


def _weights(actor: Actor, lab: Lab, task: str, weights_id: UUID | None) -> Weights | None:
    if weights_id is None:
        return None
    weights = weights_visible_to(actor).filter(id=weights_id, task=task).first()
    if weights is None or weights.lab_id not in (None, lab.id):
        raise Refused("not_found", NOT_HERE, http_status=404)
    return weights


def _waiting(use: Use) -> Use:
    """The proposal, locked."""
    row = Use.objects.select_for_update(of=("self",)).select_related("weights", "asked_by", "lab").get(id=use.id)
    if row.state != State.PROPOSED:
        raise Refused("not_proposed", f"This change is {row.get_state_display()}.", "Look at the list again.", http_status=409)
    return row


def _falls_back_to_default(current: Use) -> bool:
    before = usable_before(current)
    return before is None or before.weights_id is None


def _go_back(lab: Lab, task: str, current: Use, actor: Actor, reason: str) -> Use:
    before = usable_before(current)
    back = Use(lab=lab, task=task, weights=before.weights if before else None, asked_by=actor.user, reason=reason)
    back.is_rollback, back.restores = True, before
    return put_into_use(back, by=actor.user)
