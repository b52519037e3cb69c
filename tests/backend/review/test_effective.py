"""Which value counts: the latest that somebody submitted, one's own, else the machine's."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.test import APIClient

from backend.accounts.actor import Actor
from backend.analysis.models import EmbryoProfile, Well
from backend.imaging.models import Stack
from backend.review.selectors import effective_of, effective_of_stacks
from tests.backend.conftest import ClientOf
from tests.backend.review.dish import COLLAPSE, at_frame, change, make_stack, patch, read_by_the_machine, submit, write
from tests.cast import Cast


def effective(client: APIClient, stack: Stack) -> dict[str, Any]:
    answer = client.get(f"/api/stacks/{stack.id}/effective/")
    assert answer.status_code == 200, answer.data
    return {one["place"]: one for one in answer.json()}


def test_what_nobody_has_judged_is_the_machines(stack: Stack, embryologist_client: APIClient) -> None:
    places = effective(embryologist_client, stack)
    assert {place: one["content"] for place, one in places.items()} == {
        "A1": {"value": "embryo", "source": "machine"},
        "A2": {"value": "embryo", "source": "machine"},
        "A3": {"value": "gas", "source": "machine"},
    }
    t2 = places["A1"]["onsets"]["t2"]
    assert t2 == {
        "frame_index": 4,
        "hours_post_insemination": 22.0,
        "low": 21.0,
        "high": 23.0,
        "confidence": 0.9,
        "source": "machine",
        "by_name": None,
        "at": None,
    }
    assert (places["A1"]["uncertainty"], places["A3"]["uncertainty"]) == (0.2, None)
    assert [(event["kind"], event["source"], event["verdict"]) for event in places["A1"]["events"]] == [("collapse", "machine", None)]


def test_ones_own_draft_counts_for_oneself_and_for_others_once_submitted(
    stack: Stack, embryologist_client: APIClient, client_of: ClientOf, cast: Cast
) -> None:
    write(embryologist_client, stack, [at_frame("t2", 6), change("grades.icm", "B")])
    own, others = effective(embryologist_client, stack)["A1"], effective(client_of(cast.viewer), stack)["A1"]
    assert (own["onsets"]["t2"]["frame_index"], own["onsets"]["t2"]["source"], own["grades"]["icm"]["value"]) == (6, "human", "B")
    assert (others["onsets"]["t2"]["frame_index"], others["grades"], others["readings_submitted"]) == (4, {}, 0)
    submit(embryologist_client, stack, version=1)
    others = effective(client_of(cast.viewer), stack)["A1"]
    assert (others["onsets"]["t2"]["frame_index"], others["onsets"]["t2"]["by_name"]) == (6, "embryologist")
    assert others["onsets"]["t4"]["source"] == "machine"
    assert (others["readings_submitted"], others["uncertainty"]) == (1, 0.3)


def test_of_two_readers_the_later_verdict_counts_field_by_field_and_bounds_are_their_spread(
    stack: Stack, embryologist_client: APIClient, client_of: ClientOf, cast: Cast
) -> None:
    write(embryologist_client, stack, [at_frame("t2", 6), at_frame("t4", 22)])
    write(client_of(cast.colleague), stack, [at_frame("t2", 8)])
    for browser in (embryologist_client, client_of(cast.colleague)):
        submit(browser, stack, version=1)
    onsets = effective(client_of(cast.viewer), stack)["A1"]["onsets"]
    assert (onsets["t2"]["frame_index"], onsets["t2"]["by_name"]) == (8, "colleague")
    assert (onsets["t2"]["low"], onsets["t2"]["high"], onsets["t2"]["confidence"]) == (23.0, 24.0, None)
    assert (onsets["t4"]["frame_index"], onsets["t4"]["by_name"]) == (22, "embryologist")


def test_a_value_taken_back_leaves_the_machines_and_an_absent_phase_leaves_none(stack: Stack, embryologist_client: APIClient) -> None:
    write(embryologist_client, stack, [at_frame("t2", 6), change("onsets.t4", {"is_absent": True})])
    place = effective(embryologist_client, stack)["A1"]
    assert ("t4" in place["onsets"], place["absent"]) == (False, ["t4"])
    write(embryologist_client, stack, [change("onsets.t2", None), change("onsets.t4", None)], version=1)
    place = effective(embryologist_client, stack)["A1"]
    assert {phase: onset["source"] for phase, onset in place["onsets"].items()} == {"t2": "machine", "t4": "machine"}
    assert place["absent"] == []


def test_a_rejected_event_stays_visible_as_rejected_and_an_added_one_appears(stack: Stack, embryologist_client: APIClient) -> None:
    judged = {name: COLLAPSE[name] for name in ("kind", "first_frame", "last_frame")}
    added = {"kind": "multinucleation", "first_frame": 10, "last_frame": 12, "verdict": "added"}
    said = [change("events.collapse@30", judged | {"verdict": "rejected"}), change("events.multinucleation@10", added)]
    write(embryologist_client, stack, said)
    events = effective(embryologist_client, stack)["A1"]["events"]
    assert [(event["kind"], event["source"], event["verdict"], event["confidence"]) for event in events] == [
        ("multinucleation", "human", "added", None),
        ("collapse", "human", "rejected", 0.7),
    ]


def test_the_machines_rows_stay_as_they_were_whatever_people_say(stack: Stack, embryologist_client: APIClient) -> None:
    before = list(EmbryoProfile.objects.order_by("id").values()), list(Well.objects.order_by("id").values())
    write(embryologist_client, stack, [at_frame("t2", 6), change("events.collapse@30", None)])
    patch(embryologist_client, f"/api/stacks/{stack.id}/corrections/", 0, [change("wells.A1.is_removed", True)])
    assert (list(EmbryoProfile.objects.order_by("id").values()), list(Well.objects.order_by("id").values())) == before


def test_a_later_finished_run_takes_the_earlier_ones_place_and_verdicts_stay(stack: Stack, embryologist_client: APIClient) -> None:
    write(embryologist_client, stack, [at_frame("t4", 19)])
    read_by_the_machine(stack, t2=7)
    onsets = effective(embryologist_client, stack)["A1"]["onsets"]
    assert (onsets["t2"]["frame_index"], onsets["t4"]["frame_index"]) == (7, 19)


def test_contents_wells_and_places_follow_the_labs_corrections(stack: Stack, embryologist_client: APIClient) -> None:
    emptied = [{"from_frame": 10, "content": "empty"}]
    said = [change("wells.A1.content", emptied), change("wells.A3.is_removed", True), change("wells.B1.is_added", True)]
    said.append(change("wells.A2.content", [{"from_frame": 30, "content": "empty"}]))
    assert patch(embryologist_client, f"/api/stacks/{stack.id}/corrections/", 0, said).status_code == 200
    places = effective(embryologist_client, stack)
    assert {place: one["content"] for place, one in places.items()} == {
        "A1": {"value": "empty", "source": "human"},
        "A2": {"value": "embryo", "source": "human"},
        "B1": None,
    }


def test_a_recording_that_was_never_analysed_has_what_people_said(cast: Cast, embryologist_client: APIClient) -> None:
    stack = make_stack(cast.lab, interval_minutes=None, hpi_at_first_frame=None)
    assert effective(embryologist_client, stack) == {}
    write(embryologist_client, stack, [at_frame("t2", 6)], "B2")
    onset = effective(embryologist_client, stack)["B2"]["onsets"]["t2"]
    assert (onset["frame_index"], onset["hours_post_insemination"], onset["low"], onset["high"]) == (6, None, 6.0, 6.0)


def test_many_recordings_cost_the_queries_of_one(
    stack: Stack, cast: Cast, actor: Actor, embryologist_client: APIClient, django_assert_num_queries: Any
) -> None:
    others = [make_stack(cast.lab, f"D{number}") for number in range(2, 6)]
    for other in others:
        read_by_the_machine(other)
        write(embryologist_client, other, [at_frame("t2", 6)])
    loaded = list(Stack.objects.select_related("dish__cycle"))
    # runs, wells, profiles; what is hidden; corrections, readings
    with django_assert_num_queries(6):
        effective_of(loaded[0], actor)
    with django_assert_num_queries(6):
        found = effective_of_stacks(loaded, actor)
    assert [len(found[one.id]) for one in loaded] == [3] * 5


@pytest.fixture
def blind_lab(cast: Cast, client_of: ClientOf) -> None:
    """People of this lab read blind first."""
    address = f"/api/labs/{cast.lab.id}/review-settings/"
    answer = client_of(cast.lab_admin).patch(address, {"blind_first": True}, headers={"If-Match": '"0"'})
    assert answer.status_code == 200, answer.data


def test_who_reads_blind_sees_wells_and_their_own_words_until_they_submit(
    stack: Stack, blind_lab: None, embryologist_client: APIClient, client_of: ClientOf, cast: Cast
) -> None:
    colleague = client_of(cast.colleague)
    comment = {"place": "A1", "text": "t2 is at frame 5"}
    assert colleague.post(f"/api/stacks/{stack.id}/comments/", comment).status_code == 201
    write(colleague, stack, [at_frame("t2", 5)])
    submit(colleague, stack, version=1)

    told = write(embryologist_client, stack, [at_frame("t3", 12)])
    assert told["is_blind"] is True
    place = effective(embryologist_client, stack)["A1"]
    assert (place["is_hidden"], sorted(place["onsets"]), place["events"]) == (True, ["t3"], [])
    assert (place["readings_submitted"], place["uncertainty"], place["content"]["value"]) == (0, None, "embryo")
    others = [one["reader"]["name"] for one in embryologist_client.get(f"/api/stacks/{stack.id}/readings/").data]
    history = embryologist_client.get(f"/api/stacks/{stack.id}/verdicts/").data["results"]
    assert (others, [(one["field"], one["machine"]) for one in history]) == (["embryologist"], [("onsets.t3", None)])
    assert embryologist_client.get(f"/api/stacks/{stack.id}/comments/").data == []

    submitted = submit(embryologist_client, stack, version=1)
    assert submitted["is_blind"] is True
    place = effective(embryologist_client, stack)["A1"]
    assert (place["is_hidden"], sorted(place["onsets"]), place["readings_submitted"]) == (False, ["t2", "t3", "t4"], 2)
    assert effective(embryologist_client, stack)["A2"]["is_hidden"] is True
    assert len(embryologist_client.get(f"/api/stacks/{stack.id}/comments/").data) == 1
    # What is written after the reveal was not written blind.
    assert write(embryologist_client, stack, [at_frame("t3", 13)], version=2)["is_blind"] is False


def test_who_reads_blind_cannot_accept_what_they_may_not_see(stack: Stack, blind_lab: None, embryologist_client: APIClient) -> None:
    judged = {"kind": "collapse", "first_frame": 30, "last_frame": 33, "verdict": "accepted"}
    # A wrong guess is answered as a right one is, or asking would tell.
    for said in (at_frame("t2", 4, "machine"), at_frame("t2", 5, "machine"), change("events.collapse@30", judged)):
        answer = patch(embryologist_client, f"/api/readings/{stack.id}/A1/", 0, [said])
        assert (answer.status_code, answer.data["code"]) == (403, "blind_first")
