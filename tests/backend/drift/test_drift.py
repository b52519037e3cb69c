"""A lamp that ages, a lens that fogs, a detector that doubts: what a lab is told of it, and when."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from prometheus_client.parser import text_string_to_metric_families
from rest_framework.test import APIClient

from backend.accounts.actor import Actor
from backend.analysis.models import Run
from backend.drift import standing
from backend.drift.figures import figures_of, sweep
from backend.drift.models import RunFigures, Standing
from backend.drift.selectors import WEEKS, Incubator, drift_of
from tests.backend.drift.conftest import LOOKS, MONDAY, Read
from tests.cast import Cast

Weeks = Callable[..., None]


def told(actor: Actor, cast: Cast) -> dict[str, Incubator]:
    return {one.name: one for one in drift_of(actor, cast.lab.id).incubators}


def test_steady_recordings_alarm_nobody(weeks: Weeks, actor: Actor, cast: Cast) -> None:
    weeks(6)
    one = told(actor, cast)[""]
    assert (one.reference_runs, len(one.weeks), one.alarms) == (20, 6, [])
    assert one.levels["brightness"].middle == pytest.approx(0.5)
    assert [week.runs for week in one.weeks] == [5] * 6


def test_a_lamp_that_ages_is_an_alarm_of_its_own_incubator_in_its_own_figure(weeks: Weeks, actor: Actor, cast: Cast) -> None:
    weeks(5, incubator="North")
    weeks(5, incubator="South")
    weeks(1, incubator="South", since=5, brightness=0.35)
    both = told(actor, cast)
    assert both["North"].alarms == []
    assert both["South"].alarms == ["brightness"]
    shift = both["South"].weeks[-1].figures["brightness"].shift
    assert shift is not None
    assert shift < -4


def test_a_detector_that_doubts_more_than_at_first_is_an_alarm(weeks: Weeks, actor: Actor, cast: Cast) -> None:
    weeks(5)
    weeks(1, since=5, sureness=0.6)
    assert told(actor, cast)[""].alarms == ["content_sureness"]


def test_an_alarm_is_over_once_a_later_week_is_as_it_was(weeks: Weeks, actor: Actor, cast: Cast) -> None:
    weeks(5)
    weeks(1, since=5, contrast=0.1)
    assert told(actor, cast)[""].alarms == ["contrast"]
    weeks(1, since=6)
    assert told(actor, cast)[""].alarms == []


def test_one_odd_dish_in_a_week_is_no_alarm_and_two_recordings_are_no_week_to_judge(
    weeks: Weeks, read: Read, actor: Actor, cast: Cast
) -> None:
    weeks(5)
    weeks(1, a_week=4, since=5)
    read(7 * 5, brightness=0.1)
    for _ in range(2):
        read(7 * 6, brightness=0.1)
    sweep()
    one = told(actor, cast)[""]
    assert one.alarms == []
    assert one.weeks[-1].figures["brightness"].shift is None


def test_too_few_recordings_have_no_beginning_to_be_compared_with(weeks: Weeks, actor: Actor, cast: Cast) -> None:
    weeks(1, a_week=4)
    one = told(actor, cast)[""]
    assert (one.levels, one.alarms) == ({}, [])
    assert one.weeks[0].figures["contrast"].shift is None


def test_runs_with_other_weights_than_those_in_use_are_left_out(weeks: Weeks, read: Read, actor: Actor, cast: Cast, settings: Any) -> None:
    from backend.registry.models import Weights
    from backend.registry.services import scan_weights
    from tests.exact.weights import write_weights

    weeks(1)
    write_weights(settings.WEIGHTS_DIR, "other", bias=0.001)
    scan_weights()
    odd = read(1)
    Run.objects.filter(id=odd.id).update(weights=Weights.objects.get(name="other"))
    sweep()
    assert told(actor, cast)[""].weeks[0].runs == 5


def test_a_recording_read_twice_counts_once(weeks: Weeks, read: Read, ask: Any, actor: Actor, cast: Cast) -> None:
    weeks(1)
    once = read(2)
    again = ask(once.stack)
    Run.objects.filter(id=again.id).update(
        state=Run.State.FINISHED, finished_at=once.finished_at, frames_done=100, usable_frames=100, looks=LOOKS
    )
    sweep()
    assert told(actor, cast)[""].weeks[0].runs == 6


def test_a_run_tells_what_it_can_and_no_more(read: Read) -> None:
    run = read(sureness=0.75)
    assert figures_of(run) == LOOKS | {"content_sureness": 0.75, "unusable": 0.02}
    Run.objects.filter(id=run.id).update(looks=None)
    run.refresh_from_db()
    assert set(figures_of(run)) == {"content_sureness", "unusable"}


def test_figures_by_an_older_formula_are_made_again(read: Read) -> None:
    run = read()
    sweep()
    RunFigures.objects.filter(run=run).update(formula=0, values={})
    sweep()
    assert RunFigures.objects.get(run=run).values["brightness"] == 0.5


@pytest.mark.django_db(transaction=True)
def test_a_run_of_real_pictures_says_how_they_look(recorded: Any, ask: Any) -> None:
    from backend.analysis.engine import execute

    run = ask(recorded(frames=30))
    execute(run.id)
    run.refresh_from_db()
    assert run.state == Run.State.FINISHED
    assert 0 < run.looks["brightness"] < 1
    assert set(run.looks) == set(LOOKS)


def test_members_see_it_and_nobody_else(weeks: Weeks, cast: Cast, client_of: Any) -> None:
    weeks(5)
    address = f"/api/labs/{cast.lab.id}/drift/"
    answer = client_of(cast.embryologist).get(address)
    assert answer.status_code == 200
    (incubator,) = answer.json()["incubators"]
    assert [one["name"] for one in incubator["levels"]][:2] == ["brightness", "contrast"]
    assert incubator["weeks"][0]["figures"][0]["is_alarming"] is False
    assert client_of(cast.outsider).get(address).status_code == 404


def monitored() -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    families = text_string_to_metric_families(APIClient().get("/metrics").content.decode())
    return {(one.name, tuple(sorted(one.labels.items()))): one.value for family in families for one in family.samples}


def test_monitoring_is_told_of_alarms(weeks: Weeks, cast: Cast) -> None:
    weeks(5, incubator="North")
    weeks(1, since=5, incubator="North", sharpness=0.01)
    assert not any("drift" in name for name, _ in monitored())
    standing.sweep()
    told = monitored()
    where = (("incubator", "North"), ("lab", str(cast.lab.id)))
    assert told["embryovision_drift_alarms", where] == 1
    assert told["embryovision_drift_spreads", tuple(sorted([*where, ("figure", "sharpness")]))] < -4


def test_monitoring_asks_as_much_of_the_database_however_many_recordings_there_are(
    weeks: Weeks,
) -> None:
    standing.sweep()
    with CaptureQueriesContext(connection) as few:
        monitored()
    weeks(6, incubator="North")
    weeks(6, incubator="South")
    standing.sweep()
    with CaptureQueriesContext(connection) as many:
        told = monitored()
    assert any(("incubator", "South") in labels for _, labels in told)
    assert len(many) == len(few)
    assert not any("runfigures" in query["sql"].lower() for query in many.captured_queries)


def test_the_rounds_reckon_a_lab_again_when_a_recording_was_read_and_else_now_and_then(weeks: Weeks, read: Read, cast: Cast) -> None:
    weeks(5)
    standing.sweep()
    first = Standing.objects.get(lab=cast.lab).reckoned_at
    standing.sweep()
    assert Standing.objects.get(lab=cast.lab).reckoned_at == first
    read(40)
    standing.sweep()
    second = Standing.objects.get(lab=cast.lab).reckoned_at
    assert second > first
    Standing.objects.update(reckoned_at=second - standing.AT_LATEST)
    standing.sweep()
    assert Standing.objects.get(lab=cast.lab).reckoned_at > second


def test_only_the_beginning_and_the_last_weeks_are_held_in_mind(weeks: Weeks, actor: Actor, cast: Cast) -> None:
    weeks(WEEKS + 4, a_week=1)
    one = told(actor, cast)[""]
    assert (one.reference_runs, len(one.weeks)) == (20, WEEKS)
    assert one.weeks[0].starts_on == (MONDAY + timedelta(weeks=4)).date()
