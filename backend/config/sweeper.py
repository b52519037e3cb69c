"""A thread of the worker that repairs and tidies at intervals; any number of workers may do so at once."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.db import connection

logger = logging.getLogger(__name__)


@dataclass
class Duty:
    """What is done every so many seconds, and must be safe to repeat."""

    do: Callable[[], object]
    every_s: float
    next_at: float = 0.0


class Sweeper(threading.Thread):
    def __init__(self, duties: Sequence[Duty]) -> None:
        super().__init__(name="sweeper", daemon=True)
        self._duties = duties
        self._is_over = threading.Event()

    def stop(self) -> None:
        self._is_over.set()
        self.join(timeout=5)

    def run(self) -> None:
        while not self._is_over.wait(max(min(duty.next_at for duty in self._duties) - time.monotonic(), 0.0)):
            for duty in self._duties:
                if time.monotonic() >= duty.next_at:
                    self._once(duty)

    def _once(self, duty: Duty) -> None:
        try:
            duty.do()
        except Exception:
            # A database that is away, a full disk: the next round may do better, and a thread that died would do nothing.
            logger.exception("Sweeping failed and is tried again.")
        finally:
            duty.next_at = time.monotonic() + duty.every_s
            connection.close()
