"""Asks for recalibrations and stops them; the worker does the rest."""

from __future__ import annotations

from uuid import UUID

from django.db import IntegrityError, transaction

from backend.accounts.actor import Actor
from backend.accounts.models import Role, User
from backend.audit.services import record
from backend.core.errors import Refused
from backend.core.jobs import transitions
from backend.drift.models import Recalibration
from backend.drift.selectors import LEAST_EMBRYOS, LEAST_PATIENTS, recalibration_under_way
from backend.drift.verdicts import count_told
from backend.registry.selectors import active_weights


@transaction.atomic
def request_recalibration(*, lab_id: UUID, by: User, actor: Actor) -> tuple[bool, Recalibration]:
    """Queue fitting the stager in use on the lab's readings: (True, it), or (False, the one under way)."""
    lab = actor.require(lab_id, Role.ADMIN)
    under_way = recalibration_under_way(lab)
    if under_way is not None:
        return False, under_way
    start = active_weights("stages", lab.id)
    embryos, patients = count_told(lab.id, start)
    if embryos < LEAST_EMBRYOS or patients < LEAST_PATIENTS:
        raise Refused(
            "recalibration_too_few",
            f"People of the lab have read {embryos} embryos of {patients} patients that {start.name} has read too; "
            f"it takes {LEAST_EMBRYOS} of {LEAST_PATIENTS} at least.",
            "Submit more readings with onsets of your own; those taken over from the machine do not count.",
            http_status=409,
        )
    job = Recalibration(lab=lab, by=by, start=start)
    try:
        with transaction.atomic():
            job.save(force_insert=True)
    except IntegrityError:
        under_way = recalibration_under_way(lab)
        if under_way is None:
            raise
        return False, under_way
    after = {"start": start.sha256, "embryos": embryos, "patients": patients}
    record(actor=by, lab_id=lab.id, action="recalibration.requested", subject=job.subject, after=after)
    job.announce()
    transitions.tell_worker(job)
    return True, job


def cancel_recalibration(*, recalibration: Recalibration, by: User, actor: Actor) -> Recalibration:
    """End a waiting one at once and ask a running one to end; one that has ended stays as it is."""
    actor.require(recalibration.lab_id, Role.ADMIN)
    return transitions.cancel(recalibration, by=by)
