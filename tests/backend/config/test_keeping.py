"""What is over is forgotten, what is not stays, and the worker sees to it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.contrib.sessions.models import Session
from django.db import transaction
from django.utils import timezone

from backend.accounts.models import OneTimeLink, Role
from backend.config import worker
from backend.config.celery import app
from backend.config.keeping import FORGETTING
from backend.imaging.models import Upload
from backend.live.events import DishChanged
from backend.live.models import LoggedEvent
from backend.live.publish import publish
from tests.cast import Cast
from tests.running.ports import wait_until
from tests.running.sessions import session_of

SETTINGS = {"LIVE_KEEP_HOURS": 2, "LINK_KEEP_DAYS": 3, "ATTEMPT_KEEP_HOURS": 4, "QUARANTINE_KEEP_DAYS": 5}


@pytest.fixture(autouse=True)
def _kept(settings: Any, tmp_path: Path) -> None:
    settings.QUARANTINE_DIR = tmp_path / "quarantine"
    settings.QUARANTINE_DIR.mkdir()
    for name, value in SETTINGS.items():
        setattr(settings, name, value)


def ago(**parts: float) -> Any:
    return timezone.now() - timedelta(**parts)


def session(cast: Cast, expired_h: float) -> str:
    key = session_of(cast.viewer)
    Session.objects.filter(session_key=key).update(expire_date=ago(hours=expired_h))
    return key


def link(cast: Cast, name: str, *, expired_d: float, used_d: float | None = None) -> str:
    used_at = None if used_d is None else ago(days=used_d)
    facts = {"purpose": OneTimeLink.Purpose.INVITATION, "token_hash": name, "lab": cast.lab, "role": Role.VIEWER}
    OneTimeLink.objects.create(expires_at=ago(days=expired_d), used_at=used_at, **facts)
    return name


def attempt(name: str, hours: float) -> str:
    facts = {"user_agent": "", "ip_address": "10.0.0.1", "http_accept": "", "path_info": "/", "get_data": "", "post_data": ""}
    row = AccessAttempt.objects.create(username=name, failures_since_start=1, **facts)
    AccessAttempt.objects.filter(id=row.id).update(attempt_time=ago(hours=hours))
    return name


def event(hours: float) -> int:
    with transaction.atomic():
        seq = publish("lab.x", DishChanged(dish_id="d", label="D"))
    LoggedEvent.objects.filter(seq=seq).update(at=ago(hours=hours))
    return seq


def upload(cast: Cast, expired_h: float) -> uuid.UUID:
    expires_at = ago(hours=expired_h)
    return Upload.objects.create(lab=cast.lab, by=cast.embryologist, name="a", batch=uuid.uuid4(), length=1, expires_at=expires_at).id


@pytest.mark.django_db(transaction=True)
def test_what_is_over_is_forgotten_and_what_is_not_stays(cast: Cast) -> None:
    session(cast, 0.1)
    attempt("old", 4.1)
    event(2.1)
    upload(cast, 0.1)
    link(cast, "used", expired_d=0, used_d=3.1)
    link(cast, "expired", expired_d=3.1)
    kept: dict[str, list[object]] = {
        "sessions": [session(cast, -0.1)],
        "attempts": [attempt("young", 3.9)],
        "events": [event(1.9)],
        "uploads": [upload(cast, -0.1)],
        "links": [link(cast, "lately", expired_d=-1, used_d=2.9), link(cast, "open", expired_d=-1), link(cast, "seen", expired_d=2.9)],
    }
    for forget in FORGETTING:
        forget()
    found = {
        "sessions": list(Session.objects.values_list("session_key", flat=True)),
        "attempts": list(AccessAttempt.objects.values_list("username", flat=True)),
        "events": list(LoggedEvent.objects.values_list("seq", flat=True)),
        "uploads": list(Upload.objects.values_list("id", flat=True)),
        "links": list(OneTimeLink.objects.order_by("created_at").values_list("token_hash", flat=True)),
    }
    assert found == kept
    assert [forget() for forget in FORGETTING] == [0] * len(FORGETTING)


@pytest.mark.django_db(transaction=True)
def test_what_a_lock_out_still_counts_is_not_forgotten_however_short_attempts_are_kept(settings: Any) -> None:
    settings.ATTEMPT_KEEP_HOURS = 0
    attempt("counted", settings.AXES_COOLOFF_TIME - 0.01)
    attempt("over", settings.AXES_COOLOFF_TIME + 0.01)
    for forget in FORGETTING:
        forget()
    assert list(AccessAttempt.objects.values_list("username", flat=True)) == ["counted"]


@pytest.mark.django_db(transaction=True)
def test_the_bytes_of_a_refused_recording_are_kept_for_their_days(settings: Any) -> None:
    file = Path(settings.QUARANTINE_DIR, "refused")
    file.write_bytes(b"no recording")
    for days, is_kept in ((5, True), (0, False)):
        settings.QUARANTINE_KEEP_DAYS = days
        for forget in FORGETTING:
            forget()
        assert file.exists() == is_kept


@pytest.fixture
def takes_runs() -> Iterator[None]:
    """This process reads the queue of runs, as the worker does that sweeps."""
    before = dict(app.amqp.queues)
    app.amqp.queues.select([worker.RUNS])
    yield
    worker.stop_sweeping()
    worker._sweepers.clear()
    app.amqp.queues.select(list(before))


@pytest.mark.django_db(transaction=True)
def test_the_worker_forgets_by_itself(cast: Cast, takes_runs: None) -> None:
    session(cast, 0.1)
    attempt("old", 4.1)
    worker.start_sweeping()
    wait_until(lambda: not Session.objects.exists() and not AccessAttempt.objects.exists(), within_s=60, what="the first sweep")
