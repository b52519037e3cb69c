"""What the worker is made of, and how its sweeper bears what goes wrong."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as own
from django.db import DatabaseError

from backend.config.celery import app
from backend.config.sweeper import Duty, Sweeper
from backend.config.worker import worker_children
from tests.running.ports import wait_until


def words_after(word: str, commands: list[list[str]]) -> list[str]:
    return [command[command.index(word) + 1] for command in commands]


def test_runs_uploads_labels_and_learning_have_processes_of_their_own_and_each_its_own_name(settings: Any) -> None:
    settings.WORKER_PROCESSES = 3
    commands = [list(child.command) for child in worker_children()]
    assert words_after("--queues", commands) == ["runs", "runs", "runs", "intake", "labels", "learning"]
    names = words_after("--hostname", commands)
    assert len(set(names)) == 6
    assert all(own.INSTANCE_KEY in name for name in names), "another installation's worker on this machine has other names"
    assert words_after("--queues", [list(child.command) for child in worker_children(runs_only=True)]) == ["runs"] * 3


def test_several_processes_that_take_runs_share_the_one_that_owns_the_device(settings: Any) -> None:
    settings.DETECTOR_SHARED = True
    device, *others = worker_children()
    assert device.command[2:4] == ["detector", "serve"]
    socket = device.command[device.command.index("--socket") + 1]
    told = {child.name: child.environment["DETECTOR_SOCKET"] for child in others}
    assert told == {"worker (runs)": socket, "worker (intake)": "", "worker (labels)": "", "worker (learning)": ""}
    settings.DATA_DIR = Path("/a-folder" * 20)
    assert all(len(child.environment["DETECTOR_SOCKET"]) <= 100 for child in worker_children()[1:])


def test_a_gigabyte_of_labels_waits_in_no_queue_that_recordings_wait_in() -> None:
    app.loader.import_default_modules()
    queues = {name: app.amqp.router.route({}, name)["queue"].name for name in app.tasks}
    slow = {name: queue for name, queue in queues.items() if name.partition(".")[0] in ("labels", "datasets", "training", "adaptation")}
    assert {"labels.import", "labels.sync", "datasets.freeze", "training.execute"} <= slow.keys()
    assert {queues["imaging.take_in"], queues["analysis.execute_run"]} == {"intake", "runs"}
    assert not {"intake", "runs"} & set(slow.values()), slow


@pytest.fixture
def sweeping() -> Iterator[Callable[..., None]]:
    """Start a sweeper with these duties; it ends with the test."""
    sweepers: list[Sweeper] = []

    def start(*duties: Duty) -> None:
        sweepers.append(Sweeper(duties))
        sweepers[-1].start()

    yield start
    for sweeper in sweepers:
        sweeper.stop()
        assert not sweeper.is_alive()


@pytest.mark.django_db(transaction=True)
def test_a_duty_that_fails_is_tried_again_and_holds_up_no_other(sweeping: Callable[..., None], caplog: pytest.LogCaptureFixture) -> None:
    done: dict[str, list[float]] = {"fails": [], "often": [], "seldom": []}

    def noted(name: str) -> Callable[[], None]:
        return lambda: done[name].append(time.monotonic())

    def fails() -> None:
        noted("fails")()
        raise DatabaseError("the database is away")

    with caplog.at_level(logging.ERROR, "backend.config.sweeper"):
        sweeping(Duty(fails, 0.05), Duty(noted("often"), 0.05), Duty(noted("seldom"), 60.0))
        wait_until(lambda: len(done["fails"]) >= 3 and len(done["often"]) >= 3, within_s=60, what="three rounds")
    assert len(done["seldom"]) == 1
    assert all(after - before >= 0.05 for before, after in zip(done["often"], done["often"][1:], strict=False))
    assert "the database is away" in caplog.text
