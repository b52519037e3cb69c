"""From a frozen data set to a candidate, with the detector's real commands in real processes."""

from __future__ import annotations

import csv
import json
import threading
import time
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
from django.db import connection

from backend.accounts.actor import Actor
from backend.audit.models import Entry
from backend.core.files import ContentStore
from backend.core.jobs import draining
from backend.datasets.models import DataSet
from backend.live.models import LoggedEvent
from backend.registry.models import Weights
from backend.registry.selectors import active_weights
from backend.training import execution
from backend.training.models import TrainingJob, home_of
from backend.training.preparing import through_steps
from backend.training.services import cancel_training, resume_training, stop_training
from tests.backend.conftest import ClientOf
from tests.backend.training import labelled
from tests.backend.training.conftest import Ask
from tests.cast import Cast

pytestmark = pytest.mark.django_db(transaction=True)


def executed(job: TrainingJob) -> TrainingJob:
    execution.execute(job.id)
    return TrainingJob.objects.select_related("candidate", "dataset").get(id=job.id)


def events(cast: Cast) -> list[dict[str, Any]]:
    rows = LoggedEvent.objects.filter(topic__name=f"lab.{cast.lab.id}", type__startswith="training.").order_by("seq")
    return [row.payload for row in rows]


def test_labelled_phases_become_a_candidate_judged_once_beside_the_weights_in_use(
    phases: DataSet, stager: Weights, ask: Ask, cast: Cast, client_of: ClientOf
) -> None:
    ended = executed(ask(phases, seed=3))
    assert (ended.state, ended.error, ended.attempts, ended.progress["stage"]) == ("finished", None, 1, "judging")
    assert ended.facts["pictures"] == 21
    assert ended.facts["validation_pictures"] == 3
    candidate = ended.candidate
    assert candidate is not None
    assert (candidate.state, candidate.lab, candidate.task) == ("candidate", cast.lab, "stages")
    assert active_weights("stages") == stager
    final = client_of(cast.viewer).get(f"/api/trainings/{ended.id}/").json()["final"]
    assert [one["role"] for one in final["contenders"]] == ["candidate", "active", "baseline"]
    assert {one["phases"]["pictures"] for one in final["contenders"]} == {6}
    assert final["contenders"][-1]["phases"]["accuracy4"] == pytest.approx(1 / 3, abs=1e-3)
    assert [one["against"] for one in final["differences"]] == ["active", "baseline"]
    assert not home_of(ended.id).exists()
    actions = Entry.objects.filter(lab_id=cast.lab.id, action__startswith="training.").order_by("id").values_list("action", flat=True)
    assert list(actions) == ["training.requested", "training.finished"]


def test_the_card_tells_of_the_data_set_the_code_and_the_seed(phases: DataSet, stager: Weights, ask: Ask, settings: Any) -> None:
    candidate = executed(ask(phases, seed=3)).candidate
    assert candidate is not None
    folder = Path(candidate.folder)
    card, manifest = (folder / "card.md").read_text(), tomllib.loads((folder / "manifest.toml").read_text())
    assert manifest["origin"] == {"data_set": phases.hash, "product": settings.CODE_VERSION}
    assert "--seed 3" in manifest["command"]
    assert phases.hash in card
    assert "--seed 3" in card
    assert str(settings.TRAIN_DIR) not in card + (folder / "manifest.toml").read_text()


def test_the_curve_goes_out_live_point_by_point(phases: DataSet, stager: Weights, ask: Ask, cast: Cast) -> None:
    ended = executed(ask(phases, steps=9))
    points = [point for event in events(cast) if event["type"] == "training.progress" for point in event["points"]]
    assert [point["step"] for point in points] == list(range(1, len(points) + 1))
    assert points == ended.curve
    assert all(0 <= point["validation"] <= 1 for point in points)
    last = events(cast)[-1]
    assert (last["type"], last["state"], last["candidate"]) == ("training.finished", "finished", str(ended.candidate_id))


def test_a_training_that_does_no_better_ends_before_its_last_step(
    phases: DataSet, stager: Weights, ask: Ask, cast: Cast, settings: Any
) -> None:
    settings.TRAIN_PATIENCE = 1
    ended = executed(ask(phases, steps=90))
    assert ended.facts["stopped_early"]
    chosen = ended.facts["best_step"]
    assert chosen <= ended.curve[-1]["step"] < 90
    # So many are made again from all pictures, as another stage, and add nothing to the curve.
    assert ended.facts["steps"] == ended.curve[-1]["step"] + chosen
    told = [(one["done"], one["total"]) for one in events(cast) if one.get("stage") == "learning_again"]
    assert told[-1] == (chosen, chosen)


def test_labelled_dishes_teach_the_finder_of_wells_on(
    cast: Cast, admin: Actor, finder: Weights, ask: Ask, tmp_path: Path, client_of: ClientOf
) -> None:
    data_set = labelled.wells(cast.lab, cast.lab_admin, admin, tmp_path / "dishes")
    ended = executed(ask(data_set, steps=2))
    assert (ended.state, ended.error) == ("finished", None)
    candidate = ended.candidate
    assert candidate is not None
    assert (candidate.state, candidate.task, candidate.family) == ("candidate", "wells", "yolo11n")
    final = client_of(cast.viewer).get(f"/api/trainings/{ended.id}/").json()["final"]
    assert [one["role"] for one in final["contenders"]] == ["candidate", "active", "baseline"]
    assert {one["wells"]["pictures"] for one in final["contenders"]} == {2}
    assert [one["role"] for one in final["renderings"]] == ["candidate", "active"]
    assert final["main"] == "right"


