"""Works on a job to its end, whatever happens on the way."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Generic
from uuid import UUID

from django.db import DatabaseError

from backend.core.jobs.draining import Draining
from backend.core.jobs.lease import CancelAsked, Heartbeat, Lease, LeaseLost, claim
from backend.core.jobs.models import State
from backend.core.jobs.transitions import J, end, fail_attempt, hand_back

logger = logging.getLogger(__name__)
TELL_EVERY_S = 2.0


@dataclass(frozen=True)
class Failure:
    """Why an attempt failed, and whether another one could get over it."""

    error: dict[str, Any]
    """`{code, detail, hint}`."""
    may_pass: bool = False


class Attempt(Generic[J]):
    """One attempt at one job, as the work itself sees it."""

    def __init__(self, lease: Lease[J], heartbeat: Heartbeat) -> None:
        self.lease = lease
        self._heartbeat = heartbeat
        self._told_at = 0.0

    def job(self) -> J:
        """The row as it is now."""
        return self.lease.model._default_manager.select_related(*self.lease.model.LOADED_WITH).get(id=self.lease.job_id)

    def check(self) -> None:
        """Raise where nobody wants this any more or this worker has to go; cheap, to be called at least twice a second."""
        self._heartbeat.check()

    def note(self, progress: dict[str, Any], *, at_once: bool = False) -> None:
        """Show how far the work is, every other second at most, and look whether it was cancelled."""
        self.check()
        now = time.monotonic()
        if not at_once and now - self._told_at < TELL_EVERY_S:
            return
        self._told_at = now
        with self.transaction() as job:
            job.progress = progress
            job.save(update_fields=["progress"])

    @contextmanager
    def transaction(self) -> Iterator[J]:
        """A transaction over the locked row; raises LeaseLost or CancelAsked instead of writing what nobody wants any more."""
        with self.lease.wanted() as job:
            yield job

    @contextmanager
    def finishing(self) -> Iterator[J]:
        """The same, and at its end the job is finished: all of it, or nothing that anybody sees."""
        with self.lease.wanted() as job:
            yield job
            end(job, State.FINISHED)


def work_on(
    model: type[J], job_id: UUID | str, work: Callable[[Attempt[J]], None], *, explain: Callable[[Exception], Failure]
) -> None:  # fmt: skip
    """Make one attempt at a waiting job; safe to call any number of times, at once or again.

    `explain` says of whatever `work` raises what people are told and whether to try again.
    """
    lease = claim(model, job_id)
    if lease is None:
        logger.info("%s %s does not wait for anybody.", model.KIND.capitalize(), job_id)
        return
    try:
        with Heartbeat(lease) as heartbeat:
            _attempt(lease, Attempt(lease, heartbeat), work, explain)
    except LeaseLost:
        logger.warning("%s went on without this worker, which wrote nothing more.", str(lease).capitalize())
    except DatabaseError:
        # Nothing can be written now; the lease runs out and the sweeper hands it on.
        logger.exception("The database failed under %s.", lease)


def _attempt(
    lease: Lease[J], attempt: Attempt[J], work: Callable[[Attempt[J]], None], explain: Callable[[Exception], Failure]
) -> None:  # fmt: skip
    try:
        work(attempt)
    except CancelAsked:
        with lease.transaction() as job:
            end(job, State.CANCELLED)
    except Draining:
        with lease.transaction() as job:
            hand_back(job)
    except (LeaseLost, DatabaseError):
        raise
    except Exception as problem:
        logger.warning("%s failed: %s", str(lease).capitalize(), problem, exc_info=not hasattr(problem, "code"))
        failure = explain(problem)
        with lease.transaction() as job:
            if failure.may_pass:
                fail_attempt(job, failure.error)
            else:
                end(job, job.ENDED_BADLY, error=failure.error)
