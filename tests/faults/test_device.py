"""Several processes that take runs and one that owns the device: the shipped nets, real processes, and what a kill costs."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from detector.synth import RecordingSettings, render_recording
from detector.types import Layout
from tests.faults.conftest import Faulty
from tests.running.product import Installation

PICTURES = 60


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    folder = tmp_path / "rendered"
    render_recording(11, PICTURES, folder, RecordingSettings(width=400, height=300, layout=Layout(3, 3)))
    return folder


@pytest.fixture
def sharing(install: Callable[..., Installation]) -> Iterator[Faulty]:
    """Two processes that take runs, each allowed half of what there is, and the shipped weights."""
    several = {"WORKER_PROCESSES": "2", "DETECTOR_SHARED": "true", "RUN_THREADS": "1"}
    made = Faulty(install(**several, SWEEP_EVERY_S="0.3", RUN_REMIND_S="2"), lambda: None)
    yield made
    made.close()


def test_two_recordings_that_share_a_device_which_is_killed_are_told_the_same_as_alone(sharing: Faulty, recording: Path) -> None:
    first, second, third = sharing("take_in", path=str(recording), recordings=3)
    worker = sharing.start_worker()
    (alone,) = sharing("request", stacks=[first])
    assert sharing.finish([alone])[alone][0] == "finished"
    truth = sharing("results", run=alone)
    assert len(truth["wells"]) == 9

    together = sharing("request", stacks=[second, third])
    sharing.wait(lambda states: any(states[run][0] == "running" and states[run][2] > 0 for run in together))
    device = device_of(worker)
    device.kill()
    ended = sharing.finish(together)
    assert {state for state, *_ in ended.values()} == {"finished"}, ended
    assert [sharing("results", run=run) for run in together] == [truth, truth]
    assert device_of(worker).pid != device.pid


def device_of(worker: subprocess.Popen[bytes]) -> psutil.Process:
    until = time.monotonic() + 20
    while time.monotonic() < until:
        for child in psutil.Process(worker.pid).children():
            if "serve" in child.cmdline() and "detector" in child.cmdline():
                return child
        time.sleep(0.1)
    raise AssertionError("no process owns the device")
