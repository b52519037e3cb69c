"""Recordings that wait to be analysed, and the exact detector in use."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from backend.accounts.actor import actor_for
from backend.analysis.models import Run
from backend.analysis.services import request_run
from backend.imaging.models import Cycle, Dish, Patient, Stack
from backend.imaging.services import confirm_stack, take_in_local_file
from backend.registry.models import Weights
from backend.registry.services import scan_weights
from tests.cast import Cast
from tests.exact.recording import Changes, write_zip
from tests.exact.weights import write_weights

StackMaker = Callable[..., Stack]


@pytest.fixture
def weights(db: None, settings: Any, tmp_path: Path) -> Weights:
    """The exact detector, verified and in use."""
    settings.WEIGHTS_DIR = tmp_path / "weights"
    write_weights(settings.WEIGHTS_DIR)
    return scan_weights()[0]


@pytest.fixture
def other_weights(weights: Weights, settings: Any) -> Weights:
    """A second detector, usable but not in use."""
    write_weights(settings.WEIGHTS_DIR, "other", bias=0.001)
    scan_weights()
    return Weights.objects.get(name="other")


@pytest.fixture
def stack_of(cast: Cast) -> StackMaker:
    """A confirmed recording of the first lab; only its row, no bytes."""

    def make(label: str = "D1", frames: int = 10, **fields: Any) -> Stack:
        patient, _ = Patient.objects.get_or_create(lab=cast.lab, code="P-1")
        cycle, _ = Cycle.objects.get_or_create(patient=patient, label="C1")
        dish, _ = Dish.objects.get_or_create(cycle=cycle, label=label, defaults={"lab": cast.lab})
        values = {"state": Stack.State.READY, "frame_count": frames, "planes": [0.0], "width_px": 384, "height_px": 288, "sha256": "0" * 64}
        return Stack.objects.create(lab=cast.lab, dish=dish, name=f"{label}.zip", **(values | fields))

    return make


@pytest.fixture
def recorded(cast: Cast, tmp_path: Path) -> StackMaker:
    """A confirmed recording with its bytes, taken in like any other."""

    def make(label: str = "D1", frames: int = 40, changes: Changes | None = None, path: Path | None = None) -> Stack:
        path = path or write_zip(tmp_path / f"{label}.zip", frames, changes)
        stack = take_in_local_file(path=path, lab=cast.lab, by=cast.embryologist)
        assert stack.state == Stack.State.RECOGNISED, stack.refusal
        confirmed = {"patient_code": "P-1", "cycle_label": "C1", "dish_label": label}
        return confirm_stack(stack=stack, actor=actor_for(cast.embryologist), by=cast.embryologist, **confirmed)

    return make


@pytest.fixture
def ask(cast: Cast, weights: Weights) -> Callable[..., Run]:
    """Ask for a run as the embryologist."""

    def request(stack: Stack, by: Weights | None = None) -> Run:
        return request_run(stack=stack, weights=by, by=cast.embryologist, actor=actor_for(cast.embryologist))

    return request
