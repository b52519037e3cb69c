from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from backend.accounts.models import User
from backend.analysis.models import Run
from backend.imaging.models import Stack
from backend.readers.models import Assignment
from backend.review.models import Correction, Reading
from backend.worklist import keeping_scores
from tests.backend.worklist.rows import Recorded, blind, calls, event, onset
from tests.cast import Cast

QUERIES = 9
"""Of one page of the queue, however many embryos there are; a session and its person are two of them."""
ClientOf = Callable[[User | None], APIClient]


def submitted(stack: Stack, reader: User, place: tuple[int, int] = (0, 0), **fields: Any) -> Reading:
    said = {"state": "submitted", "submitted_at": timezone.now(), "updated_at": timezone.now()} | fields
    return Reading.objects.create(stack=stack, row=place[0], column=place[1], reader=reader, **said)


def items(client: APIClient, **query: Any) -> list[dict[str, Any]]:
    answer = client.get("/api/queue/", query)
    assert answer.status_code == 200, answer.content
    found: list[dict[str, Any]] = answer.json()["results"]
    return found


def named(found: list[dict[str, Any]]) -> list[str]:
    return [f"{item['dish_label']} {item['place']}" for item in found]


def test_the_most_uncertain_embryo_comes_first_with_its_reasons_and_where_to_look(cast: Cast, embryologist_client: APIClient) -> None:
    recorded = Recorded(cast.lab).doubtful((0, 0), 0.2).doubtful((1, 0), 0.9).doubtful((0, 1), 0.5)
    found = items(embryologist_client)
    assert named(found) == ["D1 B1", "D1 A2", "D1 A1"]
    first = found[0]
    assert first["reasons"][0] | {"weight": 0} == {
        "code": "event",
        "weight": 0,
        "detail": "fragmentation seen",
        "phase": "",
        "kind": "fragmentation",
        "frame_index": 5,
    }
    assert (first["thumbnail_frame"], first["box"]) == (5, [0, 100, 80, 180])
    assert first["machine"] == {"stage": "t2", "confidence": 0.95}
    assert first["content"] == {"value": "embryo", "confidence": 0.95}
    assert (first["state"], first["version"], first["readings"], first["is_hidden"]) == ("open", 0, 0, False)
    assert first["picture"]["frame_url_template"].startswith(f"/media/frames/{recorded.stack.id}/")


def test_a_well_without_embryo_waits_too_where_its_content_is_unsure(cast: Cast, embryologist_client: APIClient) -> None:
    Recorded(cast.lab).embryo().well((0, 1), "empty", 0.5).well((0, 2), "gas", 0.95)
    found = items(embryologist_client)
    assert [(item["place"], item["kind"]) for item in found] == [("A2", "well"), ("A1", "embryo")]
    assert [item["place"] for item in items(embryologist_client, kind="well")] == ["A2"]
    assert found[0]["machine"] is None


def test_only_the_latest_finished_run_of_a_recording_counts(cast: Cast, embryologist_client: APIClient) -> None:
    first = Recorded(cast.lab).doubtful((0, 0), 0.9).doubtful((0, 1), 0.8)
    assert len(items(embryologist_client)) == 2
    Recorded(cast.lab, stack=first.stack).doubtful((0, 0), 0.1)
    assert [item["place"] for item in items(embryologist_client)] == ["A1"]
    Run.objects.create(stack=first.stack, weights=first.run.weights, state=Run.State.FAILED)
    assert [item["place"] for item in items(embryologist_client)] == ["A1"]


