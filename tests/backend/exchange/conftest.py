"""A dish to report on, with its recording's bytes."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader
from rest_framework.test import APIClient

from backend.accounts.actor import Actor
from backend.analysis.models import Run
from backend.imaging.models import Dish
from backend.imaging.services import confirm_stack, take_in_local_file
from backend.review.services import change_reading, submit_reading
from backend.review.values import FieldChange
from tests.backend.exchange.dishes import FIRST_HOUR, STEP_HOURS, analysed
from tests.cast import Cast
from tests.exact.recording import write_zip

Get = Callable[..., Any]


@pytest.fixture(autouse=True)
def _patience(settings: Any) -> None:
    """A busy computer renders slowly."""
    settings.REPORT_PICTURES_S = 60


@pytest.fixture
def run(cast: Cast, actor: Actor, tmp_path: Path) -> Run:
    path = write_zip(tmp_path / "D1.zip", 40, interval_minutes=int(STEP_HOURS * 60))
    stack = take_in_local_file(path=path, lab=cast.lab, by=cast.embryologist)
    confirmed = {"patient_code": "P-1", "cycle_label": "C1", "dish_label": "D1", "hpi_at_first_frame": FIRST_HOUR}
    return analysed(confirm_stack(stack=stack, actor=actor, by=cast.embryologist, **confirmed))


@pytest.fixture
def dish(run: Run) -> Dish:
    assert run.stack.dish is not None
    return run.stack.dish


@pytest.fixture
def read(run: Run) -> Callable[..., None]:
    """Submit one's reading of an embryo."""

    def give(actor: Actor, place: str = "A1", **fields: Any) -> None:
        changes = [FieldChange(name.replace("__", "."), value, "") for name, value in fields.items()]
        reading = change_reading(actor=actor, stack_id=run.stack_id, place=place, version=0, changes=changes)
        submit_reading(actor=actor, stack_id=run.stack_id, place=place, version=reading.version)

    return give


@pytest.fixture
def get(embryologist_client: APIClient, dish: Dish) -> Get:
    """A report's file, asked for as the embryologist."""

    def fetch(suffix: str, place: str = "", client: APIClient = embryologist_client, **query: str) -> Any:
        below = f"embryos/{place}/" if place else ""
        answer = client.get(f"/api/dishes/{dish.id}/{below}report.{suffix}", query)
        assert answer.status_code == 200, answer.content
        return answer

    return fetch


def text_of(pdf: bytes) -> str:
    """All that can be read in a report, with single spaces."""
    return " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages).split())
