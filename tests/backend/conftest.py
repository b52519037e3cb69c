"""Signed-in clients and tokens for the cast."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rest_framework.test import APIClient

from backend.accounts.actor import Actor, actor_for
from backend.accounts.models import ApiToken, Lab, User
from backend.accounts.services import create_token
from tests.cast import Cast

ClientOf = Callable[[User | None], APIClient]


@pytest.fixture(autouse=True)
def _own_folders(settings: Any, tmp_path: Path) -> None:
    """Files of one test are not another's."""
    for name in ("CONTENT_DIR", "UPLOAD_DIR", "FRAME_CACHE_DIR"):
        setattr(settings, name, tmp_path / name.lower())


@pytest.fixture
def client_of(db: None) -> ClientOf:
    """A browser in which this person is signed in; None: signed out."""

    def client(user: User | None) -> APIClient:
        browser = APIClient()
        if user is not None:
            browser.force_login(user)
        return browser

    return client


@pytest.fixture
def embryologist_client(cast: Cast, client_of: ClientOf) -> APIClient:
    return client_of(cast.embryologist)


@pytest.fixture
def outsider_client(cast: Cast, client_of: ClientOf) -> APIClient:
    return client_of(cast.outsider)


@pytest.fixture
def actor(cast: Cast) -> Actor:
    """The embryologist."""
    return actor_for(cast.embryologist)


@pytest.fixture
def token_client(db: None) -> Callable[[User, Lab, str], APIClient]:
    """A program with a token of this scope."""

    def client(user: User, lab: Lab, scope: str) -> APIClient:
        _, secret = create_token(actor=actor_for(user), lab_id=lab.id, name="script", scope=ApiToken.Scope(scope))
        program = APIClient()
        program.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
        return program

    return client
