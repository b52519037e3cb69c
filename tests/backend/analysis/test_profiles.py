"""Profiles from findings to rows, to an open page and to REST."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction
from rest_framework.test import APIClient

from backend.accounts.actor import actor_for
from backend.analysis.batch import Batch
from backend.analysis.compact import coarse_of
from backend.analysis.models import EmbryoProfile, Run, StageCalls
from backend.analysis.selectors import snapshot
from backend.analysis.serializers import DishSnapshotOut
from backend.analysis.stage_news import StageNews
from backend.analysis.transitions import forget_findings
from backend.imaging.models import Stack
from backend.live.models import LoggedEvent
from backend.registry.models import Weights
from detector.stages.looks import COARSE_OF
from detector.types import STAGES, Box, Content, Finding, FrameResult, Layout, Phase, WellsFound
from detector.types import Well as SeenWell
from tests.backend.analysis.embryos import called, decoded
from tests.backend.analysis.page import Page
from tests.backend.registry.rows import set_in_use
from tests.cast import Cast

Ask = Callable[..., Run]


@pytest.fixture
def run(stack_of: Any, ask: Ask) -> Run:
    set_in_use(Weights.objects.create(name="s", task="stages", family="tiny", sha256="5" * 64, folder="s", state=Weights.State.CHECKED))
    run = ask(stack_of(frames=40, hpi_at_first_frame=20.0, interval_minutes=30.0))
    Run.objects.filter(id=run.id).update(code_version="1.2.3")
    return Run.objects.select_related("stack__dish", "stager", "weights").get(id=run.id)


def write(run: Run, *findings: Finding, news: StageNews | None = None) -> None:
    """One of the recorder's writes."""
    with transaction.atomic():
        batch = Batch(run, news)
        for finding in findings:
            batch.add(finding)
        batch.store()
        run.save()


def told(run: Run, kind: str) -> list[Any]:
    return list(LoggedEvent.objects.filter(topic=f"dish.{run.stack.dish_id}", type=kind).order_by("seq").values_list("payload", flat=True))


def wells(frame: int, *, is_sure: bool = True, columns: int = 2) -> WellsFound:
    found = tuple(
        SeenWell(0, x, Box(90.0 * x, 0.0, 90.0 * x + 80, 80.0), Content.EMBRYO, 0.9, {Content.EMBRYO: 0.9}) for x in range(columns)
    )
    return WellsFound(FrameResult(frame, 400, 400, Layout(1, columns), found, True, False, "", 0.5, is_sure))


def test_a_run_is_asked_for_with_the_stages_weights_in_use_and_says_their_name(run: Run) -> None:
    assert run.stager is not None
    assert run.stager.sha256 == "5" * 64
    assert told(run, "run.queued")[0]["run"]["stager_name"] == "s"


def test_without_stages_weights_in_use_a_run_finds_wells_only(stack_of: Any, ask: Ask, weights: Weights) -> None:
    Weights.objects.create(name="s", task="stages", family="tiny", sha256="5" * 64, folder="s", state=Weights.State.CHECKED)
    assert ask(stack_of()).stager is None


def test_a_later_profile_takes_the_place_of_the_one_before(run: Run) -> None:
    write(run, decoded([0, 8]), decoded([0, 4, 8]))
    write(run, decoded([0, 2, 4, 8], is_final=True))
    profile = EmbryoProfile.objects.get(run=run)
    assert (profile.frames_called, profile.is_final) == (4, True)
    assert [(event["profile"]["frames_called"], event["profile"]["is_final"]) for event in told(run, "profile.decoded")] == [
        (3, False),
        (4, True),
    ]


def test_calls_of_one_write_are_one_row_and_one_event_a_well(run: Run) -> None:
    write(run, called([8, 16]), called([4], column=1), called([0, 12]))
    assert StageCalls.objects.filter(run=run).count() == 2
    events = told(run, "stages.called")
    assert [(event["name"], [one["frame_index"] for one in event["calls"]]) for event in events] == [("A1", [0, 8, 12, 16]), ("A2", [4])]
    assert events[0]["calls"][0] == {
        "frame_index": 0,
        "hours_post_insemination": None,
        "stage": "t2",
        "coarse": "cleavage",
        "confidence": 0.9,
    }


