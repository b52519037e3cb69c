"""One person's reading of one embryo: written field by field, never lost, and kept as history."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction
from rest_framework.test import APIClient

from backend.audit.models import Entry
from backend.imaging.models import Stack
from backend.live.models import LoggedEvent
from backend.live.topics import dish_topic
from backend.review import services
from backend.review.models import NeverChanged, Reading, Verdict
from backend.review.values import FieldChange
from tests.backend.conftest import ClientOf
from tests.backend.review.dish import at_frame, change, make_stack, patch, submit, write
from tests.cast import Cast

GRADES = {"expansion": 4, "icm": "B", "te": "A", "fragmentation": "mild", "evenness": "even", "pn_count": 2, "multinucleation": "at_2"}


def address(stack: Stack, place: str = "A1") -> str:
    return f"/api/readings/{stack.id}/{place}/"


def test_a_reading_that_nobody_has_written_yet_is_an_empty_one_of_version_0(stack: Stack, embryologist_client: APIClient) -> None:
    answer = embryologist_client.get(address(stack))
    assert (answer.status_code, answer.headers["ETag"]) == (200, '"0"')
    assert (answer.data["state"], answer.data["onsets"], answer.data["reader"]["name"]) == ("draft", {}, "embryologist")
    assert not Reading.objects.exists()


def test_what_was_written_is_there_after_closing_the_tab(stack: Stack, embryologist_client: APIClient) -> None:
    line = {"kind": "line", "frame_index": 9, "plane": 1, "points": [[1, 2.5], [31, 42.5]], "label": "zona"}
    event = {"kind": "reverse_cleavage", "first_frame": 11, "last_frame": 12, "verdict": "added"}
    said = [at_frame("t2", 5), at_frame("t9+", 38), change("measurements.m1", line), change("events.reverse_cleavage@11", event)]
    said += [change(f"grades.{name}", value) for name, value in GRADES.items()]
    told = write(embryologist_client, stack, said, seconds_spent=12.5)
    answer = embryologist_client.get(address(stack))
    assert answer.headers["ETag"] == '"1"'
    assert answer.json() == told
    assert answer.json()["onsets"]["t2"] == {"frame_index": 5, "hours_post_insemination": 22.5, "source": "own"}
    assert answer.json()["grades"] == GRADES
    measured = {"px": 50.0, "px2": None, "um": None, "um2": None, "calibration": None, "hours_post_insemination": 24.5}
    assert answer.json()["measurements"] == {"m1": line | measured}
    assert answer.json()["events"] == {"reverse_cleavage@11": event}
    assert answer.json()["seconds_spent"] == 12.5


def test_each_changed_field_leaves_a_verdict_and_a_row_of_the_record(stack: Stack, embryologist_client: APIClient) -> None:
    write(embryologist_client, stack, [at_frame("t2", 5), change("grades.icm", "A")])
    write(embryologist_client, stack, [change("onsets.t2", {"frame_index": 6}, "the furrow is whole here")], version=1)
    verdicts = list(Verdict.objects.order_by("id").values_list("field", "before", "after", "machine", "reason"))
    first, later = {"frame_index": 5, "source": "own"}, {"frame_index": 6, "source": "own"}
    machine = verdicts[0][3]
    assert (machine["phase"], machine["frame_index"]) == ("t2", 4)
    assert verdicts == [
        ("onsets.t2", None, first, machine, ""),
        ("grades.icm", None, "A", None, ""),
        ("onsets.t2", first, later, machine, "the furrow is whole here"),
    ]
    entries = Entry.objects.filter(action="reading.changed").order_by("id")
    assert [(entry.before, entry.after) for entry in entries] == [
        ({"onsets.t2": None}, {"onsets.t2": first}),
        ({"grades.icm": None}, {"grades.icm": "A"}),
        ({"onsets.t2": first}, {"onsets.t2": later}),
    ]
    assert {(entry.actor_name, entry.subject) for entry in entries} == {("embryologist", f"reading {stack.id} A1")}


def test_rows_of_the_history_can_neither_be_changed_nor_removed(stack: Stack, embryologist_client: APIClient) -> None:
    write(embryologist_client, stack, [at_frame("t2", 5)])
    verdict = Verdict.objects.get()
    for act in (verdict.save, verdict.delete, Verdict.objects.all().delete, lambda: Verdict.objects.update(reason="x")):
        with pytest.raises(NeverChanged):
            act()


def test_a_write_without_a_version_is_refused(stack: Stack, embryologist_client: APIClient) -> None:
    for version in (None, "*"):
        answer = patch(embryologist_client, address(stack), version, [at_frame("t2", 5)])
        assert (answer.status_code, answer.data["code"]) == (428, "needs_version")
    assert not Reading.objects.exists()


@pytest.mark.parametrize("version", [0, 2, '"soon"', "1"])
def test_a_write_on_another_version_is_refused_with_what_it_is_now(version: Any, stack: Stack, embryologist_client: APIClient) -> None:
    write(embryologist_client, stack, [at_frame("t2", 5)])
    answer = patch(embryologist_client, address(stack), version, [at_frame("t2", 9)])
    assert (answer.status_code, answer.data["code"]) == (412, "changed_meanwhile")
    assert answer.data["current"]["version"] == 1
    assert answer.data["current"]["onsets"]["t2"]["frame_index"] == 5
    assert Verdict.objects.count() == 1


def test_of_a_change_that_is_partly_wrong_nothing_is_kept(stack: Stack, embryologist_client: APIClient) -> None:
    answer = patch(embryologist_client, address(stack), 0, [at_frame("t2", 5), at_frame("t3", 40)])
    assert (answer.status_code, answer.data["code"]) == (400, "invalid_value")
    assert "40 frames" in answer.data["detail"]
    assert not Reading.objects.exists()
    assert not Entry.objects.filter(action="reading.changed").exists()
    assert not LoggedEvent.objects.filter(type="reading.changed").exists()


POLYGON = {"kind": "polygon", "frame_index": 1, "plane": 0, "points": [[0, 0], [9, 0]]}
WRONG = [
    ("onsets.t99", {"frame_index": 1}, "unknown_field"),
    ("state", "submitted", "unknown_field"),
    ("reader.id", 1, "unknown_field"),
    ("judged_at.onsets.t2", "x", "unknown_field"),
    ("onsets.t2", 5, "invalid_value"),
    ("onsets.t2", {"frame_index": "5"}, "invalid_value"),
    ("onsets.t2", {"frame_index": -1}, "invalid_value"),
    ("onsets.t2", {"frame_index": True}, "invalid_value"),
    ("onsets.t2", {"is_absent": False}, "invalid_value"),
    ("grades.expansion", 7, "invalid_value"),
    ("grades.icm", "E", "invalid_value"),
    ("events.collapse@30", {"kind": "collapse", "first_frame": 31, "last_frame": 32, "verdict": "added"}, "invalid_value"),
    ("events.collapse@30", {"kind": "collapse", "first_frame": 30, "last_frame": 29, "verdict": "added"}, "invalid_value"),
    ("events.collapse@030", {"kind": "collapse", "first_frame": 30, "last_frame": 31, "verdict": "added"}, "unknown_field"),
    ("measurements.a b", POLYGON, "unknown_field"),
    ("measurements.m1", POLYGON, "invalid_value"),
    ("measurements.m1", POLYGON | {"kind": "line", "points": [[0, 0], [385, 0]]}, "invalid_value"),
    ("measurements.m1", POLYGON | {"kind": "line", "plane": 2}, "invalid_value"),
    ("measurements.m1", POLYGON | {"points": [[0, 0], [9, 9], [9, 0], [0, 9]]}, "invalid_value"),
    ("profile.machine", {"verdict": "accepted"}, "invalid_value"),
    ("profile.reader", {"verdict": "rejected"}, "unknown_field"),
    ("measurements.m1", POLYGON | {"kind": "line", "label": "a\x00b"}, "invalid_value"),
]


@pytest.mark.parametrize(("field", "value", "code"), WRONG)
def test_fields_that_do_not_exist_and_values_they_cannot_hold_are_refused(
    field: str, value: Any, code: str, stack: Stack, embryologist_client: APIClient
) -> None:
    answer = patch(embryologist_client, address(stack), 0, [change(field, value)])
    assert (answer.status_code, answer.data["code"]) == (400, code), answer.data


def test_a_value_taken_back_is_gone_and_its_history_stays(stack: Stack, embryologist_client: APIClient) -> None:
    write(embryologist_client, stack, [at_frame("t2", 5)])
    told = write(embryologist_client, stack, [change("onsets.t2", None, "wrong well")], version=1)
    assert (told["onsets"], told["version"]) == ({}, 2)
    assert list(Verdict.objects.order_by("id").values_list("after__frame_index", "reason")) == [(5, ""), (None, "wrong well")]


def test_a_phase_can_be_said_to_be_absent(stack: Stack, embryologist_client: APIClient) -> None:
    told = write(embryologist_client, stack, [change("onsets.t4", {"is_absent": True}), at_frame("t2", 5)])
    assert (told["absent"], sorted(told["onsets"])) == (["t4"], ["t2"])


def test_a_write_that_says_what_is_said_already_changes_nothing(stack: Stack, embryologist_client: APIClient) -> None:
    write(embryologist_client, stack, [at_frame("t2", 5)], seconds_spent=3)
    told = write(embryologist_client, stack, [at_frame("t2", 5)], version=1, seconds_spent=4)
    assert (told["version"], told["seconds_spent"]) == (1, 7)
    assert Verdict.objects.count() == Entry.objects.filter(action="reading.changed").count() == 1


def test_time_is_counted_although_nothing_is_said(stack: Stack, embryologist_client: APIClient) -> None:
    told = write(embryologist_client, stack, [], seconds_spent=8)
    assert (told["version"], told["seconds_spent"]) == (1, 8)
    assert Entry.objects.filter(action="reading.begun").count() == 1


def test_a_phase_that_begins_before_an_earlier_one_is_kept_with_a_warning(stack: Stack, embryologist_client: APIClient) -> None:
    told = write(embryologist_client, stack, [at_frame("t2", 9), at_frame("t4", 7), at_frame("t5", 9)])
    assert [(one["code"], one["detail"].split()[0]) for one in told["warnings"]] == [("out_of_order", "t4")]
    assert told["onsets"]["t4"]["frame_index"] == 7


def test_the_machines_onset_is_accepted_as_the_machines_only_where_the_machine_says_so(
    stack: Stack, embryologist_client: APIClient
) -> None:
    told = write(embryologist_client, stack, [at_frame("t2", 4, "machine"), at_frame("t4", 21, "machine"), at_frame("t8", 30, "machine")])
    assert {phase: said["source"] for phase, said in told["onsets"].items()} == {"t2": "machine", "t4": "own", "t8": "own"}


def test_a_submitted_reading_that_is_changed_is_a_draft_again_and_its_history_says_so(stack: Stack, embryologist_client: APIClient) -> None:
    write(embryologist_client, stack, [at_frame("t2", 5)])
    submitted = submit(embryologist_client, stack, version=1)
    assert (submitted["state"], submitted["version"]) == ("submitted", 2)
    assert submit(embryologist_client, stack, version=2)["version"] == 2
    changed = write(embryologist_client, stack, [at_frame("t2", 6)], version=2)
    assert (changed["state"], changed["submitted_at"]) == ("draft", submitted["submitted_at"])
    assert list(Verdict.objects.filter(field="state").order_by("id").values_list("before", "after")) == [
        ("draft", "submitted"),
        ("submitted", "draft"),
    ]
    actions = Entry.objects.filter(action__startswith="reading.").order_by("id").values_list("action", flat=True)
    assert list(actions) == ["reading.changed", "reading.submitted", "reading.changed", "reading.reopened"]


def test_nobody_writes_into_a_colleagues_reading(stack: Stack, embryologist_client: APIClient, client_of: ClientOf, cast: Cast) -> None:
    write(embryologist_client, stack, [at_frame("t2", 5)])
    told = write(client_of(cast.colleague), stack, [at_frame("t2", 8)])
    assert told["reader"]["name"] == "colleague"
    assert embryologist_client.get(address(stack)).data["onsets"]["t2"]["frame_index"] == 5
    assert Reading.objects.count() == 2


def test_a_colleague_sees_a_reading_once_it_is_submitted(
    stack: Stack, embryologist_client: APIClient, client_of: ClientOf, cast: Cast
) -> None:
    browser = client_of(cast.colleague)
    write(embryologist_client, stack, [at_frame("t2", 5)])
    assert browser.get(f"/api/stacks/{stack.id}/readings/").data == []
    assert browser.get(f"/api/stacks/{stack.id}/verdicts/").data["results"] == []
    submit(embryologist_client, stack, version=1)
    (seen,) = browser.get(f"/api/stacks/{stack.id}/readings/").data
    assert (seen["reader"]["name"], seen["onsets"]["t2"]["hours_post_insemination"]) == ("embryologist", 22.5)
    write(embryologist_client, stack, [at_frame("t2", 6)], version=2)
    assert browser.get(f"/api/stacks/{stack.id}/readings/").data == []
    # What was submitted stays in the history; what is being written does not appear in it yet.
    told = browser.get(f"/api/stacks/{stack.id}/verdicts/?place=A1").data["results"]
    assert [(one["field"], one["by_name"]) for one in told] == [("state", "embryologist"), ("onsets.t2", "embryologist")]


def test_the_dish_is_told_of_every_write_and_of_nothing_that_was_taken_back(stack: Stack, embryologist_client: APIClient) -> None:
    write(embryologist_client, stack, [at_frame("t2", 5)])
    submit(embryologist_client, stack, version=1)
    patch(embryologist_client, address(stack), 9, [at_frame("t2", 6)])
    told = LoggedEvent.objects.filter(topic_id=dish_topic(str(stack.dish_id)), type="reading.changed").order_by("seq")
    assert [(one.payload["version"], one.payload["state"], one.payload["place"]) for one in told] == [
        (1, "draft", "A1"),
        (2, "submitted", "A1"),
    ]
    assert told[0].payload["reader_name"] == "embryologist"


def test_several_readings_can_be_written_in_one_transaction(stack: Stack, actor: Any) -> None:
    with transaction.atomic():
        services.hold_readings(actor=actor, stack_ids=[stack.id])
        written = []
        for place in ("A1", "A2"):
            said = {"actor": actor, "stack_id": stack.id, "place": place}
            services.write_changes(**said, version=0, changes=[FieldChange("onsets.t2", {"frame_index": 4, "source": "machine"})])
            written.append(services.write_submission(**said, version=1))
        services.announce_readings(written)
    assert set(Reading.objects.values_list("state", "version")) == {("submitted", 2)}
    assert LoggedEvent.objects.filter(type="reading.changed").count() == 2


@pytest.mark.parametrize("place", ["a1", "A0", "A11", "K1", "A1B", "1"])
def test_what_names_no_well_is_not_found(place: str, stack: Stack, embryologist_client: APIClient) -> None:
    assert embryologist_client.get(address(stack, place)).status_code == 404


def test_a_recording_that_is_not_confirmed_cannot_be_read_yet(cast: Cast, embryologist_client: APIClient) -> None:
    stack = make_stack(cast.lab)
    Stack.objects.filter(id=stack.id).update(state=Stack.State.RECOGNISED, dish=None)
    answer = patch(embryologist_client, address(stack), 0, [at_frame("t2", 5)])
    assert (answer.status_code, answer.data["code"]) == (409, "stack_not_ready")
