"""The queue in the order in which decisions teach a detector most."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
from rest_framework.test import APIClient

from backend.worklist.teaching import Candidate, by_dish, mixed
from tests.backend.worklist.rows import Recorded, calls
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


@pytest.mark.parametrize("order", ["teaching", "teaching_dishes"])
def test_the_queue_comes_in_that_order_and_keeps_what_one_decided_out(cast: Cast, embryologist_client: APIClient, order: str) -> None:
    for number, sure in enumerate((0.95, 0.4, 0.6)):
        Recorded(cast.lab, f"D{number}", day=number).embryo(alone=calls(sure=sure), decoded=calls(sure=sure))
    found = embryologist_client.get("/api/queue/", {"lab": str(cast.lab.id), "order": order}).json()["results"]
    assert [item["score"] for item in found] == sorted((item["score"] for item in found), reverse=True)
    assert len(found) == 3
