"""What a person says about a recording, and the times that follow from it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from rest_framework.test import APIClient

from backend.accounts.actor import Actor, actor_for
from backend.audit.models import Entry
from backend.core.errors import Refused
from backend.imaging import selectors, services
from backend.imaging.models import Cycle, Dish, Patient, Stack
from backend.live import topics
from backend.live.models import LoggedEvent
from tests.backend.conftest import ClientOf
from tests.backend.imaging.conftest import TakeIn
from tests.cast import Cast

pytestmark = pytest.mark.django_db(transaction=True)
SAID: dict[str, Any] = {"patient_code": " P-17 ", "cycle_label": "1", "method": "icsi", "dish_label": "Dish 1", "layout": "4x3"}


def confirm(stack: Stack, actor: Actor, **said: Any) -> Stack:
    return services.confirm_stack(stack=stack, actor=actor, by=actor.user, **{**SAID, **said})


def test_confirming_makes_patient_cycle_and_dish_and_says_so(take_in: TakeIn, actor: Actor, cast: Cast) -> None:
    stack = confirm(take_in(), actor, hpi_at_first_frame=18.5, interval_minutes=10)
    dish = Dish.objects.get()
    assert (stack.state, stack.dish, dish.layout, dish.cycle.method, dish.cycle.patient.code) == ("ready", dish, "4x3", "icsi", "P-17")
    assert selectors.hours_of(stack)[:3] == [18.5, 18.66667, 18.83333]
    assert Entry.objects.filter(action="stack.confirmed", actor=cast.embryologist).get().after["patient_code"] == "P-17"
    told = LoggedEvent.objects.filter(topic_id=f"lab.{cast.lab.id}").order_by("seq").values_list("type", flat=True)
    assert list(told)[-2:] == ["dish.changed", "stack.changed"]
    assert [event.payload["label"] for event in LoggedEvent.objects.filter(topic_id=f"dish.{dish.id}")] == ["Dish 1"]


def test_a_second_recording_of_the_same_dish_joins_it(take_in: TakeIn, actor: Actor) -> None:
    first, second = confirm(take_in(), actor), confirm(take_in(), actor)
    assert first.dish == second.dish
    assert (Patient.objects.count(), Cycle.objects.count(), Dish.objects.count()) == (1, 1, 1)


def test_confirming_twice_is_refused_and_changes_nothing(take_in: TakeIn, actor: Actor) -> None:
    stack = confirm(take_in(), actor)
    with pytest.raises(Refused, match="ready") as refused:
        confirm(stack, actor, patient_code="P-18")
    assert refused.value.status_code == 409
    assert not Patient.objects.filter(code="P-18").exists()


@pytest.mark.parametrize(
    "said",
    [
        {"patient_code": ""},
        {"patient_code": "x" * 41},
        {"dish_label": "a\u202eb"},
        {"cycle_label": "a\0b"},
        {"method": "magic"},
        {"layout": "4"},
        {"layout": "0x3"},
        {"layout": "99x99"},
        {"hpi_at_first_frame": float("nan")},
        {"hpi_at_first_frame": 1e9},
        {"interval_minutes": 0.0},
        {"interval_minutes": float("inf")},
    ],
)
def test_what_makes_no_sense_is_refused_and_leaves_nothing(take_in: TakeIn, actor: Actor, said: dict[str, Any]) -> None:
    stack = take_in()
    with pytest.raises(Refused):
        confirm(stack, actor, **said)
    assert Stack.objects.get().state == "recognised"
    assert not Patient.objects.exists()


def test_a_viewer_may_not_confirm_and_an_outsider_finds_nothing(take_in: TakeIn, cast: Cast) -> None:
    stack = take_in()
    for person, status in [(cast.viewer, 403), (cast.outsider, 404)]:
        with pytest.raises(Refused) as refused:
            confirm(stack, actor_for(person))
        assert refused.value.status_code == status


def test_hours_follow_from_the_cycles_clock_where_nobody_said_them(take_in: TakeIn, actor: Actor) -> None:
    stack = confirm(take_in(), actor, interval_minutes=30)
    assert selectors.hours_of(stack) == [None] * 5
    stack.started_at = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
    assert stack.dish is not None
    stack.dish.cycle.inseminated_at = stack.started_at - timedelta(hours=20)
    assert selectors.hours_of(stack)[:2] == [20.0, 20.5]


def test_measured_times_win_over_the_interval_until_a_person_corrects_it(take_in: TakeIn, actor: Actor) -> None:
    stack = take_in()
    Stack.objects.update(hours_since_start=[0, 0.1, 0.2, 0.4, 0.5], interval_minutes=6, times_from="exif")
    same = confirm(stack, actor, interval_minutes=6, hpi_at_first_frame=1)
    assert (selectors.hours_of(same)[3], same.times_from) == (1.4, "exif")
    Stack.objects.update(state="recognised")
    other = confirm(stack, actor, interval_minutes=12, hpi_at_first_frame=1)
    assert (selectors.hours_of(other)[3], other.times_from) == (1.6, "person")


def test_the_hours_are_served_for_every_frame(confirmed: Stack, embryologist_client: APIClient, client_of: ClientOf, cast: Cast) -> None:
    url = f"/api/stacks/{confirmed.id}/hours/"
    told = embryologist_client.get(url).json()
    assert told["hours_post_insemination"][0] == 18.0
    assert len(told["hours_since_start"]) == confirmed.frame_count
    assert client_of(cast.outsider).get(url).status_code == 404


def test_patients_complete_what_is_typed_within_the_lab(
    confirmed: Stack, embryologist_client: APIClient, client_of: ClientOf, cast: Cast
) -> None:
    found = embryologist_client.get(f"/api/patients/?lab={cast.lab.id}&search=p-1").json()
    assert [(row["code"], [(c["label"], c["method"]) for c in row["cycles"]]) for row in found] == [("P-17", [("1", "unknown")])]
    assert embryologist_client.get("/api/patients/?search=none").json() == []
    assert client_of(cast.outsider).get("/api/patients/").json() == []


def test_only_the_labs_members_may_follow_a_dish(confirmed: Stack, cast: Cast) -> None:
    topic = topics.dish_topic(str(confirmed.dish_id))
    assert topics.may_follow(actor_for(cast.viewer), topic)
    assert not topics.may_follow(actor_for(cast.outsider), topic)


def test_a_renamed_dish_keeps_its_cycles_labels_unique(take_in: TakeIn, actor: Actor) -> None:
    one, other = confirm(take_in(), actor).dish, confirm(take_in(), actor, dish_label="Dish 2").dish
    assert one is not None
    assert other is not None
    with pytest.raises(Refused, match="another dish"):
        services.rename_dish(dish=one, label="Dish 2", actor=actor, by=actor.user)
    assert services.rename_dish(dish=one, label=" Dish 3 ", actor=actor, by=actor.user).label == "Dish 3"
