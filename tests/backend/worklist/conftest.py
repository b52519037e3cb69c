"""Scores are there at the first asking, however busy the machine is."""

from __future__ import annotations

import pytest

from backend.worklist import keeping_scores


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping_scores, "PATIENCE_S", 60.0)
