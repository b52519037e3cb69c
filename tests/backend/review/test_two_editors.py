"""Two windows at one thing: whatever the order of their edits, none is lost and the history holds every one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from rest_framework.test import APIClient

from backend.imaging.models import Stack
from backend.review.models import Verdict
from tests.backend.conftest import ClientOf
from tests.backend.review.dish import change, patch
from tests.cast import Cast
from tests.running.product import Installation

Step = tuple[str, int, int]
"""What is done (edit, save or reload), by which window, to which field."""
STEPS = st.lists(
    st.tuples(st.sampled_from(["edit", "edit", "save", "save", "reload"]), st.sampled_from([0, 1]), st.sampled_from([0, 1, 2]))
)
BOTH_CHANGED_ONE_FIELD: list[Step] = [("edit", 0, 0), ("edit", 1, 0), ("save", 0, 0), ("save", 1, 0), ("save", 1, 0)]
BEGUN_TWICE: list[Step] = [("edit", 0, 0), ("edit", 1, 1), ("save", 0, 0), ("save", 1, 0), ("edit", 0, 2), ("save", 0, 0), ("save", 1, 0)]


def reading_value(name: str, number: int) -> Any:
    return {"frame_index": number, "source": "own"}


def correction_value(name: str, number: int) -> Any:
    if name == "unusable":
        return [[number, number]]
    return [{"from_frame": number, "content": "gas"}] if name.endswith("content") else {"frame_index": number, "box": [0, 0, 9, 9]}


def kept_reading(told: dict[str, Any], name: str) -> Any:
    said = told["onsets"].get(name.removeprefix("onsets."))
    return said and {"frame_index": said["frame_index"], "source": said["source"]}


def kept_correction(told: dict[str, Any], name: str) -> Any:
    if name == "unusable":
        return told["unusable"] or None
    _, place, what = name.split(".")
    return told["wells"].get(place, {}).get(what)


@dataclass
class Window:
    """A page as the browser keeps it: edits wait, a 412 brings the newer version, and they are sent again on top of it."""

    client: APIClient
    address: str
    version: int = 0
    waiting: dict[str, Any] = field(default_factory=dict)

    def reload(self) -> None:
        self.version = self.client.get(self.address).json()["version"]

    def save(self) -> dict[str, Any]:
        """One attempt; gives what was accepted by it."""
        if not self.waiting:
            return {}
        answer = patch(self.client, self.address, self.version, [change(name, value) for name, value in self.waiting.items()])
        if answer.status_code == 412:
            self.version = answer.json()["current"]["version"]
            return {}
        assert answer.status_code == 200, answer.data
        assert answer.json()["version"] == self.version + 1
        accepted, self.waiting, self.version = self.waiting, {}, answer.json()["version"]
        return accepted


@contextmanager
def undone() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.mark.parametrize("thing", ["reading", "corrections"])
def test_no_interleaving_of_two_editors_loses_an_edit(thing: str, stack: Stack, cast: Cast, client_of: ClientOf) -> None:
    one_person = thing == "reading"
    address = f"/api/readings/{stack.id}/A1/" if one_person else f"/api/stacks/{stack.id}/corrections/"
    names = ["onsets.t2", "onsets.t3", "onsets.t4"] if one_person else ["unusable", "wells.A1.content", "wells.A1.box"]
    value, kept = (reading_value, kept_reading) if one_person else (correction_value, kept_correction)
    # A reading is one person's, who may have two windows; corrections are made by two people.
    clients = [client_of(cast.embryologist), client_of(cast.embryologist if one_person else cast.colleague)]

    @settings(max_examples=15, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(steps=STEPS)
    @example(steps=BOTH_CHANGED_ONE_FIELD)
    @example(steps=BEGUN_TWICE)
    def interleave(steps: list[Step]) -> None:
        windows, accepted = [Window(client, address) for client in clients], []

        def save(window: Window) -> None:
            accepted.extend(window.save().items())

        with undone():
            for number, (what, which, where) in enumerate(steps):
                if what == "edit":
                    windows[which].waiting[names[where]] = value(names[where], number)
                elif what == "save":
                    save(windows[which])
                else:
                    windows[which].reload()
            for window in windows:
                # Once for the newer version, once for the edits.
                save(window)
                save(window)
                assert not window.waiting
            told = clients[0].get(address).json()
            assert {name: kept(told, name) for name in dict(accepted)} == dict(accepted)
            history = list(Verdict.objects.order_by("id").values_list("field", "before", "after"))
            for name in names:
                given_values = [said for each, said in accepted if each == name]
                assert [after for each, _, after in history if each == name] == given_values
                assert [before for each, before, _ in history if each == name] == [None, *given_values][: len(given_values)]

    interleave()


def test_two_editors_at_the_very_same_moment_lose_nothing(installation: Installation) -> None:
    installation.seed()
    told = json.loads(installation.run("-m", "tests.backend.review.at_once", "6"))
    assert told["errors"] == []
    assert told["accepted"] == told["verdicts"] == 2 * 2 * 5 * 6
    assert told["versions"] == {"readings": [12] * 5, "corrections": [60]}
    assert told["broken_chains"] == []
    assert told["audited"] == told["accepted"]
