from __future__ import annotations

from typing import Any

import pytest

from backend.accounts.models import User
from backend.analysis.models import Run
from backend.audit.models import Entry
from backend.live.models import LoggedEvent
from backend.live.topics import dish_topic, lab_topic
from backend.readers.models import Assignment
from tests.backend.readers.world import have_it_read_by
from tests.cast import Cast


@pytest.fixture
def ask(cast: Cast, run: Run, client_of: Any) -> Any:
    """The embryologist asks somebody, the colleague where nobody is named."""

    def asked(*places: str, reader: User | None = None, by: User | None = None, is_blind: bool = True) -> Any:
        said = {"places": places, "reader_id": str((reader or cast.colleague).id), "is_blind": is_blind}
        return client_of(by or cast.embryologist).post(f"/api/stacks/{run.stack_id}/assignments/", said, format="json")

    return asked


def test_whoever_is_asked_finds_it_among_theirs_until_they_have_read_it(cast: Cast, run: Run, ask: Any, client_of: Any) -> None:
    answer = ask("A2", "A1")
    assert answer.status_code == 201
    browser = client_of(cast.colleague)
    mine = browser.get("/api/assignments/").json()["results"]
    assert [(one["place"], one["is_blind"], one["by_name"], one["done_at"]) for one in mine] == [
        ("A1", True, "embryologist", None),
        ("A2", True, "embryologist", None),
    ]
    assert mine[0]["reader"] == {"id": str(cast.colleague.id), "name": "colleague"}
    assert (mine[0]["stack"], mine[0]["dish"], mine[0]["dish_label"]) == (str(run.stack_id), str(run.stack.dish_id), "D9")
    have_it_read_by(cast.colleague, run.stack, "A1", t2=60)
    assert [one["place"] for one in browser.get("/api/assignments/").json()["results"]] == ["A2"]
    everybodys = client_of(cast.viewer).get("/api/assignments/", {"stack": str(run.stack_id)}).json()["results"]
    assert [(one["place"], one["done_at"] is not None) for one in everybodys] == [("A1", True), ("A2", False)]


def test_asking_is_recorded_and_announced_on_the_dish_and_in_the_lab(cast: Cast, run: Run, ask: Any) -> None:
    ask("A1", "A2")
    entries = Entry.objects.filter(action="assignment.made").order_by("id")
    assert [entry.after for entry in entries] == [
        {"place": place, "reader": str(cast.colleague.id), "is_blind": True} for place in ("A1", "A2")
    ]
    for topic in (dish_topic(run.stack.dish_id), lab_topic(cast.lab.id)):
        events = LoggedEvent.objects.filter(topic=topic, type="assignment.changed").order_by("seq")
        assert [event.payload["place"] for event in events] == ["A1", "A2"]


def test_asking_twice_in_the_same_way_is_asking_once(ask: Any) -> None:
    first, second = ask("A1").json(), ask("A1", "A2").json()
    assert [one["place"] for one in second] == ["A1", "A2"]
    assert second[0]["id"] == first[0]["id"]
    assert Entry.objects.filter(action="assignment.made").count() == 2


def test_asking_openly_for_what_is_to_be_read_blind_is_refused(ask: Any) -> None:
    ask("A1")
    answer = ask("A1", "A2", is_blind=False)
    assert (answer.status_code, answer.json()["code"]) == (409, "already_assigned")
    assert Assignment.objects.count() == 1


def test_somebody_who_has_read_the_embryo_is_not_asked_again(cast: Cast, run: Run, ask: Any) -> None:
    have_it_read_by(cast.colleague, run.stack, "A1", t2=60)
    answer = ask("A1")
    assert (answer.status_code, answer.json()["code"]) == (409, "already_read")


@pytest.mark.parametrize(("reader", "code"), [("viewer", "reader_cannot_write"), ("outsider", "no_such_member")])
def test_only_members_who_can_write_are_asked(cast: Cast, ask: Any, reader: str, code: str) -> None:
    answer = ask("A1", reader=getattr(cast, reader))
    assert (answer.status_code, answer.json()["code"]) == (400, code)


def test_somebody_who_has_left_the_product_is_not_asked(cast: Cast, ask: Any) -> None:
    User.objects.filter(id=cast.colleague.id).update(is_active=False)
    assert ask("A1").json()["code"] == "no_such_member"


def test_wells_that_the_dish_does_not_have_are_named(ask: Any) -> None:
    answer = ask("A1", "A9")
    assert (answer.status_code, answer.json()["code"], answer.json()["detail"]) == (400, "no_such_place", "This dish has no A9.")
    assert not Assignment.objects.exists()


def test_a_recording_that_is_not_confirmed_has_nobody_to_read(cast: Cast, run: Run, ask: Any) -> None:
    type(run.stack).objects.filter(id=run.stack_id).update(state="recognised")
    assert (ask("A1").status_code, ask("A1").json()["code"]) == (409, "not_ready")


def withdraw(client: Any, assignment: Assignment) -> Any:
    return client.delete(f"/api/assignments/{assignment.id}/")


def test_whoever_asked_or_a_lab_admin_takes_it_back(cast: Cast, ask: Any, client_of: Any) -> None:
    ask("A1", "A2")
    first, second = Assignment.objects.all()
    assert withdraw(client_of(cast.embryologist), first).status_code == 204
    assert withdraw(client_of(cast.lab_admin), second).status_code == 204
    assert not Assignment.objects.exists()
    assert Entry.objects.filter(action="assignment.withdrawn").count() == 2


@pytest.mark.parametrize("by", ["embryologist", "colleague"])
def test_blinded_readers_cannot_end_their_own_blindness(cast: Cast, run: Run, ask: Any, client_of: Any, by: str) -> None:
    ask("A1", by=getattr(cast, by))
    answer = withdraw(client_of(cast.colleague), Assignment.objects.get())
    assert (answer.status_code, answer.json()["code"]) == (403, "own_assignment")
    assert client_of(cast.colleague).get(f"/api/runs/{run.id}/profiles/A1/").status_code == 403


def test_an_open_assignment_may_be_declined(cast: Cast, ask: Any, client_of: Any) -> None:
    ask("A1", is_blind=False)
    assert withdraw(client_of(cast.colleague), Assignment.objects.get()).status_code == 204


def test_somebody_whom_it_does_not_concern_takes_nothing_back(cast: Cast, ask: Any, client_of: Any) -> None:
    ask("A1", by=cast.lab_admin)
    assert withdraw(client_of(cast.embryologist), Assignment.objects.get()).json()["code"] == "forbidden"


def test_what_was_read_is_not_taken_back(cast: Cast, run: Run, ask: Any, client_of: Any) -> None:
    ask("A1")
    have_it_read_by(cast.colleague, run.stack, "A1", t2=60)
    answer = withdraw(client_of(cast.embryologist), Assignment.objects.get())
    assert (answer.status_code, answer.json()["code"]) == (409, "already_done")
