from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from backend.accounts.actor import Actor
from backend.analysis.models import EmbryoProfile
from backend.imaging.models import Dish, Stack
from backend.readers.models import Assignment
from backend.selection.models import RuleSet
from backend.selection.scores import scores_of_dish
from backend.selection.services import decide, tell_fate
from tests.backend.selection.conftest import MakeDish, frame_of, read
from tests.cast import Cast

RuleOn = Callable[..., RuleSet]
GOOD = {"t3": 37.2, "t4": 37.4, "t5": 52.0, "t6": 53.0}
COMPARE_QUERIES, SCORES_QUERIES = 19, 16
LATE = {"t3": 37.2, "t4": 42.0, "t5": 60.0, "t6": 61.0, "t7": 62.0, "t8": 63.0}


def by_place(client: APIClient, dish: Dish) -> dict[str, dict[str, Any]]:
    return {score["place"]: score for score in client.get(f"/api/dishes/{dish.id}/scores/").json()}


def blind(cast: Cast, dish: Dish, column: int = 0) -> None:
    """The embryologist shall read this embryo without seeing anything of it."""
    stack = Stack.objects.get(dish=dish)
    who = {"reader": cast.embryologist, "by": cast.lab_admin, "by_name": cast.lab_admin.name}
    Assignment.objects.create(stack=stack, row=0, column=column, is_blind=True, **who)


def test_embryos_are_scored_by_every_rule_that_is_on_with_what_fired(
    make_dish: MakeDish, rule_on: RuleOn, embryologist_client: APIClient
) -> None:
    dish, rule = make_dish(embryos=(GOOD, LATE)), rule_on("meseguer")
    rule_on("campbell", is_on=False)
    scores = by_place(embryologist_client, dish)
    assert scores.keys() == {"A1", "A2"}
    assert (scores["A1"]["expected"], scores["A2"]["expected"]) == ("A", "D")
    assert list(scores["A1"]["grade_probabilities"]) == ["A", "B", "C", "D"]
    assert scores["A1"]["grade_probabilities"]["A"] > 0.95
    assert scores["A1"]["value"] > scores["A2"]["value"]
    assert (scores["A1"]["rule_set"], scores["A1"]["name"], scores["A1"]["uses"]) == (str(rule.id), "meseguer", "effective")
    assert [one["criterion"] for one in scores["A1"]["fired"]] == ["48.8 <= t5 <= 56.6", "s2 <= 0.76"]
    assert [round(one["probability"]) for one in scores["A2"]["fired"]] == [0, 0]


def test_without_a_rule_that_is_on_there_are_no_scores(make_dish: MakeDish, rule_on: RuleOn, embryologist_client: APIClient) -> None:
    dish = make_dish()
    rule_on("campbell", is_on=False)
    assert by_place(embryologist_client, dish) == {}


def test_what_a_person_corrected_counts_for_the_score_as_unsure_as_readers_are(
    make_dish: MakeDish, rule_on: RuleOn, embryologist_client: APIClient, colleague: Actor
) -> None:
    dish = make_dish(embryos=(LATE, LATE))
    rule_on("chamayou")
    assert by_place(embryologist_client, dish)["A1"]["expected"] == "outside"
    read(colleague, dish, "A1", t5=52.0, t6=53.0)
    scores = by_place(embryologist_client, dish)
    assert scores["A1"]["expected"] == "within"
    assert scores["A2"]["expected"] == "outside"
    # t5 - t3 is 14.8 h, within 9.7-21, and no reader is six hours off.
    assert scores["A1"]["grade_probabilities"]["within"] > 0.99


def test_a_person_is_less_sure_of_a_difference_of_minutes_than_the_frames_suggest(
    make_dish: MakeDish, rule_on: RuleOn, embryologist_client: APIClient, colleague: Actor
) -> None:
    dish = make_dish(embryos=(GOOD,))
    rule_on("meseguer")
    read(colleague, dish, "A1", t3=37.2, t4=37.5)
    score = by_place(embryologist_client, dish)["A1"]
    assert 0.2 < score["fired"][1]["probability"] < 0.8


