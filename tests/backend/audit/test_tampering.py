from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given
from hypothesis import settings as trying
from hypothesis import strategies as some

from backend.audit import chain
from backend.audit.models import Entry, Head
from backend.audit.services import HeadMissing, WrongKey, record
from backend.audit.verifying import Bad, verify_chain
from tests.backend.audit.chains import append, insert, remove, set_field, swap, write_chain
from tests.cast import Cast

LENGTH = 100
JSON = some.recursive(
    some.none() | some.booleans() | some.integers(-(2**80), 2**80) | some.floats(allow_nan=False, allow_infinity=False) | some.text(),
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.text(), inner, max_size=3),
    max_leaves=8,
)


class Undone(Exception):
    pass


@contextmanager
def undone() -> Iterator[None]:
    try:
        with transaction.atomic():
            # Accounts that were never there can be named too, as by somebody who has switched the checks off.
            connection.cursor().execute("PRAGMA defer_foreign_keys=ON")
            yield
            raise Undone
    except Undone:
        pass


def bad() -> Bad:
    found = verify_chain().bad
    assert found is not None
    return found


OTHERS: dict[str, Callable[[Entry, Cast], Any]] = {
    "at": lambda row, cast: row.at + timedelta(microseconds=1),
    "actor_id": lambda row, cast: cast.outsider.id.hex if row.actor_id != cast.outsider.id else None,
    "actor_key": lambda row, cast: str(cast.outsider.id),
    "actor_name": lambda row, cast: row.actor_name + " ",
    "lab_id": lambda row, cast: cast.other_lab.id.hex if row.lab_id else cast.lab.id.hex,
    "action": lambda row, cast: row.action.upper(),
    "subject": lambda row, cast: row.subject + "0",
    "before": lambda row, cast: json.dumps({"onsets.t2": (row.before or {}).get("onsets.t2", 0) + 1}),
    "after": lambda row, cast: json.dumps({**row.after, "by": ["б", "a"]}),
    "reason": lambda row, cast: row.reason + ".",
    "digest": lambda row, cast: row.digest[:-1] + ("0" if row.digest[-1] != "0" else "1"),
}


def test_every_field_of_the_table_is_tampered_with_below() -> None:
    assert {field.attname for field in Entry._meta.fields} == {*OTHERS, "id"}


def test_a_chain_that_nobody_touched_is_whole_to_its_newest_row(cast: Cast) -> None:
    assert verify_chain().is_whole
    write_chain(cast, LENGTH)
    state = verify_chain()
    assert (state.is_whole, state.rows, state.digest) == (True, LENGTH, Entry.objects.get(id=LENGTH).digest)


@pytest.mark.parametrize("field", sorted(OTHERS))
def test_each_of_a_hundred_rows_is_named_when_this_field_of_it_is_changed(cast: Cast, field: str) -> None:
    write_chain(cast, LENGTH)
    rows = list(Entry.objects.order_by("id"))
    named = []
    for row in rows:
        with undone():
            set_field(row.id, field, OTHERS[field](row, cast))
            found = bad()
            named.append(found.row)
            # A changed digest of the last row is what the sealed end speaks against too; the row itself is found first.
            assert found.problem == "changed", found
    assert named == [row.id for row in rows]
    assert verify_chain().is_whole


@pytest.mark.parametrize("kind", ["removed", "inserted", "moved"])
def test_each_of_a_hundred_places_is_named_when_a_row_is_removed_inserted_or_moved_there(cast: Cast, kind: str) -> None:
    write_chain(cast, LENGTH + 1)
    for place in range(1, LENGTH + 1):
        with undone():
            match kind:
                case "removed":
                    remove(place)
                case "inserted":
                    insert(place, reason="It never was.")
                case "moved":
                    swap(place, place + 1 + (place * 7) % (LENGTH + 1 - place))
            found = bad()
            assert (found.row, found.problem) == (place, kind)


