"""What an installation had in use before uses were rows stays in use, and nothing else comes into use."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

pytestmark = pytest.mark.django_db(transaction=True)
BEFORE, AFTER = [("registry", "0002_weights_of_labs")], [("registry", "0005_shipped_weights")]


def migrated(to: list[tuple[str, str]]) -> Any:
    executor = MigrationExecutor(connection)
    executor.migrate(to)
    return executor.loader.project_state(to).apps


@pytest.fixture
def old() -> Iterator[Any]:
    """The registry as it was; afterwards as it is."""
    latest = MigrationExecutor(connection).loader.graph.leaf_nodes()
    yield migrated(BEFORE)
    MigrationExecutor(connection).migrate(latest)


def test_what_was_active_is_the_servers_default_and_states_say_only_what_is_true_of_the_file(old: Any) -> None:
    lab = old.get_model("accounts", "Lab").objects.create(name="North")
    weights = old.get_model("registry", "Weights")
    facts = {"task": "wells", "family": "yolo", "folder": "w"}
    kinds = [(None, "active"), (None, "usable"), (None, "unusable"), (lab, "candidate"), (lab, "unusable")]
    for number, (owner, state) in enumerate(kinds):
        weights.objects.create(name=f"{number}-{state}", lab=owner, state=state, sha256=str(number) * 64, **facts)
    new = migrated(AFTER)
    rows = new.get_model("registry", "Weights").objects.order_by("name")
    assert [(row.name, row.state, row.state_before) for row in rows] == [
        ("0-active", "checked", ""),
        ("1-usable", "checked", ""),
        ("2-unusable", "unusable", "checked"),
        ("3-candidate", "candidate", ""),
        ("4-unusable", "unusable", "candidate"),
    ]
    (use,) = new.get_model("registry", "Use").objects.all()
    assert (use.lab, use.task, use.state, use.weights.name, use.confirmed_at) == (None, "wells", "current", "0-active", rows[0].created_at)
    again = migrated(BEFORE)
    states = again.get_model("registry", "Weights").objects.order_by("name").values_list("state", flat=True)
    assert list(states) == ["active", "usable", "unusable", "candidate", "unusable"]
