"""Weights are looked at before they are used: with the detector's real command in its own process."""

from __future__ import annotations

import io
import shutil
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest
from django.db import connection
from django.utils import timezone
from PIL import Image

from backend.accounts.actor import Actor, actor_for
from backend.audit.models import Entry
from backend.core.errors import Refused
from backend.core.files import ContentStore, is_spoken_of
from backend.core.jobs.sweeping import sweep
from backend.judging import execution
from backend.judging.models import Check, Difference, home_of
from backend.judging.services import cancel_check, request_check
from backend.live.models import LoggedEvent
from backend.readers.models import Assignment
from backend.registry.models import Weights
from backend.registry.services import register_candidate, scan_weights
from tests.backend.conftest import ClientOf
from tests.backend.judging.altering import altered
from tests.backend.training import labelled
from tests.cast import Cast
from tests.detector.stages_sequence.tiny import untrained_stager
from tests.running.product import ROOT

pytestmark = pytest.mark.django_db(transaction=True)
Ask = Callable[[Weights], Check]


@pytest.fixture
def check(cast: Cast, admin: Actor) -> Ask:
    """Ask for a check as the lab's admin."""

    def request(weights: Weights) -> Check:
        return request_check(actor=admin, weights=weights, lab_id=cast.lab.id, by=cast.lab_admin)[1]

    return request


@pytest.fixture
def good(weights: Weights, settings: Any) -> Weights:
    """Weights in use that know what dishes look like: those that are shipped."""
    shutil.rmtree(weights.folder)
    shutil.copytree(ROOT / "detector" / "weights" / "wells-yolo11n", settings.WEIGHTS_DIR / "good")
    scan_weights()
    return Weights.objects.get(name="wells-yolo11n")


def executed(job: Check) -> Check:
    execution.execute(job.id)
    return Check.objects.select_related("weights", "against").get(id=job.id)


def test_a_candidate_is_judged_beside_what_is_in_use_and_can_be_proposed_from_then_on(
    candidate: Weights, good: Weights, check: Ask, cast: Cast, client_of: ClientOf
) -> None:
    ended = executed(check(candidate))
    assert (ended.state, ended.error, ended.attempts) == ("finished", None, 1)
    candidate.refresh_from_db()
    assert (candidate.state, candidate.checked_against) == ("checked", good)
    told = client_of(cast.viewer).get(f"/api/checks/{ended.id}/").json()
    before, after = told["result"]["before"], told["result"]["after"]
    assert (before["name"], after["name"]) == ("wells-yolo11n", "blind for A2")
    assert {name: figures["pictures"] for name, figures in after["sets"].items()} == {"all": 3, "usual": 1, "hard": 1, "shifted": 1}
    # What knows only one drawn dish finds little in others.
    assert before["sets"]["all"]["recall"] > 0.8 > after["sets"]["all"]["recall"]
    for judged in (before, after):
        honest = judged["calibration"]["renderings"]
        assert 0 <= honest["ece"] <= 1
        assert sum(part["answers"] for part in honest["curve"]) == honest["answers"]
        assert judged["per_s"] > 0
        assert judged["peak_mib"] > 30


def test_every_difference_has_its_truth_what_both_said_and_a_picture_that_only_the_lab_sees(
    candidate: Weights, good: Weights, check: Ask, cast: Cast, client_of: ClientOf
) -> None:
    ended = executed(check(candidate))
    told = client_of(cast.viewer).get(f"/api/checks/{ended.id}/").json()
    shown = told["differences"]
    assert len(shown) == sum(min(one["count"], 20) for one in told["result"]["counts"])
    missed = next(one for one in shown if one["verdict"] == "worse" and one["after"] is None)
    assert missed["truth"] == missed["before"]
    assert missed["place"]
    order = [one["verdict"] for one in shown]
    assert order == sorted(order, key=["worse", "better", "other"].index)
    address = f"/api/checks/{ended.id}/pictures/{missed['number']}.jpg"
    answer = client_of(cast.viewer).get(address)
    assert answer["X-Content-Type-Options"] == "nosniff"
    with Image.open(io.BytesIO(answer.content)) as picture:
        assert (picture.format, max(picture.size)) == ("JPEG", 224)
    assert client_of(cast.outsider).get(address).status_code == 404
    assert is_spoken_of(Difference.objects.filter(check_made=ended)[0].sha256)


