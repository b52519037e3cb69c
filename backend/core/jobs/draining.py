"""A worker that is asked to end hands its job back instead of finishing it."""

from __future__ import annotations


class Draining(Exception):
    """This worker is ending; the job goes back into the queue and the attempt does not count."""


class _State:
    """A plain flag: it is set in a signal handler, where taking a lock could wait for ever."""

    is_draining = False


def begin() -> None:
    _State.is_draining = True


def check() -> None:
    """Raise Draining once the worker was asked to end."""
    if _State.is_draining:
        raise Draining


def end() -> None:
    """Take on jobs again."""
    _State.is_draining = False
