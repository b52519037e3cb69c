"""A dish of three embryos, read by the machine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from backend.analysis.models import Run
from backend.imaging.models import Cycle, Dish, Patient, Stack
from backend.registry.models import Weights
from tests.backend.access.world import World, make_world
from tests.backend.readers.world import have_it_read_by_the_machine, marked
from tests.backend.registry.rows import set_in_use
from tests.cast import Cast


@pytest.fixture
def stack(cast: Cast) -> Stack:
    patient = Patient.objects.create(lab=cast.lab, code="P-9")
    dish = Dish.objects.create(lab=cast.lab, cycle=Cycle.objects.create(patient=patient, label="1"), label="D9")
    facts = {"state": Stack.State.READY, "sha256": "a" * 64, "planes": [0.0]}
    return Stack.objects.create(lab=cast.lab, dish=dish, name="recording", **facts)


@pytest.fixture
def run(stack: Stack) -> Run:
    weights = set_in_use(
        Weights.objects.create(name="w", task="wells", family="yolo", sha256="0" * 64, folder="w", state=Weights.State.CHECKED)
    )
    return have_it_read_by_the_machine(stack, weights)


@pytest.fixture
def marked_world(cast: Cast, tmp_path: Path, settings: Any) -> World:
    """One of everything, with values of the machine and of the colleague that can be told apart."""
    settings.SERVER_FOLDER = str(tmp_path)
    settings.FRONTEND_DIR = tmp_path
    (tmp_path / "index.html").write_text("<!doctype html>")
    return marked(make_world(cast, tmp_path))
