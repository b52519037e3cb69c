"""Weights that were changed on disk: nobody uses them any more, and only where the lab wants it others stand in."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from backend.analysis import engine
from backend.analysis.models import Run
from backend.analysis.tampering import WeightsTampered
from backend.audit.models import Entry
from backend.core.errors import Refused
from backend.live.models import LoggedEvent
from backend.registry.models import DetectorSettings, Use, Weights
from backend.registry.selectors import active_weights
from backend.registry.services import scan_weights
from tests.backend.registry.rows import set_in_use
from tests.cast import Cast

pytestmark = pytest.mark.django_db(transaction=True)
Ask = Callable[..., Run]


@pytest.fixture
def chosen(weights: Weights, other_weights: Weights, cast: Cast) -> Weights:
    """The lab uses the other detector, after the server's default."""
    return set_in_use(other_weights, lab=cast.lab)


def change(weights: Weights) -> None:
    with (Path(weights.folder) / "weights.zip").open("ab") as file:
        file.write(b"\0")


def executed(run: Run) -> Run:
    engine.execute(run.id)
    return Run.objects.select_related("stack__dish", "weights").get(id=run.id)


def test_a_changed_file_makes_the_weights_unusable_for_all_and_says_so_once(recorded: Any, ask: Ask, chosen: Weights, cast: Cast) -> None:
    runs = [ask(recorded(label, frames=4)) for label in ("D1", "D2")]
    change(chosen)
    assert [executed(run).error["code"] for run in runs] == ["weights_tampered", "weights_tampered"]
    chosen.refresh_from_db()
    assert (chosen.state, chosen.state_before) == ("unusable", "checked")
    assert "SHA-256" in chosen.reason
    assert Entry.objects.filter(action="weights.tampered").count() == 1
    told = LoggedEvent.objects.filter(type="weights.changed").values_list("topic__name", "payload__state")
    # Shipped weights are everybody's.
    assert set(told) == {(f"lab.{lab.id}", "unusable") for lab in (cast.lab, cast.other_lab)}
    with pytest.raises(Refused) as refused:
        ask(recorded("D3", frames=4))
    assert refused.value.code == "weights_unusable"


def test_nothing_stands_in_unless_the_lab_chose_so(recorded: Any, ask: Ask, chosen: Weights) -> None:
    run = ask(recorded(frames=4))
    change(chosen)
    executed(run)
    assert Run.objects.count() == 1


def test_where_the_lab_chose_so_the_run_is_made_again_with_what_was_in_use_before(
    recorded: Any, ask: Ask, chosen: Weights, weights: Weights, cast: Cast
) -> None:
    DetectorSettings.objects.create(lab=cast.lab, retries_on_previous=True)
    run = ask(recorded(frames=4))
    assert run.weights == chosen
    change(chosen)
    failed = executed(run)
    assert (failed.state, failed.error["code"]) == ("failed", "weights_tampered")
    assert "exact, in use before" in failed.error["hint"]
    again = Run.objects.exclude(id=run.id).get()
    assert (again.weights, again.by, again.state) == (weights, run.by, "queued")
    assert executed(again).state == "finished"
    requested = Entry.objects.get(action="run.requested", subject=f"run {again.id}")
    assert "other" in requested.reason


def test_what_stands_in_is_itself_looked_at_and_never_the_changed_ones_again(
    recorded: Any, ask: Ask, chosen: Weights, weights: Weights, cast: Cast
) -> None:
    DetectorSettings.objects.create(lab=cast.lab, retries_on_previous=True)
    run = ask(recorded(frames=4))
    change(chosen)
    change(weights)
    executed(run)
    again = executed(Run.objects.exclude(id=run.id).get())
    assert (again.weights, again.state, again.error["code"]) == (weights, "failed", "weights_tampered")
    assert Run.objects.count() == 2


def test_weights_that_were_put_back_are_what_they_were(recorded: Any, ask: Ask, chosen: Weights, cast: Cast, tmp_path: Path) -> None:
    shutil.copytree(chosen.folder, tmp_path / "aside")
    run = ask(recorded(frames=4))
    change(chosen)
    executed(run)
    shutil.rmtree(chosen.folder)
    shutil.move(tmp_path / "aside", chosen.folder)
    scan_weights()
    assert active_weights("wells", cast.lab.id) == chosen
    assert Use.objects.filter(lab=cast.lab).count() == 1


def test_a_run_cannot_be_asked_for_with_a_candidate_or_with_another_labs_weights(
    recorded: Any, ask: Ask, weights: Weights, other_weights: Weights, cast: Cast
) -> None:
    stack = recorded(frames=4)
    for owner, state, code in ((cast.lab, "candidate", "needs_check"), (cast.other_lab, "checked", "not_found")):
        Weights.objects.filter(id=other_weights.id).update(lab=owner, state=state)
        other_weights.refresh_from_db()
        with pytest.raises(Refused) as refused:
            ask(stack, other_weights)
        assert refused.value.code == code


def test_what_is_under_way_keeps_its_weights_when_others_come_into_use(
    recorded: Any, ask: Ask, weights: Weights, other_weights: Weights, cast: Cast
) -> None:
    before = ask(recorded("D1", frames=4))
    set_in_use(other_weights, lab=cast.lab)
    after = ask(recorded("D2", frames=4))
    assert [executed(run).weights.name for run in (before, after)] == ["exact", "other"]


def test_what_was_loaded_is_held_against_what_was_registered(weights: Weights, other_weights: Weights) -> None:
    loaded = engine.finder_of(weights)
    engine.require_registered(weights, loaded.weights_hash)
    with pytest.raises(WeightsTampered):
        engine.require_registered(other_weights, loaded.weights_hash)
