from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from backend.accounts.models import User
from backend.audit.models import Entry
from backend.live.models import LoggedEvent
from backend.readers.models import ReviewSettings
from backend.review.models import Reading, Signature, Verdict
from backend.worklist import services
from tests.backend.worklist.rows import Recorded, blind, event, onset
from tests.cast import Cast

ClientOf = Callable[[User | None], APIClient]


def accept(client: APIClient, recorded: Recorded, versions: dict[str, int], **said: Any) -> Any:
    return client.post("/api/queue/accept/", {"stack": str(recorded.stack.id), "versions": versions, **said}, format="json")


def accept_above(client: APIClient, cast: Cast, **said: Any) -> Any:
    return client.post("/api/queue/accept-above/", {"lab": str(cast.lab.id), **said}, format="json")


def undo(client: APIClient, batch: str) -> Any:
    return client.post("/api/queue/undo/", {"batch": batch}, format="json")


def reading(user: User, place: tuple[int, int] = (0, 0)) -> Reading:
    return Reading.objects.get(reader=user, row=place[0], column=place[1])


def draft(recorded: Recorded, reader: User, **fields: Any) -> Reading:
    return Reading.objects.create(stack=recorded.stack, row=0, column=0, reader=reader, updated_at=timezone.now(), **fields)


def test_an_accepted_profile_is_ones_own_submitted_reading_with_the_machine_as_source_of_every_onset(
    cast: Cast, embryologist_client: APIClient
) -> None:
    onsets = [onset("t2", 27.0), onset("t4", 39.0), onset("tPB2", 20.0, is_censored=True)]
    recorded = Recorded(cast.lab).embryo(onsets=onsets, events=[event("collapse", first_frame=7)])
    answer = accept(embryologist_client, recorded, {"A1": 0}, seconds_spent=12.5)
    assert answer.status_code == 200, answer.content
    kept = reading(cast.embryologist)
    assert (kept.state, kept.seconds_spent) == ("submitted", 12.5)
    # What was under way when the recording began has no onset that anybody saw.
    assert kept.onsets == {"t2": {"frame_index": 14, "source": "machine"}, "t4": {"frame_index": 38, "source": "machine"}}
    assert kept.events["collapse@7"]["verdict"] == "accepted"
    batch = answer.json()["batch"]
    assert {str(verdict.batch) for verdict in Verdict.objects.filter(reading=kept)} == {batch}
    assert Entry.objects.filter(action="queue.accepted", subject=f"batch {batch}").count() == 1
    assert Entry.objects.filter(action="reading.changed").count() == 3
    assert LoggedEvent.objects.filter(type="reading.changed").count() == 1


def test_what_one_has_said_oneself_stays_and_the_machine_fills_in_the_rest(cast: Cast, embryologist_client: APIClient) -> None:
    events = [event("collapse", first_frame=7), event("arrest", first_frame=9)]
    recorded = Recorded(cast.lab).embryo(onsets=[onset("t2", 27.0), onset("t4", 39.0)], events=events)
    own = {"t2": {"frame_index": 12, "source": "own"}}
    rejected = {"kind": "collapse", "first_frame": 7, "last_frame": 11, "verdict": "rejected"}
    draft(recorded, cast.embryologist, onsets=own, events={"collapse@7": rejected})
    assert accept(embryologist_client, recorded, {"A1": 1}).status_code == 200
    kept = reading(cast.embryologist)
    assert kept.onsets == own | {"t4": {"frame_index": 38, "source": "machine"}}
    assert {key: said["verdict"] for key, said in kept.events.items()} == {"collapse@7": "rejected", "arrest@9": "accepted"}


def test_accepting_on_an_old_version_is_refused_with_the_versions_of_now_and_writes_nothing(
    cast: Cast, embryologist_client: APIClient
) -> None:
    recorded = Recorded(cast.lab).embryo((0, 0)).embryo((0, 1))
    draft(recorded, cast.embryologist, version=3)
    answer = accept(embryologist_client, recorded, {"A1": 2, "A2": 0})
    assert (answer.status_code, answer.json()["code"]) == (412, "changed_meanwhile")
    assert answer.json()["current"] == {"versions": {"A1": 3, "A2": 0}}
    assert Reading.objects.count() == 1