def test_a_rejected_event_no_longer_counts_and_an_accepted_one_counts_for_sure(
    make_dish: MakeDish, rule_on: RuleOn, embryologist_client: APIClient, colleague: Actor
) -> None:
    dish = make_dish(embryos=({}, {}, {}))
    event = {"kind": "collapse", "first_frame": 700, "last_frame": 710, "confidence": 0.5, "detail": ""}
    EmbryoProfile.objects.filter(run__stack__dish=dish).update(events=[event])
    no_collapse = {"field": "collapse", "operator": "absent", "low": None, "high": None, "score": 1.0, "weight": 1.0, "is_required": False}
    rule_on("mizobe", criteria=[no_collapse], kind="weighted", grades=[])
    for place, verdict in (("A2", "rejected"), ("A3", "accepted")):
        said = {"kind": "collapse", "first_frame": 700, "last_frame": 710, "verdict": verdict}
        read(colleague, dish, place, **{"events__collapse@700": said})
    scores = by_place(embryologist_client, dish)
    assert scores["A1"]["value"] == pytest.approx(0.5, abs=0.05)
    assert (scores["A2"]["value"], scores["A3"]["value"]) == (1.0, 0.0)


def test_grades_that_people_gave_are_what_a_rule_asks_for(
    make_dish: MakeDish, rule_on: RuleOn, embryologist_client: APIClient, colleague: Actor
) -> None:
    dish = make_dish(embryos=({}, {}))
    good_icm = {"field": "icm", "operator": "<=", "low": None, "high": 2.0, "score": 1.0, "weight": 1.0, "is_required": False}
    some = {"field": "fragmentation_grade", "operator": ">=", "low": 1.0, "high": None, "score": -3.0, "weight": 1.0, "is_required": False}
    rule_on("mizobe", criteria=[good_icm, some], kind="weighted", grades=[])
    read(colleague, dish, "A1", grades__icm="B", grades__fragmentation="mild")
    scores = by_place(embryologist_client, dish)
    assert scores["A1"]["value"] == -2.0
    assert (scores["A2"]["value"], scores["A2"]["undetermined"]) == (None, 1.0)


def test_an_embryo_taken_out_on_day_three_is_undetermined_by_what_comes_later(
    make_dish: MakeDish, rule_on: RuleOn, embryologist_client: APIClient
) -> None:
    dish = make_dish(embryos=({"tM": 0, "tSB": 0, "tB": 0, "tEB": 0},))
    rule_on("campbell")
    assert by_place(embryologist_client, dish)["A1"]["expected"] == "high", "filmed to hour 140 and never a blastocyst"
    emptied = {"kind": "well_emptied", "first_frame": frame_of(74.0), "last_frame": 840, "confidence": 0.9, "detail": ""}
    EmbryoProfile.objects.update(events=[emptied])
    assert by_place(embryologist_client, dish)["A1"]["undetermined"] == 1.0


def test_an_embryo_without_known_hours_is_undetermined(make_dish: MakeDish, rule_on: RuleOn, embryologist_client: APIClient) -> None:
    dish = make_dish(embryos=({},), hpi_at_first_frame=None)
    onsets = [{**onset, "hours_post_insemination": None} for onset in EmbryoProfile.objects.get().onsets]
    EmbryoProfile.objects.update(onsets=onsets)
    rule_on("meseguer")
    assert by_place(embryologist_client, dish)["A1"]["undetermined"] == 1.0


def test_whoever_reads_an_embryo_blind_gets_no_score_of_it_until_they_have_submitted(
    make_dish: MakeDish, rule_on: RuleOn, cast: Cast, actor: Actor, embryologist_client: APIClient, client_of: Any
) -> None:
    dish = make_dish()
    rule_on("meseguer")
    blind(cast, dish)
    assert by_place(embryologist_client, dish).keys() == {"A2", "A3"}
    assert by_place(client_of(cast.colleague), dish).keys() == {"A1", "A2", "A3"}
    compared = embryologist_client.get(f"/api/compare/?items={dish.id}:A1,{dish.id}:A2").json()
    assert [(one["is_hidden"], len(one["scores"]), one["effective"]["onsets"] == {}) for one in compared] == [
        (True, 0, True),
        (False, 1, False),
    ]
    read(actor, dish, "A1", t2=27.0)
    assert by_place(embryologist_client, dish).keys() == {"A1", "A2", "A3"}


def test_a_program_is_as_blind_as_its_owner(make_dish: MakeDish, rule_on: RuleOn, cast: Cast, token_client: Any) -> None:
    dish = make_dish()
    rule_on("meseguer")
    blind(cast, dish)
    assert by_place(token_client(cast.embryologist, cast.lab, "read"), dish).keys() == {"A2", "A3"}


def test_an_outsider_sees_no_scores_and_compares_nothing(make_dish: MakeDish, rule_on: RuleOn, outsider_client: APIClient) -> None:
    dish = make_dish()
    rule_on("meseguer")
    assert outsider_client.get(f"/api/dishes/{dish.id}/scores/").status_code == 404
    assert outsider_client.get(f"/api/compare/?items={dish.id}:A1,{dish.id}:A2").status_code == 404


