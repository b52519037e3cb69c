"""Takes a recording in: claimed by one worker, put together, hashed, looked at in a child process, kept or refused; safe to repeat."""

from __future__ import annotations

import logging
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from backend.core import queue
from backend.core.errors import Refused
from backend.core.files import ContentStore, is_spoken_of
from backend.imaging import frames
from backend.imaging.assembling import Part, Whole, copy_in, move, parts_of_folder, put_together
from backend.imaging.changes import announce, stack_changed
from backend.imaging.decoding import DecoderProcess, DecodingRefused, StackFacts
from backend.imaging.models import Stack
from backend.imaging.serverfolder import path_in_server_folder
from backend.imaging.uploads import FULL, path_of_upload, upload_folder

logger = logging.getLogger(__name__)

TASK = "imaging.take_in"
LEASE_S = 60
BEAT_S = 10
MOST_ATTEMPTS = 3
PATIENCE_S = 30
TAKING = (Stack.State.ASSEMBLING, Stack.State.PROBING)
GAVE_UP = Refused(
    "intake_failed", "The recording could not be taken in, three times.", "Try once more; if it fails again, tell who runs the server."
)


class LeaseLost(Exception):
    """Another worker took over, or the recording was deleted meanwhile."""


def take_in(stack_id: UUID) -> bool:
    """Bring one recording to `recognised` or `refused`; False when somebody else is at it or nothing is left to do."""
    stack = _claim(stack_id)
    return stack is not None and _work(stack, None)


def take_in_path(stack: Stack, path: Path) -> bool:
    """The same for a file or folder that this process may read directly."""
    claimed = _claim(stack.id)
    return claimed is not None and _work(claimed, path)


def resend_lost_intakes() -> int:
    """Ask again for recordings whose message was lost or whose worker died; gives up after three attempts."""
    now = timezone.now()
    waiting = Q(lease_until__lt=now) | Q(lease_until=None, created_at__lt=now - timedelta(seconds=LEASE_S / 2))
    resent = 0
    for stack in Stack.objects.filter(waiting, state__in=TAKING).defer("hours_since_start")[:100]:
        if stack.attempts >= MOST_ATTEMPTS:
            _refuse(stack, GAVE_UP.as_dict(), _whole_path(stack))
        elif queue.send_now(TASK, str(stack.id)):
            # Not again before a worker had the time to come to it; the token of a dead one counts no more.
            _own(stack).update(lease_token=None, lease_until=now + timedelta(seconds=LEASE_S))
            resent += 1
    return resent


