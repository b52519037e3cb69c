"""A worker that is asked to end hands its run back instead of finishing it."""

from __future__ import annotations

import multiprocessing

# Shared with the pool's processes by fork: the parent alone hears of a shutdown.
_is_draining = multiprocessing.get_context("fork").Event()


class Draining(Exception):
    """This worker is ending; the run goes back into the queue and the attempt does not count."""


def begin() -> None:
    _is_draining.set()


def check() -> None:
    """Raise Draining once the worker was asked to end."""
    if _is_draining.is_set():
        raise Draining


def end() -> None:
    """Take on runs again."""
    _is_draining.clear()
