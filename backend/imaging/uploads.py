"""Files on their way in: created, appended to at a known offset under a lock, given up, collected when abandoned."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import hmac
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

from django.conf import settings
from django.db import OperationalError, transaction
from django.utils import timezone

from backend.accounts.actor import Actor
from backend.accounts.models import Role, User
from backend.audit import services as audit
from backend.core.errors import Refused
from backend.imaging.bodies import Body, SenderGone
from backend.imaging.models import Upload
from backend.imaging.names import relative_name

ALGORITHMS = ("sha256", "sha1")
CHECKSUM_MISMATCH = 460
FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
LOCK_PATIENCE_S = 3.0
ORPHAN_AGE_S = 3600
RESERVE_BYTES = 256 * 1024**2
"""Kept free for the database, so that a disk filled by recordings can still be read and cleaned up."""


@dataclass(frozen=True)
class Checksum:
    """What the sender says the chunk's hash is."""

    algorithm: str
    digest: bytes


def create_upload(*, lab_id: UUID | str | None, name: str, batch: UUID | None, length: int, actor: Actor, by: User) -> Upload:
    """Make the row and the empty file, or neither."""
    lab = actor.require(lab_id, Role.EMBRYOLOGIST)
    if length > settings.UPLOAD_MAX_BYTES:
        limit = settings.UPLOAD_MAX_BYTES // 1024**3
        raise Refused(
            "upload_too_long",
            f"{length} bytes are more than the {limit} GiB a recording may have.",
            "Split the recording.",
            http_status=413,
        )
    name = relative_name(name)
    folder = upload_folder()
    if batch is not None:
        _forget_namesakes(lab_id=lab.id, batch=batch, name=name, by=by)
    with disk_full_answered():
        if shutil.disk_usage(folder).free - _reserve(folder) < length:
            raise OSError(errno.ENOSPC, "the file would not fit")
        with transaction.atomic():
            upload = Upload.objects.create(lab=lab, by=by, name=name, batch=batch or uuid4(), length=length, expires_at=_expiry())
            if length == 0:
                Upload.objects.filter(id=upload.id).update(finished_at=timezone.now())
            audit.record(actor=by, lab_id=lab.id, action="upload.created", subject=f"upload {upload.id}", after={"length": length})
            path_of_upload(upload.id).touch(mode=0o600, exist_ok=False)
            _sync_folder(folder)
    upload.refresh_from_db()
    return upload


def append(*, upload_id: UUID, offset: int, body: Body, checksum: Checksum | None) -> Upload:
    """Write what arrives from `offset` on and commit what is whole.

    A chunk that carries a hash counts only when all of it came and the hash is right; without one, whatever came before a cut counts.
    """
    with locked(upload_id) as descriptor:
        upload = Upload.objects.filter(id=upload_id).first()
        if upload is None:
            raise _gone("upload_not_found", 404)
        require_live(upload)
        if offset != upload.offset:
            detail = f"The upload stands at byte {upload.offset}, not at {offset}."
            raise Refused("offset_conflict", detail, "Ask for the offset and go on from there.", http_status=409)
        if os.fstat(descriptor).st_size < offset:
            raise _gone("upload_lost", 410)
        with disk_full_answered():
            try:
                written = _receive(descriptor, upload, body, checksum)
                os.fsync(descriptor)
            except BaseException:
                os.ftruncate(descriptor, upload.offset)
                raise
            return _commit(upload, written)


def _forget_namesakes(*, lab_id: UUID, batch: UUID, name: str, by: User) -> None:
    """A sender that starts a file of a recording anew has lost what it sent of it before; whole files of one name are two all the same."""
    earlier = Upload.objects.filter(lab_id=lab_id, batch=batch, name=name, by=by, finished_at=None)
    for upload_id in earlier.values_list("id", flat=True):
        with suppress_lost(upload_id), locked(upload_id), transaction.atomic():
            row = Upload.objects.select_for_update().filter(id=upload_id, stack=None).first()
            if row is not None:
                _forget(row, by=by, action="upload.replaced")


def require_live(upload: Upload) -> None:
    """Refuse an upload that was left alone for too long, whether or not it was collected already."""
    if upload.expires_at <= timezone.now():
        raise _gone("upload_expired", 410)


def terminate_upload(*, upload: Upload, actor: Actor, by: User) -> None:
    """Forget an upload and its bytes; one that is part of a recording already stays."""
    actor.require(upload.lab_id, Role.EMBRYOLOGIST)
    with locked(upload.id), transaction.atomic():
        row = Upload.objects.select_for_update().filter(id=upload.id).first()
        if row is None:
            return
        if row.stack_id is not None:
            raise Refused("upload_in_use", "This file is part of a recording already.", "Delete the recording instead.", http_status=409)
        _forget(row, by=by, action="upload.terminated")


def collect_expired_uploads() -> int:
    """Forget abandoned uploads and files that no row speaks of; safe to run beside senders, gives how many uploads went."""
    collected = 0
    for upload_id in Upload.objects.filter(expires_at__lte=timezone.now(), stack=None).values_list("id", flat=True)[:1000]:
        with suppress(Refused), suppress_lost(upload_id), locked(upload_id, patience_s=0), transaction.atomic():
            row = Upload.objects.select_for_update().filter(id=upload_id, expires_at__lte=timezone.now(), stack=None).first()
            if row is not None:
                _forget(row, by=None, action="upload.expired")
                collected += 1
    _collect_orphans()
    return collected


def upload_folder() -> Path:
    folder = Path(settings.UPLOAD_DIR)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def path_of_upload(upload_id: UUID) -> Path:
    return Path(settings.UPLOAD_DIR, str(upload_id))


