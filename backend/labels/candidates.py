"""The pictures that a task of an import may mean, small, for a person to decide by eye; nothing is kept of what is not confirmed."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from django.conf import settings

from backend.accounts.actor import NOT_HERE, Actor
from backend.core.errors import Refused
from backend.core.files import ContentStore
from backend.imaging import frames
from backend.imaging.decoding import DecoderProcess, DecodingRefused
from backend.imaging.models import Stack
from backend.labels.formats.values import Unreadable
from backend.labels.models import LabelConflict, LabelImport, Picture
from backend.labels.selectors import import_visible_to

WIDTH = 384
AT_ONCE = 2
"""Decoders for pictures that still lie in their archive: each is a process of its own."""
_KEY = r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
_PICTURE = re.compile(rf"picture-{_KEY}")
_STACK = re.compile(rf"stack-{_KEY}(?:-([0-9]{{1,7}}))?")
_decoders = threading.BoundedSemaphore(AT_ONCE)


@dataclass(frozen=True)
class Shown:
    """Where the picture is: a frame of known bytes, or a file within the import's own."""

    tag: str
    owner: str
    name: str
    frame: frames.Picture | None = None
    source_sha256: str = ""
    option: str = ""


def candidate_visible_to(actor: Actor, import_id: UUID, conflict_id: UUID, option: str) -> Shown:
    """The picture behind one answer to a question of an import; 404 for anything else."""
    row = import_visible_to(actor, import_id)
    conflict = row.conflicts.filter(id=conflict_id, kind=LabelConflict.Kind.PICTURE).first()
    offered = {each["id"] for each in conflict.options} if conflict is not None else set()
    shown = _shown(row, option) if option in offered else None
    if shown is None:
        raise Refused("not_found", NOT_HERE, http_status=404)
    return shown


def jpeg_of(shown: Shown) -> bytes:
    """Our own grey JPEG; refuses in the decoder's words what cannot be shown."""
    try:
        if shown.frame is not None:
            return frames.jpeg_of(shown.frame, owner=shown.owner, name=shown.name)
        return _out_of_archive(shown)
    except (DecodingRefused, Unreadable) as problem:
        told = problem.as_dict()
        raise Refused(told["code"], told["detail"], told["hint"], http_status=422) from None
    except FileNotFoundError:
        raise Refused("picture_lost", "The picture is no longer on the server.", "Upload the labels again.", http_status=410) from None


def _shown(row: LabelImport, option: str) -> Shown | None:
    owner = str(row.lab_id)
    if named := _PICTURE.fullmatch(option):
        picture = Picture.objects.filter(id=named[1], lab_id=row.lab_id).first()
        return _framed(picture.sha256, picture.frame_index or 0, picture.plane or 0, owner, picture.name) if picture else None
    if named := _STACK.fullmatch(option):
        stack = Stack.objects.filter(id=named[1], lab_id=row.lab_id).defer("hours_since_start").first()
        return _framed(stack.sha256, int(named[2] or 0), stack.default_plane, owner, stack.name) if stack else None
    tag = hashlib.sha256(f"{row.source_sha256} {option}".encode()).hexdigest()[:32]
    return Shown(tag, owner, row.name, source_sha256=row.source_sha256, option=option) if option.startswith("file-") else None


def _framed(sha256: str, index: int, plane: int, owner: str, name: str) -> Shown:
    picture = frames.Picture(sha256, index, plane, WIDTH)
    return Shown(picture.tag, owner, name, frame=picture)


def _out_of_archive(shown: Shown) -> bytes:
    with _unpacked(shown) as path, _decoders, DecoderProcess(path, name=shown.name) as decoder:
        return decoder.jpeg(0, 0, width=WIDTH, quality=frames.QUALITY)


@contextmanager
def _unpacked(shown: Shown) -> Iterator[Path]:
    """The file in a place of its own, gone with the block."""
    # Only once somebody asks for a picture: whoever serves pages all day loads nothing that reads files.
    from backend.labels.formats.archives import open_source
    from backend.labels.keeping import copied
    from backend.labels.matching import key_of_file

    source = open_source(ContentStore().path_of(shown.source_sha256))
    scratch = Path(settings.DATA_DIR, "scratch")
    scratch.mkdir(parents=True, exist_ok=True)
    descriptor, path = tempfile.mkstemp(prefix="candidate-", dir=scratch)
    try:
        with os.fdopen(descriptor, "wb") as target:
            file = next((file for file in source.files() if key_of_file(file) == shown.option), None)
            if file is None:
                raise FileNotFoundError(shown.option)
            copied(source, file, target)
        yield Path(path)
    finally:
        source.close()
        os.unlink(path)
