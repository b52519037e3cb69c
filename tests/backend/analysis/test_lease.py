"""Who may work on a run, and who may no longer write to it."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from backend.analysis.lease import Heartbeat, LeaseLost, claim
from backend.analysis.models import KeyFrame, Run, Well
from backend.analysis.reaper import sweep
from backend.analysis.transitions import FINDINGS
from backend.live.models import LoggedEvent

Ask = Callable[..., Run]


def test_a_claimed_run_has_a_lease_an_attempt_and_is_announced(stack_of: Any, ask: Ask) -> None:
    lease = claim(ask(stack_of()).id)
    assert lease is not None
    run = Run.objects.get()
    assert (run.state, run.attempts, run.lease_token) == (Run.State.RUNNING, 1, lease.token)
    assert timedelta(seconds=25) < run.lease_until - timezone.now() < timedelta(seconds=35)
    assert list(LoggedEvent.objects.filter(topic__name__startswith="dish.").values_list("type", flat=True)) == ["run.queued", "run.started"]


@pytest.mark.django_db(transaction=True)
def test_of_eight_workers_that_claim_one_run_at_once_one_gets_it(stack_of: Any, ask: Ask) -> None:
    run = ask(stack_of())

    def try_it(_: int) -> bool:
        try:
            return claim(run.id) is not None
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as workers:
        assert sorted(workers.map(try_it, range(8))) == [False] * 7 + [True]
    run.refresh_from_db()
    assert run.attempts == 1


def test_a_cancelled_run_is_claimed_by_nobody(stack_of: Any, ask: Ask) -> None:
    run = ask(stack_of())
    Run.objects.filter(id=run.id).update(cancel_requested=True)
    assert claim(run.id) is None


def test_a_new_attempt_begins_without_the_findings_of_the_one_before(stack_of: Any, ask: Ask) -> None:
    run = ask(stack_of())
    KeyFrame.objects.create(run=run, frame_index=0, wells=[])
    Well.objects.create(run=run, row=0, column=0, box=[0, 0, 1, 1], content="gas", confidence=1)
    claim(run.id)
    assert not any(findings.objects.exists() for findings in FINDINGS)


def test_an_old_token_writes_nothing(stack_of: Any, ask: Ask) -> None:
    run = ask(stack_of())
    old = claim(run.id)
    assert old is not None
    Run.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert sweep() == 1
    new = claim(run.id)
    assert new is not None
    with pytest.raises(LeaseLost), old.transaction() as row:
        KeyFrame.objects.create(run=row, frame_index=0, wells=[])
    assert not old.renew()
    assert not KeyFrame.objects.exists()
    with new.transaction() as row:
        KeyFrame.objects.create(run=row, frame_index=0, wells=[])
    assert KeyFrame.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_heartbeat_renews_the_lease_and_stops_the_work_once_it_is_lost(stack_of: Any, ask: Ask, settings: Any) -> None:
    settings.RUN_LEASE_S = 0.6
    run = ask(stack_of())
    lease = claim(run.id)
    assert lease is not None
    with Heartbeat(lease) as heartbeat:
        time.sleep(1.0)
        assert sweep() == 0
        heartbeat.moved()
        Run.objects.update(state=Run.State.QUEUED, lease_token=None, lease_until=None)
        time.sleep(0.6)
        with pytest.raises(LeaseLost):
            heartbeat.moved()
