"""Asking for an adaptation, and what is refused before anything starts."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from backend.accounts.actor import actor_for
from backend.adaptation.models import Adaptation, home_of
from backend.adaptation.scratch import Scratch, forget_scratch
from backend.adaptation.selectors import recordings_of
from backend.adaptation.services import cancel_adaptation, request_adaptation
from backend.audit.models import Entry
from backend.core.errors import Refused
from backend.core.jobs.lease import Heartbeat, LeaseLost, claim
from backend.core.jobs.scratch import NEW_S
from backend.core.jobs.sweeping import sweep_all
from backend.core.jobs.working import Attempt
from backend.registry.models import Weights
from tests.backend.adaptation.conftest import MakeStack
from tests.backend.conftest import ClientOf
from tests.cast import Cast

Ask = Callable[..., Adaptation]


@pytest.fixture
def waiting(known: MakeStack, in_use: Weights, ask: Ask) -> Adaptation:
    known()
    return ask()


def refused_with(ask: Ask, *what: Any) -> str:
    with pytest.raises(Refused) as refused:
        ask(*what)
    assert not Adaptation.objects.exists()
    assert refused.value.hint
    return str(refused.value.code)


def test_an_adaptation_waits_with_all_usable_dishes_and_the_worker_is_told_by_id(
    known: MakeStack, in_use: Weights, ask: Ask, cast: Cast, settings: Any, django_capture_on_commit_callbacks: Any
) -> None:
    stacks = [known("D1"), known("D2", embryos=2)]
    known("D3", is_analysed=False)
    before = set(settings.BROKER_DIR.glob("queue/*"))
    with django_capture_on_commit_callbacks(execute=True):
        adaptation = ask()
    assert (adaptation.state, adaptation.start, adaptation.weights) == ("queued", in_use, None)
    assert adaptation.stack_ids == [str(stack.id) for stack in stacks]
    (file,) = set(settings.BROKER_DIR.glob("queue/*.learning.msg")) - before
    message = json.loads(file.read_text())
    assert (message["headers"]["task"], json.loads(base64.b64decode(message["body"]))[0]) == ("adaptation.execute", [str(adaptation.id)])
    assert Entry.objects.filter(action="adaptation.requested", actor=cast.lab_admin, lab_id=cast.lab.id).count() == 1


def test_asking_twice_returns_the_one_under_way(waiting: Adaptation, ask: Ask) -> None:
    assert ask().id == waiting.id
    assert Adaptation.objects.count() == 1


def test_too_few_embryos_are_refused_before_anything_starts(known: MakeStack, in_use: Weights, ask: Ask) -> None:
    known(embryos=7)
    assert refused_with(ask) == "adaptation_too_few"


def test_dishes_without_known_hours_are_refused_before_anything_starts(known: MakeStack, in_use: Weights, ask: Ask) -> None:
    known(hpi_at_first_frame=None)
    assert refused_with(ask) == "adaptation_no_hours"


def test_without_weights_to_go_on_from_it_is_refused(known: MakeStack, ask: Ask) -> None:
    known()
    assert refused_with(ask) == "no_weights"


@pytest.mark.parametrize(
    ("unlike", "code"),
    [
        ({"is_analysed": False}, "adaptation_not_analysed"),
        ({"interval_minutes": None}, "adaptation_no_hours"),
        ({"embryos": 0}, "adaptation_no_embryos"),
        ({"sha256": "a" * 64}, "adaptation_same_recording"),
    ],
)
def test_a_dish_that_was_chosen_and_cannot_be_used_is_refused_with_its_reason(
    unlike: dict[str, Any], code: str, known: MakeStack, in_use: Weights, ask: Ask
) -> None:
    good = known("A", sha256="a" * 64)
    other = known("B", **unlike)
    assert refused_with(ask, [good.dish_id, other.dish_id]) == code


def test_another_labs_dish_looks_as_if_it_did_not_exist(known: MakeStack, in_use: Weights, ask: Ask, cast: Cast) -> None:
    known()
    assert refused_with_404(ask, known("theirs", lab=cast.other_lab).dish_id) == refused_with_404(ask, uuid4())


def refused_with_404(ask: Ask, dish: Any) -> str:
    with pytest.raises(Refused) as refused:
        ask([dish])
    assert refused.value.status_code == 404
    return str(refused.value.detail)


def test_real_times_of_frames_are_as_good_as_an_interval(known: MakeStack, cast: Cast) -> None:
    known("D1", interval_minutes=None, hours_since_start=[0.5 * number for number in range(10)])
    assert [(one.embryos, one.first_hour, one.reason) for one in recordings_of(cast.lab.id)] == [(9, 5.0, None)]


@pytest.mark.parametrize(("who", "status"), [("viewer", 403), ("embryologist", 403), ("outsider", 404)])
def test_who_is_no_admin_of_the_lab_does_not_start_it(who: str, status: int, known: MakeStack, in_use: Weights, cast: Cast) -> None:
    known()
    person = getattr(cast, who)
    with pytest.raises(Refused) as refused:
        request_adaptation(lab_id=cast.lab.id, dishes=None, by=person, actor=actor_for(person))
    assert refused.value.status_code == status


def test_cancelling_ends_a_waiting_one_at_once_and_asks_a_running_one_once(waiting: Adaptation, ask: Ask, cast: Cast) -> None:
    actor = actor_for(cast.lab_admin)
    assert cancel_adaptation(adaptation=waiting, by=cast.lab_admin, actor=actor).state == "cancelled"
    running = ask()
    lease = claim(Adaptation, running.id)
    assert lease is not None
    for _ in range(2):
        asked = cancel_adaptation(adaptation=running, by=cast.lab_admin, actor=actor)
        assert (asked.state, asked.cancel_requested) == ("running", True)
    assert Entry.objects.filter(action="adaptation.cancel_requested").count() == 1
    assert claim(Adaptation, running.id) is None


def test_an_expired_lease_is_handed_on_three_times_and_then_fails_with_its_reason(waiting: Adaptation) -> None:
    for attempt in (1, 2, 3):
        old = claim(Adaptation, waiting.id)
        assert old is not None
        assert sweep_all() == 0
        Adaptation.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
        assert sweep_all() == 1
        waiting.refresh_from_db()
        assert (waiting.attempts, waiting.error["code"]) == (attempt, "learner_died")
        with pytest.raises(LeaseLost), old.transaction():
            pass
    assert waiting.state == "failed"
    assert claim(Adaptation, waiting.id) is None


def test_a_lost_message_is_sent_again(waiting: Adaptation, settings: Any, django_capture_on_commit_callbacks: Any) -> None:
    assert sweep_all() == 0
    Adaptation.objects.update(message_at=timezone.now() - timedelta(seconds=settings.RUN_REMIND_S + 1))
    before = set(settings.BROKER_DIR.glob("queue/*.learning.msg"))
    with django_capture_on_commit_callbacks(execute=True):
        assert sweep_all() == 1
    assert len(set(settings.BROKER_DIR.glob("queue/*.learning.msg")) - before) == 1


def test_scratch_is_taken_over_from_who_handed_it_back_and_from_nobody_else(waiting: Adaptation) -> None:
    dead = Scratch.open(waiting.id, uuid4())
    (dead.folder / "half").touch()
    second = Scratch.open(waiting.id, uuid4())
    assert not dead.folder.exists()
    assert list(second.folder.iterdir()) == []
    (second.folder / "whole").touch()
    second.hand_back()
    third = Scratch.open(waiting.id, uuid4())
    assert [path.name for path in third.folder.iterdir()] == ["whole"]
    third.remove()
    assert not home_of(waiting.id).exists()


def test_scratch_of_what_ended_is_forgotten_and_of_what_is_under_way_kept(waiting: Adaptation, settings: Any) -> None:
    import os
    import time

    long_ago = time.time() - 2 * NEW_S
    for name in (str(waiting.id), str(uuid4())):
        Path(settings.ADAPT_DIR, name).mkdir(parents=True)
        os.utime(Path(settings.ADAPT_DIR, name), (long_ago, long_ago))
    assert forget_scratch() == 1
    assert [path.name for path in Path(settings.ADAPT_DIR).iterdir()] == [str(waiting.id)]


def test_members_see_what_there_is_to_learn_from_and_how_far_it_is(waiting: Adaptation, cast: Cast, client_of: ClientOf) -> None:
    address = f"/api/labs/{cast.lab.id}/adaptations/"
    (told,) = client_of(cast.viewer).get(address).json()
    assert (told["id"], told["state"], told["progress"], told["comparison"], told["dishes"]) == (str(waiting.id), "queued", None, None, 1)
    lease = claim(Adaptation, waiting.id)
    assert lease is not None
    Attempt(lease, Heartbeat(lease)).note({"stage": "cutting", "done": 3, "total": 9, "minutes": 0.1})
    (told,) = client_of(cast.viewer).get(address).json()
    assert told["progress"] == {"stage": "cutting", "done": 3, "total": 9, "minutes": 0.1}
    material = client_of(cast.viewer).get(f"{address}material/").json()
    assert (material["least_embryos"], material["is_ready"], len(material["recordings"])) == (8, True, 1)
    assert material["recordings"][0]["reason"] is None