def test_embryos_of_several_dishes_are_compared_in_the_order_asked_for(
    make_dish: MakeDish, rule_on: RuleOn, actor: Actor, embryologist_client: APIClient
) -> None:
    first, second = make_dish("D1", embryos=(GOOD, LATE)), make_dish("D2", embryos=(LATE,), hpi_at_first_frame=2.0)
    rule_on("meseguer")
    decide(actor=actor, dish_id=first.id, place="A2", version=0, value="freeze", reason="slow")
    tell_fate(actor=actor, dish_id=first.id, place="A2", version=0, fate="frozen")
    answer = embryologist_client.get(f"/api/compare/?items={second.id}:A1,{first.id}:A2,{first.id}:A1,{first.id}:A2")
    assert answer.status_code == 200, answer.data
    compared = answer.json()
    assert [(one["dish_label"], one["place"]) for one in compared] == [("D2", "A1"), ("D1", "A2"), ("D1", "A1")]
    a2 = compared[1]
    assert (a2["decision"]["value"], a2["decision"]["version"], a2["fate"]) == ("freeze", 1, "frozen")
    assert (compared[0]["decision"]["value"], compared[0]["decision"]["version"], compared[0]["fate"]) == ("undecided", 0, "")
    assert a2["key_frames"] == [{"frame_index": 0, "box": [90.0, 0.0, 170.0, 80.0]}]
    assert (compared[0]["hours"][:2], compared[0]["first_hour"]) == ([2.0, 2.16667], 2.0)
    assert (a2["insemination"], a2["run"] is not None, a2["stack"]["dish"]) == ({"method": "icsi", "at": None}, True, str(first.id))
    assert (a2["effective"]["onsets"]["t5"]["hours_post_insemination"], a2["scores"][0]["expected"]) == (60.0, "D")


@pytest.mark.parametrize(
    "items",
    [
        "",
        "x:A1,y:A2",
        "{dish}:A1",
        ",".join(f"{{dish}}:A{n}" for n in range(1, 11)) + "," + ",".join(f"{{dish}}:B{n}" for n in range(1, 11)),
    ],
)
def test_fewer_than_two_or_more_than_sixteen_embryos_are_not_compared(
    make_dish: MakeDish, embryologist_client: APIClient, items: str
) -> None:
    refused = embryologist_client.get("/api/compare/", {"items": items.format(dish=make_dish().id)})
    assert refused.status_code == 400, refused.data


def test_a_place_without_an_embryo_is_shown_as_it_is(make_dish: MakeDish, rule_on: RuleOn, embryologist_client: APIClient) -> None:
    dish = make_dish(embryos=(GOOD,))
    rule_on("meseguer")
    compared = embryologist_client.get(f"/api/compare/?items={dish.id}:A1,{dish.id}:C3").json()
    assert (compared[1]["effective"], compared[1]["scores"], compared[1]["key_frames"]) == (None, [], [])


def test_sixteen_embryos_of_four_dishes_take_as_many_queries_as_two_of_one(
    make_dish: MakeDish, rule_on: RuleOn, embryologist_client: APIClient, django_assert_num_queries: Any
) -> None:
    dishes = [make_dish(f"D{number}", embryos=(GOOD, LATE, {}, {})) for number in range(4)]
    rule_on("meseguer")
    rule_on("campbell")
    few = f"{dishes[0].id}:A1,{dishes[0].id}:A2"
    many = ",".join(f"{dish.id}:A{column}" for dish in dishes for column in range(1, 5))
    for items in (few, many):
        with django_assert_num_queries(COMPARE_QUERIES):
            assert embryologist_client.get(f"/api/compare/?items={items}").status_code == 200


def test_the_scores_of_a_dish_take_so_many_queries_however_many_embryos_and_rules_there_are(
    make_dish: MakeDish, rule_on: RuleOn, embryologist_client: APIClient, django_assert_num_queries: Any
) -> None:
    small, large = make_dish("D1", embryos=(GOOD,)), make_dish("D2", embryos=(GOOD, LATE) * 4)
    for template in ("meseguer", "campbell", "rubio"):
        rule_on(template)
    for dish in (small, large):
        with django_assert_num_queries(SCORES_QUERIES):
            assert embryologist_client.get(f"/api/dishes/{dish.id}/scores/").status_code == 200


def test_the_same_dish_gets_the_same_scores_every_time(make_dish: MakeDish, rule_on: RuleOn, actor: Actor) -> None:
    dish = make_dish(embryos=(GOOD, LATE), spread=2.0)
    rule_on("meseguer")
    assert [one.score for one in scores_of_dish(actor, dish.id)] == [one.score for one in scores_of_dish(actor, dish.id)]
