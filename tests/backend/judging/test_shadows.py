"""A candidate looks at new recordings beside what is in use: it is compared, and nothing it says is ever shown as a result."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from backend.accounts.actor import Actor, actor_for
from backend.analysis import engine
from backend.analysis.models import Run, Well
from backend.analysis.selectors import snapshot
from backend.analysis.serializers import DishSnapshotOut
from backend.audit.models import Entry
from backend.core.errors import Refused
from backend.core.jobs.sweeping import sweep
from backend.judging import looking
from backend.judging.models import Shadow, ShadowLook
from backend.judging.services import start_shadow, stop_shadow
from backend.judging.shadowing import take_up
from backend.live.models import LoggedEvent
from backend.readers.models import Assignment
from backend.registry.models import Weights
from backend.registry.services import register_candidate, retire_weights, scan_weights
from tests.backend.conftest import ClientOf
from tests.backend.judging.altering import altered
from tests.backend.registry.rows import set_in_use
from tests.cast import Cast
from tests.detector.stages_sequence.tiny import untrained_stager

pytestmark = pytest.mark.django_db(transaction=True)
Start = Callable[..., Shadow]


@pytest.fixture
def start(cast: Cast, admin: Actor) -> Start:
    def begin(weights: Weights, runs: int | None = 1) -> Shadow:
        return start_shadow(actor=admin, lab_id=cast.lab.id, weights_id=weights.id, runs=runs, by=cast.lab_admin)

    return begin


def finished(run: Run) -> Run:
    engine.execute(run.id)
    run.refresh_from_db()
    assert run.state == "finished", run.error
    return run


def looked(shadow: Shadow) -> Shadow:
    """What the worker does until nothing is left to be looked at."""
    take_up()
    for look in ShadowLook.objects.filter(shadow=shadow, state="queued"):
        looking.execute(look.id)
    take_up()
    shadow.refresh_from_db()
    return shadow


def test_the_next_runs_are_looked_at_and_it_ends_by_itself(candidate: Weights, start: Start, recorded: Any, ask: Any) -> None:
    finished(ask(recorded("D0", frames=4)))
    shadow = start(candidate, 2)
    runs = [finished(ask(recorded(label, frames=4))) for label in ("D1", "D2", "D3")]
    ended = looked(shadow)
    assert (ended.state, ended.ended_at is not None) == ("ended", True)
    looks = ShadowLook.objects.filter(shadow=shadow).order_by("created_at")
    assert [(look.run_id, look.state) for look in looks] == [(run.id, "finished") for run in runs[:2]]


def test_the_report_tells_which_wells_differ_one_by_one_and_in_sum(
    candidate: Weights, start: Start, recorded: Any, ask: Any, cast: Cast, client_of: ClientOf
) -> None:
    shadow = start(candidate, 2)
    for label in ("D1", "D2"):
        finished(ask(recorded(label, frames=4)))
    looked(shadow)
    told = client_of(cast.viewer).get(f"/api/shadows/{shadow.id}/").json()
    assert (told["shadow"]["runs_done"], told["shadow"]["weights_name"]) == (2, "blind for A2")
    wells = told["report"]["wells"]
    assert (told["report"]["runs"], wells["same"], wells["both"]) == (2, 16, 18)
    # The lattice knows that a well is there, and calls one that nobody sees empty.
    assert wells["changes"] == [{"before": "embryo", "after": "empty", "count": 2}]
    assert [one["dish_label"] for one in told["looks"]] == ["D1", "D2"]
    assert told["looks"][0]["result"]["wells"]["differences"] == [{"place": "A2", "before": "embryo", "after": "empty"}]


def test_nothing_of_a_shadow_is_to_be_seen_in_the_dish(
    candidate: Weights, start: Start, recorded: Any, ask: Any, cast: Cast, actor: Actor
) -> None:
    shadow = start(candidate)
    run = finished(ask(recorded(frames=4)))
    before = DishSnapshotOut(snapshot(run.stack.dish_id, actor)).data
    wells = list(Well.objects.order_by("id").values())
    events = LoggedEvent.objects.filter(topic__name__startswith="dish.").count()
    looked(shadow)
    assert ShadowLook.objects.get().state == "finished"
    assert DishSnapshotOut(snapshot(run.stack.dish_id, actor)).data == before
    assert (Run.objects.count(), list(Well.objects.order_by("id").values())) == (1, wells)
    assert LoggedEvent.objects.filter(topic__name__startswith="dish.").count() == events


def test_a_stager_is_compared_by_stages_and_onsets(
    weights: Weights, start: Start, recorded: Any, ask: Any, cast: Cast, settings: Any, tmp_path: Path
) -> None:
    untrained_stager(settings.WEIGHTS_DIR / "tiny")
    scan_weights()
    folder = altered(settings.WEIGHTS_DIR / "tiny", tmp_path / "other", "other", lambda array: array[:, ::-1])
    shadow = start(register_candidate(folder=folder, lab=cast.lab, by=None))
    finished(ask(recorded(frames=24)))
    looked(shadow)
    (look,) = ShadowLook.objects.all()
    assert (look.state, look.error) == ("finished", None)
    assert look.result is not None
    # The wells are found by the same finder.
    assert look.result["wells"]["differences"] == []
    embryos = look.result["embryos"]
    assert [one["place"] for one in embryos["places"]] == ["A2", "B1", "C3"]
    assert 0 < embryos["frames"] <= 3 * 24
    assert embryos["same_stage"] < embryos["frames"]


def test_the_same_weights_again_agree_in_everything(
    weights: Weights, start: Start, recorded: Any, ask: Any, cast: Cast, settings: Any, tmp_path: Path
) -> None:
    untrained_stager(settings.WEIGHTS_DIR / "tiny")
    scan_weights()
    folder = altered(settings.WEIGHTS_DIR / "tiny", tmp_path / "same", "same", lambda array: array + 1e-7)
    shadow = start(register_candidate(folder=folder, lab=cast.lab, by=None))
    finished(ask(recorded(frames=24)))
    looked(shadow)
    (look,) = ShadowLook.objects.all()
    assert look.result is not None
    embryos = look.result["embryos"]
    assert embryos["frames"] == embryos["same_stage"] == embryos["same_coarse"] > 0
    assert all(one["difference_frames"] == 0 for one in embryos["onsets"])


def test_who_reads_a_recording_blind_does_not_see_what_was_said_of_it(
    candidate: Weights, start: Start, recorded: Any, ask: Any, cast: Cast, client_of: ClientOf
) -> None:
    shadow = start(candidate)
    run = finished(ask(recorded(frames=4)))
    looked(shadow)
    reader = cast.embryologist
    Assignment.objects.create(stack=run.stack, reader=reader, row=0, column=1, is_blind=True, by=reader, by_name=reader.name)
    for person, places in ((cast.colleague, ["A2"]), (reader, [])):
        told = client_of(person).get(f"/api/shadows/{shadow.id}/").json()["looks"][0]["result"]
        assert [one["place"] for one in told["wells"]["differences"]] == places


def test_one_shadow_a_task_at_a_time_and_none_of_what_is_in_use(candidate: Weights, weights: Weights, start: Start, cast: Cast) -> None:
    start(candidate, None)
    assert Shadow.objects.get().runs_wanted == 10
    for other, code in ((candidate, "shadow_under_way"), (weights, "already_in_use")):
        with pytest.raises(Refused) as refused:
            start(other)
        assert refused.value.code == code
    embryologist = cast.embryologist
    with pytest.raises(Refused) as forbidden:
        start_shadow(actor=actor_for(embryologist), lab_id=cast.lab.id, weights_id=candidate.id, runs=1, by=embryologist)
    assert forbidden.value.code == "forbidden"


def test_a_stopped_shadow_keeps_what_it_found_and_takes_nothing_up_any_more(
    candidate: Weights, start: Start, recorded: Any, ask: Any, admin: Actor, cast: Cast
) -> None:
    shadow = start(candidate, 5)
    finished(ask(recorded("D1", frames=4)))
    looked(shadow)
    finished(ask(recorded("D2", frames=4)))
    take_up()
    stopped = stop_shadow(actor=admin, shadow=shadow, by=cast.lab_admin)
    assert stopped.state == "stopped"
    assert sorted(ShadowLook.objects.values_list("state", flat=True)) == ["cancelled", "finished"]
    finished(ask(recorded("D3", frames=4)))
    assert take_up() == 0
    actions = Entry.objects.filter(subject=f"shadow {shadow.id}").order_by("id").values_list("action", flat=True)
    assert list(actions) == ["shadow.started", "shadow.stopped"]


@pytest.mark.parametrize("how", ["used", "retired"])
def test_it_ends_where_its_weights_come_into_use_or_can_no_longer_be(
    how: str, candidate: Weights, start: Start, cast: Cast, admin: Actor
) -> None:
    shadow = start(candidate)
    if how == "used":
        set_in_use(candidate, lab=cast.lab)
    else:
        retire_weights(weights=candidate, actor=admin)
    assert (take_up(), looked(shadow).state) == (0, "stopped")
    assert "blind for A2" in shadow.reason


def test_weights_that_were_changed_on_disk_look_at_nothing_and_do_no_harm_to_the_run(
    candidate: Weights, start: Start, recorded: Any, ask: Any
) -> None:
    shadow = start(candidate, 3)
    run = finished(ask(recorded(frames=4)))
    with (Path(candidate.folder) / "weights.zip").open("ab") as file:
        file.write(b"\0")
    ended = looked(shadow)
    assert (ShadowLook.objects.get().state, ShadowLook.objects.get().error["code"]) == ("failed", "weights_tampered")
    assert (ended.state, "SHA-256" in ended.reason) == ("stopped", True)
    run.refresh_from_db()
    assert run.state == "finished"


def test_a_look_whose_worker_died_is_made_again_once(candidate: Weights, start: Start, recorded: Any, ask: Any) -> None:
    shadow = start(candidate)
    finished(ask(recorded(frames=4)))
    assert (take_up(), take_up()) == (1, 0)
    (look,) = ShadowLook.objects.all()
    gone = {"state": "running", "lease_token": look.id, "lease_until": timezone.now() - timedelta(seconds=1), "attempts": 1}
    ShadowLook.objects.filter(id=look.id).update(**gone)
    assert sweep(ShadowLook) == 1
    for _ in "12":
        looking.execute(look.id)
    look.refresh_from_db()
    assert (look.state, look.attempts, looked(shadow).state) == ("finished", 2, "ended")


def test_a_shadow_is_told_as_it_goes_on(candidate: Weights, start: Start, recorded: Any, ask: Any, cast: Cast) -> None:
    shadow = start(candidate)
    finished(ask(recorded(frames=4)))
    looked(shadow)
    told = LoggedEvent.objects.filter(topic__name=f"lab.{cast.lab.id}", type="shadow.changed").order_by("seq")
    assert [(row.payload["state"], row.payload["runs_done"]) for row in told] == [("on", 0), ("on", 1), ("ended", 1)]
