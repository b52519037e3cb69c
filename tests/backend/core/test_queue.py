from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import transaction

from backend.core import queue
from tests.running.product import Installation
from tests.running.services import Redis

SEND = "import django; django.setup(); from backend.core import queue; print(queue.send_now('nothing.at_all', 'an-id'))"


TIMED = f"""{SEND.replace("print(", "import time; began = time.monotonic(); print(")}
print(time.monotonic() - began)"""


class TakenBack(Exception):
    pass


@transaction.atomic
def send_and_take_back() -> None:
    queue.send("nothing.at_all", "an-id")
    raise TakenBack


@pytest.mark.django_db(transaction=True)
def test_a_message_is_sent_after_the_commit_and_not_at_all_after_a_rollback(
    django_capture_on_commit_callbacks: Callable[..., object],
) -> None:
    before = len(waiting())
    with pytest.raises(TakenBack):
        send_and_take_back()
    assert len(waiting()) == before
    with transaction.atomic():
        queue.send("nothing.at_all", "an-id")
        assert len(waiting()) == before
    assert len(waiting()) == before + 1


def waiting() -> list[Path]:
    from django.conf import settings

    return list(Path(settings.BROKER_DIR, "queue").glob("*"))


def test_the_embedded_broker_gets_ids_and_a_name_and_nothing_else(install: Callable[..., Installation]) -> None:
    installation = install()
    assert installation.run("-c", SEND).split() == ["True"]
    (message,) = (installation.data / "broker" / "queue").iterdir()
    told = json.loads(message.read_text())
    assert told["headers"]["task"] == "nothing.at_all"
    assert told["headers"]["argsrepr"] == "('an-id',)"
    assert told["content-type"] == "application/json"


@pytest.mark.both_stacks
def test_a_redis_that_is_away_costs_the_message_and_neither_the_change_nor_the_persons_time(
    install: Callable[..., Installation], tmp_path: Path
) -> None:
    redis = Redis(tmp_path)
    redis.start()
    try:
        installation = install(REDIS_URL=redis.url())
        assert installation.run("-c", SEND).split() == ["True"]
        redis.stop()
        is_sent, took_s = installation.run("-c", TIMED).split()
        assert is_sent == "False"
        assert float(took_s) < 2
    finally:
        redis.stop()
