from __future__ import annotations

import pytest
from django.db import connection, transaction

from backend.accounts.actor import actor_for
from backend.accounts.models import Lab
from backend.live import selectors, topics
from backend.live.doorbell import Ring
from backend.live.events import DishChanged
from backend.live.models import LoggedEvent, Topic
from backend.live.publish import NotInTransaction, OutOfOrder, publish
from tests.backend.conftest import ClientOf
from tests.cast import Cast


class TakenBack(Exception):
    pass


def announce(topic: str, dish: str = "d") -> int:
    with transaction.atomic():
        return publish(topic, DishChanged(dish_id=dish, label="D"))


@transaction.atomic
def change_and_take_back(topic: str) -> None:
    Lab.objects.create(name="never")
    publish(topic, DishChanged(dish_id="never", label="D"))
    raise TakenBack


@pytest.mark.django_db(transaction=True)
def test_a_change_that_is_taken_back_announces_nothing() -> None:
    announce("lab.x")
    with pytest.raises(TakenBack):
        change_and_take_back("lab.x")
    assert not Lab.objects.exists()
    assert [(row.seq, row.payload["dish_id"]) for row in LoggedEvent.objects.all()] == [(1, "d")]
    assert announce("lab.x") == 2


@pytest.mark.django_db(transaction=True)
def test_an_announcement_outside_a_transaction_is_a_mistake_that_shows() -> None:
    with pytest.raises(NotInTransaction, match=r"lab\.x"):
        publish("lab.x", DishChanged(dish_id="d", label="D"))
    assert not Topic.objects.exists()


@pytest.mark.parametrize("database", ["db", "transactional_db"])
def test_a_transaction_takes_a_dishs_topic_before_its_labs_or_not_at_all(database: str, request: pytest.FixtureRequest) -> None:
    request.getfixturevalue(database)
    for _ in range(2):
        with transaction.atomic():
            for topic in ("dish.x", "lab.x", "dish.x", "lab.y", "lab.x"):
                announce(topic)
    with transaction.atomic():
        announce("lab.x")
        with pytest.raises(OutOfOrder, match=r"dish\.x.*after 'lab\.x'"):
            announce("dish.x")
    assert selectors.latest_seqs(["dish.x", "lab.x"]) == {"dish.x": 4, "lab.x": 5}


def test_each_topic_counts_for_itself(db: None) -> None:
    assert [announce("lab.a"), announce("lab.b"), announce("lab.a")] == [1, 1, 2]
    assert selectors.latest_seqs(["lab.a", "lab.b", "lab.c"]) == {"lab.a": 2, "lab.b": 1}
    assert selectors.latest_seq("lab.c") == 0


def test_polling_gives_the_same_events_in_pages(cast: Cast, client_of: ClientOf) -> None:
    topic = topics.lab_topic(cast.lab.id)
    for number in range(520):
        announce(topic, str(number))
    browser = client_of(cast.viewer)
    first = browser.get("/api/events/", {"topic": topic, "after": 10}).json()
    assert [event["seq"] for event in first["events"]] == list(range(11, 511))
    assert first["seq"] == 510
    last = browser.get("/api/events/", {"topic": topic, "after": first["seq"]}).json()
    assert ([event["seq"] for event in last["events"]], last["seq"]) == (list(range(511, 521)), 520)
    assert browser.get("/api/events/", {"topic": topic, "after": 520}).json()["events"] == []
    assert last["events"][0]["event"] == {"type": "dish.changed", "dish_id": "510", "label": "D"}


def test_polling_beyond_what_is_kept_or_known_says_gone(cast: Cast, client_of: ClientOf) -> None:
    topic = topics.lab_topic(cast.lab.id)
    for _ in range(3):
        announce(topic)
    LoggedEvent.objects.filter(seq=1).delete()
    browser = client_of(cast.viewer)
    for after in (0, 4):
        answer = browser.get("/api/events/", {"topic": topic, "after": after})
        assert (answer.status_code, answer.json()["code"]) == (410, "gone")
    assert browser.get("/api/events/", {"topic": topic, "after": 2}).json()["seq"] == 3


def test_asking_without_a_place_says_where_the_topic_stands(cast: Cast, client_of: ClientOf) -> None:
    topic = topics.lab_topic(cast.lab.id)
    for _ in range(3):
        announce(topic)
    assert client_of(cast.viewer).get("/api/events/", {"topic": topic}).json() == {"topic": topic, "seq": 3, "events": []}


def test_polling_another_labs_topic_finds_nothing(cast: Cast, client_of: ClientOf) -> None:
    for topic in (topics.lab_topic(cast.lab.id), "lab.x", "nothing", topics.dish_topic(cast.lab.id)):
        assert client_of(cast.outsider).get("/api/events/", {"topic": topic}).status_code == 404


def test_a_topic_is_followed_under_its_one_name_only(cast: Cast) -> None:
    actor = actor_for(cast.viewer)
    assert topics.may_follow(actor, f"lab.{cast.lab.id}")
    for odd in (
        f"lab.{str(cast.lab.id).upper()}",
        f"lab.{cast.lab.id.hex}",
        f"lab.{{{cast.lab.id}}}",
        f"lab.{cast.lab.id}.",
        f"Lab.{cast.lab.id}",
    ):
        assert not topics.may_follow(actor, odd)


def rings() -> list[object]:
    return [waiting[1] for waiting in connection.run_on_commit]


@pytest.mark.django_db(transaction=True)
def test_a_transaction_rings_once_for_a_topic_and_not_for_what_was_taken_back() -> None:
    with transaction.atomic():
        with pytest.raises(TakenBack):
            change_and_take_back("lab.x")
        assert rings() == []
        for topic in ("lab.x", "lab.y", "lab.x"):
            announce(topic)
        assert rings() == [Ring("lab.x"), Ring("lab.y")]
    assert selectors.latest_seqs(["lab.x", "lab.y"]) == {"lab.x": 2, "lab.y": 1}
