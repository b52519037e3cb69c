"""Asking for runs, stopping them and asking again."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction

from backend.accounts.actor import actor_for
from backend.analysis.lease import claim
from backend.analysis.models import Run
from backend.analysis.services import cancel_run, request_run, retry_run
from backend.analysis.transitions import end
from backend.audit.models import Entry
from backend.core.errors import Refused
from backend.imaging.models import Stack
from backend.live.models import LoggedEvent
from backend.registry.models import Weights
from tests.cast import Cast

Ask = Callable[..., Run]


def types_on(prefix: str) -> list[str]:
    return list(LoggedEvent.objects.filter(topic__name__startswith=prefix).order_by("seq").values_list("type", flat=True))


def test_a_requested_run_waits_is_announced_and_leaves_an_audit_row(stack_of: Any, ask: Ask, cast: Cast) -> None:
    run = ask(stack_of())
    assert (run.state, run.frames_total, run.by) == (Run.State.QUEUED, 10, cast.embryologist)
    assert types_on("dish.") == ["run.queued"]
    assert types_on("lab.") == ["run.changed"]
    assert Entry.objects.filter(action="run.requested", subject=f"run {run.id}", actor=cast.embryologist, lab_id=cast.lab.id).count() == 1


def test_asking_twice_returns_the_run_already_under_way(stack_of: Any, ask: Ask) -> None:
    stack = stack_of()
    first, second = ask(stack), ask(stack)
    assert first.id == second.id
    assert Run.objects.count() == 1
    assert types_on("dish.") == ["run.queued"]


def test_the_worker_is_told_after_commit_and_only_by_id(
    stack_of: Any, ask: Ask, django_capture_on_commit_callbacks: Any, settings: Any
) -> None:
    before = set(settings.BROKER_DIR.glob("queue/*"))
    with django_capture_on_commit_callbacks(execute=True):
        run = ask(stack_of())
        assert set(settings.BROKER_DIR.glob("queue/*")) == before
    (file,) = set(settings.BROKER_DIR.glob("queue/*.runs.msg")) - before
    message = json.loads(file.read_text())
    arguments, options, _ = json.loads(base64.b64decode(message["body"]))
    assert (message["headers"]["task"], arguments, options) == ("analysis.execute_run", [str(run.id)], {})


def test_a_request_that_is_rolled_back_announces_nothing(stack_of: Any, ask: Ask) -> None:
    stack = stack_of()
    with transaction.atomic():
        ask(stack)
        transaction.set_rollback(True)
    assert not Run.objects.exists()
    assert not LoggedEvent.objects.exists()


def test_a_recording_that_was_not_confirmed_is_not_analysed(stack_of: Any, ask: Ask) -> None:
    stack = stack_of(state=Stack.State.RECOGNISED)
    with pytest.raises(Refused) as refused:
        ask(stack)
    assert refused.value.code == "stack_not_ready"


def test_without_a_detector_in_use_the_request_is_refused_with_the_reason(stack_of: Any, cast: Cast) -> None:
    with pytest.raises(Refused) as refused:
        request_run(stack=stack_of(), by=cast.embryologist, actor=actor_for(cast.embryologist))
    assert refused.value.code == "no_weights"


@pytest.mark.parametrize(("who", "status"), [("viewer", 403), ("outsider", 404)])
def test_who_may_not_ask_is_refused(who: str, status: int, stack_of: Any, weights: Weights, cast: Cast) -> None:
    person = getattr(cast, who)
    with pytest.raises(Refused) as refused:
        request_run(stack=stack_of(), by=person, actor=actor_for(person))
    assert refused.value.status_code == status
    assert not Run.objects.exists()


def test_running_again_with_other_weights_keeps_both_runs(stack_of: Any, ask: Ask, other_weights: Weights) -> None:
    stack = stack_of()
    assert ask(stack).id != ask(stack, other_weights).id
    assert {run.weights.name for run in stack.runs.select_related("weights")} == {"exact", "other"}


def test_the_plane_in_focus_is_analysed(stack_of: Any, ask: Ask) -> None:
    assert ask(stack_of(planes=[-15.0, 0.0, 15.0], default_plane=1)).plane == 1


def test_cancelling_a_waiting_run_ends_it_at_once(stack_of: Any, ask: Ask, cast: Cast) -> None:
    run = cancel_run(run=ask(stack_of()), by=cast.colleague, actor=actor_for(cast.colleague))
    assert run.state == Run.State.CANCELLED
    assert run.finished_at is not None
    assert types_on("dish.") == ["run.queued", "run.ended"]
    assert Entry.objects.get(action="run.cancelled").actor == cast.colleague


def test_a_running_run_is_asked_to_end_once_however_often_somebody_cancels(stack_of: Any, ask: Ask, cast: Cast) -> None:
    run = ask(stack_of())
    assert claim(run.id)
    for _ in range(2):
        asked = cancel_run(run=run, by=cast.colleague, actor=actor_for(cast.colleague))
        assert (asked.state, asked.cancel_requested) == (Run.State.RUNNING, True)
    assert Entry.objects.filter(action="run.cancel_requested").count() == 1


@pytest.mark.parametrize("wrong", [{"state": Weights.State.UNUSABLE, "reason": "Its hash is another."}, {"task": "stages"}])
def test_weights_that_cannot_find_wells_are_refused_with_the_reason(
    wrong: dict[str, str], stack_of: Any, ask: Ask, other_weights: Weights
) -> None:
    Weights.objects.filter(id=other_weights.id).update(**wrong)
    other_weights.refresh_from_db()
    with pytest.raises(Refused, match=wrong.get("reason", "does not find wells")) as refused:
        ask(stack_of(), other_weights)
    assert (refused.value.code, refused.value.status_code) == ("weights_unusable", 409)
    assert not Run.objects.exists()


def test_a_run_that_has_ended_cannot_be_cancelled_any_more(stack_of: Any, ask: Ask, cast: Cast) -> None:
    run = ask(stack_of())
    end(run, Run.State.FINISHED)
    assert cancel_run(run=run, by=cast.embryologist, actor=actor_for(cast.embryologist)).state == Run.State.FINISHED


def test_a_retry_is_a_new_run_and_the_old_one_stays(stack_of: Any, ask: Ask, cast: Cast) -> None:
    old = ask(stack_of())
    end(old, Run.State.QUARANTINED, error={"code": "worker_died", "detail": "d", "hint": "h"})
    new = retry_run(run=old, by=cast.embryologist, actor=actor_for(cast.embryologist))
    old.refresh_from_db()
    assert new.id != old.id
    assert (new.state, new.weights_id) == (Run.State.QUEUED, old.weights_id)
    assert (old.state, old.error["code"]) == (Run.State.QUARANTINED, "worker_died")


def test_a_run_under_way_is_not_retried(stack_of: Any, ask: Ask, cast: Cast) -> None:
    with pytest.raises(Refused) as refused:
        retry_run(run=ask(stack_of()), by=cast.embryologist, actor=actor_for(cast.embryologist))
    assert refused.value.code == "run_under_way"
