"""Real workers that are killed, paused, told ten times and told nothing: results equal those of a run without faults."""

from __future__ import annotations

import contextlib
import itertools
import random
import subprocess
import time
from typing import Any

import psutil
import pytest

from tests.faults.conftest import FRAMES, Faulty, processes_of
from tests.running.ports import wait_until

KILLS_A_RUN = 2


def undisturbed(faulty: Faulty, stack: str) -> dict[str, Any]:
    (run,) = faulty("request", stacks=[stack])
    ended = faulty.finish([run])[run]
    assert ended[0] == "finished", ended
    results: dict[str, Any] = faulty("results", run=run)
    assert len(results["placements"]) == FRAMES
    assert len(results["changes"]) == 3
    return results


def test_results_after_kills_at_random_points_are_those_of_an_undisturbed_run(faulty: Faulty, request: pytest.FixtureRequest) -> None:
    """The worker's process or its decoder, at any moment; a run bears two kills and is finished by its third attempt."""
    wanted = 20 if "embedded" in request.node.name else 6
    chance = random.Random(7)
    first, *stacks = faulty("prepare", recordings=wanted // KILLS_A_RUN + 5, frames=FRAMES)
    worker = faulty.start_worker()
    truth = undisturbed(faulty, first)
    runs = faulty("request", stacks=stacks)
    started = time.monotonic()
    faulty.finish(runs[:1])
    length_s = min(time.monotonic() - started, 4.0)
    more = itertools.cycle(stacks)
    while sum(attempts - 1 for _, attempts, *_ in faulty("states").values()) < wanted:
        # On some machines kills come late and runs end before they bore theirs; then there are more runs.
        if all(state not in ("queued", "running") for state, *_ in faulty("states").values()):
            runs += faulty("request", stacks=[next(more)])
        if (chosen := next_victim(faulty, runs)) is None:
            continue
        victim, attempt = chosen
        time.sleep(chance.uniform(0, 0.7 * length_s))
        # The run may have ended while we slept; the next one has its own two kills to bear.
        if faulty("states")[victim][:2] == ["running", attempt]:
            kill_something(worker, chance)
            faulty.wait(lambda states: states[victim][:2] != ["running", attempt])  # noqa: B023 - called in this round only
    ended = faulty.finish(runs, within_s=120)
    assert {state for state, *_ in ended.values()} == {"finished"}, ended
    for run in runs:
        assert faulty("results", run=run) == truth
        types = faulty("events", run=run)
        assert types.count("run.started") == ended[run][1]
        assert (types[-1], types.count("run.ended")) == ("run.ended", 1)
    assert faulty("gaps") == []


def next_victim(faulty: Faulty, runs: list[str]) -> tuple[str, int] | None:
    """A run under way that can bear a kill, and its attempt; None when all have ended first."""

    def bearing(states: dict[str, list[Any]]) -> list[tuple[str, int]]:
        return [(run, states[run][1]) for run in runs if states[run][0] == "running" and states[run][1] <= KILLS_A_RUN]

    def nothing_left(states: dict[str, list[Any]]) -> bool:
        return all(states[run][0] not in ("queued", "running") for run in runs)

    return next(iter(bearing(faulty.wait(lambda states: bool(bearing(states)) or nothing_left(states)))), None)


def kill_something(worker: subprocess.Popen[bytes], chance: random.Random) -> None:
    """The Celery process or the decoder."""
    found = processes_of(worker)
    for process in found[chance.choice(["celery", "celery", "celery", "decoder"])] or found["celery"]:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()


def test_a_worker_that_was_paused_beyond_its_lease_and_comes_back_writes_nothing(faulty: Faulty) -> None:
    first, second = faulty("prepare", recordings=2, frames=FRAMES)
    paused = faulty.start_worker()
    truth = undisturbed(faulty, first)
    (run,) = faulty("request", stacks=[second])
    faulty.wait(lambda states: states[run][2] > 0)
    pause(faulty, paused)
    faulty.start_worker()
    faulty.finish([run])
    told = faulty("events", run=run)
    faulty.resume()
    log = faulty.installation.log_of("worker")
    wait_until(lambda: "wrote nothing more" in log.read_text(), within_s=30, what="the paused worker's return")
    assert faulty("results", run=run) == truth
    assert faulty("states")[run][0] == "finished"
    assert faulty("events", run=run) == told
    assert faulty("gaps") == []


def all_of(worker: subprocess.Popen[bytes]) -> list[psutil.Process]:
    return [process for group in processes_of(worker).values() for process in group]


def pause(faulty: Faulty, worker: subprocess.Popen[bytes]) -> None:
    """Stop everything below the supervisor, but not while it holds the one writing lock that SQLite has."""
    for _ in range(50):
        faulty.paused = all_of(worker)
        for process in faulty.paused:
            process.suspend()
        if faulty("can_write"):
            return
        faulty.resume()
        time.sleep(0.05)
    raise AssertionError("the worker held the database all the time")


def test_a_message_delivered_ten_times_is_worked_on_once(patient: Faulty) -> None:
    first, second = patient("prepare", recordings=2, frames=FRAMES)
    patient.start_worker()
    truth = undisturbed(patient, first)
    (run,) = patient("request", stacks=[second])
    assert patient("deliver", run=run, times=10) == 10
    patient.finish([run])
    assert patient("deliver", run=run, times=10) == 10
    time.sleep(2)
    assert patient("results", run=run) == truth
    assert patient("events", run=run).count("run.started") == 1
    assert patient("states")[run][:2] == ["finished", 1]


def test_runs_whose_messages_were_lost_with_the_broker_are_finished_all_the_same(faulty: Faulty) -> None:
    first, *stacks = faulty("prepare", recordings=4, frames=FRAMES)
    runs = faulty("request", stacks=stacks)
    faulty.flush_broker()
    faulty.start_worker()
    ended = faulty.finish(runs)
    assert {ended[run][0] for run in runs} == {"finished"}
    truth = undisturbed(faulty, first)
    assert all(faulty("results", run=run) == truth for run in runs)
    assert faulty("gaps") == []


def test_a_worker_that_is_asked_to_end_hands_its_run_to_the_next_one(patient: Faulty) -> None:
    first, second = patient("prepare", recordings=2, frames=FRAMES)
    worker = patient.start_worker()
    truth = undisturbed(patient, first)
    (run,) = patient("request", stacks=[second])
    patient.wait(lambda states: states[run][2] > 0)
    worker.terminate()
    assert worker.wait(30) == 0
    # A fast machine may have finished it; then there is nothing to hand on.
    if patient("states")[run][0] != "finished":
        assert patient("states")[run][:3] == ["queued", 0, 0]
        patient.start_worker()
        patient.finish([run])
    assert patient("states")[run][:2] == ["finished", 1]
    assert patient("results", run=run) == truth
    assert patient("gaps") == []


def test_a_recording_that_hangs_is_given_up_after_three_attempts_and_the_next_one_is_finished(hanging: Faulty) -> None:
    first, second = hanging("prepare", recordings=2, frames=FRAMES)
    worker = hanging.start_worker()
    (run,) = hanging("request", stacks=[first])

    def hang(states: dict[str, list[Any]]) -> bool:
        """Whatever reads this recording stops reading."""
        for process in processes_of(worker)["decoder"]:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.suspend()
                hanging.paused.append(process)
        return bool(states[run][0] not in ("queued", "running"))

    state, attempts, _, error = hanging.wait(hang, within_s=150)[run]
    assert (state, attempts, error["code"]) == ("quarantined", 3, "stalled")
    hanging.resume()
    (other,) = hanging("request", stacks=[second])
    assert hanging.finish([other])[other][0] == "finished"
