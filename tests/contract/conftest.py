"""The world of the access matrix: one of everything, in one lab."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.backend.access.world import World, make_world
from tests.cast import Cast


@pytest.fixture
def world(cast: Cast, tmp_path: Path, settings: Any) -> World:
    for name in ("CONTENT_DIR", "UPLOAD_DIR", "FRAME_CACHE_DIR"):
        setattr(settings, name, tmp_path / name.lower())
    settings.SERVER_FOLDER = str(tmp_path)
    return make_world(cast, tmp_path)