def test_a_check_is_recorded_and_told_step_by_step(candidate: Weights, check: Ask, cast: Cast) -> None:
    job = executed(check(candidate))
    actions = Entry.objects.filter(subject=f"check {job.id}").order_by("id").values_list("action", flat=True)
    assert list(actions) == ["check.requested", "check.finished"]
    told = LoggedEvent.objects.filter(topic__name=f"lab.{cast.lab.id}", type="check.changed").order_by("seq")
    states = [row.payload["state"] for row in told]
    assert (states[0], states[1], states[-1]) == ("queued", "running", "finished")
    assert "judging" in [row.payload["step"] for row in told]


def test_all_checks_are_made_on_the_same_frozen_set(candidate: Weights, check: Ask, check_sets: Path) -> None:
    hashes = {executed(check(candidate)).set_hash for _ in "12"}
    assert len(hashes) == 1
    assert (check_sets / hashes.pop() / "truth.json").is_file()


def test_a_labs_own_held_out_labels_are_judged_on_too_and_nothing_else_of_them(
    candidate: Weights, check: Ask, cast: Cast, admin: Actor, tmp_path: Path
) -> None:
    data_set = labelled.wells(cast.lab, cast.lab_admin, admin, tmp_path / "drawn")
    ended = executed(check(candidate))
    assert (ended.state, ended.data_set, ended.data_set_hash) == ("finished", data_set, data_set.hash)
    assert ended.result is not None
    assert ended.result["after"]["sets"]["labels"]["pictures"] == 2
    assert ended.result["after"]["sets"]["all"]["pictures"] == 5


def test_who_is_blind_for_a_labelled_recording_sees_no_figures_and_no_differences_of_labels(
    candidate: Weights, check: Ask, cast: Cast, admin: Actor, tmp_path: Path, stack_of: Any, client_of: ClientOf
) -> None:
    labelled.wells(cast.lab, cast.lab_admin, admin, tmp_path / "drawn")
    ended = executed(check(candidate))
    stack, reader = stack_of(), cast.embryologist
    Check.objects.filter(id=ended.id).update(stack_ids=[str(stack.id)])
    Assignment.objects.create(stack=stack, reader=reader, row=0, column=0, is_blind=True, by=reader, by_name=reader.name)
    for person, sees in ((cast.colleague, True), (reader, False)):
        told = client_of(person).get(f"/api/checks/{ended.id}/").json()
        assert ("labels" in told["result"]["after"]["sets"], "labels" in told["result"]["after"]["calibration"]) == (sees, sees)
        assert any(one["set"] == "labels" for one in told["differences"]) is sees
        assert any(one["set"] == "labels" for one in told["result"]["counts"]) is sees


def test_stagers_are_judged_alike(weights: Weights, check: Ask, cast: Cast, admin: Actor, settings: Any, tmp_path: Path) -> None:
    untrained_stager(settings.WEIGHTS_DIR / "tiny")
    scan_weights()
    other = altered(settings.WEIGHTS_DIR / "tiny", tmp_path / "other", "other", lambda array: array[:, ::-1])
    labelled.phases(cast.lab, cast.lab_admin, admin, tmp_path / "drawn")
    ended = executed(check(register_candidate(folder=other, lab=cast.lab, by=None)))
    assert (ended.state, ended.error) == ("finished", None)
    assert ended.result is not None
    sets = ended.result["after"]["sets"]
    assert (sets["rendered"]["pictures"], sets["labels"]["pictures"]) == (19, 6)
    assert 0 <= sets["rendered"]["phase_accuracy"] <= sets["rendered"]["within_one_phase"] <= 1
    assert set(ended.result["after"]["calibration"]) == {"renderings", "labels"}
    assert Difference.objects.filter(check_made=ended, set="rendered").exists()


