"""The queue in the order in which decisions teach a detector most."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from backend.review.models import Reading
from backend.worklist.teaching import Candidate, by_dish, mixed
from tests.backend.worklist.rows import Recorded
from tests.cast import Cast

DISHES = [uuid4() for _ in range(6)]


def candidate(number: int, dish: UUID, uncertainty: float, distance: float | None = None) -> Candidate:
    return Candidate(number, f"{number:03d}", dish, uncertainty, distance)


def test_of_every_ten_seven_are_doubted_most_and_two_are_unlike_the_rest_in_other_dishes() -> None:
    doubted = [candidate(number, DISHES[0], 0.9 - number / 100) for number in range(7)]
    odd = [candidate(50, DISHES[1], 0.2, distance=4.0), candidate(51, DISHES[2], 0.1, distance=3.0)]
    others = [candidate(60 + number, DISHES[0], 0.3, distance=5.0) for number in range(20)]
    first = list(mixed([*others, *odd, *doubted]))[:10]
    assert first[:7] == doubted
    assert first[7:9] == odd
    assert first[9] in others


def test_everything_comes_once_and_in_the_same_order_again() -> None:
    candidates = [candidate(number, DISHES[number % 6], (number * 37 % 101) / 101, float(number % 7)) for number in range(64)]
    order = list(mixed(candidates))
    assert sorted(one.id for one in order) == list(range(64))
    assert list(mixed(candidates[::-1])) == order


def test_whole_dishes_come_by_their_mean_doubt() -> None:
    sure, unsure = DISHES[:2]
    candidates = [candidate(1, sure, 0.95), candidate(2, sure, 0.0), candidate(3, unsure, 0.6), candidate(4, unsure, 0.5)]
    assert [one.id for one in by_dish(candidates)] == [3, 4, 1, 2]


@pytest.mark.parametrize(("order", "places"), [("teaching", ["D1 A1", "D2 A1", "D2 A2"]), ("teaching_dishes", ["D2 A1", "D2 A2", "D1 A1"])])
def test_the_queue_comes_in_that_order_without_what_one_has_decided(
    cast: Cast, embryologist_client: APIClient, order: str, places: list[str]
) -> None:
    mixed_up = Recorded(cast.lab, "D1").doubtful((0, 0), 0.9).doubtful((0, 1), 0.05).doubtful((1, 0), 0.9)
    Recorded(cast.lab, "D2").doubtful((0, 0), 0.6).doubtful((0, 1), 0.5)
    said = {"state": "submitted", "submitted_at": timezone.now(), "updated_at": timezone.now()}
    Reading.objects.create(stack=mixed_up.stack, row=1, column=0, reader=cast.embryologist, **said)
    found = embryologist_client.get("/api/queue/", {"order": order}).json()["results"]
    assert [f"{item['dish_label']} {item['place']}" for item in found if item["place"] != "A2" or item["dish_label"] == "D2"] == places
    assert "D1 B1" not in [f"{item['dish_label']} {item['place']}" for item in found]
