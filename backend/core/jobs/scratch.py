"""Where a job keeps files while it is worked on: one folder an attempt, so that a worker that was paused writes into nobody else's."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from uuid import UUID

from django.db import transaction

HANDED_BACK = "handed-back"
NEW_S = 3600.0


@dataclass(frozen=True)
class Scratch:
    """The folder of one attempt, below the home of its job; a worker that comes back late finds its own gone."""

    folder: Path

    @classmethod
    def opened(cls, home: Path, token: UUID, *, is_crash_safe: bool = False) -> Self:
        """A folder for this attempt, with what an orderly ended one left; what a dead one left is removed.

        Where the job's files are whole at every moment (`is_crash_safe`), a dead attempt's are taken over too, the newest of them, less
        its drafts (`*.tmp`), which it may still have open.
        """
        own = home / str(token)
        home.mkdir(parents=True, exist_ok=True)
        others = [path for path in home.iterdir() if path != own and path.is_dir()]
        left = [path for path in others if path.name == HANDED_BACK or is_crash_safe]
        for path in sorted(left, key=_changed_at, reverse=True):
            with suppress(OSError):
                os.rename(path, own)
                break
        own.mkdir(exist_ok=True)
        for draft in own.rglob("*.tmp"):
            draft.unlink(missing_ok=True)
        for other in home.iterdir():
            if other != own:
                shutil.rmtree(other, ignore_errors=True)
        return cls(own)

    def hand_back(self) -> None:
        """Leave everything to the next attempt."""
        with suppress(OSError):
            os.rename(self.folder, self.folder.with_name(HANDED_BACK))

    def remove(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        with suppress(OSError):
            self.folder.parent.rmdir()


def remove_after_commit(home: Path) -> None:
    """Nothing is left of a job that ended but what it made."""
    transaction.on_commit(lambda: shutil.rmtree(home, ignore_errors=True), robust=True)


def forget_homes(base: Path, under_way: Iterable[UUID]) -> int:
    """Remove what ended jobs left on this host under `base`; the number of folders that went."""
    folders = [path for path in base.iterdir() if is_old(path)] if base.is_dir() else []
    kept = {str(key) for key in under_way}
    gone = [path for path in folders if path.name not in kept]
    for path in gone:
        shutil.rmtree(path, ignore_errors=True)
    return len(gone)


def _changed_at(path: Path) -> float:
    with suppress(OSError):
        return path.stat().st_mtime
    return 0.0


def is_old(path: Path) -> bool:
    """A folder may be a moment older than the row that this process sees."""
    with suppress(OSError):
        return time.time() - path.stat().st_mtime > NEW_S
    return False