def lock_content(sha256: str) -> None:
    """Serialise whoever refers to these bytes with whoever deletes them; SQLite's writers already wait for each other."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [int(sha256[:15], 16)])


def release_content(sha256: str) -> None:
    """Delete bytes that no recording of any lab, and no other app, speaks of any more."""
    with transaction.atomic():
        lock_content(sha256)
        if sha256 and not Stack.objects.filter(sha256=sha256).exists() and not is_spoken_of(sha256):
            ContentStore().delete(sha256)
            frames.forget(sha256)


def quarantined(stack_id: UUID) -> Path:
    return Path(settings.QUARANTINE_DIR, str(stack_id))


def _claim(stack_id: UUID) -> Stack | None:
    """One conditional UPDATE decides between two workers; a message that comes twice finds the lease taken."""
    now, token = timezone.now(), uuid4()
    free = Q(lease_token=None) | Q(lease_until__lt=now)
    lease = {"lease_token": token, "lease_until": now + timedelta(seconds=LEASE_S)}
    taken = Stack.objects.filter(free, id=stack_id, state__in=TAKING, attempts__lt=MOST_ATTEMPTS).update(
        attempts=F("attempts") + 1, **lease
    )
    return Stack.objects.select_related("lab", "by").get(id=stack_id, lease_token=token) if taken else None


def _work(stack: Stack, path: Path | None) -> bool:
    target, whole = _whole_path(stack), None
    try:
        whole = _gather(stack, path, target)
        _look_at(stack, whole)
        # Bad files are told within seconds; what takes longer is a busy machine, and no reason to refuse a good recording.
        with DecoderProcess(whole.path, name=stack.name, timeout_s=PATIENCE_S) as decoder:
            facts = decoder.info
        _keep(stack, whole, facts)
    except LeaseLost:
        target.unlink(missing_ok=True)
        return False
    except (Refused, DecodingRefused) as refusal:
        if whole is None:
            target.unlink(missing_ok=True)
        return _refuse(stack, refusal.as_dict(), target)
    except OSError as error:
        target.unlink(missing_ok=True)
        if error.errno not in FULL:
            raise
        # Waiting costs no attempt: once there is room again, the recording is still in line.
        logger.warning("The disk is full; recording %s waits.", stack.id)
        _own(stack).update(attempts=F("attempts") - 1, lease_until=timezone.now() + timedelta(seconds=LEASE_S))
        return False
    target.unlink(missing_ok=True)
    return True


def _gather(stack: Stack, path: Path | None, target: Path) -> Whole:
    """One file with its hash, whatever was given."""
    beat = _Heart(stack)
    if path is None and stack.server_path:
        path = path_in_server_folder(stack.server_path)
    if path is not None and not path.is_dir():
        return copy_in(path, target, beat)
    if path is not None:
        parts = parts_of_folder(path, settings.UPLOAD_MAX_BYTES)
        return copy_in(parts[0].path, target, beat) if len(parts) == 1 else put_together(parts, target, beat)
    rows = stack.uploads.values_list("id", "name", "length")
    parts = [Part(name, path_of_upload(upload_id), length) for upload_id, name, length in rows]
    if not parts or not all(part.path.exists() for part in parts):
        raise Refused("upload_lost", "The bytes of this upload are no longer there.", "Upload the recording again.")
    return put_together(parts, target, beat)


def _look_at(stack: Stack, whole: Whole) -> None:
    with transaction.atomic():
        row = _locked(stack)
        row.state, row.size_bytes = Stack.State.PROBING, whole.size
        row.lease_until = timezone.now() + timedelta(seconds=LEASE_S)
        row.save(update_fields=["state", "size_bytes", "lease_until"])
        announce(row)


def _keep(stack: Stack, whole: Whole, facts: StackFacts) -> None:
    """First the row speaks of the bytes, then they are stored: whoever deletes them in between sees that they are wanted."""
    with transaction.atomic():
        lock_content(whole.sha256)
        row = _locked(stack)
        row.sha256 = whole.sha256
        row.lease_until = timezone.now() + timedelta(seconds=LEASE_S)
        row.save(update_fields=["sha256", "lease_until"])
    ContentStore().put(whole.path, whole.sha256)
    try:
        _settle(stack, facts)
    except LeaseLost:
        release_content(whole.sha256)
        raise


def _settle(stack: Stack, facts: StackFacts) -> None:
    with transaction.atomic():
        row = _locked(stack)
        _describe(row, facts)
        row.same_as = _twin_of(row)
        row.state, row.lease_token, row.lease_until = Stack.State.RECOGNISED, None, None
        row.save()
        after = {"sha256": row.sha256, "format": row.format, "frames": row.frame_count, "size_bytes": row.size_bytes}
        stack_changed(row, by=row.by, action="stack.recognised", before={"state": "probing"}, after=after)
        forget_uploads(row)


def _describe(row: Stack, facts: StackFacts) -> None:
    row.format, row.width_px, row.height_px, row.bit_depth = facts.format, facts.width_px, facts.height_px, facts.bit_depth
    row.frame_count, row.notes = facts.frames, list(facts.notes)
    row.planes, row.default_plane = list(facts.planes), facts.default_plane
    row.interval_minutes, row.times_from = facts.interval_minutes, facts.times_from
    row.hours_since_start = list(facts.hours_since_start) if facts.hours_since_start is not None else None
    row.started_at = _with_zone(facts.started_at)


def _refuse(stack: Stack, refusal: dict[str, str], target: Path) -> bool:
    """Say why, set the bytes apart, leave nothing else behind; False when the recording is no longer ours to refuse."""
    with transaction.atomic():
        try:
            row = _locked(stack)
        except LeaseLost:
            target.unlink(missing_ok=True)
            return False
        uploads = list(row.uploads.values_list("id", flat=True)[:2])
        source = target if target.exists() else path_of_upload(uploads[0]) if len(uploads) == 1 else None
        if source is not None and source.exists():
            move(source, quarantined(row.id))
        row.state, row.refusal, row.sha256, row.lease_token, row.lease_until = Stack.State.REFUSED, refusal, "", None, None
        row.save()
        stack_changed(row, by=row.by, action="stack.refused", before={"state": stack.state}, after=refusal)
        forget_uploads(row)
    target.unlink(missing_ok=True)
    return True


def forget_uploads(row: Stack) -> None:
    """The bytes have found their place; the rows go with the change, the files after it."""
    paths = [path_of_upload(upload_id) for upload_id in row.uploads.values_list("id", flat=True)]
    row.uploads.all().delete()

    def unlink_all() -> None:
        for path in paths:
            path.unlink(missing_ok=True)

    transaction.on_commit(unlink_all)


def _twin_of(row: Stack) -> Stack | None:
    twins = Stack.objects.filter(lab_id=row.lab_id, sha256=row.sha256, state__in=(Stack.State.RECOGNISED, Stack.State.READY))
    return twins.exclude(id=row.id).order_by("created_at").first()


def _own(stack: Stack) -> QuerySet[Stack]:
    return Stack.objects.filter(id=stack.id, lease_token=stack.lease_token, state__in=TAKING)


def _locked(stack: Stack) -> Stack:
    row = _own(stack).select_for_update(of=("self",)).select_related("lab", "by").first()
    if row is None:
        raise LeaseLost(str(stack.id))
    return row


def _whole_path(stack: Stack) -> Path:
    return upload_folder() / f"{stack.id}.{stack.lease_token}.whole"


def _with_zone(taken_at: datetime | None) -> datetime | None:
    """Microscopes write local time without a zone; it is kept as written."""
    return taken_at.replace(tzinfo=UTC) if taken_at is not None and taken_at.tzinfo is None else taken_at


class _Heart:
    """Renews the lease while bytes are moved, and stops the work once the lease is another's."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._next = time.monotonic() + BEAT_S

    def __call__(self) -> None:
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + BEAT_S
        if not _own(self._stack).update(lease_until=timezone.now() + timedelta(seconds=LEASE_S)):
            raise LeaseLost(str(self._stack.id))
