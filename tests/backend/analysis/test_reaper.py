"""What the sweeper repairs, and what it leaves alone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from backend.analysis.lease import claim
from backend.analysis.models import Pulse, Run
from backend.analysis.reaper import beat, is_worker_alive, stop_beating, sweep
from backend.live.models import LoggedEvent

Ask = Callable[..., Run]


@pytest.fixture
def run(stack_of: Any, ask: Ask) -> Run:
    return ask(stack_of())


def expire(run: Run) -> None:
    """The worker died a while ago."""
    Run.objects.filter(id=run.id).update(lease_until=timezone.now() - timedelta(seconds=1))


def messages(settings: Any) -> int:
    return len(list(settings.BROKER_DIR.glob("queue/*.runs.msg")))


def test_a_run_whose_worker_beats_is_left_alone(run: Run) -> None:
    claim(run.id)
    assert sweep() == 0


def test_a_run_whose_worker_died_waits_again_with_the_reason(run: Run, settings: Any, django_capture_on_commit_callbacks: Any) -> None:
    claim(run.id)
    expire(run)
    before = messages(settings)
    with django_capture_on_commit_callbacks(execute=True):
        assert sweep() == 1
    run.refresh_from_db()
    assert (run.state, run.attempts, run.lease_token, run.error["code"]) == (Run.State.QUEUED, 1, None, "worker_died")
    assert messages(settings) == before + 1


def test_after_three_attempts_the_run_is_quarantined_with_its_reason(run: Run) -> None:
    for _ in range(3):
        assert claim(run.id) is not None
        expire(run)
        sweep()
    run.refresh_from_db()
    assert (run.state, run.attempts) == (Run.State.QUARANTINED, 3)
    assert "attempt 3 of 3" in run.error["detail"]
    assert claim(run.id) is None
    types = LoggedEvent.objects.filter(topic__name__startswith="dish.").order_by("seq").values_list("type", flat=True)
    assert list(types) == ["run.queued", *["run.started", "run.queued"] * 2, "run.started", "run.ended"]


def test_a_run_that_was_cancelled_while_its_worker_died_ends(run: Run) -> None:
    claim(run.id)
    Run.objects.update(cancel_requested=True)
    expire(run)
    sweep()
    run.refresh_from_db()
    assert run.state == Run.State.CANCELLED


def test_a_lost_message_is_sent_again_when_no_worker_is_busy(run: Run, settings: Any, django_capture_on_commit_callbacks: Any) -> None:
    assert sweep() == 0
    Run.objects.update(message_at=timezone.now() - timedelta(seconds=settings.RUN_REMIND_S + 1))
    before = messages(settings)
    with django_capture_on_commit_callbacks(execute=True):
        assert sweep() == 1
    assert messages(settings) == before + 1
    assert sweep() == 0


def test_a_run_that_was_cancelled_while_its_message_was_lost_ends_instead_of_being_sent_again(run: Run, settings: Any) -> None:
    Run.objects.update(message_at=None, cancel_requested=True)
    before = messages(settings)
    assert sweep() == 1
    run.refresh_from_db()
    assert run.state == Run.State.CANCELLED
    assert messages(settings) == before


def test_a_message_that_waits_behind_a_long_run_is_not_sent_again_and_again(run: Run, stack_of: Any, ask: Ask, settings: Any) -> None:
    claim(ask(stack_of("D2")).id)
    Run.objects.filter(id=run.id).update(message_at=timezone.now() - timedelta(seconds=settings.RUN_REMIND_S + 1))
    assert sweep() == 0


def test_a_worker_is_alive_while_it_beats(db: None, settings: Any) -> None:
    assert not is_worker_alive()
    beat()
    assert is_worker_alive()
    Pulse.objects.update(beat_at=timezone.now() - timedelta(seconds=4 * settings.SWEEP_EVERY_S))
    assert not is_worker_alive()
    beat()
    stop_beating()
    assert not is_worker_alive()
