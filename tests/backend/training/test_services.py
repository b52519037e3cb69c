"""What is asked of trainings, and what is refused before anything starts."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from backend.accounts.actor import Actor, actor_for
from backend.adaptation.models import Adaptation
from backend.audit.models import Entry
from backend.core.errors import Refused
from backend.core.files import ContentStore
from backend.core.jobs.lease import claim
from backend.core.jobs.sweeping import sweep
from backend.core.jobs.transitions import end
from backend.datasets.models import DataSet
from backend.live.models import LoggedEvent
from backend.registry.models import Weights
from backend.training.models import TrainingJob, home_of
from backend.training.services import cancel_training, request_training, resume_training, stop_training
from tests.backend.conftest import ClientOf
from tests.backend.training.conftest import Ask
from tests.cast import Cast

Known = Callable[..., DataSet]
State = TrainingJob.State


@pytest.fixture
def waiting(known: Known, in_use: Weights, ask: Ask) -> TrainingJob:
    return ask(known())


def refused(ask: Ask, *what: Any, **said: Any) -> str:
    with pytest.raises(Refused) as refusal:
        ask(*what, **said)
    assert not TrainingJob.objects.exists()
    return str(refusal.value.code)


def told(lab: Any) -> list[tuple[str, str]]:
    events = LoggedEvent.objects.filter(topic__name=f"lab.{lab.id}", type__startswith="training.").order_by("seq")
    return [(event.type, event.payload["state"]) for event in events]


def test_a_training_waits_from_the_weights_in_use_and_the_worker_is_told_by_id(
    known: Known, in_use: Weights, ask: Ask, cast: Cast, settings: Any, django_capture_on_commit_callbacks: Any
) -> None:
    before = set(settings.BROKER_DIR.glob("queue/*"))
    with django_capture_on_commit_callbacks(execute=True):
        job = ask(known(), seed=4)
    assert (job.state, job.start, job.candidate, job.settings) == ("queued", in_use, None, {"seed": 4, "steps": None})
    (file,) = set(settings.BROKER_DIR.glob("queue/*.learning.msg")) - before
    message = json.loads(file.read_text())
    assert (message["headers"]["task"], json.loads(base64.b64decode(message["body"]))[0]) == ("training.execute", [str(job.id)])
    assert Entry.objects.filter(action="training.requested", actor=cast.lab_admin, lab_id=cast.lab.id).count() == 1
    assert told(cast.lab) == [("training.progress", "queued")]


def test_asking_twice_returns_the_one_under_way_and_another_seed_changes_nothing_of_it(waiting: TrainingJob, ask: Ask) -> None:
    assert ask(waiting.dataset, seed=9).id == waiting.id
    assert TrainingJob.objects.get().settings["seed"] == 1


@pytest.mark.parametrize(
    ("unlike", "code"),
    [
        ({"state": "draft"}, "training_not_frozen"),
        ({"splits": ("test",)}, "training_no_train"),
        ({"splits": ("train", "validation")}, "training_no_test"),
        ({"task": "wells"}, "training_other_task"),
    ],
)
def test_a_data_set_that_cannot_be_learned_from_is_refused_with_its_reason(
    unlike: dict[str, Any], code: str, known: Known, in_use: Weights, ask: Ask
) -> None:
    assert refused(ask, known(**unlike), recipe="phases") == code


def test_a_data_set_two_of_whose_splits_share_an_embryo_is_refused(known: Known, in_use: Weights, ask: Ask) -> None:
    row = known()
    row.items.update(embryo="the same")
    assert refused(ask, row) == "splits_overlap"


def test_weights_that_the_recipe_cannot_go_on_from_are_refused(known: Known, in_use: Weights, ask: Ask) -> None:
    facts = {"name": "v", "task": "stages", "folder": "v"}
    other = Weights.objects.create(family="vit", sha256="1" * 64, state=Weights.State.CHECKED, **facts)
    broken = Weights.objects.create(family="convnextv2", sha256="2" * 64, state=Weights.State.UNUSABLE, **facts)
    row = known()
    assert refused(ask, row, start_id=other.id) == "training_other_net"
    assert refused(ask, row, start_id=broken.id) == "weights_unusable"


def test_without_weights_in_use_it_is_refused(known: Known, ask: Ask) -> None:
    assert refused(ask, known()) == "no_weights"


def test_another_labs_data_set_and_weights_look_as_if_they_did_not_exist(known: Known, in_use: Weights, ask: Ask, cast: Cast) -> None:
    theirs = known("theirs", lab=cast.other_lab)
    facts = {"name": "c", "task": "stages", "family": "convnextv2", "folder": "c", "lab": cast.other_lab}
    weights = Weights.objects.create(sha256="3" * 64, state=Weights.State.CANDIDATE, **facts)
    assert refused(ask, theirs) == refused(ask, known("ours"), start_id=weights.id) == "not_found"


@pytest.mark.parametrize(("who", "status"), [("viewer", 403), ("embryologist", 403), ("outsider", 404)])
def test_who_is_no_admin_of_the_lab_starts_none(who: str, status: int, known: Known, in_use: Weights, cast: Cast) -> None:
    person, row = getattr(cast, who), known()
    with pytest.raises(Refused) as refusal:
        request_training(
            lab_id=cast.lab.id, data_set_id=row.id, recipe="phases", start_id=None, seed=1, steps=None, by=person, actor=actor_for(person)
        )
    assert refusal.value.status_code == status


def test_a_waiting_one_is_stopped_at_once_and_a_running_one_is_asked_once(waiting: TrainingJob, cast: Cast, admin: Actor) -> None:
    claim(TrainingJob, waiting.id)
    for _ in range(2):
        asked = stop_training(training=waiting, by=cast.lab_admin, actor=admin)
        assert (asked.state, asked.stop_requested) == ("running", True)
    assert Entry.objects.filter(action="training.stop_requested").count() == 1
    TrainingJob.objects.update(state="queued", lease_token=None, stop_requested=False)
    assert stop_training(training=waiting, by=cast.lab_admin, actor=admin).state == "stopped"
    assert told(cast.lab)[-1] == ("training.finished", "stopped")


def test_a_stopped_one_goes_on_with_all_its_attempts_and_its_curve(waiting: TrainingJob, cast: Cast, admin: Actor) -> None:
    TrainingJob.objects.update(attempts=3, curve=[{"step": 1, "loss": 1.0, "validation": None}])
    stop_training(training=waiting, by=cast.lab_admin, actor=admin)
    row = resume_training(training=waiting, by=cast.lab_admin, actor=admin)
    assert (row.state, row.attempts, row.finished_at, len(row.curve)) == ("queued", 0, None, 1)
    assert resume_training(training=waiting, by=cast.lab_admin, actor=admin).state == "queued"
    assert Entry.objects.filter(action="training.resumed").count() == 1


def test_one_that_ended_for_good_does_not_go_on(waiting: TrainingJob, cast: Cast, admin: Actor) -> None:
    cancel_training(training=waiting, by=cast.lab_admin, actor=admin)
    with pytest.raises(Refused) as refusal:
        resume_training(training=waiting, by=cast.lab_admin, actor=admin)
    assert refusal.value.code == "training_over"


def test_a_stopped_one_does_not_go_on_beside_its_like(waiting: TrainingJob, ask: Ask, cast: Cast, admin: Actor) -> None:
    stop_training(training=waiting, by=cast.lab_admin, actor=admin)
    assert ask(waiting.dataset).id != waiting.id
    with pytest.raises(Refused) as refusal:
        resume_training(training=waiting, by=cast.lab_admin, actor=admin)
    assert refusal.value.code == "training_under_way"


def test_cancelling_a_stopped_one_removes_its_checkpoint(
    waiting: TrainingJob, cast: Cast, admin: Actor, tmp_path: Path, django_capture_on_commit_callbacks: Any
) -> None:
    (tmp_path / "checkpoint").write_bytes(b"nets")
    sha256 = ContentStore().put(tmp_path / "checkpoint")
    stop_training(training=waiting, by=cast.lab_admin, actor=admin)
    TrainingJob.objects.update(checkpoint=sha256)
    with django_capture_on_commit_callbacks(execute=True):
        row = cancel_training(training=waiting, by=cast.lab_admin, actor=admin)
    row.refresh_from_db()
    assert (row.state, row.checkpoint, ContentStore().exists(sha256)) == ("cancelled", "", False)


def test_a_worker_that_died_three_times_fails_it_but_leaves_its_folder_to_go_on_from(
    waiting: TrainingJob, django_capture_on_commit_callbacks: Any
) -> None:
    home_of(waiting.id).mkdir(parents=True)
    for attempt in (1, 2, 3):
        assert claim(TrainingJob, waiting.id) is not None
        TrainingJob.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
        with django_capture_on_commit_callbacks(execute=True):
            assert sweep(TrainingJob) == 1
        waiting.refresh_from_db()
        assert (waiting.attempts, waiting.error["code"]) == (attempt, "learner_died")
    assert (waiting.state, waiting.is_resumable, home_of(waiting.id).exists()) == ("failed", True, True)


def test_a_message_that_waits_behind_an_adaptation_is_not_sent_again_and_again(
    waiting: TrainingJob, in_use: Weights, cast: Cast, settings: Any
) -> None:
    adaptation = Adaptation.objects.create(lab=cast.lab, start=in_use, stack_ids=[])
    claim(Adaptation, adaptation.id)
    TrainingJob.objects.update(message_at=timezone.now() - timedelta(seconds=settings.RUN_REMIND_S + 1))
    assert sweep(TrainingJob) == 0
    end(adaptation, State.CANCELLED)
    assert sweep(TrainingJob) == 1


def test_members_see_what_can_be_learned_from_and_how_far_it_is(
    waiting: TrainingJob, known: Known, cast: Cast, client_of: ClientOf
) -> None:
    known("B", state="draft", hash="")
    page = client_of(cast.viewer)
    (row,) = page.get(f"/api/labs/{cast.lab.id}/trainings/").json()
    assert (row["id"], row["state"], row["progress"], row["final"], row["curve"]) == (str(waiting.id), "queued", None, None, [])
    assert page.get(f"/api/trainings/{waiting.id}/").json() == row
    choices = page.get(f"/api/labs/{cast.lab.id}/trainings/choices/").json()
    assert [(one["name"], one["reason"]) for one in choices["data_sets"]] == [("A", None), ("B", "not_frozen")]
    assert [(one["recipe"], one["is_in_use"], one["reason"]) for one in choices["weights"]] == [("phases", True, None)]
    assert client_of(cast.outsider).get(f"/api/trainings/{waiting.id}/").status_code == 404
    assert client_of(cast.viewer).get(f"/api/trainings/{uuid4()}/").status_code == 404
