"""An installation with short leases, a recording that takes a while, and a line into it."""

from __future__ import annotations

import contextlib
import itertools
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.backend.adaptation.dishes import write_tiny_stager
from tests.exact.weights import write_weights
from tests.running.product import ROOT, Installation
from tests.running.services import Postgres, Redis

FRAMES = 120
_numbers = itertools.count()


class Faulty:
    """One installation, its workers' processes and what its database says."""

    def __init__(self, installation: Installation, flush: Callable[[], None]) -> None:
        self.installation, self.flush_broker = installation, flush
        self.paused: list[psutil.Process] = []
        self._control = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.control"],
            cwd=ROOT,
            env=installation.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def __call__(self, command: str, **arguments: Any) -> Any:
        assert self._control.stdin is not None
        assert self._control.stdout is not None
        self._control.stdin.write(json.dumps([command, arguments]).encode() + b"\n")
        self._control.stdin.flush()
        return json.loads(self._control.stdout.readline())

    def resume(self) -> None:
        """Let paused processes go on; a process that stays paused does not even hear that it should end."""
        for process in self.paused:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.resume()
        self.paused = []

    def close(self) -> None:
        self.resume()
        self._control.kill()
        self._control.communicate()

    def start_worker(self) -> subprocess.Popen[bytes]:
        return self.installation.start("worker", "manage.py", "worker", "--runs-only")

    def wait(self, is_true: Callable[[dict[str, list[Any]]], bool], *, within_s: float = 300) -> dict[str, list[Any]]:
        """Look at the runs until this holds of them."""
        end = time.monotonic() + within_s
        while not is_true(states := self("states")):
            assert time.monotonic() < end, f"after {within_s} s: {states}\n{self.installation.log_of('worker').read_text()[-3000:]}"
            time.sleep(0.03)
        return states

    def finish(self, runs: list[str], *, within_s: float = 300) -> dict[str, list[Any]]:
        return self.wait(lambda states: all(states[run][0] not in ("queued", "running") for run in runs), within_s=within_s)


def processes_of(worker: subprocess.Popen[bytes]) -> dict[str, list[psutil.Process]]:
    """The Celery processes below a supervisor, and their decoders."""
    found: dict[str, list[psutil.Process]] = {"celery": [], "decoder": []}
    try:
        for celery in psutil.Process(worker.pid).children():
            found["celery"].append(celery)
            found["decoder"] += celery.children()
    except psutil.NoSuchProcess:
        pass
    return found


STACKS = ["embedded", pytest.param("servers", marks=pytest.mark.both_stacks)]


@pytest.fixture(params=STACKS)
def faulty(request: pytest.FixtureRequest, install: Callable[..., Installation], tmp_path: Path) -> Iterator[Faulty]:
    """Leases are short, so that what a dead worker held is soon another's."""
    yield from _made(request, install, tmp_path, lease_s=2.0)


@pytest.fixture
def patient(request: pytest.FixtureRequest, install: Callable[..., Installation], tmp_path: Path) -> Iterator[Faulty]:
    """Leases are long, so that a busy machine costs no attempt where no worker dies."""
    yield from _made(request, install, tmp_path, lease_s=30.0)


@pytest.fixture
def hanging(request: pytest.FixtureRequest, install: Callable[..., Installation], tmp_path: Path) -> Iterator[Faulty]:
    """Patience with a recording that is not read on is short, shorter than the decoder's own."""
    yield from _made(request, install, tmp_path, lease_s=2.0, RUN_STALL_S="6")


@pytest.fixture
def learning(request: pytest.FixtureRequest, install: Callable[..., Installation], tmp_path: Path) -> Iterator[Faulty]:
    """Leases are short, and what is in use for stages learns in seconds."""
    write_tiny_stager(tmp_path / "weights" / "tiny")
    yield from _made(request, install, tmp_path, lease_s=4.0, TRAIN_PATIENCE="0")


@pytest.fixture
def judging(request: pytest.FixtureRequest, install: Callable[..., Installation], tmp_path: Path) -> Iterator[Faulty]:
    """Leases are short, and few renderings are judged on."""
    yield from _made(request, install, tmp_path, lease_s=2.0, CHECK_DISHES="2")


def _made(
    request: pytest.FixtureRequest, install: Callable[..., Installation], tmp_path: Path, *, lease_s: float, **more: str
) -> Iterator[Faulty]:
    write_weights(tmp_path / "weights", slowness=2)
    short = {"RUN_LEASE_S": str(lease_s), "SWEEP_EVERY_S": "0.3", "RUN_REMIND_S": "2", "RUN_THREADS": "1"}
    settings = {"WEIGHTS_DIR": str(tmp_path / "weights"), **short, **more}
    if getattr(request, "param", "embedded") == "servers":
        postgres: Postgres = request.getfixturevalue("postgres")
        redis_server: Redis = request.getfixturevalue("redis_server")
        url = redis_server.new_database()
        installation = install(DATABASE_URL=postgres.new_database(f"faults_{next(_numbers)}"), REDIS_URL=url, **settings)
        made = Faulty(installation, partial(_flush_redis, url))
    else:
        installation = install(**settings)
        made = Faulty(installation, partial(_flush_files, installation.data / "broker"))
    yield made
    made.close()


def _flush_redis(url: str) -> None:
    import redis

    with redis.Redis.from_url(url) as client:
        client.flushdb()


def _flush_files(folder: Path) -> None:
    for message in (folder / "queue").glob("*.msg"):
        message.unlink()
