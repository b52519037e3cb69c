"""Folders of a test's own, and recordings on their way in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from rest_framework.test import APIClient

from backend.accounts.actor import Actor
from backend.accounts.models import User
from backend.imaging import intake, services
from backend.imaging.models import Stack
from tests.backend.imaging.pictures import zip_of_frames
from tests.backend.imaging.server import Server
from tests.backend.imaging.tus_client import send
from tests.cast import Cast
from tests.running.product import Installation

TakeIn = Callable[..., Stack]


@pytest.fixture(autouse=True)
def quarantine(_own_folders: None, settings: Any, tmp_path: Path) -> Path:
    settings.QUARANTINE_DIR = tmp_path / "quarantine"
    return tmp_path / "quarantine"


@pytest.fixture
def take_in(cast: Cast, embryologist_client: APIClient) -> TakeIn:
    """Upload bytes, register them and take them in as the worker does."""

    def taken(data: bytes | None = None, name: str = "frames.zip", batch: UUID | None = None) -> Stack:
        batch = send(embryologist_client, cast.lab.id, zip_of_frames() if data is None else data, name=name, batch=batch)
        answer = embryologist_client.post("/api/stacks/", {"lab": str(cast.lab.id), "batch": str(batch), "name": name})
        assert answer.status_code == 202, answer.content
        intake.take_in(UUID(answer.json()["id"]))
        return Stack.objects.get(id=answer.json()["id"])

    return taken


@pytest.fixture
def confirmed(take_in: TakeIn, actor: Actor, cast: Cast) -> Stack:
    """A recording that was recognised and given its dish."""
    said = {"patient_code": "P-17", "cycle_label": "1", "dish_label": "Dish 1", "hpi_at_first_frame": 18.0, "interval_minutes": 10.0}
    return services.confirm_stack(stack=take_in(), actor=actor, by=by(cast), **said)


def by(cast: Cast) -> User:
    return cast.embryologist


@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    installation = Installation(tmp_path_factory.mktemp("uploads"))
    server = Server(installation)
    yield server
    server.http.close()
    installation.close()
