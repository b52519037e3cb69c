"""Embryos followed in a real run: a real recording, a real decoder process, the exact finder and a tiny stager."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from backend.accounts.actor import actor_for
from backend.analysis import engine
from backend.analysis.models import EmbryoProfile, Run, StageCalls, Well
from backend.analysis.profiles import embryo_profile
from backend.analysis.selectors import snapshot
from backend.analysis.serializers import DishSnapshotOut
from backend.imaging.models import Stack
from backend.live.models import LoggedEvent
from backend.registry.models import Weights
from backend.registry.selectors import active_weights
from backend.registry.services import scan_weights
from tests.backend.analysis.page import Page
from tests.cast import Cast
from tests.detector.stages_sequence.tiny import untrained_stager

pytestmark = pytest.mark.django_db(transaction=True)
Ask = Callable[..., Run]


@pytest.fixture
def stager(weights: Weights, settings: Any) -> Weights:
    """Names stages at random, always in the same way."""
    untrained_stager(settings.WEIGHTS_DIR / "tiny")
    scan_weights()
    return active_weights("stages")


def executed(run: Run) -> Run:
    engine.execute(run.id)
    return Run.objects.select_related("stack__dish__cycle", "weights", "stager").get(id=run.id)


def test_wells_and_stages_weights_stand_side_by_side_each_in_use_for_its_task(stager: Weights, weights: Weights) -> None:
    active = {(task, active_weights(task).name) for task in ("wells", "stages")}
    assert active == {("wells", "exact"), ("stages", "stages-tiny")}


def test_every_embryo_gets_a_final_profile_and_an_empty_well_none(recorded: Any, ask: Ask, stager: Weights) -> None:
    run = executed(ask(recorded(frames=24)))
    assert (run.state, run.error, run.stager_id) == ("finished", None, stager.id)
    assert run.code_version
    embryos = {(well.row, well.column) for well in Well.objects.filter(run=run, content="embryo")}
    kept = {(profile.row, profile.column): profile for profile in EmbryoProfile.objects.filter(run=run)}
    assert embryos
    assert kept.keys() == embryos
    assert all(profile.is_final and profile.frames_called for profile in kept.values())
    assert {(calls.row, calls.column) for calls in StageCalls.objects.filter(run=run)} == embryos


def test_hours_are_those_that_were_confirmed_and_not_the_recordings_own(recorded: Any, ask: Ask, stager: Weights) -> None:
    stack = recorded(frames=24)
    Stack.objects.filter(id=stack.id).update(hours_since_start=None, interval_minutes=60.0, hpi_at_first_frame=30.0)
    stack.refresh_from_db()
    run = executed(ask(stack))
    profile = EmbryoProfile.objects.filter(run=run)[0]
    assert profile.last["hours_post_insemination"] == 30.0 + profile.last["frame_index"]
    place = "ABC"[profile.row] + str(profile.column + 1)
    frames = embryo_profile(run, place)["frames"]
    assert frames["hours_post_insemination"] == [30.0 + frame for frame in frames["frame_index"]]


def test_where_nobody_knows_when_it_was_inseminated_no_hours_are_told(recorded: Any, ask: Ask, stager: Weights) -> None:
    run = executed(ask(recorded(frames=12)))
    assert {profile.last["hours_post_insemination"] for profile in EmbryoProfile.objects.filter(run=run)} == {None}


def test_snapshot_and_events_together_are_a_fresh_snapshot_with_profiles(recorded: Any, ask: Ask, stager: Weights, cast: Cast) -> None:
    run = ask(recorded(frames=24))
    actor = actor_for(cast.embryologist)
    page = Page(DishSnapshotOut(snapshot(run.stack.dish_id, actor)).data)
    executed(run)
    for event in LoggedEvent.objects.filter(topic=f"dish.{run.stack.dish_id}").order_by("seq"):
        page.apply(event.seq, event.payload)
    assert page.state["profiles"]
    assert page.state == Page(DishSnapshotOut(snapshot(run.stack.dish_id, actor)).data).state


def test_the_same_recording_twice_gives_the_same_profiles(recorded: Any, ask: Ask, stager: Weights) -> None:
    stack = recorded(frames=24)
    said = [
        [(str(row), row.onsets, row.events, bytes(row.calls)) for row in EmbryoProfile.objects.filter(run=executed(ask(stack)))]
        for _ in "12"
    ]
    assert said[0] == said[1] != []


def test_stages_weights_that_were_changed_on_disk_are_refused_also_when_they_are_warm(recorded: Any, ask: Ask, stager: Weights) -> None:
    executed(ask(recorded("D1", frames=4)))
    with next(Path(stager.folder).glob("weights.*")).open("ab") as file:
        file.write(b"\0")
    run = executed(ask(recorded("D2", frames=4)))
    assert (run.state, run.error["code"], run.attempts) == (Run.State.FAILED, "weights_tampered", 1)
    assert not EmbryoProfile.objects.filter(run=run).exists()


def test_the_stages_weights_in_use_are_loaded_before_the_first_run(stager: Weights) -> None:
    engine._warm().clear()
    engine.warm_up()
    assert stager.sha256 in engine._warm()
