"""Dishes, runs and findings over REST."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from rest_framework.test import APIClient

from backend.analysis.models import Alert, ContentChange, KeyFrame, Placements, Run, Well
from backend.analysis.transitions import end
from backend.audit.models import Entry
from backend.imaging.models import Stack
from backend.live.models import LoggedEvent
from backend.live.topics import dish_topic, lab_topic
from backend.registry.models import Weights
from tests.backend.conftest import ClientOf
from tests.cast import Cast

Ask = Callable[..., Run]


@pytest.fixture
def dishes(stack_of: Any, ask: Ask) -> dict[str, Run]:
    """One dish waits, one is ready, one is ready with an alert, one has failed, one was never analysed."""
    runs = {label: ask(stack_of(label)) for label in ("waits", "ready", "alerted", "failed")}
    for label in ("ready", "alerted"):
        end(runs[label], Run.State.FINISHED)
        for column, content in enumerate(("empty", "embryo", "embryo")):
            Well.objects.create(run=runs[label], row=0, column=column, box=[0, 0, 9, 9], content=content, confidence=0.9)
    Alert.objects.create(run=runs["alerted"], kind="gas_in_well", frame_index=0, place="A1", detail="a gas bubble lies in A1")
    end(runs["failed"], Run.State.FAILED, error={"code": "picture_damaged", "detail": "d", "hint": "h"})
    stack_of("new")
    return runs


def labels(client: APIClient, query: str) -> list[str]:
    answer = client.get(f"/api/dishes/?{query}")
    assert answer.status_code == 200, answer.data
    return [dish["label"] for dish in answer.data["results"]]


def test_a_list_of_dishes_costs_the_same_queries_however_many_they_are(
    dishes: dict[str, Run], stack_of: Any, embryologist_client: APIClient, django_assert_num_queries: Any
) -> None:
    embryologist_client.get("/api/dishes/")
    # session, user, memberships; count, dishes, recordings, runs, contents, alerts
    with django_assert_num_queries(9):
        assert len(labels(embryologist_client, "")) == 5
    for number in range(20):
        stack_of(f"more {number}")
    with django_assert_num_queries(9):
        assert len(labels(embryologist_client, "")) == 25


def test_a_dish_shows_its_latest_recording_run_contents_and_alerts(dishes: dict[str, Run], embryologist_client: APIClient) -> None:
    (dish,) = embryologist_client.get("/api/dishes/?search=alerted").data["results"]
    assert dish["run"]["id"] == str(dishes["alerted"].id)
    assert dish["stack"]["id"] == str(dishes["alerted"].stack_id)
    assert dish["well_counts"] == {"empty": 1, "embryo": 2, "gas": 0, "embryo_gas": 0}
    assert dish["alert_count"] == 1
    assert (dish["patient_code"], dish["cycle_label"]) == ("P-1", "C1")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("state=running", {"waits"}),
        ("state=ready", {"ready", "alerted"}),
        ("state=attention", {"alerted", "failed"}),
        ("search=READ", {"ready"}),
        ("search=p-1", {"waits", "ready", "alerted", "failed", "new"}),
        ("patient=nobody", set()),
        ("page_size=500", {"waits", "ready", "alerted", "failed", "new"}),
    ],
)
def test_dishes_can_be_narrowed(query: str, expected: set[str], dishes: dict[str, Run], embryologist_client: APIClient) -> None:
    assert set(labels(embryologist_client, query)) == expected


def test_dishes_can_be_ordered_and_come_in_pages(dishes: dict[str, Run], embryologist_client: APIClient) -> None:
    assert labels(embryologist_client, "ordering=label") == ["alerted", "failed", "new", "ready", "waits"]
    assert labels(embryologist_client, "ordering=-created_at")[0] == "new"
    assert labels(embryologist_client, "ordering=label&page_size=2&page=2") == ["new", "ready"]


@pytest.mark.parametrize("query", ["ordering=cycle__patient__lab__name", "state=stack__sha256", "lab=nonsense"])
def test_what_no_list_declares_is_refused(query: str, dishes: dict[str, Run], embryologist_client: APIClient) -> None:
    answer = embryologist_client.get(f"/api/dishes/?{query}")
    assert (answer.status_code, answer.data["code"]) == (400, "invalid")


def test_another_labs_member_sees_no_dish_and_no_run(dishes: dict[str, Run], outsider_client: APIClient, cast: Cast) -> None:
    assert labels(outsider_client, "") == []
    assert labels(outsider_client, f"lab={cast.lab.id}") == []
    run = dishes["ready"]
    for path in (f"/api/dishes/{run.stack.dish_id}/", f"/api/runs/{run.id}/", f"/api/runs/{run.id}/placements/"):
        assert outsider_client.get(path).status_code == 404
    for path in (f"/api/runs/{run.id}/cancel/", f"/api/runs/{run.id}/retry/"):
        assert outsider_client.post(path).status_code == 404
    assert outsider_client.post("/api/runs/", {"stack": str(run.stack_id)}).status_code == 404


def test_a_snapshot_tells_everything_about_the_latest_run(dishes: dict[str, Run], embryologist_client: APIClient) -> None:
    run = dishes["alerted"]
    KeyFrame.objects.create(run=run, frame_index=0, layout="1x3", lattice_residual_px=0.4, wells=[])
    ContentChange.objects.create(run=run, frame_index=3, row=0, column=1, content="embryo", previous="", confidence=0.8)
    told = embryologist_client.get(f"/api/dishes/{run.stack.dish_id}/").data
    assert told["live_seq"] == 2
    assert told["run"]["state"] == "finished"
    assert [well["name"] for well in told["wells"]] == ["A1", "A2", "A3"]
    assert told["key_frames"][0]["lattice_residual_px"] == 0.4
    change = {"frame_index": 3, "row": 0, "column": 1, "name": "A2", "content": "embryo", "previous": None, "confidence": 0.8}
    assert told["content_changes"] == [change]
    assert told["alerts"] == [{"kind": "gas_in_well", "frame_index": 0, "place": "A1", "detail": "a gas bubble lies in A1"}]


def test_a_snapshot_costs_the_same_queries_however_many_wells_and_runs_there_are(
    dishes: dict[str, Run], embryologist_client: APIClient, django_assert_num_queries: Any
) -> None:
    path = f"/api/dishes/{dishes['alerted'].stack.dish_id}/"
    embryologist_client.get(path)
    # session, user, memberships; seq; dish, recording, run, contents, alerts; runs, wells, profiles, what is hidden, key frames, changes,
    # alerts
    with django_assert_num_queries(16):
        embryologist_client.get(path)


def test_an_older_run_can_be_shown(stack_of: Any, ask: Ask, other_weights: Weights, embryologist_client: APIClient) -> None:
    stack = stack_of()
    old, new = ask(stack), ask(stack, other_weights)
    path = f"/api/dishes/{stack.dish_id}/"
    assert embryologist_client.get(path).data["run"]["id"] == str(new.id)
    assert embryologist_client.get(f"{path}?run={old.id}").data["run"]["id"] == str(old.id)
    assert [run["id"] for run in embryologist_client.get(path).data["runs"]] == [str(new.id), str(old.id)]
    assert embryologist_client.get(f"{path}?run={uuid4()}").status_code == 404


def test_a_dish_is_renamed_by_an_embryologist_only(
    dishes: dict[str, Run], embryologist_client: APIClient, client_of: ClientOf, cast: Cast
) -> None:
    path = f"/api/dishes/{dishes['ready'].stack.dish_id}/"
    assert client_of(cast.viewer).patch(path, {"label": "mine"}).status_code == 403
    assert embryologist_client.patch(path, {"label": "ours"}).data["label"] == "ours"
    assert embryologist_client.patch(path, {"label": "new"}).status_code == 409
    renamed = Entry.objects.get(action="dish.renamed")
    assert (renamed.actor, renamed.before, renamed.after) == (cast.embryologist, {"label": "ready"}, {"label": "ours"})
    for topic in (dish_topic(dishes["ready"].stack.dish_id), lab_topic(cast.lab.id)):
        told = LoggedEvent.objects.filter(topic=topic, type="dish.changed").get()
        assert told.payload["label"] == "ours"


def test_a_run_is_requested_once_and_the_second_request_is_told_so(
    stack_of: Any, weights: Weights, embryologist_client: APIClient, client_of: ClientOf, cast: Cast
) -> None:
    body = {"stack": str(stack_of().id)}
    assert client_of(cast.viewer).post("/api/runs/", body).status_code == 403
    first = embryologist_client.post("/api/runs/", body)
    second = embryologist_client.post("/api/runs/", body)
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.data["id"] == second.data["id"]
    assert first.data["state"] == "queued"


def test_a_run_by_named_weights(stack_of: Any, other_weights: Weights, embryologist_client: APIClient) -> None:
    stack = str(stack_of().id)
    answer = embryologist_client.post("/api/runs/", {"stack": stack, "weights": str(other_weights.id)})
    assert answer.data["weights_name"] == "other"
    assert embryologist_client.post("/api/runs/", {"stack": stack, "weights": str(uuid4())}).status_code == 404


def test_runs_are_listed_newest_first_and_narrowed_by_state(dishes: dict[str, Run], embryologist_client: APIClient) -> None:
    told = embryologist_client.get("/api/runs/").data
    assert [run["dish_label"] for run in told["results"]] == ["failed", "alerted", "ready", "waits"]
    told = embryologist_client.get("/api/runs/?state=queued&state=failed").data
    assert {run["dish_label"] for run in told["results"]} == {"waits", "failed"}


def test_cancel_and_retry(dishes: dict[str, Run], embryologist_client: APIClient) -> None:
    waits, failed = dishes["waits"], dishes["failed"]
    assert embryologist_client.post(f"/api/runs/{waits.id}/cancel/").data["state"] == "cancelled"
    assert embryologist_client.post(f"/api/runs/{waits.id}/cancel/").data["state"] == "cancelled"
    again = embryologist_client.post(f"/api/runs/{failed.id}/retry/")
    assert again.status_code == 201
    assert again.data["id"] != str(failed.id)
    assert embryologist_client.get(f"/api/runs/{failed.id}/").data["error"]["code"] == "picture_damaged"


def test_placements_are_given_from_any_frame_on_without_a_gap(dishes: dict[str, Run], embryologist_client: APIClient) -> None:
    run = dishes["ready"]
    for first in (0, 4, 8):
        Placements.objects.create(run=run, first_frame=first, frames=4, rows=[[1.0, 0.0, first + n, 0.0, 1, 0] for n in range(4)])
    told = embryologist_client.get(f"/api/runs/{run.id}/placements/?from=6").data
    assert told["first_frame"] == 6
    assert [row[2] for row in told["rows"]] == [6, 7, 8, 9, 10, 11]
    assert embryologist_client.get(f"/api/runs/{run.id}/placements/?from=12").data["rows"] == []
    assert embryologist_client.get(f"/api/runs/{run.id}/placements/?from=-1").status_code == 400


def test_confirming_a_recording_gives_it_a_dish_and_has_it_analysed(
    cast: Cast, weights: Weights, embryologist_client: APIClient, client_of: ClientOf
) -> None:
    stack = Stack.objects.create(lab=cast.lab, name="a.zip", state=Stack.State.RECOGNISED, frame_count=5, planes=[0.0])
    path, said = f"/api/stacks/{stack.id}/confirm/", {"patient_code": "P-7", "cycle_label": "C1", "dish_label": "D1", "layout": "3x3"}
    assert client_of(cast.viewer).post(path, said).status_code == 403
    assert client_of(cast.outsider).post(path, said).status_code == 404
    answer = embryologist_client.post(path, said)
    assert (answer.status_code, answer.data["state"]) == (200, "ready")
    run = Run.objects.get(stack=stack)
    assert (run.state, run.layout_given) == ("queued", "3x3")
    assert embryologist_client.post(path, said).status_code == 409


def test_a_recording_can_be_confirmed_without_analysing_it(cast: Cast, weights: Weights, embryologist_client: APIClient) -> None:
    stack = Stack.objects.create(lab=cast.lab, name="a.zip", state=Stack.State.RECOGNISED, frame_count=5, planes=[0.0])
    said = {"patient_code": "P-7", "cycle_label": "C1", "dish_label": "D1", "analyse": False}
    assert embryologist_client.post(f"/api/stacks/{stack.id}/confirm/", said).status_code == 200
    assert not Run.objects.exists()


def test_a_confirmation_whose_run_cannot_be_queued_changes_nothing(cast: Cast, embryologist_client: APIClient) -> None:
    stack = Stack.objects.create(lab=cast.lab, name="a.zip", state=Stack.State.RECOGNISED, frame_count=5, planes=[0.0])
    said = {"patient_code": "P-7", "cycle_label": "C1", "dish_label": "D1"}
    answer = embryologist_client.post(f"/api/stacks/{stack.id}/confirm/", said)
    assert (answer.status_code, answer.data["code"]) == (409, "no_weights")
    stack.refresh_from_db()
    assert (stack.state, stack.dish) == (Stack.State.RECOGNISED, None)
