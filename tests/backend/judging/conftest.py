"""The exact detector in use, a candidate of the lab beside it, and recordings to read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from backend.accounts.actor import Actor, actor_for
from backend.registry.models import Weights
from backend.registry.services import register_candidate
from tests.backend.analysis.conftest import ask, recorded, stack_of, weights
from tests.backend.judging.altering import altered, blind_for
from tests.cast import Cast

__all__ = ["ask", "recorded", "stack_of", "weights"]


@pytest.fixture(scope="session")
def check_sets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Rendered once for all tests, as an installation does."""
    return tmp_path_factory.mktemp("check-set")


@pytest.fixture(autouse=True)
def _own_places(settings: Any, tmp_path: Path, check_sets: Path) -> None:
    settings.LAB_WEIGHTS_DIR = tmp_path / "taught"
    settings.CHECK_DIR = tmp_path / "checking"
    settings.CHECK_SET_DIR = check_sets
    settings.CHECK_DISHES, settings.CHECK_EMBRYOS = 1, 19
    settings.RUN_THREADS = 1


@pytest.fixture
def admin(cast: Cast) -> Actor:
    return actor_for(cast.lab_admin)


@pytest.fixture
def candidate(cast: Cast, weights: Weights, tmp_path: Path) -> Weights:
    """Like those in use, but never sees the well A2, which holds an embryo."""
    folder = altered(Path(weights.folder), tmp_path / "candidate", "blind for A2", blind_for(1))
    return register_candidate(folder=folder, lab=cast.lab, by=cast.lab_admin)