def test_a_submitted_reading_and_a_well_without_profile_have_nothing_to_accept(cast: Cast, embryologist_client: APIClient) -> None:
    recorded = Recorded(cast.lab).embryo((0, 0)).well((0, 1), "empty", 0.4)
    assert accept(embryologist_client, recorded, {"A1": 0}).status_code == 200
    version = reading(cast.embryologist).version
    assert accept(embryologist_client, recorded, {"A1": version}).json()["code"] == "submitted_already"
    assert accept(embryologist_client, recorded, {"A2": 0}).json()["code"] == "nothing_to_accept"
    assert accept(embryologist_client, recorded, {}).status_code == 400
    assert accept(embryologist_client, recorded, {"../A1": 0}).status_code == 404


def test_one_place_that_cannot_be_accepted_keeps_all_from_it(cast: Cast, embryologist_client: APIClient) -> None:
    recorded = Recorded(cast.lab).embryo((0, 0)).well((0, 1), "empty", 0.4)
    assert accept(embryologist_client, recorded, {"A1": 0, "A2": 0}).status_code == 409
    assert not Reading.objects.exists()
    assert not Entry.objects.filter(action__startswith="reading").exists()


def test_blind_people_cannot_accept_what_they_have_not_seen(cast: Cast, embryologist_client: APIClient) -> None:
    blind(cast.lab, cast.embryologist)
    recorded = Recorded(cast.lab).embryo()
    answer = accept(embryologist_client, recorded, {"A1": 0})
    assert (answer.status_code, answer.json()["code"]) == (403, "blind_first")
    counted = accept_above(embryologist_client, cast, threshold=0.0, dry_run=True).json()
    assert (counted["count"], counted["items"]) == (0, [])


def test_a_dry_run_counts_what_would_be_accepted_and_accepts_nothing(cast: Cast, embryologist_client: APIClient) -> None:
    recorded = Recorded(cast.lab).doubtful((0, 0), 0.05).doubtful((0, 1), 0.9).embryo((0, 2), onsets=[]).well((1, 0), "empty", 0.7)
    counted = accept_above(embryologist_client, cast, threshold=0.9).json()
    assert (counted["count"], counted["left"], counted["batch"]) == (1, 0, None)
    assert [(item["place"], item["stack"]) for item in counted["items"]] == [("A1", str(recorded.stack.id))]
    assert not Reading.objects.exists()
    assert accept_above(embryologist_client, cast, threshold=0.0).json()["count"] == 2


def test_the_threshold_is_the_labs_own_where_nobody_says_another(cast: Cast, embryologist_client: APIClient) -> None:
    Recorded(cast.lab).doubtful((0, 0), 0.05).doubtful((0, 1), 0.5)
    assert accept_above(embryologist_client, cast).json()["count"] == 1
    ReviewSettings.objects.create(lab=cast.lab, bulk_threshold=0.5)
    answer = accept_above(embryologist_client, cast).json()
    assert (answer["threshold"], answer["count"]) == (0.5, 2)


def test_what_is_accepted_above_a_threshold_is_what_was_counted_and_shares_a_batch(cast: Cast, embryologist_client: APIClient) -> None:
    Recorded(cast.lab, "D1").doubtful((0, 0), 0.05).doubtful((0, 1), 0.9)
    Recorded(cast.lab, "D2").doubtful((0, 0), 0.01)
    refused = accept_above(embryologist_client, cast, threshold=0.9, dry_run=False, expected=3)
    assert (refused.status_code, refused.json()["code"]) == (409, "count_changed")
    done = accept_above(embryologist_client, cast, threshold=0.9, dry_run=False, expected=2).json()
    assert [(item["dish_label"], item["place"]) for item in done["items"]] == [("D2", "A1"), ("D1", "A1")]
    assert (done["count"], done["left"]) == (2, 0)
    assert {kept.state for kept in Reading.objects.filter(reader=cast.embryologist)} == {"submitted"}
    assert {str(verdict.batch) for verdict in Verdict.objects.all()} == {done["batch"]}
    waiting = embryologist_client.get("/api/queue/").json()["results"]
    assert [(item["dish_label"], item["place"]) for item in waiting] == [("D1", "A2")]
    assert accept_above(embryologist_client, cast, threshold=0.9, dry_run=False).json()["batch"] is None


def test_very_many_are_accepted_and_taken_back_in_several_goes_under_one_batch(
    cast: Cast, embryologist_client: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "AT_ONCE", 2)
    Recorded(cast.lab).doubtful((0, 0), 0.05).doubtful((0, 1), 0.01).doubtful((0, 2), 0.02)
    first = accept_above(embryologist_client, cast, threshold=0.9, dry_run=False, expected=3).json()
    assert ([item["place"] for item in first["items"]], first["left"]) == (["A2", "A3"], 1)
    second = accept_above(embryologist_client, cast, threshold=0.9, dry_run=False, batch=first["batch"]).json()
    assert (second["batch"], second["count"], second["left"]) == (first["batch"], 1, 0)
    goes = [undo(embryologist_client, first["batch"]).json() for _ in range(2)]
    assert [(go["count"], go["left"]) for go in goes] == [(2, 1), (1, 0)]
    assert {kept.state for kept in Reading.objects.all()} == {"draft"}
    assert undo(embryologist_client, first["batch"]).json()["code"] == "undone_already"


