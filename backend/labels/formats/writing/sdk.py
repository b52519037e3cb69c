"""Loads parts of Label Studio's SDK when they are first needed: it takes seconds to import, and warns of its own old ways."""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


def part_of_sdk(name: str) -> Any:
    """A module of `label_studio_sdk`, by its name below that; empty: the package itself."""
    with quietly():
        return importlib.import_module(f"label_studio_sdk.{name}" if name else "label_studio_sdk")


@contextmanager
def quietly() -> Iterator[None]:
    """Without the warnings that the SDK's own code raises about itself."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
