"""Pictures that came with labels: taken out of the file, looked at in a child process, kept in the content store."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self
from uuid import UUID

from django.conf import settings

from backend.core.files import ContentStore
from backend.imaging.decoding import DecodingRefused, Looked, PictureLooker
from backend.imaging.models import Stack
from backend.labels.formats.archives import FileIn, Source
from backend.labels.formats.references import bare
from backend.labels.formats.values import Remark, Unreadable
from backend.labels.matching import Candidate
from backend.labels.models import Picture

_MOST_BYTES = 256 * 1024**2
_BLOCK = 1 << 18


class PictureKeeper:
    """Sizes of candidates, and their rows; a file is looked at once however many tasks speak of it."""

    def __init__(self, lab_id: UUID, source: Source) -> None:
        self.remarks: list[Remark] = []
        self.stored = 0
        self._lab_id = lab_id
        self._source = source
        self._looker = PictureLooker()
        self._looked: dict[str, tuple[str, Looked] | None] = {}
        self._scratch = Path(settings.DATA_DIR, "scratch")

    def size_of(self, candidate: Candidate | None, place: str) -> tuple[int, int] | None:
        """How large the picture really is; None where that cannot be known."""
        if candidate is None or candidate.file is None:
            return candidate.size if candidate is not None else None
        looked = self._look(candidate.file, place, keep=False)
        return (looked[1].width, looked[1].height) if looked is not None else None

    def row_of(self, candidate: Candidate | None, place: str) -> Picture | None:
        """The picture's row, made where it was not here before; called within the change that needs it."""
        if candidate is None:
            return None
        if candidate.kind == "picture":
            return Picture.objects.filter(id__in=[candidate.row], lab_id=self._lab_id).first()
        if candidate.kind == "stack":
            return self._of_stack(candidate)
        assert candidate.file is not None  # noqa: S101 - the third kind
        looked = self._look(candidate.file, place, keep=True)
        if looked is None:
            return None
        sha256, seen = looked
        facts = {"name": bare(candidate.file.base)[:1024], "width": seen.width, "height": seen.height, "dhash": seen.dhash}
        row, is_new = Picture.objects.get_or_create(lab_id=self._lab_id, sha256=sha256, stack=None, defaults=facts)
        self.stored += is_new
        return row

    def close(self) -> None:
        self._looker.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _of_stack(self, candidate: Candidate) -> Picture | None:
        stack = Stack.objects.filter(id__in=[candidate.row], lab_id=self._lab_id).defer("hours_since_start").first()
        if stack is None:
            return None
        facts = {"lab_id": self._lab_id, "sha256": stack.sha256, "name": stack.name, "width": stack.width_px, "height": stack.height_px}
        plane = candidate.plane if candidate.plane is not None and candidate.plane < len(stack.planes) else stack.default_plane
        row, _ = Picture.objects.get_or_create(stack=stack, frame_index=candidate.frame, plane=plane, defaults=facts)
        return row

    def _look(self, file: FileIn, place: str, *, keep: bool) -> tuple[str, Looked] | None:
        known = self._looked.get(file.name)
        if file.name in self._looked and (known is None or not keep or ContentStore().exists(known[0])):
            return known
        self._scratch.mkdir(parents=True, exist_ok=True)
        descriptor, path = tempfile.mkstemp(prefix="picture-", dir=self._scratch)
        try:
            with os.fdopen(descriptor, "wb") as target:
                sha256 = copied(self._source, file, target)
            looked = self._looker.look(Path(path), name=file.base)
            if keep:
                ContentStore().put(Path(path), sha256)
            self._looked[file.name] = (sha256, looked)
        except (DecodingRefused, Unreadable) as problem:
            detail = f"The picture {file.name} cannot be used: {problem.detail} The labels are kept without it."
            self.remarks.append(Remark(place, "picture_refused", detail, {"file": file.name[-120:], "why": problem.code}))
            self._looked[file.name] = None
        finally:
            os.unlink(path)
        return self._looked[file.name]


def copied(source: Source, file: FileIn, target: BinaryIO) -> str:
    """Write one picture of a file set to `target`, give its SHA-256; raises Unreadable for what is too large to be one."""
    digest, count = hashlib.sha256(), 0
    with source.open(file) as opened:
        while block := opened.read(_BLOCK):
            count += len(block)
            if count > _MOST_BYTES:
                detail = f"{file.base} has more than {_MOST_BYTES // 1024**2} MiB."
                raise Unreadable("picture_too_large", detail, "Labels go with single pictures.")
            digest.update(block)
            target.write(block)
    return digest.hexdigest()
