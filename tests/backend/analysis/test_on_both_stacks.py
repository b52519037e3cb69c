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


def test_an_attempts_profiles_are_forgotten_with_it_and_the_next_ones_kept(installation: Installation) -> None:
    installation.seed()
    told = json.loads(installation.run("-m", "tests.backend.analysis.embryos"))
    assert told["forgotten"] == [0, 0]
    assert (told["state"], told["rows"]) == ("finished", [1, 2])
    assert told["frames"]["frame_index"] == [0, 5, 10]
    assert told["frames"]["hours_post_insemination"] == [20.0, 22.5, 25.0]
