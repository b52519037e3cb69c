"""One click fits anew how sure the stager may be, on readings of people's own; what comes of it is a candidate like any other."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.utils import timezone

from backend.accounts.actor import actor_for
from backend.analysis.compact import Called, pack
from backend.analysis.models import Run, StageCalls
from backend.audit.models import Entry
from backend.core.errors import Refused
from backend.drift import selectors
from backend.drift.execution import execute
from backend.drift.models import Recalibration, home_of
from backend.drift.services import cancel_recalibration, request_recalibration
from backend.drift.verdicts import count_told, write_told
from backend.imaging.models import Cycle, Dish, Patient, Stack
from backend.live.models import LoggedEvent
from backend.live.topics import lab_topic
from backend.registry.models import Weights
from backend.registry.services import scan_weights
from backend.review.models import Reading
from detector.loading import SHIPPED_STAGERS, WEIGHTS_HOME
from detector.training import stages_recalibrating
from tests.cast import Cast
from tests.detector.stages_sequence.embryos import USUAL, log_probabilities, stages_at
from tests.exact.weights import write_weights

FRAMES, INTERVAL_H, FIRST_H = 76, 1.5, 4.0
AsRead = Callable[..., Reading]


@pytest.fixture
def stager(db: None, settings: Any, tmp_path: Path) -> Weights:
    """The shipped weights for stages, in use."""
    settings.WEIGHTS_DIR, settings.LAB_WEIGHTS_DIR, settings.ADAPT_DIR = tmp_path / "w", tmp_path / "taught", tmp_path / "scratch"
    settings.RUN_THREADS = 1
    write_weights(settings.WEIGHTS_DIR)
    shutil.copytree(WEIGHTS_HOME / SHIPPED_STAGERS["convnextv2"], settings.WEIGHTS_DIR / "stages")
    scan_weights()
    return Weights.objects.get(task="stages")


@pytest.fixture
def as_read(cast: Cast, stager: Weights) -> AsRead:
    """An embryo that a boastful net has read and a person as well."""
    wells = Weights.objects.get(task="wells")

    def make(
        number: int, *, patient: str | None = None, source: str = "own", state: str = "submitted", hpi: float | None = FIRST_H
    ) -> Reading:
        whose, _ = Patient.objects.get_or_create(lab=cast.lab, code=patient or f"P-{number}")
        cycle, _ = Cycle.objects.get_or_create(patient=whose, label="C1")
        dish = Dish.objects.create(cycle=cycle, label=f"D{number}", lab=cast.lab)
        hours = [INTERVAL_H * frame for frame in range(FRAMES)]
        stack = Stack.objects.create(
            lab=cast.lab, dish=dish, name=f"{number}.zip", state=Stack.State.READY, frame_count=FRAMES, planes=[0.0], width_px=400,
            height_px=400, sha256=f"{number:064d}", hpi_at_first_frame=hpi, hours_since_start=hours,
        )  # fmt: skip
        run = Run.objects.create(stack=stack, weights=wells, stager=stager, state=Run.State.FINISHED, finished_at=timezone.now())
        rng = np.random.default_rng([5, number])
        onsets = {phase: hour + rng.normal(0, 1.5) for phase, hour in USUAL.items()}
        stages = stages_at([FIRST_H + hour for hour in hours], onsets)
        logs = 3 * np.repeat(log_probabilities(stages[::4], rng, 0.55), 4, axis=0)[:FRAMES]
        shares = np.exp(logs - np.logaddexp.reduce(logs, axis=1, keepdims=True))
        calls = [Called(frame, stages[frame].value, float(row.max()), row.tolist()) for frame, row in enumerate(shares)]
        StageCalls.objects.create(run=run, row=0, column=0, first_frame=0, calls=pack(calls))
        frames = {phase: int(np.ceil((hour - FIRST_H) / INTERVAL_H)) for phase, hour in onsets.items()}
        said = {phase.value: {"frame_index": frame, "source": source} for phase, frame in frames.items() if 0 < frame < FRAMES}
        now = timezone.now()
        read = {"row": 0, "column": 0, "state": state, "onsets": said, "updated_at": now, "submitted_at": now}
        return Reading.objects.create(stack=stack, reader=cast.embryologist, **read)

    return make


@pytest.fixture
def ask(cast: Cast) -> Callable[[], Recalibration]:
    return lambda: request_recalibration(lab_id=cast.lab.id, by=cast.lab_admin, actor=actor_for(cast.lab_admin))[1]


@pytest.mark.django_db(transaction=True)
def test_readings_become_a_candidate_with_figures_before_and_after(as_read: AsRead, ask: Callable[[], Recalibration], cast: Cast) -> None:
    for number in range(14):
        as_read(number)
    job = ask()
    execute(job.id)
    job.refresh_from_db()
    assert job.state == "finished", job.error
    assert job.weights is not None
    assert (job.weights.lab, job.weights.state, job.weights.task) == (cast.lab, Weights.State.CANDIDATE, "stages")
    assert job.figures["embryos"] == 14
    assert job.figures["after"]["surprise"] < job.figures["before"]["surprise"]
    assert not home_of(job.id).exists()
    assert Entry.objects.filter(action="recalibration.requested", actor=cast.lab_admin, lab_id=cast.lab.id).exists()
    assert Entry.objects.filter(action="weights.proposed", lab_id=cast.lab.id).exists()


def test_what_was_taken_over_from_the_machine_not_submitted_or_has_no_hours_does_not_count(
    as_read: AsRead, stager: Weights, cast: Cast
) -> None:
    as_read(1)
    as_read(2, source="machine")
    as_read(3, state="draft")
    as_read(4, hpi=None)
    assert count_told(cast.lab.id, stager) == (1, 1)


def test_readings_of_embryos_that_other_weights_have_read_do_not_count(as_read: AsRead, stager: Weights, cast: Cast) -> None:
    reading = as_read(1)
    Run.objects.filter(stack=reading.stack).update(stager=None)
    assert count_told(cast.lab.id, stager) == (0, 0)


def test_patients_are_told_apart_without_their_codes(as_read: AsRead, stager: Weights, cast: Cast, tmp_path: Path) -> None:
    as_read(1, patient="IVANOVA-77")
    as_read(2, patient="IVANOVA-77")
    as_read(3, patient="P-3")
    path = tmp_path / "told.jsonl"
    assert write_told(cast.lab.id, stager, path) == 3
    text = path.read_text()
    assert "IVANOVA" not in text
    assert [json.loads(line)["patient"] for line in text.splitlines()] == ["0", "0", "1"]


def test_too_few_readings_are_refused_with_their_number_before_anything_starts(as_read: AsRead, ask: Callable[[], Recalibration]) -> None:
    for number in range(3):
        as_read(number)
    with pytest.raises(Refused) as refused:
        ask()
    assert refused.value.code == "recalibration_too_few"
    assert "3 embryos of 3 patients" in str(refused.value.detail)
    assert not Recalibration.objects.exists()


def test_asking_twice_gives_the_one_under_way_and_a_cancelled_one_leaves_nothing(
    as_read: AsRead, ask: Callable[[], Recalibration], cast: Cast
) -> None:
    for number in range(12):
        as_read(number)
    job = ask()
    assert ask().id == job.id
    cancel_recalibration(recalibration=job, by=cast.lab_admin, actor=actor_for(cast.lab_admin))
    execute(job.id)
    job.refresh_from_db()
    assert (job.state, job.weights) == ("cancelled", None)
    assert Entry.objects.filter(action="recalibration.cancelled").exists()
    assert not Weights.objects.filter(lab=cast.lab).exists()


def test_the_page_is_told_what_there_is_and_what_it_takes(as_read: AsRead, cast: Cast, client_of: Any) -> None:
    as_read(1)
    told = client_of(cast.lab_admin).get(f"/api/labs/{cast.lab.id}/recalibrations/").json()
    assert (told["embryos"], told["patients"], told["least_embryos"], told["recalibrations"]) == (1, 1, 12, [])
    assert client_of(cast.outsider).get(f"/api/labs/{cast.lab.id}/recalibrations/").status_code == 404


def test_the_page_and_the_detector_agree_on_how_many_it_takes() -> None:
    ours = (selectors.LEAST_EMBRYOS, selectors.LEAST_PATIENTS)
    assert ours == (stages_recalibrating.LEAST_EMBRYOS, stages_recalibrating.LEAST_PATIENTS)


@pytest.mark.django_db(transaction=True)
def test_the_lab_hears_of_a_recalibration_from_asking_to_its_end(as_read: AsRead, ask: Callable[[], Recalibration], cast: Cast) -> None:
    for number in range(12):
        as_read(number)
    job = ask()
    execute(job.id)
    job.refresh_from_db()
    logged = LoggedEvent.objects.filter(topic=lab_topic(cast.lab.id), type="recalibration.changed").order_by("seq")
    heard = [event.payload for event in logged]
    assert [one["state"] for one in heard] == ["queued", "running", "finished"]
    assert {one["recalibration_id"] for one in heard} == {str(job.id)}
    assert [one["weights_id"] for one in heard] == [None, None, str(job.weights_id)]
