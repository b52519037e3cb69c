"""Where a check keeps what it works on: one folder an attempt, removed when the check ends."""

from __future__ import annotations

import shutil
from pathlib import Path
from uuid import UUID

from django.conf import settings

from backend.core.jobs import scratch
from backend.core.jobs.models import UNDER_WAY
from backend.judging.models import Check, home_of


class Scratch(scratch.Scratch):
    """The folder of one attempt and what lies where in it."""

    @classmethod
    def open(cls, check_id: UUID, token: UUID) -> Scratch:
        return cls.opened(home_of(check_id), token)

    @property
    def labels(self) -> Path:
        """The held-out split of the lab's data set."""
        return self.folder / "labels"

    @property
    def pictures(self) -> Path:
        """A small picture of each difference."""
        return self.folder / "pictures"


def forget_scratch() -> int:
    """Remove what ended checks left on this host, and check sets that were never rendered to their end."""
    kept = Check.objects.filter(state__in=UNDER_WAY).values_list("id", flat=True)
    gone = scratch.forget_homes(Path(settings.CHECK_DIR), kept)
    drafts = [path for path in Path(settings.CHECK_SET_DIR).glob("draft-*") if scratch.is_old(path)]
    for path in drafts:
        shutil.rmtree(path, ignore_errors=True)
    return gone + len(drafts)
