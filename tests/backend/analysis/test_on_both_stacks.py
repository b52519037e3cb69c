"""Locks that only PostgreSQL holds, on SQLite as well."""

from __future__ import annotations

import json

from tests.running.product import Installation


def test_recordings_confirmed_while_a_run_of_their_dish_is_told_of_do_not_wait_in_a_circle(installation: Installation) -> None:
    installation.seed()
    told = json.loads(installation.run("-m", "tests.backend.analysis.at_once", "40"))
    assert told["errors"] == []
    assert told["confirmed"] == 40
    assert told["announced"] > 0