@pytest.mark.parametrize(
    ("tamper", "row", "problem"),
    [
        (lambda: remove(8, 10), 8, "cut"),
        (lambda: append(), 11, "inserted"),
        (lambda: set_field(1, "id", 0), 0, "inserted"),
        (lambda: set_field(10, "id", 11), 10, "removed"),
        (lambda: set_field(4, "before", "null"), 4, "changed"),
        (lambda: remove(3, 6), 3, "removed"),
        (lambda: Head.objects.all().delete(), 1, "head"),
        (lambda: Head.objects.update(count=11), 11, "head"),
        (lambda: Head.objects.update(key_id="0" * 16), 1, "key"),
        (lambda: (remove(10), Head.objects.update(count=9, digest=Entry.objects.get(id=9).digest)), 9, "head"),
    ],
)
def test_what_was_done_to_the_chain_is_told(cast: Cast, tamper: Callable[[], Any], row: int, problem: str) -> None:
    write_chain(cast, 10)
    tamper()
    assert (bad().row, bad().problem) == (row, problem)


def test_a_field_that_holds_no_value_of_its_kind_is_named_too(cast: Cast) -> None:
    write_chain(cast, 10)
    connection.cursor().execute("PRAGMA ignore_check_constraints=ON")
    try:
        set_field(5, "after", "{")
    finally:
        connection.cursor().execute("PRAGMA ignore_check_constraints=OFF")
    assert (bad().row, bad().problem) == (5, "changed")


def test_a_row_written_without_the_key_does_not_fit(cast: Cast, settings: Any) -> None:
    write_chain(cast, 10)
    settings.AUDIT_KEY, key = "another key than that of this installation", settings.AUDIT_KEY
    assert (bad().row, bad().problem) == (1, "key")
    with pytest.raises(WrongKey):
        write_chain(cast, 1)
    entry = Entry.objects.get(id=10)
    entry.reason = "forged"
    digest = chain.link(Entry.objects.get(id=9).digest, {name: getattr(entry, name) for name in chain.FACTS})
    settings.AUDIT_KEY = key
    set_field(10, "reason", "forged")
    set_field(10, "digest", digest)
    assert (bad().row, bad().problem) == (10, "changed")


def test_without_the_end_of_the_chain_nothing_more_is_recorded_rather_than_beginning_anew(cast: Cast) -> None:
    write_chain(cast, 3)
    Head.objects.all().delete()
    with pytest.raises(HeadMissing):
        write_chain(cast, 1)


def test_people_who_leave_do_not_break_the_chain_and_stay_named(cast: Cast) -> None:
    write_chain(cast, 12)
    key = str(cast.embryologist.id)
    cast.embryologist.delete()
    cast.lab.delete()
    assert verify_chain().is_whole
    row = Entry.objects.get(id=1)
    assert (row.actor, row.actor_key, row.actor_name) == (None, key, "embryologist")


@trying(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=JSON, after=JSON, reason=some.text(some.characters(exclude_categories=["Cs"], exclude_characters="\0")))
def test_whatever_a_change_holds_verifies_once_it_was_read_back(cast: Cast, before: Any, after: Any, reason: str) -> None:
    with undone():
        record(actor=cast.viewer, lab_id=cast.lab.id, action="x.changed", subject="x 1", before=before, after=after, reason=reason)
        assert verify_chain().is_whole


@trying(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(field=some.sampled_from(["before", "after"]), kept=JSON, put=JSON)
def test_a_value_is_found_changed_exactly_when_it_says_something_else(cast: Cast, field: str, kept: Any, put: Any) -> None:
    with undone():
        values = {field: kept}
        record(actor=None, lab_id=None, action="x.changed", subject="x 1", **values)
        set_field(1, field, json.dumps(put))
        assert verify_chain().is_whole == (chain.canonical(kept) == chain.canonical(put))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {"deep": [float("-inf")]}])
def test_what_is_no_json_is_not_recorded(cast: Cast, value: Any) -> None:
    with pytest.raises(ValueError, match="JSON"):
        record(actor=None, lab_id=None, action="x.changed", subject=f"x {uuid.uuid4()}", after=value)
    assert not Entry.objects.exists()


@pytest.mark.parametrize(
    ("one", "other"),
    [(1e3, 1000), (1e300, 10**300), (-0.0, 0), ({"b": 1, "a": 2.0}, {"a": 2, "b": 1}), ((1, 2), [1, 2]), ({1: "x"}, {"1": "x"})],
)
def test_two_databases_spell_a_value_alike(one: Any, other: Any) -> None:
    assert chain.canonical(one) == chain.canonical(other)
