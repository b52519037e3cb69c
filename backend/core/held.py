"""What the current transaction has locked so far, told by the callbacks it has left for its commit."""

from __future__ import annotations

from typing import Any, TypeVar

from django.db import connection


class OutOfOrder(Exception):
    """Two transactions that take the same locks in different orders may wait for each other for ever."""


class Held:
    """A callback for after the commit that also tells of a lock held until then."""


Lock = TypeVar("Lock", bound=Held)


def held_now(kind: type[Lock]) -> list[Lock]:
    """The locks of this kind that the current transaction holds."""
    waiting: list[tuple[set[Any], Any]] = [(entry[0], entry[1]) for entry in connection.run_on_commit]
    # A test's own transaction stands around many of the product's, which are savepoints in it.
    around = sum(getattr(block, "_from_testcase", False) for block in connection.atomic_blocks)
    own = connection.savepoint_ids[around - 1 : around] if around else []
    return [callback for savepoints, callback in waiting if isinstance(callback, kind) and savepoints.issuperset(own)]
