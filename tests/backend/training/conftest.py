"""A lab with frozen data sets, and weights in use that are small enough to learn in seconds."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from backend.accounts.actor import Actor, actor_for
from backend.datasets.models import DataSet, DataSetItem
from backend.registry.models import Weights
from backend.registry.services import scan_weights
from backend.training.models import TrainingJob
from backend.training.services import request_training
from tests.backend.adaptation.dishes import write_tiny_stager
from tests.backend.registry.rows import set_in_use
from tests.backend.training import labelled
from tests.cast import Cast
from tests.running.product import ROOT

Ask = Callable[..., TrainingJob]


@pytest.fixture(autouse=True)
def _own_places(settings: Any, tmp_path: Path) -> None:
    settings.WEIGHTS_DIR = tmp_path / "shipped"
    settings.LAB_WEIGHTS_DIR = tmp_path / "taught"
    settings.TRAIN_DIR = tmp_path / "training"
    settings.TRAIN_STEPS = 9
    settings.TRAIN_RENDERINGS = 8
    settings.RUN_THREADS = 1


@pytest.fixture
def admin(cast: Cast) -> Actor:
    return actor_for(cast.lab_admin)


@pytest.fixture(scope="session")
def taught(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a tiny net that names stages."""
    return write_tiny_stager(tmp_path_factory.mktemp("stager") / "tiny")


@pytest.fixture
def stager(db: None, settings: Any, taught: Path) -> Weights:
    """The tiny net, in use."""
    shutil.copytree(taught, settings.WEIGHTS_DIR / "tiny")
    scan_weights()
    return Weights.objects.get(name="tiny")


@pytest.fixture
def finder(db: None, settings: Any) -> Weights:
    """The shipped finder of wells, in use."""
    shutil.copytree(ROOT / "detector" / "weights" / "wells-yolo11n", settings.WEIGHTS_DIR / "wells")
    scan_weights()
    return Weights.objects.get(task="wells")


@pytest.fixture
def phases(cast: Cast, admin: Actor, tmp_path: Path) -> DataSet:
    """Frozen: six embryos to learn from, one to choose by, two held back."""
    return labelled.phases(cast.lab, cast.lab_admin, admin, tmp_path / "drawn")


@pytest.fixture
def ask(cast: Cast, admin: Actor) -> Ask:
    """Ask as the lab's admin."""

    def request(data_set: DataSet, **said: Any) -> TrainingJob:
        usual = {"recipe": data_set.task, "start_id": None, "seed": 1, "steps": None}
        return request_training(lab_id=cast.lab.id, data_set_id=data_set.id, by=cast.lab_admin, actor=admin, **{**usual, **said})[1]

    return request


@pytest.fixture
def known(cast: Cast) -> Callable[..., DataSet]:
    """Only the rows of a data set, no pictures."""

    def make(
        name: str = "A", *, task: str = "phases", state: str = "frozen", splits: tuple[str, ...] = ("train", "test"), **said: Any
    ) -> DataSet:
        facts = {"lab": cast.lab, "by": cast.lab_admin, "name": name, "task": task, "state": state, "hash": "a" * 64, **said}
        row = DataSet.objects.create(**facts)
        for number, split in enumerate(splits, start=1):
            _item(row, number, split)
        return row

    return make


def _item(row: DataSet, number: int, split: str) -> None:
    from backend.labels.models import Picture

    facts = {"name": f"{number}.png", "width": 9, "height": 9}
    picture = Picture.objects.create(lab=row.lab, sha256=f"{row.id.hex}{number:032x}", **facts)
    about = {"content_key": picture.sha256, "width_px": 9, "height_px": 9, "label": {"phase": 1}, "classes": " 1 ", "embryo": f"e{number}"}
    DataSetItem.objects.create(dataset=row, number=number, picture=picture, split=split, **about)


@pytest.fixture
def in_use(db: None) -> Weights:
    """Weights for stages as a row only."""
    return set_in_use(
        Weights.objects.create(
            name="shipped", task="stages", family="convnextv2", sha256="9" * 64, folder="nowhere", state=Weights.State.CHECKED
        )
    )
