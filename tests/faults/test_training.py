"""Labels that are brought in become weights, also where the worker that learns is killed on the way: with real workers, as in use."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.bench.labelled_wells import WOW_WELLS, write_export
from tests.detector.stages_frames.drawn import lab
from tests.faults.conftest import Faulty

FRAMES = ((60, 1, 1), (240, 4, 2), (600, 14, 3))


def learning_process(worker: subprocess.Popen[bytes]) -> psutil.Process:
    """The Celery process that takes trainings."""
    return next(child for child in psutil.Process(worker.pid).children() if "learning" in child.cmdline())


def until(look: Callable[[], Any], is_true: Callable[[Any], bool], faulty: Faulty, within_s: float = 300) -> Any:
    end = time.monotonic() + within_s
    while not is_true(seen := look()):
        assert time.monotonic() < end, f"{seen}\n{faulty.installation.log_of('worker').read_text()[-3000:]}"
        time.sleep(0.1)
    return seen


def frozen(learning: Faulty, brought: str) -> str:
    """An export on its way through the worker: read, confirmed, written, and frozen as a data set."""
    until(lambda: learning("import_state", label_import=brought), lambda seen: seen[0] in ("previewed", "failed"), learning)
    learning("confirm", label_import=brought)
    ended = until(lambda: learning("import_state", label_import=brought), lambda seen: seen[0] in ("finished", "failed"), learning)
    assert ended == ["finished", None]
    data_set = learning("freeze")
    told = until(lambda: learning("data_set", data_set=data_set), lambda seen: seen[0] != "freezing", learning)
    assert told[:2] == ["frozen", None]
    return str(data_set)


def test_a_training_whose_worker_is_killed_goes_on_from_its_last_checkpoint(learning: Faulty, tmp_path: Path) -> None:
    write_export(lab(tmp_path / "lab", 12, FRAMES), tmp_path / "export.zip")
    brought = learning("bring_in", export=str(tmp_path / "export.zip"))
    worker = learning.installation.start_worker()
    training = learning("train", data_set=frozen(learning, brought), steps=90)

    def look() -> Any:
        return learning("training", training=training)

    before = until(look, lambda seen: len(seen["curve"]) >= 2 or seen["state"] not in ("queued", "running"), learning)
    assert (before["state"], before["attempts"]) == ("running", 1)
    learning_process(worker).kill()
    ended = until(look, lambda seen: seen["state"] not in ("queued", "running"), learning)
    assert (ended["state"], ended["error"], ended["attempts"], ended["candidate"]) == ("finished", None, 2, "candidate")
    # What was learned before the kill was not learned again.
    assert ended["curve"][: len(before["curve"])] == before["curve"]
    steps = [point["step"] for point in ended["curve"]]
    assert steps == sorted(set(steps))
    assert (steps[-1], ended["facts"]["steps"]) == (90, 90)
    assert [one["role"] for one in ended["final"]["contenders"]] == ["candidate", "active", "baseline"]


@pytest.mark.real_data
def test_real_wells_come_in_as_an_export_and_teach_a_candidate(learning: Faulty, tmp_path: Path) -> None:
    assert write_export(WOW_WELLS, tmp_path / "export.zip", embryos=6) > 30
    brought = learning("bring_in", export=str(tmp_path / "export.zip"))
    learning.installation.start_worker()
    training = learning("train", data_set=frozen(learning, brought), steps=18)
    ended = until(
        lambda: learning("training", training=training), lambda seen: seen["state"] not in ("queued", "running"), learning, within_s=600
    )
    assert (ended["state"], ended["error"], ended["candidate"]) == ("finished", None, "candidate")
    assert ended["final"]["contenders"][0]["phases"]["pictures"] > 10
