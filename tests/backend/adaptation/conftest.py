"""A lab with something to learn from: analysed dishes with known hours, and a tiny stager in use."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from backend.accounts.actor import actor_for
from backend.adaptation.models import Adaptation
from backend.adaptation.services import request_adaptation
from backend.analysis import engine
from backend.analysis.models import Run, Well
from backend.analysis.services import request_run
from backend.imaging.models import Cycle, Dish, Patient, Stack
from backend.imaging.services import confirm_stack, take_in_local_file
from backend.registry.models import Weights
from backend.registry.services import scan_weights
from tests.backend.adaptation.dishes import write_dish, write_tiny_stager
from tests.backend.registry.rows import set_in_use
from tests.cast import Cast
from tests.exact.weights import write_weights

FRAMES, INTERVAL_MINUTES, START_HPI = 30, 240, 10.0
MakeStack = Callable[..., Stack]


@pytest.fixture(autouse=True)
def _own_places(settings: Any, tmp_path: Path) -> None:
    settings.WEIGHTS_DIR = tmp_path / "shipped"
    settings.LAB_WEIGHTS_DIR = tmp_path / "taught"
    settings.ADAPT_DIR = tmp_path / "adapting"
    settings.ADAPT_STEPS = 3
    settings.RUN_THREADS = 1


@pytest.fixture(scope="session")
def taught(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a tiny net that names stages of the dishes drawn here."""
    return write_tiny_stager(tmp_path_factory.mktemp("stager") / "tiny")


@pytest.fixture
def stager(db: None, settings: Any, taught: Path) -> Weights:
    """The tiny net, in use."""
    shutil.copytree(taught, settings.WEIGHTS_DIR / "tiny")
    scan_weights()
    return Weights.objects.get(name="tiny")


@pytest.fixture
def recorded(cast: Cast, tmp_path: Path) -> MakeStack:
    """A confirmed recording of five days with its bytes; three of its nine wells hold an embryo."""

    def make(label: str = "D1", *, hpi: float | None = START_HPI, frames: int = FRAMES, seed: int = 0) -> Stack:
        path = write_dish(tmp_path / f"{label}.zip", frames, INTERVAL_MINUTES, START_HPI, seed)
        stack = take_in_local_file(path=path, lab=cast.lab, by=cast.embryologist)
        said = {"patient_code": "P-1", "cycle_label": "C1", "dish_label": label, "hpi_at_first_frame": hpi}
        return confirm_stack(stack=stack, actor=actor_for(cast.embryologist), by=cast.embryologist, **said)

    return make


@pytest.fixture
def analysed(recorded: MakeStack, cast: Cast, settings: Any) -> MakeStack:
    """The same, with its wells found by the exact detector."""

    def make(label: str = "D1", **options: Any) -> Stack:
        write_weights(settings.WEIGHTS_DIR)
        scan_weights()
        stack = recorded(label, **options)
        run = request_run(stack=stack, by=cast.embryologist, actor=actor_for(cast.embryologist))
        engine.execute(run.id)
        assert Run.objects.get(id=run.id).state == Run.State.FINISHED
        return stack

    return make


@pytest.fixture
def three_dishes(analysed: MakeStack) -> list[Stack]:
    """Nine embryos."""
    return [analysed(f"D{number}", seed=number) for number in range(3)]


@pytest.fixture
def known(cast: Cast) -> MakeStack:
    """Only the rows of an analysed recording with known hours, no bytes."""

    def make(label: str = "D1", *, embryos: int = 9, is_analysed: bool = True, **fields: Any) -> Stack:
        lab = fields.pop("lab", cast.lab)
        patient, _ = Patient.objects.get_or_create(lab=lab, code="P-1")
        cycle, _ = Cycle.objects.get_or_create(patient=patient, label="C1")
        dish = Dish.objects.create(cycle=cycle, label=label, lab=lab)
        values = {"state": Stack.State.READY, "frame_count": 10, "interval_minutes": 600, "hpi_at_first_frame": 5.0, "planes": [0.0]}
        sha256 = hashlib.sha256(label.encode()).hexdigest()
        stack = Stack.objects.create(lab=lab, dish=dish, name=f"{label}.zip", **({"sha256": sha256} | values | fields))
        if is_analysed:
            finder, _ = Weights.objects.get_or_create(sha256="0" * 64, defaults={"task": "wells", "state": Weights.State.CHECKED})
            run = Run.objects.create(stack=stack, weights=finder, state=Run.State.FINISHED, layout="3x3")
            for place in range(9):
                content = "embryo" if place < embryos else "empty"
                Well.objects.create(run=run, row=place // 3, column=place % 3, box=[0, 0, 9, 9], content=content, confidence=1)
        return stack

    return make


@pytest.fixture
def in_use(db: None) -> Weights:
    """Weights for stages as a row only."""
    return set_in_use(
        Weights.objects.create(name="shipped", task="stages", family="f", sha256="9" * 64, folder="nowhere", state=Weights.State.CHECKED)
    )


@pytest.fixture
def ask(cast: Cast) -> Callable[..., Adaptation]:
    """Ask as the lab's admin."""

    def request(dishes: list[Any] | None = None) -> Adaptation:
        person = cast.lab_admin
        return request_adaptation(lab_id=cast.lab.id, dishes=dishes, by=person, actor=actor_for(person))[1]

    return request