def test_scores_follow_a_new_formula(cast: Cast, embryologist_client: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
    recorded = Recorded(cast.lab).doubtful((0, 0), 0.9)
    before = items(embryologist_client)[0]["score"]
    recorded.run.profiles.update(events=[])
    assert items(embryologist_client)[0]["score"] == before
    monkeypatch.setattr(keeping_scores, "FORMULA", keeping_scores.FORMULA + 1)
    assert items(embryologist_client)[0]["score"] < before


def test_a_run_that_cannot_be_read_holds_up_no_other(cast: Cast, embryologist_client: APIClient, caplog: pytest.LogCaptureFixture) -> None:
    Recorded(cast.lab, "D1").embryo()
    broken = Recorded(cast.lab, "D2").embryo()
    broken.run.profiles.update(calls=b"no such thing")
    assert named(items(embryologist_client)) == ["D1 A1"]
    assert str(broken.run.id) in caplog.text


def test_nobody_waits_long_for_scores_and_each_asking_adds_some(
    cast: Cast, embryologist_client: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping_scores, "PATIENCE_S", 0.0)
    for number in range(3):
        Recorded(cast.lab, f"D{number}").embryo()
    assert [len(items(embryologist_client)) for _ in range(4)] == [1, 2, 3, 3]


def test_the_worker_scores_what_nobody_has_asked_for(cast: Cast) -> None:
    runs = [Recorded(cast.lab, f"D{number}").embryo().run for number in range(keeping_scores.A_ROUND + 2)]
    keeping_scores.sweep()
    assert keeping_scores.runs_without_scores().count() == 2
    keeping_scores.sweep()
    keeping_scores.sweep()
    assert {run.scoring.formula for run in Run.objects.filter(id__in=[run.id for run in runs])} == {keeping_scores.FORMULA}


def test_a_submitted_reading_takes_an_embryo_out_of_ones_own_queue_and_of_nobody_elses(
    cast: Cast, client_of: ClientOf, embryologist_client: APIClient
) -> None:
    recorded = Recorded(cast.lab).embryo((0, 0)).embryo((0, 1))
    submitted(recorded.stack, cast.embryologist)
    assert [item["place"] for item in items(embryologist_client)] == ["A2"]
    done = items(embryologist_client, state="submitted")
    assert [(item["place"], item["state"], item["readings"], item["version"]) for item in done] == [("A1", "submitted", 1, 1)]
    assert [item["readings"] for item in items(client_of(cast.colleague), order="oldest")] == [1, 0]
    assert len(items(embryologist_client, state="all")) == 2


def test_what_people_put_right_about_wells_leaves_the_queue(cast: Cast, embryologist_client: APIClient) -> None:
    recorded = Recorded(cast.lab).embryo((0, 0)).embryo((0, 1)).embryo((0, 2)).well((1, 0), "empty", 0.4)
    told = {
        "A1": {"is_removed": True},
        "A2": {"content": [{"from_frame": 0, "content": "empty"}]},
        "A3": {"content": [{"from_frame": 0, "content": "embryo_gas"}]},
        "B1": {"content": [{"from_frame": 0, "content": "empty"}]},
    }
    Correction.objects.create(stack=recorded.stack, wells=told, updated_at=timezone.now())
    assert [item["place"] for item in items(embryologist_client)] == ["A3"]
    assert [item["place"] for item in items(embryologist_client, state="submitted")] == ["B1"]


def test_novel_embryos_and_old_recordings_can_come_first(cast: Cast, embryologist_client: APIClient) -> None:
    Recorded(cast.lab, "D1", day=2).embryo(onsets=[onset(hours=27.2)])
    Recorded(cast.lab, "D2", day=1).embryo(onsets=[onset(hours=37.0)])
    Recorded(cast.lab, "D3", day=3).embryo(onsets=[onset(hours=45.0)])
    assert named(items(embryologist_client, order="novel")) == ["D3 A1", "D2 A1", "D1 A1"]
    assert named(items(embryologist_client, order="oldest")) == ["D2 A1", "D1 A1", "D3 A1"]


def test_the_queue_is_narrowed_by_dish_reason_and_least_score(cast: Cast, embryologist_client: APIClient) -> None:
    one = Recorded(cast.lab, "D1").doubtful((0, 0), 0.9).embryo((0, 1), alone=calls(sure=0.3))
    Recorded(cast.lab, "D2").doubtful((0, 0), 0.3)
    assert named(items(embryologist_client, dish=one.stack.dish_id)) == ["D1 A1", "D1 A2"]
    assert named(items(embryologist_client, reason="entropy")) == ["D1 A2"]
    assert named(items(embryologist_client, least=0.4)) == ["D1 A1", "D1 A2"]
    assert embryologist_client.get("/api/queue/", {"reason": "run__stack"}).status_code == 400


def test_blind_people_get_the_oldest_first_and_nothing_of_the_result(cast: Cast, client_of: ClientOf) -> None:
    blind(cast.lab)
    Recorded(cast.lab, "D1", day=1).doubtful((0, 0), 0.1).doubtful((0, 1), 0.9)
    Recorded(cast.lab, "D2", day=0).doubtful((0, 0), 0.5)
    client = client_of(cast.embryologist)
    for order in ("uncertain", "novel", "oldest"):
        found = items(client, order=order)
        assert named(found) == ["D2 A1", "D1 A1", "D1 A2"]
    for item in found:
        assert (item["score"], item["novelty"], item["machine"], item["reasons"]) == (None, None, None, [])
        assert (item["is_hidden"], item["thumbnail_frame"]) == (True, 39)
        assert item["box"] is not None
    assert items(client, reason="event") == []
    assert items(client, least=0) == []


def test_an_embryo_is_shown_as_it_is_once_ones_own_reading_of_it_is_submitted(cast: Cast, embryologist_client: APIClient) -> None:
    blind(cast.lab)
    recorded = Recorded(cast.lab).doubtful((0, 0), 0.9).doubtful((0, 1), 0.9)
    submitted(recorded.stack, cast.embryologist)
    shown = {item["place"]: item["score"] is not None for item in items(embryologist_client, state="all")}
    assert shown == {"A1": True, "A2": False}


def test_what_one_was_asked_to_read_blind_comes_last_among_what_may_be_seen(cast: Cast, embryologist_client: APIClient) -> None:
    recorded = Recorded(cast.lab).doubtful((0, 0), 0.9).doubtful((0, 1), 0.2).doubtful((0, 2), 0.5)
    Assignment.objects.create(stack=recorded.stack, row=0, column=0, reader=cast.embryologist, is_blind=True, by_name="x")
    found = items(embryologist_client)
    assert [(item["place"], item["is_hidden"]) for item in found] == [("A3", False), ("A2", False), ("A1", True)]


def test_another_labs_embryos_are_in_nobodys_queue(cast: Cast, outsider_client: APIClient) -> None:
    Recorded(cast.lab).embryo()
    assert items(outsider_client) == []
    assert items(outsider_client, lab=str(cast.lab.id)) == []


DISHES, WELLS = 34, 9


def generated(cast: Cast) -> dict[str, float]:
    """Three hundred embryos, each with a doubt of its own, in no order."""
    doubts: dict[str, float] = {}
    for dish in range(DISHES):
        recorded = Recorded(cast.lab, f"D{dish:02}", day=dish)
        for well in range(WELLS):
            doubt = round((dish * WELLS + well) * 7919 % 10007 / 10007, 4)
            recorded.doubtful((well // 3, well % 3), doubt)
            doubts[f"D{dish:02} {'ABC'[well // 3]}{well % 3 + 1}"] = doubt
        keeping_scores.score_run(recorded.run.id)
    return doubts


def test_three_hundred_embryos_come_in_order_page_by_page_in_a_constant_number_of_queries(
    cast: Cast, embryologist_client: APIClient
) -> None:
    doubts = generated(cast)
    few = Recorded(cast.other_lab, "X").embryo()
    assert few.run.state == "finished"
    embryologist_client.get("/api/queue/")
    pages, counts = [], []
    for page in range(1, 8):
        with CaptureQueriesContext(connection) as asked:
            answer = embryologist_client.get("/api/queue/", {"page": page, "page_size": 50}).json()
        assert answer["count"] == DISHES * WELLS
        pages.append(answer["results"])
        counts.append(len(asked))
    assert [len(page) for page in pages] == [50] * 6 + [6]
    assert named([item for page in pages for item in page]) == sorted(doubts, key=lambda name: -doubts[name])
    assert set(counts) == {QUERIES}, "\n".join(query["sql"][:300] for query in asked.captured_queries)


def test_a_queue_of_one_takes_as_many_queries_as_one_of_three_hundred(cast: Cast, embryologist_client: APIClient) -> None:
    Recorded(cast.lab).embryo(events=[event("arrest")])
    embryologist_client.get("/api/queue/")
    with CaptureQueriesContext(connection) as asked:
        embryologist_client.get("/api/queue/")
    assert len(asked) == QUERIES, "\n".join(query["sql"][:300] for query in asked.captured_queries)


def test_being_blind_for_everything_costs_one_query_more(cast: Cast, embryologist_client: APIClient) -> None:
    blind(cast.lab)
    for number in range(5):
        Recorded(cast.lab, f"D{number}").embryo()
        embryologist_client.get("/api/queue/")
    with CaptureQueriesContext(connection) as asked:
        embryologist_client.get("/api/queue/")
    assert len(asked) == QUERIES + 1, "\n".join(query["sql"][:300] for query in asked.captured_queries)


def test_pace_is_the_middle_of_what_ones_own_readings_took_by_day(cast: Cast, embryologist_client: APIClient) -> None:
    recorded = Recorded(cast.lab)
    for column, seconds in enumerate((20.0, 40.0, 90.0, 0.0)):
        submitted(recorded.stack, cast.embryologist, (0, column), seconds_spent=seconds)
    submitted(recorded.stack, cast.colleague, (0, 0), seconds_spent=500.0)
    pace = embryologist_client.get("/api/queue/pace/", {"lab": str(cast.lab.id)}).json()
    today = timezone.now().date().isoformat()
    assert pace == {"median_seconds": 40.0, "decided": 3, "by_day": [{"day": today, "decided": 3, "median_seconds": 40.0}]}
    assert embryologist_client.get("/api/queue/pace/").json()["decided"] == 3
