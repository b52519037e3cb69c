"""Where an adaptation keeps pictures and checkpoints: one folder an attempt, taken over only from an attempt that handed it back."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

from django.conf import settings

from backend.adaptation.models import Adaptation, home_of
from backend.core.jobs import scratch
from backend.core.jobs.models import UNDER_WAY


class Scratch(scratch.Scratch):
    """The folder of one attempt and what lies where in it."""

    @classmethod
    def open(cls, adaptation_id: UUID, token: UUID) -> Scratch:
        return cls.opened(home_of(adaptation_id), token)

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


def forget_scratch() -> int:
    """Remove what ended adaptations left on this host; the number of folders that went."""
    kept = Adaptation.objects.filter(state__in=UNDER_WAY).values_list("id", flat=True)
    return scratch.forget_homes(Path(settings.ADAPT_DIR), kept)
