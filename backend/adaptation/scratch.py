"""Where an adaptation keeps pictures and checkpoints: one folder an attempt, taken over only from an attempt that handed it back."""

from __future__ import annotations

import os
import shutil
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import transaction

from backend.adaptation.models import Adaptation

HANDED_BACK = "handed-back"
NEW_S = 3600.0


@dataclass(frozen=True)
class Scratch:
    """The folder of one attempt; a worker that was paused and comes back finds its own gone and writes into nobody else's."""

    folder: Path

    @classmethod
    def open(cls, adaptation_id: UUID, token: UUID) -> Scratch:
        """A folder for this attempt, with what an orderly ended one left; what a dead one left is removed."""
        home = home_of(adaptation_id)
        own = home / str(token)
        home.mkdir(parents=True, exist_ok=True)
        try:
            os.rename(home / HANDED_BACK, own)
        except FileNotFoundError:
            own.mkdir()
        for other in home.iterdir():
            if other != own:
                shutil.rmtree(other, ignore_errors=True)
        return cls(own)

    @property
    def learning(self) -> Path:
        """Embryos to learn from, one folder each."""
        return self.folder / "learning"

    @property
    def held_back(self) -> Path:
        """Embryos to compare on."""
        return self.folder / "held-back"

    @property
    def work(self) -> Path:
        return self.folder / "work"

    @property
    def out(self) -> Path:
        """The weights folder that is being made."""
        return self.folder / "out"

    def hand_back(self) -> None:
        """Leave everything to the next attempt."""
        with suppress(OSError):
            os.rename(self.folder, self.folder.with_name(HANDED_BACK))

    def remove(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        with suppress(OSError):
            self.folder.parent.rmdir()


def home_of(adaptation_id: UUID) -> Path:
    return Path(settings.ADAPT_DIR, str(adaptation_id))


def remove_after_commit(adaptation_id: UUID) -> None:
    """Nothing is left of an adaptation that ended but its weights."""
    transaction.on_commit(lambda: shutil.rmtree(home_of(adaptation_id), ignore_errors=True), robust=True)


def forget_scratch() -> int:
    """Remove what ended adaptations left on this host; the number of folders that went."""
    home = Path(settings.ADAPT_DIR)
    folders = [path for path in home.iterdir() if _is_old(path)] if home.is_dir() else []
    kept = {str(key) for key in Adaptation.objects.filter(state__in=Adaptation.UNDER_WAY).values_list("id", flat=True)}
    gone = [path for path in folders if path.name not in kept]
    for path in gone:
        shutil.rmtree(path, ignore_errors=True)
    return len(gone)


def _is_old(path: Path) -> bool:
    """A folder may be a moment older than the row that this process sees."""
    with suppress(OSError):
        return time.time() - path.stat().st_mtime > NEW_S
    return False
