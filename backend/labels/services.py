"""Takes label files in, has them read and written; the worker does the rest."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import transaction

from backend.accounts.actor import Actor
from backend.accounts.models import Lab, Role, User
from backend.audit.services import record
from backend.core.errors import Refused
from backend.core.files import ContentStore, sha256_of
from backend.core.jobs.models import UNDER_WAY
from backend.core.jobs.transitions import cancel, end, locked, tell_worker
from backend.imaging.intake import lock_content
from backend.imaging.selectors import upload_visible_to
from backend.imaging.uploads import path_of_upload
from backend.labels.formats.mapping import LabelMapping, preset
from backend.labels.formats.values import Unreadable
from backend.labels.models import LabelConflict, LabelImport


def take_upload(*, actor: Actor, lab_id: UUID, upload_id: UUID, instance: str, preset: str) -> LabelImport:
    """Have an uploaded file read; the upload is used up, and nothing is written before somebody confirms what was read."""
    lab = actor.require(lab_id, Role.EMBRYOLOGIST)
    upload = upload_visible_to(actor, upload_id)
    if upload.lab_id != lab.id:
        raise Refused("not_found", "There is nothing here, or it belongs to another lab.", http_status=404)
    if upload.stack_id is not None:
        raise Refused("upload_in_use", "This file is part of a recording already.", "Upload the labels again.", http_status=409)
    if upload.finished_at is None:
        detail = f"Only {upload.offset} of {upload.length} bytes have arrived."
        raise Refused("upload_unfinished", detail, "Wait until the upload has finished.", http_status=409)
    path = path_of_upload(upload.id)
    if not path.exists():
        raise Refused("upload_lost", "The bytes of this upload are no longer there.", "Upload the file again.", http_status=410)
    with transaction.atomic():
        row = take_file(path=path, name=upload.name, lab=lab, by=actor.user, instance=instance, preset=preset)
        upload.delete()
        transaction.on_commit(lambda: path.unlink(missing_ok=True))
    return row


def take_file(*, path: Path, name: str, lab: Lab, by: User | None, instance: str, preset: str) -> LabelImport:
    """Have a file of the server read; it is kept in the content store under its hash."""
    mapping = _mapping_of(preset) if preset else None
    size = path.stat().st_size
    if size == 0:
        raise Refused("file_empty", f"{_shown(name)} is empty.", "Export the labels again.")
    sha256 = sha256_of(path)
    with transaction.atomic():
        # First the row speaks of the bytes, then they are stored: whoever deletes them in between sees that they are wanted.
        lock_content(sha256)
        row = LabelImport.objects.create(
            lab=lab,
            by=by,
            name=_shown(name),
            source_sha256=sha256,
            size_bytes=size,
            instance=instance.strip()[:255],
            preset=preset,
            mapping=mapping.as_json() if mapping is not None else {},
        )
        after = {"sha256": sha256, "size_bytes": size, "instance": row.instance, "preset": preset}
        record(actor=by, lab_id=lab.id, action="label_import.requested", subject=row.subject, after=after)
        row.announce()
        tell_worker(row)
        ContentStore().put(path, sha256)
    return row


@transaction.atomic
def preview_again(*, actor: Actor, row: LabelImport, preset: str, mapping: Mapping[str, Any] | None) -> LabelImport:
    """Read the file once more under another meaning of its words."""
    job = _ready(actor, row)
    chosen = _mapping_of(preset, mapping)
    job.preset, job.mapping = preset, chosen.as_json() if chosen is not None else {}
    _queue(job, LabelImport.Step.READING)
    record(actor=actor.user, lab_id=job.lab_id, action="label_import.mapped", subject=job.subject, after={"preset": preset, **job.mapping})
    job.announce()
    tell_worker(job)
    return job


@transaction.atomic
def confirm_import(*, actor: Actor, row: LabelImport, mapping: Mapping[str, Any] | None, choices: Mapping[str, str]) -> LabelImport:
    """Have everything written that the dry run showed, with these answers to its questions; asking twice changes nothing."""
    actor.require(row.lab_id, Role.EMBRYOLOGIST)
    job = locked(LabelImport, id=row.id)
    if job is not None and job.step == LabelImport.Step.IMPORTING and job.state in (*UNDER_WAY, LabelImport.State.FINISHED):
        return job
    job = _ready(actor, row)
    if mapping is not None:
        job.mapping = _checked(mapping).as_json()
    _choose(job, choices)
    _queue(job, LabelImport.Step.IMPORTING)
    after = {"mapping": job.mapping, "choices": len(choices)}
    record(actor=actor.user, lab_id=job.lab_id, action="label_import.confirmed", subject=job.subject, after=after)
    job.announce()
    tell_worker(job)
    return job


@transaction.atomic
def confirm_unasked(*, row: LabelImport) -> LabelImport:
    """Have what was read written with the careful answers, for whoever runs the server's commands."""
    job = locked(LabelImport, id=row.id, state=LabelImport.State.PREVIEWED)
    if job is None:
        return row
    _queue(job, LabelImport.Step.IMPORTING)
    record(actor=None, lab_id=job.lab_id, action="label_import.confirmed", subject=job.subject, after={"mapping": job.mapping})
    job.announce()
    tell_worker(job)
    return job


