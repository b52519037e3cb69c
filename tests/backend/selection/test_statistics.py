from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from rest_framework.test import APIClient

from backend.accounts.actor import Actor
from backend.imaging.models import Dish, Stack
from backend.readers.models import Assignment
from backend.selection.courses import Embryo
from backend.selection.statistics import Share, fertilisation_of, reached, timings_of
from tests.backend.selection.conftest import MakeDish, read
from tests.backend.selection.embryos import embryo, onset
from tests.cast import Cast


def figures(client: APIClient, cast: Cast, **asked: str) -> dict[str, Any]:
    answer = client.get(f"/api/labs/{cast.lab.id}/statistics/", asked)
    assert answer.status_code == 200, answer.data
    told: dict[str, Any] = answer.json()
    return told


def began(dish: Dish, *, year: int = 2026, month: int = 3, day: int) -> None:
    Stack.objects.filter(dish=dish).update(started_at=datetime(year, month, day, 12, tzinfo=UTC))


STATISTICS_QUERIES = 17
MARCH = {"since": "2026-03-01", "until": "2026-03-31"}


def test_rates_count_those_filmed_long_enough_and_no_others() -> None:
    whole, stopped, short = (
        embryo(),
        embryo(without=("tB", "tEB"), end_hour=130.0),
        embryo(without=("tM", "tSB", "tB", "tEB"), end_hour=74.0),
    )
    assert reached([whole, stopped, short], "t2", 45.0) == Share(3, 3)
    assert reached([whole, stopped, short], "tB", 118.0) == Share(1, 2)
    late = embryo(tB=121.0, tEB=125.0)
    assert reached([whole, late], "tB", 118.0) == Share(1, 2)
    assert Share(1, 2).share == 0.5
    assert Share(0, 0).share is None


def test_an_embryo_with_other_than_two_pronuclei_is_no_part_of_rates_among_the_fertilised() -> None:
    three = embryo(grades={"pn_count": 3.0}, without=("tB", "tEB"), end_hour=130.0)
    assert reached([embryo(), three], "tB", 118.0) == Share(1, 1)
    assert fertilisation_of([embryo(), three, embryo(grades={"pn_count": 2.0})]) == Share(1, 2)
    assert fertilisation_of([embryo(), Embryo()]) is None


def test_an_embryo_that_nobody_followed_is_not_counted_as_one_that_failed() -> None:
    assert reached([Embryo(end_hour=140.0)], "tB", 118.0) == Share(0, 0)


def test_timings_leave_out_what_began_before_the_recording() -> None:
    timings = timings_of([embryo(t2=26.0), embryo(t2=28.0), embryo(t2=onset(40.0, is_censored=True))])
    assert (timings["t2"].n, timings["t2"].median) == (2, 27.0)
    assert timings["t2"].istanbul_median == {"icsi": 26, "ivf": 27}
    assert timings["t3"].istanbul_median is None


def test_a_lab_sees_its_rates_timings_and_review_time_week_by_week(
    make_dish: MakeDish, embryologist_client: APIClient, cast: Cast, colleague: Actor, settings: Any
) -> None:
    first, second = make_dish("D1", embryos=({"tB": 110.0}, {"tB": 0, "tEB": 0})), make_dish("D2", embryos=({"tB": 112.0},))
    began(first, day=4)
    began(second, day=10)
    read(colleague, first, "A1", grades__pn_count=2)
    told = figures(embryologist_client, cast, **MARCH)
    assert (told["embryos"], told["dishes"], told["hidden"]) == (3, 2, 0)
    assert told["cleavage"] == {"share": 1.0, "n": 3, "of": 3}
    assert told["blastulation"] == {"share": pytest.approx(2 / 3), "n": 2, "of": 3}
    assert told["fertilisation"] == {"share": 1.0, "n": 1, "of": 1}
    assert told["timings"]["tB"] | {"istanbul_median": None} == {
        "n": 2,
        "p5": 110.1,
        "median": 111.0,
        "p95": 111.9,
        "istanbul_median": None,
    }
    assert told["timings"]["tB"]["istanbul_median"] == {"icsi": 108.0, "ivf": 107.0}
    assert [(week["starts"], week["embryos"]) for week in told["by_week"]] == [("2026-03-02", 2), ("2026-03-09", 1)]
    assert told["by_week"][0]["blastulation"] == {"share": 0.5, "n": 1, "of": 2}
    # Reviews count when they were submitted, which is today.
    assert told["review_seconds"] == {"median": None, "n": 0}
    today = figures(embryologist_client, cast)
    assert today["review_seconds"] == {"median": 40.0, "n": 1}


def test_recordings_of_another_time_and_of_another_lab_are_not_counted(
    make_dish: MakeDish, embryologist_client: APIClient, cast: Cast
) -> None:
    began(make_dish("D1"), month=1, day=5)
    began(make_dish("D2", lab=cast.other_lab), day=5)
    told = figures(embryologist_client, cast, **MARCH)
    assert (told["embryos"], told["dishes"], told["timings"], told["by_week"]) == (0, 0, {}, [])
    assert told["cleavage"] == {"share": None, "n": 0, "of": 0}
    assert told["fertilisation"] is None


def test_of_a_dish_recorded_twice_the_latest_recording_counts(make_dish: MakeDish, embryologist_client: APIClient, cast: Cast) -> None:
    dish = make_dish()
    began(dish, day=5)
    Stack.objects.create(lab=cast.lab, dish=dish, name="again", state=Stack.State.READY, started_at=datetime(2026, 3, 6, tzinfo=UTC))
    told = figures(embryologist_client, cast, **MARCH)
    assert (told["dishes"], told["embryos"]) == (1, 0)


def test_embryos_that_the_asker_reads_blind_are_left_out_and_counted_as_such(
    make_dish: MakeDish, embryologist_client: APIClient, client_of: Any, cast: Cast
) -> None:
    dish = make_dish()
    began(dish, day=5)
    who = {"reader": cast.embryologist, "by": cast.lab_admin, "by_name": cast.lab_admin.name}
    Assignment.objects.create(stack=Stack.objects.get(), row=0, column=0, is_blind=True, **who)
    told = figures(embryologist_client, cast, **MARCH)
    assert (told["embryos"], told["hidden"], told["timings"]["t2"]["n"]) == (2, 1, 2)
    assert figures(client_of(cast.colleague), cast, **MARCH)["embryos"] == 3


def test_an_outsider_gets_no_figures(make_dish: MakeDish, outsider_client: APIClient, cast: Cast) -> None:
    make_dish()
    assert outsider_client.get(f"/api/labs/{cast.lab.id}/statistics/").status_code == 404


def test_figures_take_as_many_queries_for_four_dishes_as_for_one(
    make_dish: MakeDish, embryologist_client: APIClient, cast: Cast, django_assert_num_queries: Any
) -> None:
    for number in range(4):
        began(make_dish(f"D{number}"), day=3 + number)
    for until in ("2026-03-03", "2026-03-31"):
        with django_assert_num_queries(STATISTICS_QUERIES):
            figures(embryologist_client, cast, since="2026-03-01", until=until)
