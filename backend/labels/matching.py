"""Which picture a task means: by its full path, then by its name, then by its content; where several may be meant, a person says."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, TypeVar
from uuid import UUID

from django.db.models import Q

from backend.imaging.models import Stack
from backend.labels.formats.archives import FileIn
from backend.labels.formats.references import PICTURES, bare, picture_reference
from backend.labels.formats.values import Filled, PictureReference, Task
from backend.labels.models import Picture

NONE = "none"
_SHA256 = 64
R = TypeVar("R", Picture, Stack)


@dataclass(frozen=True, slots=True)
class Candidate:
    """One picture that may be meant."""

    kind: Literal["file", "picture", "stack"]
    key: str
    """An id that is the same in every reading of the same file."""
    text: str
    """For people, in English."""
    name: str = ""
    file: FileIn | None = None
    row: UUID | None = None
    size: tuple[int, int] | None = None
    frame: int = 0
    plane: int | None = None
    facts: Filled = field(default_factory=dict)
    """What tells it from others of its name: `width_px` and `height_px`, `since`, `frames`."""

    def as_option(self) -> dict[str, str | int]:
        """As an answer to a question."""
        name = self.file.name if self.file is not None else self.name
        return {"id": self.key, "kind": self.kind, "text": self.text[:300], "name": name[-300:], **self.facts}


@dataclass(frozen=True, slots=True)
class Match:
    """What was found for a task; several candidates are a question, none of them is taken unasked."""

    reference: PictureReference | None
    candidates: tuple[Candidate, ...] = ()

    def taken(self, choice: str | None) -> Candidate | None:
        if len(self.candidates) == 1:
            return self.candidates[0]
        return next((one for one in self.candidates if one.key == choice), None)


_OURS = re.compile(r"^(?:ev-([0-9a-f]{8})-f([0-9]{5,7})-p([0-9]{1,3})\.jpg|recording-([0-9a-f]{8})\.mp4)$")
"""Names under which frames and recordings went out of here."""


class Matcher:
    """Knows the pictures that came with the labels, and asks for those that are here already; nothing is ever fetched."""

    def __init__(self, lab_id: UUID, files: Iterable[FileIn]) -> None:
        self._lab_id = lab_id
        self._by_path: dict[str, FileIn] = {}
        self._by_name: dict[str, list[FileIn]] = defaultdict(list)
        for file in files:
            if file.suffix in PICTURES:
                self._by_path[file.name] = file
                for name in {file.base, bare(file.base)}:
                    self._by_name[name.casefold()].append(file)

    def matches(self, tasks: Sequence[Task]) -> list[Match]:
        """One match a task, with one question to the database for all of them."""
        references = [picture_reference(task.data) for task in tasks]
        names = {name for one in references if one is not None for name in _names(one)}
        hashes = {found for task in tasks if (found := _hash_in(task)) is not None}
        pictures = _named(Picture.objects.filter(lab_id=self._lab_id, name__in=names, stack=None))
        stacks = _named(Stack.objects.filter(lab_id=self._lab_id, name__in=names, state=Stack.State.READY).defer("hours_since_start"))
        ours = self._ours(references)
        by_hash = {row.sha256: row for row in Picture.objects.filter(lab_id=self._lab_id, sha256__in=hashes, stack=None)}
        return [
            self._match(one, pictures, stacks, by_hash.get(_hash_in(task) or ""), ours) for task, one in zip(tasks, references, strict=True)
        ]

    def _match(
        self,
        one: PictureReference | None,
        pictures: dict[str, list[Picture]],
        stacks: dict[str, list[Stack]],
        same_content: Picture | None,
        ours: dict[str, Stack],
    ) -> Match:
        if one is None:
            return Match(None, (_of_picture(same_content),) if same_content is not None else ())
        in_file = self._in_file(one)
        if in_file:
            return Match(one, tuple(_of_file(file) for file in in_file))
        sent = _OURS.match(one.bare_name)
        if sent is not None and (stack := ours.get(sent[1] or sent[4])) is not None:
            return Match(one, (_of_frame(stack, int(sent[2] or 0), int(sent[3]) if sent[3] else None),))
        for name in _names(one):
            rows = [_of_picture(row) for row in pictures.get(name, [])] or [_of_stack(row) for row in stacks.get(name, [])]
            if rows:
                return Match(one, tuple(rows))
        return Match(one, (_of_picture(same_content),) if same_content is not None else ())

    def _ours(self, references: Sequence[PictureReference | None]) -> dict[str, Stack]:
        """Recordings that went out of here, by the beginning of their keys; two that begin alike are told apart by nobody."""
        wanted = {sent[1] or sent[4] for one in references if one is not None and (sent := _OURS.match(one.bare_name))}
        if not wanted:
            return {}
        begins = Q()
        for key in wanted:
            begins |= Q(id__gte=UUID(key.ljust(32, "0")), id__lte=UUID(key.ljust(32, "f")))
        found: dict[str, list[Stack]] = defaultdict(list)
        for stack in Stack.objects.filter(begins, lab_id=self._lab_id, state=Stack.State.READY).defer("hours_since_start"):
            found[str(stack.id)[:8]].append(stack)
        return {key: rows[0] for key, rows in found.items() if len(rows) == 1}

    def _in_file(self, one: PictureReference) -> list[FileIn]:
        """The longest end of the path that names exactly one file; else all files of that name."""
        if not one.full_path:
            return []
        parts = one.full_path.split("/")
        for start in range(len(parts)):
            exact = self._by_path.get("/".join(parts[start:]))
            if exact is not None and "/" in exact.name:
                return [exact]
        for name in _names(one):
            found = self._by_name.get(name.casefold(), [])
            ends = [file for file in found if one.full_path.endswith("/" + file.name) or file.name.endswith("/" + one.full_path)]
            if found:
                return ends if len(ends) == 1 else found
        return []


def _names(one: PictureReference) -> tuple[str, ...]:
    """As it is written first: a name may begin with eight such digits of its own."""
    whole = one.full_path.rsplit("/", 1)[-1]
    return (whole,) if whole == one.bare_name else (whole, one.bare_name)


def _named(rows: Iterable[R]) -> dict[str, list[R]]:
    found: dict[str, list[R]] = defaultdict(list)
    for row in rows:
        found[row.name].append(row)
    return found


def _hash_in(task: Task) -> str | None:
    value = task.data.get("sha256")
    return value.lower() if isinstance(value, str) and len(value) == _SHA256 else None


def _of_file(file: FileIn) -> Candidate:
    return Candidate("file", key_of_file(file), file.name, file=file)


def key_of_file(file: FileIn) -> str:
    return "file-" + hashlib.sha256(file.name.encode()).hexdigest()[:24]


def _of_picture(row: Picture) -> Candidate:
    text = f"{row.name}, {row.width} x {row.height} px, here since {row.created_at:%Y-%m-%d}"
    facts: Filled = {"width_px": row.width, "height_px": row.height, "since": f"{row.created_at:%Y-%m-%d}"}
    return Candidate("picture", f"picture-{row.id}", text, row.name, row=row.id, size=(row.width, row.height), facts=facts)


def _of_frame(row: Stack, frame: int, plane: int | None) -> Candidate:
    candidate = _of_stack(row)
    return replace(candidate, key=f"{candidate.key}-{frame}", frame=min(frame, row.frame_count - 1), plane=plane)


def _of_stack(row: Stack) -> Candidate:
    text = f"{row.name}, a recording of {row.frame_count} frames, here since {row.created_at:%Y-%m-%d}"
    facts: Filled = {"width_px": row.width_px, "height_px": row.height_px, "since": f"{row.created_at:%Y-%m-%d}", "frames": row.frame_count}
    return Candidate("stack", f"stack-{row.id}", text, row.name, row=row.id, size=(row.width_px, row.height_px), facts=facts)
