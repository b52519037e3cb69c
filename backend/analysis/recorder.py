"""Writes findings as they come: the first wells at once, what follows in batches, each in one fenced transaction."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from backend.analysis.batch import Batch
from backend.analysis.lease import Lease
from backend.analysis.models import Run
from backend.analysis.stage_news import StageNews
from backend.analysis.transitions import end
from backend.analysis.values import run_value
from backend.audit.services import hold_chain
from backend.core.jobs.lease import CancelAsked
from backend.live import events
from backend.live.publish import publish
from backend.live.topics import dish_topic, lab_topic

if TYPE_CHECKING:
    from detector.types import Finding

WRITE_EVERY_S = 0.25
"""Under the channel's five progress events a second, and soon enough to look alive."""
TELL_LAB_EVERY_S = 1.0


class Recorder:
    """Keeps the findings of one attempt; raises LeaseLost or CancelAsked instead of writing what nobody wants any more."""

    def __init__(self, lease: Lease) -> None:
        self._lease = lease
        self._waiting: list[Finding] = []
        self._wrote_at: float | None = None
        self._told_lab_at = 0.0
        self._stage_news = StageNews()

    def take(self, finding: Finding) -> None:
        """Keep one finding; the wells of the first frame are committed and announced before this returns."""
        from detector.types import WellsFound

        self._waiting.append(finding)
        is_first = self._wrote_at is None and isinstance(finding, WellsFound)
        if is_first or (self._wrote_at is not None and time.monotonic() - self._wrote_at >= WRITE_EVERY_S):
            self._write()

    def finish(self) -> None:
        """Write what is left and close the run, in one transaction."""
        with self._wanted_run() as run:
            # The last findings are announced before the run's end is recorded.
            hold_chain()
            self._store(run)
            run.frames_done = run.frames_total
            end(run, Run.State.FINISHED)

    def _write(self) -> None:
        now = time.monotonic()
        with self._wanted_run() as run:
            frames_before = run.frames_done
            self._store(run)
            run.save(update_fields=["frames_done", "layout", "usable_frames", "looks"])
            if run.frames_done > frames_before:
                progress = events.RunProgressed(run_id=str(run.id), frames_done=run.frames_done, frames_total=run.frames_total)
                publish(dish_topic(str(run.stack.dish_id)), progress)
            if now - self._told_lab_at >= TELL_LAB_EVERY_S:
                publish(lab_topic(run.stack.lab_id), events.RunChanged(run=run_value(run)))
                self._told_lab_at = now
        self._wrote_at = now

    @contextmanager
    def _wanted_run(self) -> Iterator[Run]:
        with self._lease.transaction() as run:
            if run.cancel_requested:
                raise CancelAsked
            yield run

    def _store(self, run: Run) -> None:
        batch = Batch(run, self._stage_news)
        for finding in self._waiting:
            batch.add(finding)
        self._waiting.clear()
        batch.store()