@transaction.atomic
def cancel_import(*, actor: Actor, row: LabelImport) -> LabelImport:
    """End an import; what a running one has written stays, and importing again goes on from there."""
    actor.require(row.lab_id, Role.EMBRYOLOGIST)
    job = locked(LabelImport, id=row.id)
    if job is not None and job.state == LabelImport.State.PREVIEWED:
        end(job, LabelImport.State.CANCELLED, by=actor.user)
        return job
    return cancel(row, by=actor.user)


def _ready(actor: Actor, row: LabelImport) -> LabelImport:
    """The locked row while it waits for somebody to say how to go on, or has finished and is to be read anew."""
    actor.require(row.lab_id, Role.EMBRYOLOGIST)
    job = locked(LabelImport, id=row.id)
    if job is None:
        raise Refused("not_found", "There is nothing here, or it belongs to another lab.", http_status=404)
    if job.state in UNDER_WAY:
        raise Refused("import_under_way", "The file is still being read.", "Wait until it was read, or cancel it.", http_status=409)
    if job.state in (LabelImport.State.FAILED, LabelImport.State.CANCELLED):
        raise Refused("import_ended", "This import has ended, and its file is no longer kept.", "Upload the file again.", http_status=409)
    return job


def _queue(job: LabelImport, step: LabelImport.Step) -> None:
    job.step, job.state = step, LabelImport.State.QUEUED
    job.attempts, job.progress, job.error = 0, {}, None
    job.cancel_requested, job.finished_at = False, None
    job.save()


def _choose(job: LabelImport, choices: Mapping[str, str]) -> None:
    rows = {str(row.id): row for row in job.conflicts.all()} if choices else {}
    changed: list[LabelConflict] = []
    for key, choice in choices.items():
        row = rows.get(key)
        if row is None or choice not in {option["id"] for option in row.options}:
            raise Refused("bad_choice", "An answer belongs to no question of this import.", "Load the questions anew and answer again.")
        if row.choice != choice:
            row.choice = choice
            changed.append(row)
    LabelConflict.objects.bulk_update(changed, ["choice"])


def _mapping_of(name: str, mapping: Mapping[str, Any] | None = None) -> LabelMapping | None:
    if mapping is not None:
        return _checked(mapping)
    if not name:
        return None
    try:
        return preset(name)
    except Unreadable as problem:
        raise Refused(problem.code, problem.detail, problem.hint) from None


def _checked(mapping: Mapping[str, Any]) -> LabelMapping:
    try:
        return LabelMapping.of_json(dict(mapping))
    except Unreadable as problem:
        raise Refused(problem.code, problem.detail, problem.hint) from None


def _shown(name: str) -> str:
    """One line of what the person called it; it never becomes a path."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(character for character in last if character.isprintable())[:255] or "labels"