def test_a_batch_that_is_being_taken_back_is_not_gone_on_with(
    cast: Cast, embryologist_client: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "AT_ONCE", 1)
    Recorded(cast.lab).doubtful((0, 0), 0.05).doubtful((0, 1), 0.01).doubtful((0, 2), 0.02)
    batch = accept_above(embryologist_client, cast, threshold=0.9, dry_run=False).json()["batch"]
    accept_above(embryologist_client, cast, threshold=0.9, dry_run=False, batch=batch)
    undo(embryologist_client, batch)
    assert accept_above(embryologist_client, cast, threshold=0.9, dry_run=False, batch=batch).json()["code"] == "another_batch"


def test_undo_takes_a_batch_back_and_its_embryos_wait_again(cast: Cast, embryologist_client: APIClient) -> None:
    recorded = Recorded(cast.lab).embryo(onsets=[onset("t2", 27.0), onset("t4", 39.0)], events=[event("collapse", first_frame=7)])
    own = {"t2": {"frame_index": 12, "source": "own"}}
    draft(recorded, cast.embryologist, onsets=own)
    batch = accept(embryologist_client, recorded, {"A1": 1}).json()["batch"]
    answer = undo(embryologist_client, batch)
    assert (answer.status_code, answer.json()) == (200, {"count": 1, "kept": [], "left": 0})
    kept = reading(cast.embryologist)
    assert (kept.state, kept.onsets, kept.events) == ("draft", own, {})
    assert [item["place"] for item in embryologist_client.get("/api/queue/").json()["results"]] == ["A1"]
    assert undo(embryologist_client, batch).json()["code"] == "undone_already"
    assert Entry.objects.filter(action="queue.undone").count() == 1


def test_undo_makes_a_reading_that_was_only_submitted_a_draft_again(cast: Cast, embryologist_client: APIClient) -> None:
    recorded = Recorded(cast.lab).embryo(onsets=[onset("t2", 27.0)])
    own = {"t2": {"frame_index": 12, "source": "own"}}
    draft(recorded, cast.embryologist, onsets=own)
    batch = accept(embryologist_client, recorded, {"A1": 1}).json()["batch"]
    assert reading(cast.embryologist).state == "submitted"
    assert undo(embryologist_client, batch).json()["count"] == 1
    kept = reading(cast.embryologist)
    assert (kept.state, kept.onsets) == ("draft", own)


def test_undo_leaves_alone_what_was_changed_or_signed_since(cast: Cast, embryologist_client: APIClient) -> None:
    recorded = Recorded(cast.lab).embryo((0, 0)).embryo((0, 1)).embryo((0, 2))
    batch = accept(embryologist_client, recorded, {"A1": 0, "A2": 0, "A3": 0}).json()["batch"]
    changed, signed = reading(cast.embryologist, (0, 0)), reading(cast.embryologist, (0, 1))
    patched = embryologist_client.patch(
        f"/api/readings/{recorded.stack.id}/A1/",
        {"changes": [{"field": "grades.icm", "value": "A"}]},
        format="json",
        headers={"If-Match": f'"{changed.version}"'},
    )
    assert patched.status_code == 200, patched.content
    Signature.objects.create(reading=signed, by=cast.embryologist, by_name="x", meaning="reviewed", content_hash="0" * 64)
    answer = undo(embryologist_client, batch).json()
    assert (answer["count"], [(one["place"], one["why"]) for one in answer["kept"]]) == (1, [("A1", "changed"), ("A2", "signed")])
    assert reading(cast.embryologist, (0, 0)).onsets
    assert reading(cast.embryologist, (0, 1)).state == "submitted"
    assert (reading(cast.embryologist, (0, 2)).state, reading(cast.embryologist, (0, 2)).onsets) == ("draft", {})


def test_a_batch_is_taken_back_by_who_accepted_it_and_by_nobody_else(
    cast: Cast, client_of: ClientOf, embryologist_client: APIClient
) -> None:
    batch = accept(embryologist_client, Recorded(cast.lab).embryo(), {"A1": 0}).json()["batch"]
    for person in (cast.colleague, cast.lab_admin, cast.viewer, cast.outsider):
        assert undo(client_of(person), batch).status_code == 404
    assert undo(embryologist_client, batch).status_code == 200


