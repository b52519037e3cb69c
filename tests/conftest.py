"""What every test may count on: the cast, the product's real processes, and an honest result."""

from __future__ import annotations

import pytest

from tests.cast import Cast, make_cast

pytest_plugins = ["tests.honesty", "tests.running.fixtures"]


@pytest.fixture
def cast(db: None) -> Cast:
    """An embryologist, a colleague in the same lab, a viewer, a lab admin, an instance admin, and an outsider."""
    return make_cast()
