"""A worker that is killed while weights are judged: the check, and the look beside a run, are made again, with real workers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.backend.judging.altering import altered, blind_for
from tests.faults.conftest import FRAMES, Faulty
from tests.faults.test_training import learning_process, until

UNDER_WAY = ("queued", "running")


def test_a_check_whose_worker_is_killed_is_made_again_and_says_everything_once(judging: Faulty, tmp_path: Path) -> None:
    judging("prepare", recordings=1, frames=4)
    candidate = judging("candidate", folder=str(altered(tmp_path / "weights" / "exact", tmp_path / "candidate", "blind", blind_for(1))))
    worker = judging.installation.start_worker()
    check = judging("check", weights=candidate)

    def look() -> Any:
        return judging("checked", check=check)

    before = until(look, lambda seen: seen["progress"].get("stage") == "judging" or seen["state"] not in UNDER_WAY, judging)
    assert (before["state"], before["attempts"], before["weights"]) == ("running", 1, "candidate")
    learning_process(worker).kill()
    ended = until(look, lambda seen: seen["state"] not in UNDER_WAY, judging)
    assert (ended["state"], ended["error"], ended["attempts"], ended["weights"]) == ("finished", None, 2, "checked")
    assert ended["numbers"] == list(range(len(ended["numbers"])))
    assert ended["numbers"]


def test_a_shadow_whose_worker_is_killed_looks_again_and_the_run_beside_it_is_not_touched(judging: Faulty, tmp_path: Path) -> None:
    (stack,) = judging("prepare", recordings=1, frames=FRAMES)
    candidate = judging("candidate", folder=str(altered(tmp_path / "weights" / "exact", tmp_path / "candidate", "blind", blind_for(1))))
    shadow = judging("shadow", weights=candidate, runs=1)
    worker = judging.installation.start_worker()
    (run,) = judging("request", stacks=[stack])
    assert judging.finish([run])[run][0] == "finished"
    truth = judging("results", run=run)

    def look() -> Any:
        return judging("shadowed", shadow=shadow)

    until(look, lambda seen: seen["looks"] and seen["looks"][0][0] != "queued", judging)
    learning_process(worker).kill()
    ended = until(look, lambda seen: seen["state"] != "on", judging)
    assert ended["state"] == "ended"
    ((state, attempts, error, _, result),) = ended["looks"]
    assert (state, error) == ("finished", None)
    # Where the look was quicker than the kill, nothing had to be made again.
    assert attempts in (1, 2)
    assert result["wells"]["differences"] == [{"place": "A2", "before": "embryo", "after": "empty"}]
    assert (judging("results", run=run), len(judging("states"))) == (truth, 1)