def test_a_refused_acceptance_announces_nothing(cast: Cast, embryologist_client: APIClient) -> None:
    recorded = Recorded(cast.lab).embryo((0, 0)).well((0, 1), "empty", 0.4)
    accept(embryologist_client, recorded, {"A1": 0, "A2": 0})
    assert not LoggedEvent.objects.exists()


def reject(client: APIClient, recorded: Recorded, versions: dict[str, int], **said: Any) -> Any:
    return client.post("/api/queue/reject/", {"stack": str(recorded.stack.id), "versions": versions, **said}, format="json")


def waiting(client: APIClient, **asked: Any) -> list[tuple[str, bool]]:
    return [(item["place"], item["is_rejected"]) for item in client.get("/api/queue/", asked).json()["results"]]


def counted(client: APIClient, recorded: Recorded) -> dict[str, Any]:
    """What counts for this person at A1."""
    places = client.get(f"/api/stacks/{recorded.stack.id}/effective/").json()
    return next(one for one in places if one["place"] == "A1")


def test_a_rejected_profile_counts_no_more_for_its_reader_and_waits_after_all_others(
    cast: Cast, embryologist_client: APIClient, client_of: ClientOf
) -> None:
    recorded = Recorded(cast.lab).embryo((0, 0), events=[event("collapse", first_frame=7)]).embryo((0, 1))
    assert waiting(embryologist_client) == [("A1", False), ("A2", False)]
    answer = reject(embryologist_client, recorded, {"A1": 0}, seconds_spent=4.5)
    assert (answer.status_code, answer.json()["count"]) == (200, 1), answer.content
    assert waiting(embryologist_client) == [("A2", False), ("A1", True)]
    kept = reading(cast.embryologist)
    assert (kept.state, kept.profile, kept.onsets, kept.seconds_spent) == ("draft", {"machine": {"verdict": "rejected"}}, {}, 4.5)
    mine, others = counted(embryologist_client, recorded), counted(client_of(cast.colleague), recorded)
    assert (mine["is_profile_rejected"], mine["onsets"], mine["events"], mine["uncertainty"]) == (True, {}, [], None)
    assert (others["is_profile_rejected"], bool(others["onsets"])) == (False, True)
    assert Entry.objects.filter(action="queue.rejected", subject=f"batch {answer.json()['batch']}").count() == 1
    assert Verdict.objects.get(reading=kept).field == "profile.machine"
    assert LoggedEvent.objects.filter(type="reading.changed").count() == 1


def test_a_rejection_is_taken_back_as_an_acceptance_is(cast: Cast, embryologist_client: APIClient) -> None:
    recorded = Recorded(cast.lab).embryo((0, 0))
    batch = reject(embryologist_client, recorded, {"A1": 0}).json()["batch"]
    assert undo(embryologist_client, batch).json()["count"] == 1
    assert reading(cast.embryologist).profile == {}
    assert waiting(embryologist_client) == [("A1", False)]
    assert counted(embryologist_client, recorded)["onsets"]


def test_what_was_rejected_can_be_accepted_after_all_and_is_never_accepted_unseen(cast: Cast, embryologist_client: APIClient) -> None:
    recorded = Recorded(cast.lab).embryo((0, 0))
    reject(embryologist_client, recorded, {"A1": 0})
    assert accept_above(embryologist_client, cast, threshold=0).json()["count"] == 0
    assert accept(embryologist_client, recorded, {"A1": 1}).status_code == 200
    kept = reading(cast.embryologist)
    assert (kept.state, kept.profile, bool(kept.onsets)) == ("submitted", {}, True)


def test_nothing_is_rejected_that_is_hidden_submitted_changed_or_not_there(
    cast: Cast, embryologist_client: APIClient, client_of: ClientOf
) -> None:
    recorded = Recorded(cast.lab).embryo((0, 0)).well((0, 1), "empty", 0.4)
    assert reject(embryologist_client, recorded, {"A1": 3}).status_code == 412
    assert reject(embryologist_client, recorded, {"A2": 0}).json()["code"] == "nothing_to_accept"
    accept(embryologist_client, recorded, {"A1": 0})
    version = reading(cast.embryologist).version
    assert reject(embryologist_client, recorded, {"A1": version}).json()["code"] == "submitted_already"
    blind(cast.lab)
    assert reject(client_of(cast.colleague), recorded, {"A1": 0}).json()["code"] == "blind_first"
