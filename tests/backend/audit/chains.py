"""Builds a chain of changes, and tampers with it behind the product's back."""

from __future__ import annotations

from typing import Any

from django.db import connection

from backend.audit.models import Entry
from backend.audit.services import record
from tests.cast import Cast


def write_chain(cast: Cast, length: int) -> None:
    for number in range(length):
        record(
            actor=[cast.embryologist, cast.lab_admin, None][number % 3],
            lab_id=cast.lab.id if number % 5 else None,
            action=["reading.changed", "run.requested"][number % 2],
            subject=f"reading {number}",
            before={"onsets.t2": number} if number % 4 else None,
            after={"onsets.t2": number + 0.5, "by": ["a", "б"]},
            reason="" if number % 2 else "Seen again.",
        )


def set_field(row: int, field: str, value: Any) -> None:
    """One field of one row, as somebody with a database shell would."""
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE audit_entry SET {field} = %s WHERE id = %s", [value, row])


def remove(first: int, last: int | None = None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM audit_entry WHERE id BETWEEN %s AND %s", [first, last or first])


def swap(one: int, other: int) -> None:
    for row, to in ((one, 10**6), (other, one), (10**6, other)):
        set_field(row, "id", to)


def insert(place: int, **changes: Any) -> None:
    """A copy of a row in the middle of the chain; the rows behind it move up by one."""
    last = Entry.objects.count()
    for row in range(last, place - 1, -1):
        set_field(row, "id", row + 1)
    _copy(place + 1, place, **changes)


def append(**changes: Any) -> None:
    last = Entry.objects.count()
    _copy(last, last + 1, **changes)


def _copy(row: int, to: int, **changes: Any) -> None:
    entry = Entry.objects.get(id=row)
    entry.id = to
    for name, value in changes.items():
        setattr(entry, name, value)
    Entry.objects.bulk_create([entry])
