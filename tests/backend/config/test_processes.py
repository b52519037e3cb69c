"""The supervisor, with real processes: what dies is started again, and nothing outlives it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from backend.config import processes
from backend.config.processes import Child
from tests.running.ports import wait_until
from tests.running.product import ROOT

SUPERVISED = """
import sys, django, logging
django.setup()
from backend.config.processes import Child, Supervisor
folder = sys.argv[1]
steady = "import os, sys, time; open(sys.argv[1], 'a').write(f'{os.getpid()}\\\\n'); time.sleep(600)"
parent = "import subprocess, sys; p = subprocess.Popen(['sleep', '99']); open(sys.argv[1], 'w').write(f'{p.pid}\\\\n'); p.wait()"
once = "import sys; open(sys.argv[1], 'a').write('done\\\\n')"
Supervisor([
    Child("steady", [sys.executable, "-c", steady, folder + "/steady"]),
    Child("parent", [sys.executable, "-c", parent, folder + "/grandchild"]),
    Child("once", [sys.executable, "-c", once, folder + "/once"], is_once=True),
], when_up=lambda: open(folder + "/up", "a").write("up\\n")).run()
"""


def lines(file: Path) -> list[str]:
    return file.read_text().splitlines() if file.exists() else []


def is_alive(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"}
    process = subprocess.Popen([sys.executable, "-c", textwrap.dedent(SUPERVISED), str(tmp_path)], cwd=ROOT, env=environment)
    wait_until(lambda: bool(lines(tmp_path / "steady") and lines(tmp_path / "grandchild")), within_s=60, what="the children's start")
    yield process
    process.kill()
    process.wait()


def test_a_child_that_dies_is_started_again(supervisor: subprocess.Popen[bytes], tmp_path: Path) -> None:
    first = int(lines(tmp_path / "steady")[0])
    os.kill(first, signal.SIGKILL)
    wait_until(lambda: len(lines(tmp_path / "steady")) == 2, within_s=60, what="the child's second start")
    assert int(lines(tmp_path / "steady")[1]) != first


def test_work_that_ends_by_itself_is_not_started_again(supervisor: subprocess.Popen[bytes], tmp_path: Path) -> None:
    wait_until(lambda: bool(lines(tmp_path / "once")), within_s=60, what="the work")
    time.sleep(1.5)
    assert lines(tmp_path / "once") == ["done"]
    assert lines(tmp_path / "up") == ["up"]


def end_kindly(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 0


def end_unkindly(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait(10)


@pytest.mark.parametrize("end", [end_kindly, end_unkindly])
def test_nothing_outlives_the_supervisor(end: Callable[..., None], supervisor: subprocess.Popen[bytes], tmp_path: Path) -> None:
    child = int(lines(tmp_path / "steady")[0])
    grandchild = int(lines(tmp_path / "grandchild")[0])
    end(supervisor)
    wait_until(lambda: not is_alive(child), within_s=60, what="the child's end")
    if end is end_kindly:
        wait_until(lambda: not is_alive(grandchild), within_s=60, what="the grandchild's end")
    elif is_alive(grandchild):
        os.kill(grandchild, signal.SIGKILL)


def test_a_child_that_cannot_live_is_tried_ever_more_rarely(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Were each pause as long as the first, there would be three times as many starts."""
    monkeypatch.setattr(processes, "FIRST_PAUSE_S", 0.1)
    count = tmp_path / "count"
    child = Child("doomed", [sys.executable, "-S", "-c", f"open({str(count)!r}, 'a').write('x\\n')"])
    end = time.monotonic() + 2
    while time.monotonic() < end or len(lines(count)) < 2:
        child.keep_up()
        time.sleep(0.02)
    child.make_end(time.monotonic() + 5)
    assert 2 <= len(lines(count)) <= 5
