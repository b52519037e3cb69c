"""Reads the chain from its first row to its newest and names the first row that is not as it was written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from django.utils import timezone

from backend.accounts.models import User
from backend.audit import chain
from backend.audit.checkpoints import Checkpoint
from backend.audit.models import Entry, Head

Problem = Literal["changed", "inserted", "removed", "moved", "cut", "head", "key", "checkpoint"]
CHUNK = 2000


@dataclass(frozen=True)
class Bad:
    """The first place where the chain is not what was written there."""

    row: int
    problem: Problem
    detail: str


@dataclass(frozen=True)
class State:
    """What a reading of the chain found; `rows` were as they had been written."""

    rows: int
    digest: str
    checked_at: datetime
    bad: Bad | None

    @property
    def is_whole(self) -> bool:
        return self.bad is None


class _Broken(Exception):
    def __init__(self, row: int, problem: Problem, detail: str) -> None:
        super().__init__(detail)
        self.bad = Bad(row, problem, detail)


def verify_chain(*, checkpoint: Checkpoint | None = None) -> State:
    """Whether every row up to the newest is as it was written, and, with a checkpoint, whether what it signed is still there."""
    reading = _Reading(checkpoint)
    bad = None
    try:
        reading.read()
    except _Broken as broken:
        bad = broken.bad
    except ValueError:
        # A column holds what the product never writes, such as text that is no JSON.
        bad = Bad(
            reading.count + 1, "changed", f"Row {reading.count + 1} cannot be read: a field was changed to something of another kind."
        )
    return State(reading.count, reading.digest, timezone.now(), bad)


class _Reading:
    def __init__(self, checkpoint: Checkpoint | None) -> None:
        self.count, self.digest = 0, chain.START
        self._checkpoint = checkpoint

    def read(self) -> None:
        # The head first: rows that are added meanwhile come after it, and none that it counts may be missing.
        head = Head.objects.first()
        self._check_head(head)
        people = {str(person) for person in User.objects.values_list("id", flat=True)}
        for row, actor_id in _rows():
            self._check_place(row)
            self._check_row(row, head)
            self._check_account(row, actor_id, people)
            self.count, self.digest = row["id"], row["digest"]
            self._check_against(head)
        self._check_end(head)

    def _check_head(self, head: Head | None) -> None:
        if head is None:
            if Entry.objects.exists():
                raise _Broken(1, "head", "The end of the chain was removed, so nobody can tell which row was the last.")
            return
        if head.key_id and head.key_id != chain.key_id():
            raise _Broken(1, "key", "The chain was written with another key; set AUDIT_KEY, or DATA/audit_key, to that one.")
        if head.count and not chain.is_same(head.seal, chain.seal_of(head.count, head.digest)):
            raise _Broken(head.count, "head", "The end of the chain was changed: it does not carry our seal.")

    def _check_place(self, row: dict[str, Any]) -> None:
        expected = self.count + 1
        if row["id"] < expected:
            raise _Broken(row["id"], "inserted", f"Row {row['id']} stands before the first row.")
        if row["id"] > expected:
            missing = f"Row {expected} was" if row["id"] == expected + 1 else f"Rows {expected} to {row['id'] - 1} were"
            raise _Broken(expected, "removed", f"{missing} removed.")

    def _check_row(self, row: dict[str, Any], head: Head | None) -> None:
        place = row["id"]
        if _fits(row, self.digest, place):
            return
        if head is not None and place > head.count:
            raise _Broken(place, "inserted", f"Row {place} was inserted behind the last row.")
        owner = _row_that_follows(self.digest, place)
        if owner is None:
            raise _Broken(place, "changed", f"Row {place} is not as it was written: a field was changed, or the row replaced by another.")
        if owner["id"] == place + 1 and not _fits(row, owner["digest"], place + 1):
            raise _Broken(place, "inserted", f"Row {place} was inserted: the row that belongs here stands at {owner['id']}.")
        raise _Broken(place, "moved", f"Rows were reordered: the row that belongs at {place} stands at {owner['id']}.")

    def _check_account(self, row: dict[str, Any], actor_id: UUID | None, people: set[str]) -> None:
        """The link to the account goes with the account and never to another one."""
        if actor_id is None and row["actor_key"] not in people:
            return
        if actor_id is None or str(actor_id) != row["actor_key"]:
            raise _Broken(row["id"], "changed", f"Row {row['id']} is not as it was written: it is linked to another account.")

    def _check_against(self, head: Head | None) -> None:
        checkpoint = self._checkpoint
        if checkpoint is not None and self.count == checkpoint.count and self.digest != checkpoint.digest:
            raise _Broken(self.count, "checkpoint", f"Row {self.count} is another one than the checkpoint of {checkpoint.at} signed.")
        if head is not None and self.count == head.count and self.digest != head.digest:
            raise _Broken(self.count, "head", f"Row {self.count} is not the one that the end of the chain names.")

    def _check_end(self, head: Head | None) -> None:
        after = self.count + 1
        if head is not None and self.count < head.count:
            raise _Broken(after, "cut", f"The end was cut off: rows {after} to {head.count} are missing.")
        now = Head.objects.first()
        if self.count > (now.count if now is not None else 0):
            raise _Broken(self.count, "head", f"Row {self.count} stands behind the end of the chain.")
        if self._checkpoint is not None and self.count < self._checkpoint.count:
            signed = self._checkpoint
            raise _Broken(after, "cut", f"The end was cut off: the checkpoint of {signed.at} signed {signed.count} rows.")


def _rows(after: int | None = None) -> Iterator[tuple[dict[str, Any], UUID | None]]:
    """What the rows say with their digests, in the chain's order, and the accounts they are linked to."""
    names = [*chain.FACTS, "digest", "actor_id"]
    rows = Entry.objects.order_by("id") if after is None else Entry.objects.order_by("id").filter(id__gt=after)
    for values in rows.values_list(*names).iterator(chunk_size=CHUNK):
        row = dict(zip(names, values, strict=True))
        yield row, row.pop("actor_id")


def _row_that_follows(digest: str, place: int) -> dict[str, Any] | None:
    """The row that was written at this place, wherever it stands now."""
    try:
        return next((row for row, _ in _rows(after=place) if _fits(row, digest, place)), None)
    except ValueError:
        return None


def _fits(row: dict[str, Any], digest: str, place: int) -> bool:
    return chain.is_same(row["digest"], chain.link(digest, {**row, "id": place}))