def test_weights_that_were_changed_on_disk_are_not_gone_on_from(phases: DataSet, stager: Weights, ask: Ask) -> None:
    job = ask(phases)
    with (Path(stager.folder) / "weights.zip").open("ab") as file:
        file.write(b"\0")
    ended = executed(job)
    assert (ended.state, ended.error["code"]) == ("failed", "weights_tampered")


@pytest.fixture
def long(phases: DataSet, stager: Weights, ask: Ask, settings: Any) -> TrainingJob:
    """Learns for a while, with nine checkpoints on the way."""
    settings.TRAIN_PATIENCE = 0
    return ask(phases, steps=180)


def learners() -> list[psutil.Process]:
    return [child for child in psutil.Process().children() if "train" in child.cmdline()]


def worked_on(job: TrainingJob, act: Callable[[], object]) -> TrainingJob:
    """Work on it, and do something in another thread once a first checkpoint is there."""

    def wait_and_act() -> None:
        try:
            while not (TrainingJob.objects.get(id=job.id).curve and learners()):
                time.sleep(0.05)
            act()
        finally:
            connection.close()

    thread = threading.Thread(target=wait_and_act)
    thread.start()
    ended = executed(job)
    thread.join()
    assert learners() == []
    return ended


def test_a_stopped_training_keeps_its_checkpoint_and_goes_on_from_there(long: TrainingJob, cast: Cast, admin: Actor, settings: Any) -> None:
    stopped = worked_on(long, lambda: stop_training(training=long, by=cast.lab_admin, actor=admin))
    assert (stopped.state, stopped.stop_requested, stopped.candidate, home_of(long.id).exists()) == ("stopped", False, None, False)
    assert ContentStore().exists(stopped.checkpoint)
    reached, checkpoint = stopped.curve[-1]["step"], stopped.checkpoint
    resume_training(training=long, by=cast.lab_admin, actor=admin)
    again = worked_on(long, lambda: wait_for(long, reached + 1))
    assert again.state == "queued" or again.curve[-1]["step"] > reached
    assert again.curve[0] == stopped.curve[0]
    cancel_training(training=long, by=cast.lab_admin, actor=admin)
    assert not ContentStore().exists(checkpoint)


def wait_for(job: TrainingJob, step: int) -> None:
    """Let it learn so far, then kill the learner."""
    while TrainingJob.objects.get(id=job.id).curve[-1]["step"] < step:
        time.sleep(0.05)
    for learner in learners():
        learner.kill()


def test_a_learner_that_is_killed_costs_an_attempt_and_its_next_goes_on_from_the_last_checkpoint(
    long: TrainingJob, cast: Cast, admin: Actor
) -> None:
    waiting = worked_on(long, lambda: [learner.kill() for learner in learners()])
    assert (waiting.state, waiting.attempts, waiting.error["code"]) == ("queued", 1, "learner_failed")
    reached = waiting.curve[-1]["step"]
    again = worked_on(long, lambda: wait_for(long, reached + 1))
    assert again.curve[: len(waiting.curve)] == waiting.curve
    assert again.curve[-1]["step"] > reached


def test_a_cancelled_training_stops_its_learner_and_leaves_nothing(long: TrainingJob, cast: Cast, admin: Actor) -> None:
    ended = worked_on(long, lambda: cancel_training(training=long, by=cast.lab_admin, actor=admin))
    assert (ended.state, ended.candidate, home_of(long.id).exists()) == ("cancelled", None, False)


def test_a_worker_that_ends_hands_it_back_without_counting_the_attempt(long: TrainingJob) -> None:
    try:
        waiting = worked_on(long, draining.begin)
    finally:
        draining.end()
    assert (waiting.state, waiting.attempts, waiting.lease_token) == ("queued", 0, None)
    assert list(home_of(long.id).rglob("checkpoint.pt"))


def test_what_is_judged_on_does_not_go_through_the_steps(cast: Cast, admin: Actor, tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    columns = ["file", "embryo", "split"]

    def write(rows: list[tuple[str, str, str]]) -> None:
        with (data / "labels.csv").open("w", newline="") as file:
            csv.writer(file).writerows([columns, *rows])

    write([("1.png", "a", "train"), ("2.png", "b", "dev"), ("3.png", "c", "test")])
    stepped = [("1-p.png", "a", "train"), ("1-a1.png", "a", "train"), ("2-p.png", "b", "dev"), ("3-p.png", "c", "test")]
    for _ in range(2):
        through_steps(data, lambda: write(stepped))
        with (data / "labels.csv").open() as file:
            assert [row["file"] for row in csv.DictReader(file)] == ["1-p.png", "1-a1.png", "2.png", "3.png"]
    assert len(json.loads((data / "held.json").read_text())) == 2
