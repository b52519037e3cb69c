"""A recording from a shell, with the worker's part done in this process."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from backend.accounts.actor import actor_for
from backend.accounts.models import Lab
from backend.analysis import engine, reaper
from backend.analysis.models import Run
from backend.analysis.services import cancel_run
from backend.config.headless import analyse_here, as_text
from backend.core.errors import Refused
from backend.imaging.models import Stack
from backend.registry.services import scan_weights
from tests.cast import Cast
from tests.exact.recording import write_zip
from tests.exact.weights import write_weights

pytestmark = pytest.mark.django_db(transaction=True)
PLAIN: dict[str, Any] = {"lab_name": None, "layout": "", "interval_minutes": None, "hpi": None}


@pytest.fixture
def recording(settings: Any, tmp_path: Path) -> Path:
    """Twelve frames, and the exact detector in use."""
    settings.WEIGHTS_DIR = tmp_path / "weights"
    write_weights(settings.WEIGHTS_DIR)
    scan_weights()
    return write_zip(tmp_path / "dish.zip", 12)


@pytest.fixture
def worker() -> Iterator[Callable[[Callable[[Run], object]], None]]:
    """Do this to the run that is asked for; meanwhile a worker seems to be alive."""
    reaper.beat()
    threads: list[threading.Thread] = []
    is_over = threading.Event()

    def once(act: Callable[[Run], object]) -> None:
        def wait_and_act() -> None:
            try:
                while not is_over.wait(0.02):
                    if run := Run.objects.select_related("stack").filter(state=Run.State.QUEUED).first():
                        act(run)
                        return
            finally:
                connection.close()

        threads.append(threading.Thread(target=wait_and_act))
        threads[-1].start()

    yield once
    is_over.set()
    for thread in threads:
        thread.join()


def test_what_is_said_on_the_command_line_reaches_the_recording_its_dish_and_its_run(recording: Path, worker: Any, cast: Cast) -> None:
    worker(lambda run: engine.execute(run.id))
    said: list[str] = []
    options = {"lab_name": "North clinic", "layout": "3x3", "interval_minutes": 5.0, "hpi": 2.5}
    told = analyse_here(path=recording, say=said.append, **options)
    stack, run = Stack.objects.select_related("dish").get(), Run.objects.get()
    assert (stack.lab, stack.dish.label, stack.interval_minutes, stack.hpi_at_first_frame) == (cast.lab, "dish", 5.0, 2.5)
    assert (run.layout_given, told["run"], told["dish"]["layout"], len(told["dish"]["wells"])) == ("3x3", str(run.id), "3x3", 9)
    assert said[0] == "image-zip, 12 frames of 384x288, 1 planes"
    assert said[-1] == "12 of 12 frames"


def test_a_run_that_somebody_cancels_says_so(recording: Path, worker: Any, cast: Cast) -> None:
    actor = actor_for(cast.embryologist)
    worker(lambda run: cancel_run(run=run, by=cast.embryologist, actor=actor))
    with pytest.raises(Refused) as refused:
        analyse_here(path=recording, say=lambda line: None, **{**PLAIN, "lab_name": "North clinic"})
    assert refused.value.code == "cancelled"


def test_a_run_that_fails_says_why(recording: Path, worker: Any, settings: Any) -> None:
    def tamper_and_execute(run: Run) -> None:
        with Path(settings.WEIGHTS_DIR, "exact", "weights.zip").open("ab") as file:
            file.write(b"0")
        engine.execute(run.id)

    worker(tamper_and_execute)
    with pytest.raises(Refused) as refused:
        analyse_here(path=recording, say=lambda line: None, **PLAIN)
    assert refused.value.code == "weights_tampered"
    assert Lab.objects.get().name == "Default"


def test_a_lab_that_is_not_there_is_refused_with_those_that_are(recording: Path, cast: Cast) -> None:
    with pytest.raises(Refused) as refused:
        analyse_here(path=recording, say=lambda line: None, **{**PLAIN, "lab_name": "Nowhere"})
    assert (refused.value.code, refused.value.hint) == ("no_such_lab", "Labs: North clinic, South clinic.")
    assert not Stack.objects.exists()


def test_without_json_the_answer_is_in_words() -> None:
    wells = [{"row": 1, "column": 2, "content": "gas", "confidence": 0.917}]
    alerts = [{"kind": "gas_in_well", "frame_index": 0, "place": "B3", "detail": "a gas bubble lies in B3"}]
    told = {"dish": {"layout": "3x3", "wells": wells, "alerts": alerts}, "profiles": []}
    assert as_text(told).splitlines() == ["Layout 3x3, 1 wells", "  B3  gas         0.92", "! frame 0: a gas bubble lies in B3"]
