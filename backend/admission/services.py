"""Takes files of weights in and has them read; the worker does the rest."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from backend.accounts.actor import Actor
from backend.accounts.models import Role
from backend.admission.models import Admission, SandboxCheck
from backend.audit.services import record
from backend.core.errors import Refused, refusal
from backend.core.files import ContentStore, sha256_of
from backend.core.jobs.transitions import cancel, end, locked, tell_worker
from backend.imaging.intake import lock_content
from backend.imaging.selectors import upload_visible_to
from backend.imaging.uploads import path_of_upload

MOST_BYTES = 512 * 1024**2
MEANINGS = ("empty", "embryo", "gas", "embryo_gas", "gas_outside", "nothing")
"""What a class of a stranger's net can mean here."""


def take_upload(*, actor: Actor, lab_id: UUID, upload_id: UUID, mapping: Mapping[str, str] | None) -> Admission:
    """Have an uploaded file read; the upload is used up, and nothing of it is in use before two admins have agreed on that."""
    lab = actor.require(lab_id, Role.ADMIN)
    upload = upload_visible_to(actor, upload_id)
    if upload.lab_id != lab.id:
        raise Refused("not_found", "There is nothing here, or it belongs to another lab.", http_status=404)
    if upload.stack_id is not None:
        raise Refused("upload_in_use", "This file is part of a recording already.", "Upload the weights again.", http_status=409)
    if upload.finished_at is None:
        detail = f"Only {upload.offset} of {upload.length} bytes have arrived."
        raise Refused("upload_unfinished", detail, "Wait until the upload has finished.", http_status=409)
    path = path_of_upload(upload.id)
    if not path.exists():
        raise Refused("upload_lost", "The bytes of this upload are no longer there.", "Upload the file again.", http_status=410)
    size = path.stat().st_size
    if not 0 < size <= MOST_BYTES:
        what = "is empty" if not size else f"has {size} bytes; weights have {MOST_BYTES} at most"
        raise Refused("file_empty" if not size else "file_too_large", f"The file {what}.", "Export the weights again.")
    sha256 = sha256_of(path)
    with transaction.atomic():
        # First the row speaks of the bytes, then they are stored: whoever deletes them in between sees that they are wanted.
        lock_content(sha256)
        facts: dict[str, Any] = {"name": _shown(upload.name), "source_sha256": sha256, "size_bytes": size}
        row = Admission.objects.create(lab=lab, by=actor.user, mapping=dict(mapping) if mapping else None, **facts)
        after = {"sha256": sha256, "size_bytes": size, "mapping": row.mapping}
        record(actor=actor.user, lab_id=lab.id, action="admission.requested", subject=row.subject, after=after)
        row.announce()
        tell_worker(row)
        ContentStore().put(path, sha256)
        upload.delete()
        transaction.on_commit(lambda: path.unlink(missing_ok=True))
    return row


@transaction.atomic
def answer(*, actor: Actor, admission: Admission, mapping: Mapping[str, str]) -> Admission:
    """Say what each class of the net means, and have the file read once more; saying it while it is read changes nothing."""
    actor.require(admission.lab_id, Role.ADMIN)
    row = locked(Admission, id=admission.id)
    if row is None or row.state in (Admission.State.QUEUED, Admission.State.RUNNING):
        return row or admission
    if row.state != Admission.State.ASKING or row.question is None:
        raise Refused("admission_over", "This file is no longer kept.", "Upload it again.", http_status=409)
    lacking = [name for name in row.question["classes"] if name not in mapping]
    if lacking:
        raise Refused("mapping_incomplete", f"It was not said what {lacking[0]!r} means.", "Say what each class means.")
    row.mapping = {name: mapping[name] for name in row.question["classes"]}
    row.state, row.attempts, row.progress, row.error = Admission.State.QUEUED, 0, {}, None
    row.cancel_requested, row.finished_at = False, None
    row.save()
    record(actor=actor.user, lab_id=row.lab_id, action="admission.answered", subject=row.subject, after=row.mapping)
    row.announce()
    tell_worker(row)
    return row


@transaction.atomic
def cancel_admission(*, actor: Actor, admission: Admission) -> Admission:
    """End it: one that waits at once, one that is read within seconds; the file goes."""
    actor.require(admission.lab_id, Role.ADMIN)
    row = locked(Admission, id=admission.id)
    if row is not None and row.state == Admission.State.ASKING:
        end(row, Admission.State.CANCELLED, by=actor.user)
        return row
    return cancel(admission, by=actor.user)


def forget_questions() -> int:
    """End admissions whose question nobody answered for ADMISSION_ANSWER_DAYS, so that their files go; rows and hashes stay."""
    days = settings.ADMISSION_ANSWER_DAYS
    unanswered = Admission.objects.filter(state=Admission.State.ASKING, finished_at__lt=timezone.now() - timedelta(days=days))
    return sum(_given_up(admission_id, days) for admission_id in list(unanswered.values_list("id", flat=True)))


@transaction.atomic
def _given_up(admission_id: UUID, days: float) -> bool:
    row = locked(Admission, id=admission_id, state=Admission.State.ASKING)
    if row is None:
        return False
    detail = f"Nobody said within {days:g} days what its classes mean, so the file was removed."
    end(row, Admission.State.CANCELLED, error=refusal("admission_unanswered", detail, "Bring the file again."))
    return True


def note_sandbox(*, host: str, found: Mapping[str, Any]) -> SandboxCheck:
    """Keep what the self-test of a host's sandbox found; a change is in the record."""
    values = {"is_whole": bool(found["is_whole"]), "faults": list(found["faults"]), "landlock": int(found["landlock"])}
    with transaction.atomic():
        before = SandboxCheck.objects.select_for_update().filter(host=host).first()
        row, _ = SandboxCheck.objects.update_or_create(host=host, defaults={**values, "checked_at": timezone.now()})
        if before is None or before.is_whole != row.is_whole:
            action = "sandbox.holds" if row.is_whole else "sandbox.fails"
            record(actor=None, lab_id=None, action=action, subject=f"sandbox of {host}", after=values)
    return row


def _shown(name: str) -> str:
    """One line of what the person called it; it never becomes a path."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(character for character in last if character.isprintable())[:255] or "weights"