def test_of_many_waiting_calls_the_newest_fifty_are_told_and_all_are_kept(run: Run, embryologist_client: APIClient) -> None:
    write(run, called(range(80)))
    (event,) = told(run, "stages.called")
    assert [one["frame_index"] for one in event["calls"]] == list(range(30, 80))
    answer = embryologist_client.get(f"/api/runs/{run.id}/profiles/A1/").data
    assert answer["frames"]["frame_index"] == list(range(80))


def test_a_well_is_told_of_at_once_and_then_waits_its_turn(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr("backend.analysis.stage_news.time.monotonic", lambda: clock[0])
    news = StageNews()
    for frame in range(20):
        write(run, *(called([frame], column=column) for column in range(9)), news=news)
        clock[0] += 0.25
    events = told(run, "stages.called")
    assert len(events) == 9 * 3, "5 s of nine wells: at once, and then every 2.25 s"
    first = [one["frame_index"] for event in events if event["name"] == "A1" for one in event["calls"]]
    assert first == sorted(first) == list(range(len(first)))
    assert StageCalls.objects.filter(run=run).count() == 180


def calls_in_snapshot(run: Run, client: APIClient) -> dict[str, list[int]]:
    told = client.get(f"/api/dishes/{run.stack.dish_id}/").json()["calls"]
    return {place: [one["frame_index"] for one in calls] for place, calls in told.items()}


def test_a_page_opened_during_a_run_knows_the_frames_that_no_profile_reaches_yet(run: Run, embryologist_client: APIClient) -> None:
    write(run, called([0, 4]), called([2], column=1))
    write(run, called([8]), called([6], stage=Phase.T3), decoded([0, 4]))
    assert calls_in_snapshot(run, embryologist_client) == {"A1": [6, 8], "A2": [2]}
    first = embryologist_client.get(f"/api/dishes/{run.stack.dish_id}/").json()["calls"]["A1"][0]
    assert first == {
        "frame_index": 6,
        "hours_post_insemination": 23.0,
        "stage": "t3",
        "coarse": "cleavage",
        "confidence": pytest.approx(0.9, abs=0.0021),
    }
    write(run, decoded([0, 4, 6, 8], is_final=True), called([9]))
    assert calls_in_snapshot(run, embryologist_client) == {"A2": [2]}


def test_of_a_frame_that_was_called_twice_the_later_word_counts_in_a_snapshot(run: Run, embryologist_client: APIClient) -> None:
    write(run, called([4], stage=Phase.T3))
    write(run, called([4], stage=Phase.T4))
    told = embryologist_client.get(f"/api/dishes/{run.stack.dish_id}/").json()["calls"]["A1"]
    assert [one["stage"] for one in told] == ["t4"]


def test_a_finished_run_has_no_provisional_calls(run: Run, embryologist_client: APIClient) -> None:
    write(run, called([0]))
    Run.objects.filter(id=run.id).update(state=Run.State.FINISHED)
    assert calls_in_snapshot(run, embryologist_client) == {}


def test_the_coarse_stages_are_the_detectors() -> None:
    assert {stage: coarse_of(stage.value) for stage in STAGES} == {stage: COARSE_OF[stage].value for stage in STAGES}


def test_profiles_of_wells_that_were_called_otherwise_are_gone(run: Run, cast: Cast) -> None:
    page = Page(DishSnapshotOut(snapshot(run.stack.dish_id, actor_for(cast.embryologist))).data)
    write(run, wells(0, is_sure=False), called([0]), decoded([0]))
    write(run, decoded([0, 1]), called([1]), wells(3, columns=3), decoded([3], column=1))
    assert [str(profile) for profile in EmbryoProfile.objects.filter(run=run)] == ["profile of A2"]
    assert not StageCalls.objects.filter(run=run).exists()
    for event in LoggedEvent.objects.filter(topic=f"dish.{run.stack.dish_id}").order_by("seq"):
        page.apply(event.seq, event.payload)
    assert page.state == Page(DishSnapshotOut(snapshot(run.stack.dish_id, actor_for(cast.embryologist))).data).state


def test_an_attempt_forgets_the_profiles_of_the_one_before(run: Run) -> None:
    write(run, called([0, 4]), decoded([0, 4]))
    forget_findings(run)
    assert not EmbryoProfile.objects.exists()
    assert not StageCalls.objects.exists()


def test_a_write_that_is_rolled_back_keeps_and_tells_nothing(run: Run) -> None:
    with transaction.atomic():
        write(run, called([0]), decoded([0]))
        transaction.set_rollback(True)
    assert not EmbryoProfile.objects.exists()
    assert told(run, "profile.decoded") == told(run, "stages.called") == []


def test_an_embryo_shows_decoded_calls_and_beyond_them_what_frames_say_alone(run: Run, embryologist_client: APIClient) -> None:
    write(run, called([0, 2, 4, 6, 8], stage=Phase.T3), decoded([0, 2, 4]))
    answer = embryologist_client.get(f"/api/runs/{run.id}/profiles/A1/")
    assert answer.status_code == 200
    assert answer.data["stager"] == {"name": "s", "sha256": "5" * 64, "code_version": "1.2.3"}
    assert answer.data["profile"]["onsets"][0]["phase"] == "t2"
    frames = answer.data["frames"]
    assert frames["frame_index"] == [0, 2, 4, 6, 8]
    assert frames["hours_post_insemination"] == [20.0, 21.0, 22.0, 23.0, 24.0]
    assert frames["is_decoded"] == [True, True, True, False, False]
    assert frames["stage"] == ["t2", "t2", "t2", "t3", "t3"]
    assert frames["is_dark"] == [False, False, True, False, False]
    assert frames["is_out_of_view"] == [False, False, False, True, False]
    assert frames["focus"] == [0.8] * 5
    assert frames["confidence"] == pytest.approx([0.95] * 3 + [0.9] * 2, abs=0.0025)
    assert [len(row) for row in frames["probabilities"]] == [19] * 5
    assert frames["probabilities"][4][frames["probabilities"][4].index(max(frames["probabilities"][4]))] == pytest.approx(0.9, abs=0.0025)


def test_a_final_profile_shows_decoded_calls_only(run: Run, embryologist_client: APIClient) -> None:
    write(run, called([0, 4, 8]), decoded([0, 4], is_final=True))
    assert embryologist_client.get(f"/api/runs/{run.id}/profiles/A1/").data["frames"]["frame_index"] == [0, 4]


def test_hours_that_nobody_knows_are_not_made_up(run: Run, embryologist_client: APIClient) -> None:
    Stack.objects.filter(id=run.stack_id).update(hpi_at_first_frame=None)
    write(run, called([0, 4]), decoded([0, 4], hours=None))
    answer = embryologist_client.get(f"/api/runs/{run.id}/profiles/A1/").data
    assert answer["frames"]["hours_post_insemination"] == [None, None]
    assert answer["profile"]["last"]["hours_post_insemination"] is None


@pytest.mark.parametrize("place", ["B2", "A0", "a1", "A1.csv", "Ａ1", "A99999"])
def test_a_place_without_an_embryo_is_not_found(place: str, run: Run, embryologist_client: APIClient) -> None:
    write(run, decoded([0]))
    answer = embryologist_client.get(f"/api/runs/{run.id}/profiles/{place}/")
    assert (answer.status_code, answer.data["code"]) == (404, "no_profile")


def test_the_page_of_a_dish_shows_its_profiles_in_order_of_wells(run: Run, embryologist_client: APIClient) -> None:
    write(run, decoded([0], column=1), decoded([0, 3]))
    profiles = embryologist_client.get(f"/api/dishes/{run.stack.dish_id}/").data["profiles"]
    assert [(profile["name"], profile["frames_called"]) for profile in profiles] == [("A1", 2), ("A2", 1)]


def test_nothing_of_a_finished_runs_profiles_is_kept_when_its_recording_goes(run: Run) -> None:
    write(run, called([0]), decoded([0]))
    run.delete()
    assert not EmbryoProfile.objects.exists()
    assert not StageCalls.objects.exists()


def test_after_the_final_profile_single_frames_are_not_told_any_more(run: Run) -> None:
    news = StageNews()
    write(run, called([0]), news=news)
    write(run, called([4]), decoded([0, 4], is_final=True), news=news)
    news._told_at.clear()
    write(run, news=news)
    assert [[one["frame_index"] for one in event["calls"]] for event in told(run, "stages.called")] == [[0]]
