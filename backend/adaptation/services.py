"""Asks for adaptations and stops them; the worker does the rest."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction

from backend.accounts.actor import Actor
from backend.accounts.models import Role, User
from backend.adaptation.models import Adaptation
from backend.adaptation.selectors import Recording, adaptation_under_way, recordings_of
from backend.audit.services import record
from backend.core.errors import Refused
from backend.core.jobs import transitions
from backend.registry.selectors import active_weights

UNUSABLE = {
    "not_analysed": ("adaptation_not_analysed", "has not been analysed", "Analyse it first, or leave it out."),
    "no_hours": (
        "adaptation_no_hours",
        "has no known hours after insemination",
        "Give the hour of its first frame and the interval when a recording is confirmed, or leave it out.",
    ),
    "no_embryos": ("adaptation_no_embryos", "holds no embryo", "Leave it out."),
    "same_recording": ("adaptation_same_recording", "is the same recording as another dish", "Leave one of the two out."),
}


@transaction.atomic
def request_adaptation(*, lab_id: UUID, dishes: Sequence[UUID] | None, by: User, actor: Actor) -> tuple[bool, Adaptation]:
    """Queue learning from these dishes, or from all that can be used: (True, it), or (False, the one under way)."""
    lab = actor.require(lab_id, Role.ADMIN)
    under_way = adaptation_under_way(lab)
    if under_way is not None:
        return False, under_way
    start = active_weights("stages", lab.id)
    chosen = _chosen(recordings_of(lab.id), dishes)
    adaptation = Adaptation(lab=lab, by=by, start=start, stack_ids=[str(recording.stack.id) for recording in chosen])
    try:
        with transaction.atomic():
            adaptation.save(force_insert=True)
    except IntegrityError:
        under_way = adaptation_under_way(lab)
        if under_way is None:
            raise
        return False, under_way
    record(
        actor=by,
        lab_id=lab.id,
        action="adaptation.requested",
        subject=f"adaptation {adaptation.id}",
        after={"stacks": adaptation.stack_ids, "start": start.sha256},
    )
    transitions.tell_worker(adaptation)
    return True, adaptation


def _chosen(recordings: list[Recording], dishes: Sequence[UUID] | None) -> list[Recording]:
    """What will be learned from; raises Refused with the reason where it would not do."""
    if dishes is not None:
        recordings = _of_dishes(recordings, dishes)
    usable = [recording for recording in recordings if not recording.reason]
    embryos = sum(recording.embryos for recording in usable)
    if not usable and any(recording.reason == "no_hours" for recording in recordings):
        raise Refused(
            "adaptation_no_hours",
            "No analysed dish has known hours after insemination, and time is what the detector learns from.",
            "Give the hour of the first frame and the interval when a recording is confirmed.",
            http_status=409,
        )
    if embryos < settings.ADAPT_LEAST_EMBRYOS:
        raise Refused(
            "adaptation_too_few",
            f"There are {embryos} embryos with known hours in analysed dishes; learning needs {settings.ADAPT_LEAST_EMBRYOS} at least.",
            "Analyse more dishes whose hours are known; the more embryos, the better.",
            http_status=409,
        )
    return usable


def _of_dishes(recordings: list[Recording], dishes: Sequence[UUID]) -> list[Recording]:
    """The recordings of dishes that a person named; one of a dish's recordings has to be usable."""
    found = []
    for dish in dict.fromkeys(dishes):
        own = [recording for recording in recordings if recording.stack.dish_id == dish]
        if not own:
            raise Refused("not_found", "There is nothing here, or it belongs to another lab.", http_status=404)
        usable = [recording for recording in own if not recording.reason]
        if not usable:
            code, what, hint = UNUSABLE[own[-1].reason or "not_analysed"]
            raise Refused(code, f"The dish {own[-1].stack.dish} {what}.", hint, http_status=409)
        found += usable
    return found


def cancel_adaptation(*, adaptation: Adaptation, by: User, actor: Actor) -> Adaptation:
    """End a waiting one at once and ask a running one to end; one that has ended stays as it is."""
    actor.require(adaptation.lab_id, Role.ADMIN)
    return transitions.cancel(adaptation, by=by)
