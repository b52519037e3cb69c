"""What a lab's people share about a dish: corrections, comments, and seeing each other."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from backend.audit.models import Entry
from backend.imaging.models import Stack
from backend.live.models import LoggedEvent
from backend.review.commenting import forget_presence
from backend.review.models import Comment, Correction, Presence, Verdict
from tests.backend.conftest import ClientOf
from tests.backend.review.dish import change, patch
from tests.cast import Cast


@pytest.fixture
def address(stack: Stack) -> str:
    return f"/api/stacks/{stack.id}/corrections/"


@pytest.fixture
def colleague_client(cast: Cast, client_of: ClientOf) -> APIClient:
    return client_of(cast.colleague)


def test_nothing_put_right_is_version_0(address: str, embryologist_client: APIClient) -> None:
    answer = embryologist_client.get(address)
    assert answer.headers["ETag"] == '"0"'
    assert (answer.data["layout"], answer.data["unusable"], answer.data["wells"]) == ("", [], {})


def test_corrections_are_the_labs_and_keep_their_history(
    stack: Stack, address: str, embryologist_client: APIClient, colleague_client: APIClient
) -> None:
    box = {"frame_index": 3, "box": [10, 20, 110.5, 120]}
    said = [change("layout", "2x3"), change("wells.A1.box", box, "was beside the well"), change("wells.B2.is_added", True)]
    answer = patch(embryologist_client, address, 0, said)
    assert (answer.status_code, answer.headers["ETag"]) == (200, '"1"'), answer.data
    answer = patch(colleague_client, address, 1, [change("wells.B2.is_added", None), change("unusable", [[7, 9], [3, 4], [5, 5], [9, 12]])])
    told = answer.json()
    corrected_by = told.pop("corrected_by")
    assert {field: by["by_name"] for field, by in corrected_by.items()} == {
        "layout": "embryologist",
        "wells.A1.box": "embryologist",
        "unusable": "colleague",
    }
    assert told == {
        "stack": str(stack.id),
        "version": 2,
        "layout": "2x3",
        "unusable": [[3, 5], [7, 12]],
        "wells": {"A1": {"box": box}},
    }
    history = [(one.by_name, one.place, one.field, one.machine) for one in Verdict.objects.order_by("id")]
    assert history == [
        ("embryologist", "", "layout", "1x3"),
        ("embryologist", "A1", "wells.A1.box", [0, 0, 90, 90]),
        ("embryologist", "B2", "wells.B2.is_added", None),
        ("colleague", "B2", "wells.B2.is_added", None),
        ("colleague", "", "unusable", None),
    ]
    assert Entry.objects.filter(action="correction.changed").count() == 5
    news = LoggedEvent.objects.filter(type="correction.changed").order_by("seq")
    assert [one.payload for one in news] == [
        {"type": "correction.changed", "stack_id": str(stack.id), "version": version} for version in (1, 2)
    ]
    seen = colleague_client.get(f"/api/stacks/{stack.id}/verdicts/?place=A1").data["results"]
    assert [(one["field"], one["reason"], one["after"]) for one in seen] == [("wells.A1.box", "was beside the well", box)]


def test_the_second_of_two_people_gets_both_values(address: str, embryologist_client: APIClient, colleague_client: APIClient) -> None:
    assert patch(embryologist_client, address, 0, [change("layout", "2x3")]).status_code == 200
    answer = patch(colleague_client, address, 0, [change("layout", "3x3")])
    assert (answer.status_code, answer.data["current"]["layout"], answer.data["current"]["version"]) == (412, "2x3", 1)
    assert patch(colleague_client, address, None, [change("layout", "3x3")]).status_code == 428
    assert Correction.objects.get().layout == "2x3"


WRONG = [
    ("layout", "11x3"),
    ("layout", 3),
    ("unusable", [[5, 3]]),
    ("unusable", [[0, 40]]),
    ("wells.A1.content", []),
    ("wells.A1.content", [{"from_frame": 0, "content": "cat"}]),
    ("wells.A1.content", [{"from_frame": 40, "content": "gas"}]),
    ("wells.A1.box", {"frame_index": 0, "box": [10, 10, 5, 20]}),
    ("wells.A1.box", {"frame_index": 0, "box": [0, 0, 385, 20]}),
    ("wells.A1.is_removed", False),
    ("wells.Z1.is_removed", True),
    ("wells.A1", {}),
    ("wells.A1.confidence", 1),
    ("version", 9),
]


@pytest.mark.parametrize(("field", "value"), WRONG)
def test_a_correction_that_cannot_be_is_refused(field: str, value: Any, address: str, embryologist_client: APIClient) -> None:
    answer = patch(embryologist_client, address, 0, [change("layout", "3x3"), change(field, value)])
    assert (answer.status_code, answer.data["code"] in ("invalid_value", "unknown_field")) == (400, True), answer.data
    assert not Correction.objects.exists()


def test_a_comment_is_pinned_answered_and_resolved(stack: Stack, embryologist_client: APIClient, colleague_client: APIClient) -> None:
    said = {"place": "A1", "frame_index": 9, "text": "Is this a third cell?"}
    made = embryologist_client.post(f"/api/stacks/{stack.id}/comments/", said)
    assert (made.status_code, made.headers["ETag"], made.data["by_me"], made.data["frame_index"]) == (201, '"1"', True, 9)
    own = f"/api/comments/{made.data['id']}/"
    answer = colleague_client.patch(own, {"is_resolved": True}, headers={"If-Match": '"1"'})
    assert (answer.data["is_resolved"], answer.data["resolved_by_name"], answer.data["by_me"]) == (True, "colleague", False)
    answer = embryologist_client.patch(own, {"is_resolved": False, "text": "Is it?"}, headers={"If-Match": '"2"'})
    assert (answer.data["is_resolved"], answer.data["text"], answer.data["version"]) == (False, "Is it?", 3)
    assert [one["text"] for one in colleague_client.get(f"/api/stacks/{stack.id}/comments/?place=A1").data] == ["Is it?"]
    assert colleague_client.get(f"/api/stacks/{stack.id}/comments/?place=A2").data == []
    entries = Entry.objects.filter(action__startswith="comment.").order_by("id").values_list("action", "before", "after")
    assert list(entries) == [
        ("comment.made", None, said),
        ("comment.changed", {"is_resolved": False}, {"is_resolved": True}),
        ("comment.changed", {"text": "Is this a third cell?", "is_resolved": True}, {"text": "Is it?", "is_resolved": False}),
    ]
    assert LoggedEvent.objects.filter(type="comment.changed").count() == 3


def test_a_comment_is_reworded_by_its_author_only_and_on_its_latest_version(
    stack: Stack, embryologist_client: APIClient, colleague_client: APIClient
) -> None:
    made = embryologist_client.post(f"/api/stacks/{stack.id}/comments/", {"place": "A1", "text": "a"})
    own = f"/api/comments/{made.data['id']}/"
    answer = colleague_client.patch(own, {"text": "b"}, headers={"If-Match": '"1"'})
    assert (answer.status_code, answer.data["code"]) == (403, "not_yours")
    assert embryologist_client.patch(own, {"text": "b"}).status_code == 428
    answer = embryologist_client.patch(own, {"text": "b"}, headers={"If-Match": '"7"'})
    assert (answer.status_code, answer.data["current"]["text"]) == (412, "a")
    assert Comment.objects.get().text == "a"


def test_a_comment_cannot_be_pinned_beyond_the_recording(stack: Stack, embryologist_client: APIClient) -> None:
    said = {"place": "A1", "frame_index": 40, "text": "a"}
    assert embryologist_client.post(f"/api/stacks/{stack.id}/comments/", said).status_code == 400


def test_two_who_have_one_embryo_open_see_each_other_and_nobody_stays_for_ever(
    stack: Stack, embryologist_client: APIClient, colleague_client: APIClient
) -> None:
    address = f"/api/stacks/{stack.id}/presence/"
    for _ in range(2):
        assert embryologist_client.post(address, {"place": "A1", "doing": "looking"}).status_code == 204
    assert colleague_client.post(address, {"place": "A1", "doing": "editing"}).status_code == 204
    seen = [(one["name"], one["place"], one["doing"]) for one in embryologist_client.get(address).data]
    assert seen == [("embryologist", "A1", "looking"), ("colleague", "A1", "editing")]
    told = LoggedEvent.objects.filter(type="reader.present").order_by("seq")
    assert [(one.payload["name"], one.payload["doing"]) for one in told][1:] == [("embryologist", "looking"), ("colleague", "editing")]
    assert not Entry.objects.filter(subject__contains=str(stack.id)).exists()
    Presence.objects.filter(doing="looking").update(seen_at=timezone.now() - timedelta(seconds=61))
    assert [one["name"] for one in embryologist_client.get(address).data] == ["colleague"]
    colleague_client.post(address, {"place": "A2", "doing": "editing"})
    assert set(Presence.objects.values_list("user__name", "row", "column")) == {("colleague", 0, 0), ("colleague", 0, 1)}
    Presence.objects.update(seen_at=timezone.now() - timedelta(hours=1))
    assert (forget_presence(), Presence.objects.count()) == (2, 0)


def test_a_viewer_is_seen_looking_and_does_not_edit(stack: Stack, cast: Cast, client_of: ClientOf) -> None:
    viewer, address = client_of(cast.viewer), f"/api/stacks/{stack.id}/presence/"
    assert viewer.post(address, {"place": "A1", "doing": "looking"}).status_code == 204
    assert viewer.post(address, {"place": "A1", "doing": "editing"}).status_code == 403