@contextmanager
def locked(upload_id: UUID, patience_s: float = LOCK_PATIENCE_S) -> Iterator[int]:
    """Hold the upload's file for this process alone; a holder whose sender fell silent is asked to let go, a busy one means 423."""
    try:
        descriptor = os.open(path_of_upload(upload_id), os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        raise _gone("upload_lost", 410) from None
    try:
        _lock(descriptor, upload_id, patience_s)
        if os.fstat(descriptor).st_nlink == 0:
            raise _gone("upload_not_found", 404)
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def suppress_lost(upload_id: UUID) -> Iterator[None]:
    """An upload whose bytes are gone already only has its row to lose."""
    try:
        yield
    except Refused as refusal:
        if refusal.code != "upload_lost":
            raise
        Upload.objects.filter(id=upload_id, stack=None).delete()


@contextmanager
def disk_full_answered() -> Iterator[None]:
    """Turn "no space left" into an answer: what was committed stays, and the same request works once there is room."""
    try:
        yield
    except OSError as error:
        if error.errno not in FULL:
            raise
    except OperationalError as error:
        if "full" not in str(error):
            raise
    else:
        return
    hint = "Free some space on the server; the upload then goes on where it stopped."
    raise Refused("disk_full", "The server's disk is full.", hint, http_status=507)


def _lock(descriptor: int, upload_id: UUID, patience_s: float) -> None:
    wanted = _wanted_mark(upload_id)
    until = time.monotonic() + patience_s
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= until:
                raise Refused("upload_locked", "Another request is writing this file.", "Try again in a moment.", http_status=423) from None
            with suppress(OSError):
                wanted.touch()
            time.sleep(0.1)
        else:
            wanted.unlink(missing_ok=True)
            return


def _receive(descriptor: int, upload: Upload, body: Body, checksum: Checksum | None) -> int:
    """Write the chunk after the known offset, give how many bytes of it count."""
    room = upload.length - upload.offset
    digest = hashlib.new(checksum.algorithm, usedforsecurity=False) if checksum else None
    os.ftruncate(descriptor, upload.offset)
    _keep_reserve()
    written = 0
    try:
        for piece in body.pieces(_wanted_mark(upload.id).exists):
            if written + len(piece) > settings.UPLOAD_CHUNK_BYTES:
                raise chunk_too_long()
            if written + len(piece) > room:
                raise Refused("upload_overrun", f"The chunk goes beyond the {upload.length} bytes that were announced.", http_status=413)
            _write_all(descriptor, piece, upload.offset + written)
            written += len(piece)
            if digest:
                digest.update(piece)
    except SenderGone as gone:
        if checksum:
            raise Refused("chunk_cut_off", f"The chunk did not come whole: {gone}.", "Send it again.") from None
    if digest and checksum and not hmac.compare_digest(digest.digest(), checksum.digest):
        raise Refused("checksum_mismatch", "The chunk changed on its way here.", "Send it again.", http_status=CHECKSUM_MISMATCH)
    return written


def _write_all(descriptor: int, piece: bytes, at: int) -> None:
    view = memoryview(piece)
    while view:
        # A nearly full disk takes a part and says so only at the next write.
        count = os.pwrite(descriptor, view, at)
        view, at = view[count:], at + count


def _commit(upload: Upload, written: int) -> Upload:
    with transaction.atomic():
        row = Upload.objects.select_for_update().get(id=upload.id, offset=upload.offset)
        row.offset += written
        row.expires_at = _expiry()
        if row.offset == row.length and row.finished_at is None:
            row.finished_at = timezone.now()
        row.save(update_fields=["offset", "expires_at", "finished_at"])
    return row


def _forget(row: Upload, *, by: User | None, action: str) -> None:
    audit.record(
        actor=by, lab_id=row.lab_id, action=action, subject=f"upload {row.id}", before={"offset": row.offset, "length": row.length}
    )
    path = path_of_upload(row.id)
    row.delete()
    transaction.on_commit(lambda: path.unlink(missing_ok=True))


def _collect_orphans() -> None:
    """Files whose row went with its lab, and half-built archives of a worker that died."""
    young = time.time() - ORPHAN_AGE_S
    for file in upload_folder().iterdir():
        with suppress(FileNotFoundError):
            if file.stat().st_mtime > young:
                continue
            if _is_key(file.name) and Upload.objects.filter(id=file.name).exists():
                continue
            file.unlink()


def _is_key(name: str) -> bool:
    try:
        return str(UUID(name)) == name
    except ValueError:
        return False


def _wanted_mark(upload_id: UUID) -> Path:
    return Path(settings.UPLOAD_DIR, f"{upload_id}.wanted")


def _keep_reserve() -> None:
    folder = upload_folder()
    if shutil.disk_usage(folder).free < _reserve(folder):
        raise OSError(errno.ENOSPC, "the reserve is reached")


def _reserve(folder: Path) -> int:
    return min(RESERVE_BYTES, shutil.disk_usage(folder).total // 100)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _expiry() -> datetime:
    return timezone.now() + timedelta(hours=settings.UPLOAD_KEEP_HOURS)


def chunk_too_long() -> Refused:
    limit = settings.UPLOAD_CHUNK_BYTES // 1024**2
    return Refused("chunk_too_long", f"A chunk may have {limit} MiB at most.", "Send smaller chunks.", http_status=413)


def _gone(code: str, status: int) -> Refused:
    details = {
        "upload_not_found": "There is no such upload.",
        "upload_expired": "This upload was left alone for too long.",
        "upload_lost": "The bytes of this upload are no longer there.",
    }
    return Refused(code, details[code], "Start it again.", http_status=status)