def test_weights_in_use_are_checked_against_the_truth_alone_and_shipped_ones_stay_what_they_are(weights: Weights, check: Ask) -> None:
    ended = executed(check(weights))
    assert (ended.state, ended.against) == ("finished", None)
    assert ended.result is not None
    assert ended.result["before"] is None
    shown = Difference.objects.filter(check_made=ended)
    assert all(one.before is None and one.after != one.truth for one in shown)
    weights.refresh_from_db()
    assert (weights.state, weights.checked_at) == ("checked", None)


def test_weights_that_were_changed_on_disk_are_not_checked_and_never_used(candidate: Weights, check: Ask) -> None:
    job = check(candidate)
    with (Path(candidate.folder) / "weights.zip").open("ab") as file:
        file.write(b"\0")
    ended = executed(job)
    assert (ended.state, ended.error["code"]) == ("failed", "weights_tampered")
    candidate.refresh_from_db()
    assert candidate.state == "unusable"
    with pytest.raises(Refused) as refused:
        check(candidate)
    assert refused.value.code == "weights_unusable"


def test_only_admins_of_the_lab_ask_and_asking_twice_gives_the_one_under_way(candidate: Weights, check: Ask, cast: Cast) -> None:
    job = check(candidate)
    assert check(candidate).id == job.id
    for person in (cast.embryologist, cast.outsider):
        with pytest.raises(Refused):
            request_check(actor=actor_for(person), weights=candidate, lab_id=cast.lab.id, by=person)


def worked_on(job: Check, act: Callable[[], object]) -> Check:
    """Work on it, and do something in another thread once the detector judges."""

    def wait_and_act() -> None:
        try:
            until = time.monotonic() + 60
            while not judges() and time.monotonic() < until:
                time.sleep(0.02)
            act()
        finally:
            connection.close()

    thread = threading.Thread(target=wait_and_act)
    thread.start()
    ended = executed(job)
    thread.join()
    assert judges() == []
    return ended


def judges() -> list[psutil.Process]:
    found = []
    for child in psutil.Process().children():
        # One that ends just now has no command line any more.
        with suppress(psutil.Error):
            found += [child] if "--weights" in child.cmdline() else []
    return found


def test_a_cancelled_check_ends_its_process_and_leaves_nothing(candidate: Weights, check: Ask, cast: Cast, admin: Actor) -> None:
    job = check(candidate)
    ended = worked_on(job, lambda: cancel_check(actor=admin, check=job, by=cast.lab_admin))
    assert (ended.state, ended.result, home_of(job.id).exists()) == ("cancelled", None, False)
    assert not Difference.objects.exists()
    candidate.refresh_from_db()
    assert candidate.state == "candidate"


def test_a_judge_that_is_killed_costs_an_attempt_and_the_check_is_made_again(candidate: Weights, check: Ask) -> None:
    job = check(candidate)
    waiting = worked_on(job, lambda: [judge.kill() for judge in judges()])
    assert (waiting.state, waiting.attempts, waiting.error["code"]) == ("queued", 1, "check_failed")
    ended = executed(job)
    assert (ended.state, ended.attempts) == ("finished", 2)


def test_a_check_whose_worker_died_is_made_again_and_says_everything_once(candidate: Weights, check: Ask) -> None:
    job = check(candidate)
    gone = {"state": "running", "lease_token": job.id, "lease_until": timezone.now() - timedelta(seconds=1), "attempts": 1}
    Check.objects.filter(id=job.id).update(**gone)
    left = home_of(job.id) / str(job.id) / "pictures"
    left.mkdir(parents=True)
    assert sweep(Check) == 1
    ended = executed(job)
    assert (ended.state, ended.attempts, left.exists()) == ("finished", 2, False)
    numbers = list(Difference.objects.filter(check_made=ended).values_list("number", flat=True))
    assert numbers == list(range(len(numbers)))
    assert ContentStore().exists(Difference.objects.filter(check_made=ended)[0].sha256)
