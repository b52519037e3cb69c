"""A dish of three embryos that the machine has read: 40 frames, half an hour apart, the first at 20 hours."""

from __future__ import annotations

import pytest

from backend.accounts.actor import Actor, actor_for
from backend.imaging.models import Stack
from tests.backend.review.dish import make_stack, read_by_the_machine
from tests.cast import Cast


@pytest.fixture
def stack(cast: Cast) -> Stack:
    """Read by the machine: t2 at frame 4 and t4 at frame 20 in A1 and A2, a bubble in A3."""
    stack = make_stack(cast.lab)
    read_by_the_machine(stack)
    return stack


@pytest.fixture
def colleague(cast: Cast) -> Actor:
    return actor_for(cast.colleague)
